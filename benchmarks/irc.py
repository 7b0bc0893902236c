"""Many IRC clients in one process."""

import itertools
import re
import resource
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.process import LOOPBACK, Failed

#: Seconds without anything that all of the clients wait for.
PATIENCE = 10.0
#: Clients that register, or join, at the same time: a longer queue of new connections is cut by some servers,
#: and each client that is cut comes again a second later.
_GROUP = 10
_PING = re.compile(rb"^PING (.*?)\r?$", re.MULTILINE)
_REGISTERED = re.compile(rb"^\S+ (376|422) ", re.MULTILINE)  # the end of the message of the day, or none
_JOINED = re.compile(rb"^\S+ 366 ", re.MULTILINE)
_REFUSED = re.compile(rb"^ERROR .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fanout:
    waits: list[float]  # seconds of each delivery
    seconds: float


@dataclass
class _Client:
    socket: socket.socket
    nick: str
    heard: bytearray = field(default_factory=bytearray)


class Clients:
    """Registered clients of one server, no more than one member of each room per client."""

    def __init__(self, port: int) -> None:
        self._port, self._clients = port, dict[int, _Client]()
        self._poll = select.epoll()
        self._numbers = itertools.count()

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.socket.close()
        self._poll.close()

    def connect(self, count: int) -> None:
        """So many more clients.  :raises Failed: one of them is not taken."""
        allow_files(len(self._clients) + count)
        for size in _groups(count):
            self._each([self._new() for _ in range(size)], _REGISTERED, _register)

    def join(self, room: str) -> None:
        """All of them into a room."""
        clients = list(self._clients.values())
        for start in range(0, len(clients), _GROUP):
            self._each(clients[start : start + _GROUP], _JOINED, lambda _: f"JOIN {room}\r\n")
        self.settle()

    def settle(self, quiet: float = 0.3) -> None:
        """Read until nothing has come for a while."""
        deadline = time.perf_counter() + PATIENCE
        while events := self._poll.poll(quiet):
            for number, _ in events:
                self._read(self._clients[number])
            if time.perf_counter() > deadline:
                raise Failed("the server does not become quiet")

    def fan_out(self, room: str, senders: int, seconds: float) -> Fanout:
        """Lines from ``senders`` members at once; the next when everybody has all of them.

        Between two turns other members speak, so that nobody speaks very often.
        """
        waits: list[float] = []
        members = itertools.cycle(self._clients.values())
        begun = now = time.perf_counter()
        turn = 0
        while now - begun < seconds:
            lines = [f"PRIVMSG {room} :line {turn} of member {each}\r\n".encode() for each in range(senders)]
            now = time.perf_counter()
            for line in lines:
                next(members).socket.send(line)
            self._deliver(senders * (len(self._clients) - 1), now, waits)
            now = time.perf_counter()
            turn += 1
        return Fanout(waits, now - begun)

    def _deliver(self, awaited: int, sent: float, waits: list[float]) -> None:
        poll, clients = self._poll.poll, self._clients
        while awaited:
            events = poll(PATIENCE)
            if not events:
                raise Failed(f"{awaited} deliveries did not come")
            for number, _ in events:
                octets = clients[number].socket.recv(65536)
                lines = octets.count(b"\n")
                if b"PING " in octets or not octets:
                    lines -= self._unusual(clients[number], octets)
                waits.extend([time.perf_counter() - sent] * lines)
                awaited -= lines

    def _unusual(self, client: _Client, octets: bytes) -> int:
        """:returns: lines that are no deliveries."""
        if not octets:
            raise Failed("the server has closed a client's connection")
        tokens = _PING.findall(octets)
        for token in tokens:
            client.socket.send(b"PONG " + token + b"\r\n")
        return len(tokens)

    def _new(self) -> _Client:
        client = _Client(
            socket.create_connection((LOOPBACK, self._port), PATIENCE), f"b{next(self._numbers)}"
        )
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clients[client.socket.fileno()] = client
        self._poll.register(client.socket.fileno(), select.EPOLLIN)
        return client

    def _each(
        self, clients: list[_Client], done: "re.Pattern[bytes]", line: Callable[[_Client], str]
    ) -> None:
        """Each of them says something and waits for its answer."""
        for client in clients:
            client.heard.clear()
            client.socket.sendall(line(client).encode())
        waiting = {client.socket.fileno() for client in clients}
        while waiting:
            events = self._poll.poll(PATIENCE)
            if not events:
                raise Failed(f"{len(waiting)} clients wait for {done.pattern!r}")
            for number, _ in events:
                client = self._clients[number]
                self._read(client)
                if number in waiting and done.search(client.heard):
                    waiting.remove(number)
                    client.heard.clear()

    def _read(self, client: _Client) -> None:
        octets = client.socket.recv(65536)
        client.heard += octets
        if refused := _REFUSED.search(client.heard):
            raise Failed(f"the server says {refused[0].decode(errors='replace')[:100]}")
        if b"PING " in octets or not octets:
            self._unusual(client, octets)
        del client.heard[:-65536]


def allow_files(count: int) -> None:
    """Let this process, and what it starts, open so many files and some."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + 200
    if soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise Failed(f"{needed} open files are needed; the system allows {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _register(client: _Client) -> str:
    return f"NICK {client.nick}\r\nUSER {client.nick} 0 * :bench\r\n"


def _groups(count: int) -> Iterator[int]:
    for start in range(0, count, _GROUP):
        yield min(_GROUP, count - start)
