"""Both forms of a datagram port, read by hand on loopback."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from twisted.internet import protocol, testing

from netapp.core import limits, platform
from netapp.core.udp.batch import Batch
from netapp.core.udp.plain import PlainPort
from netapp.core.udp.port import BatchPort

FORMS = ("batch", "plain")
HOSTS = ("127.0.0.1", "::1")
Peer = tuple[str, int]


class Heard(protocol.DatagramProtocol):
    """Keeps what comes; answers it with ``answer`` of it, if that gives anything."""

    noisy = False

    def __init__(self, answer: Callable[[bytes], bytes | None] = lambda octets: None) -> None:
        self.answer, self.got = answer, list[tuple[bytes, Peer]]()
        self.stopped = self.refused = 0

    def datagramReceived(self, datagram: bytes, addr: Peer) -> None:
        self.got.append((datagram, addr))
        answer = self.answer(datagram)
        if answer is not None:
            self.transport.write(answer, addr)  # type: ignore[union-attr]

    def connectionRefused(self) -> None:
        self.refused += 1

    def stopProtocol(self) -> None:
        self.stopped += 1


class Many(Heard):
    """The same, a batch at a time."""

    sent = unsent = 0

    def batchReceived(self, batch: Batch) -> None:
        for slot in range(len(batch)):
            datagram = batch.octets(slot)
            if datagram is None:
                continue
            self.got.append((datagram, batch.source(slot).peer))
            answer = self.answer(datagram)
            if answer:
                batch.answer(slot, answer)

    def batchSent(self, batch: Batch) -> None:
        self.sent += batch.sent
        self.unsent += batch.unsent
        batch.sent = batch.unsent = 0


@contextmanager
def port(
    form: str,
    handler: Any,
    interface: str = "127.0.0.1",
    size: int = limits.DATAGRAM,
    *,
    number: int = 0,
    calls: tuple[Any, Any] | None = None,
    timer: tuple[Any, Any] | None = None,
) -> Iterator[Any]:
    """A listening one; ``.reactor`` is a clock and keeps what it watches."""
    reactor = testing.MemoryReactorClock()
    made: Any
    if form == "batch":
        calls = calls or platform.batch_calls()
        if calls is None:
            pytest.skip("no such system calls here")
        made = BatchPort(calls, number, handler, interface, size, reactor, timer=timer)
    else:
        made = PlainPort(number, handler, interface, size, reactor)
    made.startListening()
    try:
        yield made
    finally:
        made.stopListening()
        reactor.advance(0)


@contextmanager
def client(host: str = "127.0.0.1", to: Any = None) -> Iterator[socket.socket]:
    """:param to: a port that it is connected to, at that address."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.settimeout(5)
        if to is not None:
            made.connect((host, to.getHost().port))
        else:
            made.bind((host, 0))
        yield made


def quiet(sock: socket.socket) -> bool:
    """Whether nothing has come; on loopback what was sent is there at once."""
    sock.setblocking(False)
    try:
        sock.recv(1)
    except BlockingIOError:
        return True
    finally:
        sock.settimeout(5)
    return False
