"""Servers as processes: started, watched through ``/proc``, and always ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

#: Seconds that a server has to give its first answer, and to end after SIGTERM.
START = 15.0
STOP = 8.0
LOOPBACK = "127.0.0.1"
_PROC = Path("/proc")


class Failed(Exception):
    """A server could not be started or measured; the table has a line for it."""


class Server:
    """A running server with its threads and its children."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path, started: float) -> None:
        self.process, self.log, self.started = process, log, started

    def cpu(self) -> float:
        """Seconds of CPU time so far, user and system, of all that live, and of children that have ended."""
        return sum(_on_cpu(task) for task in self._tasks()) / 1e9 + sum(map(_of_children, self.pids()))

    def rss(self) -> int:
        """Resident octets of the whole tree; pages that two processes share count twice."""
        page = os.sysconf("SC_PAGESIZE")
        return sum(int(_read(_PROC / str(pid) / "statm", "0 0").split()[1]) * page for pid in self.pids())

    def wake_ups(self) -> int:
        """How often any of its threads has given up the processor to wait."""
        return sum(_voluntary(task) for task in self._tasks())

    def pids(self) -> list[int]:
        """The process and its descendants."""
        parents = dict(_parents())
        found = [self.process.pid]
        for pid in found:  # grows while we walk it
            found.extend(child for child, parent in parents.items() if parent == pid)
        return found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """It on one core, whoever asks it on the others; nothing where there is one core only."""
        ours = os.sched_getaffinity(0)
        others = ours - {max(ours)}
        if not others:
            yield
            return
        for task in self._tasks():
            os.sched_setaffinity(int(task.name), {max(ours)})
        os.sched_setaffinity(0, others)
        try:
            yield
        finally:
            os.sched_setaffinity(0, ours)

    def check(self) -> None:
        """:raises Failed: it has ended; with its last word."""
        if self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines() or ["without a word"]
            raise Failed(f"ended with status {self.process.returncode}: {lines[-1][:160]}")

    def stop(self) -> None:
        """SIGTERM, then SIGKILL, to the process and to what it has started."""
        group = self.process.pid  # a session of its own: see started()
        for number, patience in ((signal.SIGTERM, STOP), (signal.SIGKILL, STOP)):
            try:
                os.killpg(group, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
            if not _alive(group):
                break
        self.process.poll()

    def _tasks(self) -> Iterator[Path]:
        for pid in self.pids():
            try:
                yield from list((_PROC / str(pid) / "task").iterdir())
            except OSError:  # it has ended meanwhile
                continue


@contextmanager
def started(
    command: Sequence[str],
    folder: Path,
    ready: Callable[[], bool],
    *,
    environment: dict[str, str] | None = None,
    pause: float = 0.002,
    patience: float = START,
) -> Iterator[Server]:
    """A server, once ``ready()`` has said yes; ended whatever happens.

    :raises Failed: it ended, or has not answered within ``patience`` seconds.
    """
    log = folder / "log"
    with log.open("wb") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, log, begun)
    try:
        while not ready():
            server.check()
            if time.perf_counter() - begun > patience:
                raise Failed(f"no answer within {patience:.0f} s")
            time.sleep(pause)
        server.check()
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """A port that is free for TCP and for UDP on loopback, a moment ago."""
    for _ in range(100):
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            stream.bind((LOOPBACK, 0))
            port: int = stream.getsockname()[1]
            try:
                datagram.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise Failed("no free port")


def accepts(port: int) -> bool:
    """Whether somebody accepts TCP connections there."""
    try:
        socket.create_connection((LOOPBACK, port), 1.0).close()
    except OSError:
        return False
    return True


def output_of(*command: str) -> str:
    """What a command prints, on both outputs; empty when there is no such command."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _parents() -> Iterator[tuple[int, int]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (stat := _read(entry / "stat")):
            yield int(entry.name), int(stat.rpartition(")")[2].split()[1])


def _on_cpu(task: Path) -> int:
    """Nanoseconds that a thread has run; ``stat`` alone counts in hundredths of a second."""
    if schedstat := _read(task / "schedstat"):
        return int(schedstat.split()[0])
    fields = _read(task / "stat", ") " + "0 " * 20).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * (10**9 // os.sysconf("SC_CLK_TCK"))


def _of_children(pid: int) -> float:
    """Seconds that children of a process have run which it has waited for, in hundredths."""
    fields = _read(_PROC / str(pid) / "stat", ") " + "0 " * 20).rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _voluntary(task: Path) -> int:
    for line in _read(task / "status").splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    return 0


def _read(path: Path, otherwise: str = "") -> str:
    try:
        return path.read_text()
    except OSError:
        return otherwise
