"""The installed ``netapp`` command, run as a user runs it, and tiny servers for it.

The servers are the tutorials' own shape: blocking, one ``recv`` is one message, no library.
"""

import os
import pty
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 15.0
_STEERING = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COMMAND = str(Path(sys.executable).with_name("netapp"))


def environment(lang: str, state: Path | None = None) -> dict[str, str]:
    """This process's environment, with a language and nothing of the user's own."""
    dropped = ("NETAPP_", "XDG_", "LC_", "LANG", "COLUMNS")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    kept |= {"LANG": lang, "PYTHONUTF8": "1", "TERM": "xterm"}
    return kept | ({"NETAPP_STATE": str(state)} if state else {})


def netapp(
    *arguments: object,
    typed: str | bytes | None = None,
    lang: str = "zh_CN.UTF-8",
    folder: Path | None = None,
    state: Path | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end.  :param typed: its standard input, a pipe."""
    octets = typed.encode() if isinstance(typed, str) else typed
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        input=octets or b"",
        capture_output=True,
        cwd=folder,
        env=environment(lang, state),
        timeout=PATIENCE,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


class Running:
    """A command that goes on: its output so far, and its standard input."""

    def __init__(self, process: "subprocess.Popen[bytes]", reads: list[int], writes: int) -> None:
        self.process, self._reads, self._writes = process, reads, writes
        self.output = ""
        self.descriptor = writes

    @property
    def shown(self) -> str:
        """The output without what steers a terminal."""
        return _STEERING.sub("", self.output)

    def wait_for(self, pattern: str) -> "re.Match[str]":
        """The first place of the output that matches, now or soon."""
        deadline = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self.output) or re.search(pattern, self.shown)) is None:
            if not self._more(deadline):
                raise AssertionError(f"no {pattern!r} in {self.output!r}")
        return found

    def type(self, text: str) -> None:
        os.write(self._writes, text.encode())

    def end(self) -> int:
        """Read to the end.  :returns: the exit status."""
        while self._more(time.monotonic() + PATIENCE):
            pass
        status = self.process.wait(PATIENCE)
        assert "Traceback" not in self.output, self.output
        return status

    def _more(self, deadline: float) -> bool:
        if not self._reads:
            return False
        readable, _, _ = select.select(self._reads, [], [], max(0.0, deadline - time.monotonic()))
        for each in readable:
            try:
                octets = os.read(each, 65536)
            except OSError:  # the other side of a terminal has gone
                octets = b""
            if not octets:
                self._reads.remove(each)
            self.output += octets.decode("utf-8", "replace")
        return bool(readable)


@contextmanager
def started(*arguments: object, lang: str = "en_US.UTF-8", state: Path | None = None) -> Iterator[Running]:
    """The command with pipes, while it runs; standard output and error together."""
    process = subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(lang, state),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        try:
            yield Running(process, [process.stdout.fileno()], process.stdin.fileno())
        finally:
            process.kill()


@contextmanager
def terminal(
    *arguments: object,
    lang: str = "zh_CN.UTF-8",
    folder: Path | None = None,
    program: str = COMMAND,
    **more: str,
) -> Iterator[Running]:
    """The command at a terminal of its own, while it runs.  :param more: of its environment."""
    ours, theirs = pty.openpty()
    with tempfile.TemporaryDirectory() as state:
        command = [program, *map(str, arguments)]
        yield from _at(ours, theirs, command, folder, environment(lang, Path(state)) | more)


def _at(
    ours: int, theirs: int, command: list[str], folder: Path | None, env: dict[str, str]
) -> Iterator[Running]:
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=env,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        yield Running(process, [ours], ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches it


class Server:
    """A tutorial's server in a thread.  ``got`` is what it has read, a list of octets."""

    def __init__(self, sock: socket.socket, work: Callable[["Server"], None]) -> None:
        self.sock, self.port = sock, sock.getsockname()[1]
        self.got: list[bytes] = []
        self.place = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _run(self, work: Callable[["Server"], None]) -> None:
        with suppress(OSError):  # the test is over
            work(self)


Handler = Callable[[Server, socket.socket], None]


@contextmanager
def tcp_server(handle: Handler, *, clients: int = 100) -> Iterator[Server]:
    """One client after another, as in the tutorials; ``handle`` gets each connection."""

    def work(server: Server) -> None:
        for _ in range(clients):
            connection, _ = server.sock.accept()
            connection.settimeout(PATIENCE)
            with connection, suppress(OSError):  # a client may leave early
                handle(server, connection)

    yield from _running(socket.create_server(("127.0.0.1", 0)), work)


@contextmanager
def udp_server(answer: Callable[[bytes], bytes | None], *, port: int = 0) -> Iterator[Server]:
    """Answers each datagram; ``None`` answers nothing."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", port))
    sock.settimeout(0.1)  # closing a UDP socket wakes nobody

    def work(server: Server) -> None:
        while server.sock.fileno() >= 0:
            try:
                octets, peer = sock.recvfrom(1024)
            except TimeoutError:
                continue
            server.got.append(octets)
            reply = answer(octets)
            if reply is not None:
                sock.sendto(reply, peer)

    yield from _running(sock, work)


def _running(sock: socket.socket, work: Callable[[Server], None]) -> Iterator[Server]:
    server = Server(sock, work)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def answering(reply: Callable[[bytes], bytes | None], *, once: bool = False) -> Handler:
    """One answer for each ``recv``, to the client's close.  :param once: close after the first."""

    def handle(server: Server, connection: socket.socket) -> None:
        while octets := connection.recv(1024):
            server.got.append(octets)
            answer = reply(octets)
            if answer is not None:
                connection.sendall(answer)
            if once:
                return

    return handle
