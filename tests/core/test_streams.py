"""Bodies, handing over and lingering, with connections in memory."""

import errno
from collections.abc import Sequence
from typing import Any

import pytest
from twisted.internet import interfaces
from twisted.logger import capturedLogs
from zope.interface import directlyProvides

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.sessions import Body, Close, Effect, Session, Slice
from netapp.core.streams import SessionFactory, SessionProtocol
from netapp.errors import Busy
from netapp.testing import FakeReactor, Transport, connect


class File:
    def __init__(self, octets: bytes) -> None:
        self.octets, self.closed = octets, False

    def pread(self, count: int, offset: int) -> bytes:
        return self.octets[offset : offset + count]

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        self.closed = True


class Script(Session):
    """Gives what the test says, and keeps what it heard."""

    def __init__(self, *steps: Sequence[Effect]) -> None:
        self.steps, self.heard = list(steps), []  # type: ignore[var-annotated]

    def _next(self, what: object) -> Sequence[Effect]:
        self.heard.append(what)
        return self.steps.pop(0) if self.steps else ()

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        return self._next(data)

    def sent(self, now: float) -> Sequence[Effect]:
        return self._next("sent")

    def finish(self, now: float) -> Sequence[Effect]:
        return self._next("finish")

    def closed(self) -> None:
        self.heard.append("closed")


class Bench:
    def __init__(self, *steps: Sequence[Effect]) -> None:
        self.reactor = FakeReactor()
        self.session = Script(*steps)
        self.factory = SessionFactory(lambda _: SessionProtocol(self.session, self.reactor), Access())
        self.protocol, self.transport = connect(self.factory)

    def pump(self) -> None:
        """Let everything leave that can."""
        while self.transport.producer is not None and not self.transport.streaming:
            self.transport.producer.resumeProducing()


def halfclosing(transport: Transport) -> list[str]:
    """Make a transport one that can close one way; what was closed is in the list."""
    calls: list[str] = []
    transport.loseWriteConnection = lambda: calls.append("write")  # type: ignore[attr-defined]
    directlyProvides(transport, interfaces.ITCPTransport)
    return calls


def body(octets: bytes) -> tuple[Body, File]:
    file = File(octets)
    return Body((b"head ", Slice(file, 0, len(octets)))), file


def test_a_body_is_streamed_and_the_session_told() -> None:
    made, file = body(b"x" * 300_000)
    bench = Bench([b"before ", made], [b" after"])
    bench.protocol.dataReceived(b"go")
    assert bench.transport.producerState == "paused"
    assert bench.protocol.busy
    bench.pump()
    assert bench.transport.take() == b"before head " + b"x" * 300_000 + b" after"
    assert bench.session.heard == [b"go", "sent"]
    assert file.closed
    assert bench.factory.streamed == 300_005
    assert bench.transport.producer is bench.protocol
    assert bench.transport.producerState == "producing"
    assert not bench.protocol.busy


def test_one_body_may_follow_another() -> None:
    first, second = body(b"1")[0], body(b"2")[0]
    bench = Bench([first], [second], [Close("done")])
    bench.protocol.dataReceived(b"go")
    bench.pump()
    assert bench.transport.take() == b"head 1head 2"
    assert not bench.transport.connected


def test_f16_a_reader_that_has_stopped_loses_its_connection() -> None:
    made, file = body(b"x" * 300_000)
    bench = Bench([made])
    bench.protocol.dataReceived(b"go")
    bench.transport.producer.resumeProducing()
    bench.reactor.advance(limits.STALLED)
    bench.reactor.advance(limits.STALLED)
    assert bench.transport.aborted
    assert file.closed
    assert not bench.reactor.getDelayedCalls()


def test_f16_a_slow_reader_does_not() -> None:
    made, _ = body(b"x" * 300_000)
    bench = Bench([made], [Close("done")])
    bench.protocol.dataReceived(b"go")
    while bench.transport.connected:
        bench.transport.producer.resumeProducing()
        bench.reactor.advance(limits.STALLED - 1)
    assert not bench.transport.aborted


def test_f20_a_peer_that_is_gone_lets_go_of_the_file() -> None:
    made, file = body(b"x" * 300_000)
    bench = Bench([made])
    bench.protocol.dataReceived(b"go")
    bench.transport.producer.stopProducing()
    bench.transport.producer = None
    bench.transport.loseConnection()
    assert file.closed
    assert bench.session.heard == [b"go", "closed"]
    assert bench.factory.connections == 0
    assert not bench.reactor.getDelayedCalls()


def test_f21_a_file_that_shrinks_aborts() -> None:
    file = File(b"x")
    bench = Bench([Body((Slice(file, 0, 100_000),))])
    bench.protocol.dataReceived(b"go")
    bench.pump()
    assert bench.transport.aborted
    assert file.closed


