"""Octets that nobody should send, thrown at a running plugin by real sockets.

A service's test calls it in one line, and may say what its own wire looks like, so that some of
the octets come near to it::

    def test_random_octets(start):
        throw_at(start("netapp-echo", *LOCAL), like=[b"hello\n"])
"""

import random
import re
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from tests import real

#: What the wires of all services look like: damaged and thrown as well as pure noise.
LIKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01",
    b"\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x03com\x00\x00\x01\x00\x01",
    b"1:1700000001:lajos:pc1:288:\xc4\xfa\xba\xc3\x00",
    b"\xff\xfb\x01\xff\xfd\x03\xff\xfa\x18\x00xterm\xff\xf0zhao\r\n123\r\n",
    b"NICK x\r\nUSER x 0 * :x\r\nJOIN #lobby\r\nPRIVMSG #lobby :hello\r\nQUIT\r\n",
    b"\x05\x00\x00\x00hello",
    b"\x00\x00\x00\x11{\"name\": \"a.txt\"}",
    b"LIST\nGET welcome.txt\nHELP\n/who\n/quit\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60),
    "您好,欢迎进入飞秋".encode("gbk"),
    "请输入用户名:../../etc/passwd".encode(),
)  # fmt: skip


def throw_at(
    plugin: real.Plugin,
    *,
    datagrams: int = 10_000,
    connections: int = 2_000,
    like: Sequence[bytes] = (),
    owner: str = "",
    growth: int = 24,
    within: float = 30.0,
    seed: int = 1,
) -> None:
    """Throw at every listener in the plugin's log; then the process runs, and is no larger.

    :param datagrams: how many at each UDP port.
    :param connections: how many at each TCP port.
    :param like: messages of the service's own wire; some of what is thrown are these, damaged.
    :param owner: only listeners of this plugin, in a process that runs several.
    :param growth: MiB of memory that it may take, beyond what a first tenth of it all took.
    :param within: seconds that all of it may take.
    :raises AssertionError: it died, grew, showed a traceback, took too long, or is deaf.
    """
    began = time.monotonic()
    noise = Noise(random.Random(seed), (*LIKE, *like))
    udp, tcp = plugin.ports("udp", owner), plugin.ports("tcp", owner)
    assert udp or tcp, "nothing listens"
    for part in (10, 1):
        for port in udp:
            throw_datagrams(port, datagrams // part, noise)
        for port in tcp:
            throw_connections(port, connections // part, noise)
        assert plugin.process.poll() is None, plugin.log
        if part == 10:
            before = memory(plugin)
    time.sleep(0.4)  # quiet ends what was never ended
    grown = memory(plugin) - before
    assert "Traceback" not in plugin.log, plugin.log
    assert "Unhandled" not in plugin.log, plugin.log
    assert grown <= growth, f"{grown} MiB more than after a tenth of it"
    for port in tcp:
        socket.create_connection(("127.0.0.1", port), 5).close()
    assert time.monotonic() - began < within, "it took too long"


class Noise:
    """Octets of every kind.  :param like: messages to damage."""

    def __init__(self, chance: random.Random, like: Sequence[bytes]) -> None:
        self._chance, self._like = chance, like

    def __call__(self, most: int) -> bytes:
        kind = self._chance.randrange(4)
        if kind == 0:
            return self._chance.randbytes(self._chance.choice((0, 1, 2, 11, 12, 40, 300, most)))[:most]
        if kind == 1:
            return bytes(self._chance.choices((0, 10, 13, 32, 58, 127, 255), k=self._chance.randrange(40)))
        message = bytearray(self._chance.choice(self._like))
        if kind == 2:
            for _ in range(self._chance.randrange(4)):
                message[self._chance.randrange(len(message))] = self._chance.randrange(256)
            return bytes(message[: self._chance.randrange(len(message) + 1)])
        return bytes(message * self._chance.randrange(1, 20))[:most]

    def choose(self, *among: str) -> str:
        return self._chance.choice(among)


def throw_datagrams(port: int, count: int, noise: Noise) -> None:
    """From a socket that reads now and then, and from one that never does."""
    reads, deaf = _datagram_socket(), _datagram_socket()
    with reads, deaf:
        for number in range(count):
            client = deaf if number % 3 else reads
            with suppress(OSError):
                client.sendto(noise(8000 if number % 50 else 60_000), ("127.0.0.1", port))
            if number % 40 == 0:  # not more at once than the receiving socket's buffer takes
                time.sleep(0.002)
                with suppress(OSError):
                    while True:
                        reads.recv(65536)


def _datagram_socket() -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind(("127.0.0.1", 0))
    client.setblocking(False)
    return client


def throw_connections(port: int, count: int, noise: Noise, *, at_once: int = 50) -> None:
    """Some are closed, some reset, some half-closed, and some stay silent for a while."""
    open_now: deque[tuple[socket.socket, str]] = deque()
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", port), 5)
        how = noise.choose("close", "reset", "half-close", "in pieces", "silent", "never reads")
        with suppress(OSError):  # it may have hung up on us by now
            _speak(client, how, noise)
        open_now.append((client, how))
        if len(open_now) > at_once:
            _leave(*open_now.popleft())
    while open_now:
        _leave(*open_now.popleft())


def _speak(client: socket.socket, how: str, noise: Noise) -> None:
    client.settimeout(1)
    if how == "in pieces":
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in noise(30):
            client.send(bytes([octet]))
    elif how != "silent":
        client.sendall(noise(20_000))
    if how == "half-close":
        client.shutdown(socket.SHUT_WR)


def _leave(client: socket.socket, how: str) -> None:
    if how == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif how != "never reads":
        client.setblocking(False)
        with suppress(OSError):
            client.recv(65536)
    client.close()


def memory(plugin: real.Plugin) -> int:
    """MiB of memory that a process has in use."""
    with open(f"/proc/{plugin.process.pid}/status", encoding="ascii") as status:
        found = re.search(r"^VmRSS:\s+(\d+) kB", status.read(), re.MULTILINE)
    assert found is not None
    return int(found[1]) // 1024
