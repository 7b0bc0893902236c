"""A load of small HTTP requests: each connection asks again as soon as it has its answer."""

import itertools
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.process import LOOPBACK, Failed

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Done:
    waits: list[float]  # seconds of each answer
    seconds: float


@dataclass
class _Client:
    socket: socket.socket
    asked: float = 0.0
    answer: bytearray = field(default_factory=bytearray)


class Requests:
    """Several connections in one process.

    :param size: octets of every file; an answer with another length ends the run.
    """

    def __init__(self, port: int, names: Sequence[str], size: int, connections: int) -> None:
        self._size = size
        self._requests = itertools.cycle(
            [f"GET /{name} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() for name in names]
        )
        self._poll = select.epoll()
        self._clients: dict[int, _Client] = {}
        for _ in range(connections):
            client = _Client(socket.create_connection((LOOPBACK, port), _PATIENCE))
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients[client.socket.fileno()] = client
            self._poll.register(client.socket.fileno(), select.EPOLLIN)

    def __enter__(self) -> "Requests":
        return self

    def __exit__(self, *_: object) -> None:
        self._poll.close()
        for client in self._clients.values():
            client.socket.close()

    def run(self, seconds: float) -> Done:
        """Ask for so long, then wait for what is still to come.  :raises Failed: no or bad answers."""
        waits: list[float] = []
        begun = time.perf_counter()
        for client in self._clients.values():
            self._ask(client)
        waiting = len(self._clients)
        while waiting:
            events = self._poll.poll(_PATIENCE)
            if not events:
                raise Failed("an HTTP answer did not come")
            for number, _ in events:
                client = self._clients[number]
                if not self._complete(client):
                    continue
                now = time.perf_counter()
                waits.append(now - client.asked)
                if now - begun < seconds:
                    self._ask(client)
                else:
                    waiting -= 1
        return Done(waits, time.perf_counter() - begun)

    def _ask(self, client: _Client) -> None:
        client.answer.clear()
        client.asked = time.perf_counter()
        client.socket.send(next(self._requests))

    def _complete(self, client: _Client) -> bool:
        octets = client.socket.recv(65536)
        if not octets:
            raise Failed("the server has closed a connection that was to stay open")
        client.answer += octets
        head = client.answer.find(b"\r\n\r\n")
        if head < 0 or len(client.answer) < head + 4 + self._size:
            return False
        if len(client.answer) != head + 4 + self._size or not client.answer.startswith(b"HTTP/1.1 200 "):
            raise Failed(f"HTTP says {bytes(client.answer[:40])!r}")
        return True