@pytest.mark.parametrize(
    ("problem", "logged"),
    [
        (ZeroDivisionError(), ["critical"]),
        (OSError(errno.EBADF, "bad"), ["warn"]),
        (OSError(errno.EIO, "bad"), ["warn"]),
        (ConnectionResetError(errno.ECONNRESET, "reset"), []),
        (OSError(errno.EHOSTUNREACH, "unreachable"), []),
    ],
)
def test_why_a_body_was_cut_off_is_logged_unless_it_was_the_peer(
    problem: Exception, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bytes:
        raise problem

    made, file = body(b"x" * 100_000)
    monkeypatch.setattr(file, "pread", fails)
    bench = Bench([made])
    with capturedLogs() as events:
        bench.protocol.dataReceived(b"go")
        bench.pump()
    assert [each["log_level"].name for each in events] == logged
    assert bench.transport.aborted
    assert file.closed


def test_a_stop_waits_for_a_body_and_then_hangs_up() -> None:
    made, _ = body(b"x" * 300_000)
    bench = Bench([made])
    bench.protocol.dataReceived(b"go")
    stopped: list[object] = []
    bench.factory.drain(bench.reactor).addCallback(stopped.append)
    assert bench.transport.connected
    bench.pump()
    assert not bench.transport.connected
    assert stopped == [None]
    assert len(bench.transport.value()) == 300_005


def test_a_stop_does_not_wait_for_ever_and_cuts_off_visibly() -> None:
    made, file = body(b"x" * 300_000)
    bench = Bench([made])
    bench.protocol.dataReceived(b"go")
    bench.factory.drain(bench.reactor)
    bench.reactor.advance(limits.DRAIN)
    assert bench.transport.aborted
    assert file.closed
    assert not bench.reactor.getDelayedCalls()


def test_a_lingering_close_reads_on_for_a_moment() -> None:
    bench = Bench([b"bye", Close("done", linger=True)])
    calls = halfclosing(bench.transport)
    bench.protocol.dataReceived(b"go")
    assert calls == ["write"]
    bench.protocol.writeConnectionLost()
    bench.protocol.dataReceived(b"still sending")
    assert bench.transport.connected
    assert bench.session.heard == [b"go"]
    bench.reactor.advance(limits.LINGER)
    assert not bench.transport.connected
    assert not bench.transport.aborted
    assert not bench.reactor.getDelayedCalls()


def test_a_lingering_close_ends_with_the_peers_own() -> None:
    bench = Bench([Close("done", linger=True)])
    halfclosing(bench.transport)
    bench.protocol.dataReceived(b"go")
    bench.protocol.readConnectionLost()
    assert not bench.transport.connected
    assert bench.session.heard == [b"go", "closed"]


def test_a_close_after_the_peers_own_does_not_linger() -> None:
    bench = Bench([Close("done", linger=True)])
    calls = halfclosing(bench.transport)
    bench.protocol.readConnectionLost()
    assert calls == []
    assert not bench.transport.connected


def test_f17_a_session_that_is_too_busy_resets_its_peer_without_a_word() -> None:
    class TooBusy(Script):
        def receive(self, data: bytes, now: float) -> Sequence[Effect]:
            raise Busy("too many open files")

    bench = Bench()
    bench.protocol.session = TooBusy()
    bench.protocol.dataReceived(b"go")
    assert bench.transport.aborted


class Successor:
    """Another protocol that takes a connection over."""

    factory: SessionFactory | None = None
    transport: Any = None
    busy = False

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.closed: list[bool] = []

    def makeConnection(self, transport: Any) -> None:
        self.transport = transport
        transport.registerProducer(self, True)

    def dataReceived(self, data: bytes) -> None:
        self.heard.append(data)

    def close(self, *, abort: bool = False) -> None:
        self.closed.append(abort)


def test_a_connection_is_handed_over_with_its_place_in_the_factory() -> None:
    bench = Bench()
    successor = Successor()
    bench.protocol.hand_over(successor, b"first")
    assert bench.transport.protocol is successor
    assert bench.transport.producer is successor
    assert successor.heard == [b"first"]
    assert successor.factory is bench.factory
    assert bench.session.heard == ["closed"]
    assert bench.factory.connections == 1
    bench.protocol.dataReceived(b"late")
    assert bench.session.heard == ["closed"]
    bench.factory.drain(bench.reactor)
    assert successor.closed == [False]
    bench.factory.lost(successor)
    assert bench.factory.connections == 0


@pytest.mark.parametrize("abort", [False, True])
def test_closing_in_the_middle_of_a_body_is_seen(abort: bool) -> None:
    made, file = body(b"x" * 300_000)
    bench = Bench([made])
    bench.protocol.dataReceived(b"go")
    bench.protocol.close(abort=abort)
    assert bench.transport.aborted
    assert file.closed
