"""Real processes for tests: a plugin started by ``twistd``, and tiny blocking clients for it.

The clients are the tutorials' own shape: one ``recv`` is one message, no newline, no library.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
_LISTENING = re.compile(r"(netapp[\w-]*): listening on ((?:tcp|udp) .+?)(?:; try .*)?$", re.MULTILINE)
_PLACE = re.compile(r"(tcp|udp) \S+:(\d+)(?:,|$)")
#: Long enough for a loaded machine; a test that waits this long has failed.
PATIENCE = 20.0


class Plugin:
    """A running ``twistd`` process, its log so far, and the ports that the log names."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._log = bytearray()
        self._grew = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def log(self) -> str:
        with self._grew:
            return self._log.decode("utf-8", "replace")

    def wait_for(self, pattern: str, *, within: float = PATIENCE) -> "re.Match[str]":
        """The first place in the log that matches, now or soon.  :raises AssertionError: none."""
        deadline = time.monotonic() + within
        with self._grew:
            while True:
                if found := re.search(pattern, self._log.decode("utf-8", "replace"), re.MULTILINE):
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self._reader.is_alive()):
                    raise AssertionError(f"no {pattern!r} in:\n{self._log.decode('utf-8', 'replace')}")
                self._grew.wait(min(left, 0.2))

    def ports(self, kind: str, owner: str = "") -> list[int]:
        """The ports taken so far, in the log's order: ``ports("tcp", "netapp-echo")``."""
        return [
            int(port)
            for name, places in _LISTENING.findall(self.log)
            for transport, port in _PLACE.findall(places)
            if transport == kind and (not owner or name == owner)
        ]

    def tcp(self, owner: str = "") -> int:
        """The first TCP port taken."""
        return self.ports("tcp", owner)[0]

    def udp(self, owner: str = "") -> int:
        """The first UDP port taken."""
        return self.ports("udp", owner)[0]

    def stop(self) -> int:
        """SIGTERM, and wait.  :returns: the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def kill(self) -> None:
        """SIGKILL: what was not stored by now is lost."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        while octets := os.read(self.process.stdout.fileno(), 65536):
            with self._grew:
                self._log += octets
                self._grew.notify_all()


def tool(name: str, package: str) -> str:
    """The path of an outside client; the test is skipped where it is not installed.

    :param package: the Debian package that has it.
    """
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: {package})")
    return path


@contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[Path]:
    """A disk that is soon full, mounted at a folder made for it; skipped where none can be mounted."""
    place.mkdir()
    mounted = subprocess.run(
        [tool("mount", "mount"), "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "small", place],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here: it takes root")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def environment(state: Path) -> dict[str, str]:
    """This process's environment, with a state directory and nothing of the user's own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("NETAPP_", "XDG_"))}
    return kept | {"NETAPP_STATE": str(state), "PYTHONUNBUFFERED": "1"}


def _twistd() -> str:
    return str(Path(sys.executable).with_name("twistd"))


@contextmanager
def launched(
    plugin: str,
    *options: str,
    cwd: Path,
    env: dict[str, str],
    inside: Sequence[str] = (),
    stdin: int | None = subprocess.DEVNULL,
) -> Iterator[Plugin]:
    """A plugin in a process of its own, once its log says that it is ready; whoever asks for it ends it.

    :param options: twistd's own come before the plugin's.
    :param inside: the words before its command line: of a network namespace, say.
    """
    process = subprocess.Popen(
        [*inside, _twistd(), "--pidfile=", "-n", *options],
        cwd=cwd,
        env=env,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    started = Plugin(process)
    try:
        started.wait_for(rf"{plugin}: ready$")
        yield started
    finally:
        started.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def running(
    plugin: str,
    *options: str,
    state: Path,
    stdin: int | None = subprocess.DEVNULL,
    inside: Sequence[str] = (),
) -> Iterator[Plugin]:
    """A plugin in a process of its own, once its log says that it is ready.

    It is stopped at the end; a traceback in its log, or a stop that fails, fails the test.
    """
    with launched(
        plugin, plugin, *options, cwd=state, env=environment(state), inside=inside, stdin=stdin
    ) as started:
        try:
            yield started
        finally:
            status = started.stop()
    assert "Traceback" not in started.log, started.log
    assert "Unhandled" not in started.log, started.log
    assert status in (-signal.SIGTERM, -signal.SIGKILL), started.log


def run_once(plugin: str, *options: str, state: Path) -> "subprocess.CompletedProcess[str]":
    """Start a plugin that is expected to refuse; its output and exit status."""
    return subprocess.run(
        [_twistd(), "--pidfile=", "-n", plugin, *options],
        cwd=state,
        env=environment(state),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def tcp_client(port: int, *, timeout: float = PATIENCE) -> Iterator[socket.socket]:
    """A connected TCP socket whose reads do not wait for ever."""
    with socket.create_connection(("127.0.0.1", port), timeout) as client:
        yield client


@contextmanager
def udp_client(*, port: int = 0, timeout: float = PATIENCE) -> Iterator[socket.socket]:
    """A UDP socket on loopback whose reads do not wait for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", port))
        client.settimeout(timeout)
        yield client


def ask(port: int, octets: bytes, *, client: socket.socket | None = None, size: int = 1024) -> bytes:
    """One datagram out, one back."""
    if client is not None:
        client.sendto(octets, ("127.0.0.1", port))
        return client.recvfrom(size)[0]
    with udp_client() as fresh:
        return ask(port, octets, client=fresh, size=size)


def read_exactly(client: socket.socket, count: int) -> bytes:
    """So many octets, as programs that frame their messages read them."""
    octets = b""
    while len(octets) < count:
        more = client.recv(count - len(octets))
        assert more, "the connection has ended too early"
        octets += more
    return octets


def read_all(client: socket.socket) -> bytes:
    """Everything to the close."""
    pieces: Sequence[bytes] = list(iter(lambda: client.recv(65536), b""))
    return b"".join(pieces)
