"""A peer that does not read, as Twisted's own transport tells of it."""

from collections.abc import Sequence

from twisted.internet import abstract, task

from netapp.core import limits
from netapp.core.sessions import Effect, Session
from netapp.core.streams import SessionProtocol


class Full(abstract.FileDescriptor):
    """A transport whose peer reads nothing."""

    aborted = False
    connected = True

    def startWriting(self) -> None: ...

    def stopReading(self) -> None: ...

    def abortConnection(self) -> None:
        self.aborted = True

    def getPeer(self) -> None: ...


class Silent(Session):
    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        return ()


def connected() -> tuple[SessionProtocol, Full, task.Clock]:
    clock = task.Clock()
    protocol, transport = SessionProtocol(Silent(), clock), Full(reactor=clock)
    protocol.makeConnection(transport)
    return protocol, transport, clock


def test_what_waits_beyond_the_limit_ends_the_connection_however_small_the_writes() -> None:
    protocol, transport, _ = connected()
    sent = 0
    while not transport.aborted and sent < 10 * limits.UNSENT:
        protocol.send(b"x" * 500)
        sent += 500
    assert transport.aborted
    assert sent < transport.bufferSize + limits.UNSENT + 2000


def test_small_writes_do_not_put_the_stall_limit_off() -> None:
    protocol, transport, clock = connected()
    protocol.send(b"x" * (transport.bufferSize + 1))
    for _ in range(int(limits.STALLED)):
        assert not transport.aborted
        protocol.send(b"x")
        clock.advance(1.0)
    assert transport.aborted
