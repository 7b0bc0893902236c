"""HTTP answers that come later: in order, one at a time, and not for who has gone."""

import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer, interfaces
from twisted.internet.error import ConnectionLost
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import directlyProvides

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.exchange import Asked, Response
from netapp.core.http import Channel
from netapp.core.streams import SessionFactory
from netapp.testing import FakeReactor, connect

REQUEST = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"


def said(octets: bytes) -> Response:
    return Response(200, (("Content-Length", str(len(octets))),), (octets,))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What was logged, a line each."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


class Bench:
    """A channel of its own factory, the requests it asked, and what will answer them."""

    def __init__(self) -> None:
        self.reactor = FakeReactor()
        self.asked: list[bytes] = []
        self.waiting: list[defer.Deferred[Response]] = []
        self.cancelled: list[object] = []
        self.factory = SessionFactory(lambda _: Channel(self._answer, self.reactor), Access())
        self.channel, self.transport = connect(self.factory)
        self.transport.loseWriteConnection = lambda: None  # type: ignore[attr-defined]
        for name in ("setTcpNoDelay", "setTcpKeepAlive"):
            setattr(self.transport, name, lambda _: None)
        directlyProvides(self.transport, interfaces.ITCPTransport, interfaces.IPushProducer)

    def _answer(self, asked: Asked) -> Response | Coroutine[Any, Any, Response]:
        self.asked.append(asked.target)
        if asked.target.startswith(b"/now"):
            return said(asked.target)
        self.waiting.append(defer.Deferred(self.cancelled.append))
        return self._later(self.waiting[-1])

    async def _later(self, waiting: "defer.Deferred[Response]") -> Response:
        return await waiting

    def say(self, octets: bytes) -> bytes:
        self.channel.dataReceived(octets)
        return self.pump()

    def fire(self, response: Response | Failure) -> bytes:
        self.waiting.pop(0).callback(response)
        return self.pump()

    def pump(self) -> bytes:
        while self.transport.producer is not None and not self.transport.streaming:
            self.transport.producer.resumeProducing()
        return self.transport.take()


def test_a_response_is_written_when_it_comes() -> None:
    bench = Bench()
    assert bench.say(REQUEST % b"/a") == b""
    bench.reactor.advance(limits.FILE_IDLE * 2)  # whoever answers bounds the wait
    assert bench.fire(said(b"yes")) == b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"
    assert bench.say(REQUEST % b"/now") == b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n/now"
    bench.reactor.advance(limits.FILE_IDLE)
    assert not bench.transport.connected
    assert not bench.reactor.getDelayedCalls()


def test_an_answer_that_need_not_wait_is_written_at_once() -> None:
    bench = Bench()

    async def ready(asked: Asked) -> Response:
        return said(b"yes")

    bench.channel._answer = ready
    assert bench.say(REQUEST % b"/a" * 2).count(b"\r\n\r\nyes") == 2


@given(st.lists(st.sampled_from([b"/now", b"/later"]), min_size=1, max_size=6), st.integers(1, 60))
def test_pipelined_requests_are_answered_in_order(targets: list[bytes], size: int) -> None:
    bench, out = Bench(), b""
    numbered = [b"%s/%d" % (target, number) for number, target in enumerate(targets)]
    octets = b"".join(REQUEST % target for target in numbered)
    for start in range(0, len(octets), size):
        out += bench.say(octets[start : start + size])
        assert len(bench.waiting) <= 1
    while bench.waiting:
        out += bench.fire(said(bench.asked[-1]))
    assert [part.rpartition(b"\r\n")[2] for part in out.split(b"HTTP/1.1 200 OK")[1:]] == numbered


def test_head_is_answered_without_a_body() -> None:
    bench = Bench()
    bench.say(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert bench.fire(said(b"yes")) == b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"


def test_a_client_that_has_gone_cancels_its_answer() -> None:
    bench = Bench()
    bench.say(REQUEST % b"/a" * 3)
    bench.channel.connectionLost(Failure(ConnectionLost()))
    assert len(bench.cancelled) == len(bench.asked) == 1
    assert bench.factory.connections == 0
    assert not bench.reactor.getDelayedCalls()


def test_a_client_that_only_sends_no_more_gets_an_answer_that_comes_soon() -> None:
    bench = Bench()
    bench.say(REQUEST % b"/a" * 2)
    bench.channel.readConnectionLost()
    bench.reactor.advance(limits.HTTP_GONE / 2)
    assert bench.fire(said(b"1")).endswith(b"1")
    bench.reactor.advance(limits.HTTP_GONE / 2)
    assert bench.fire(said(b"2")).endswith(b"2")
    assert not bench.transport.connected
    assert not bench.reactor.getDelayedCalls()


def test_and_is_taken_for_gone_after_that() -> None:
    bench = Bench()
    bench.say(REQUEST % b"/a")
    bench.channel.readConnectionLost()
    bench.reactor.advance(limits.HTTP_GONE)
    assert len(bench.cancelled) == 1
    assert not bench.transport.connected
    assert bench.transport.take() == b""


def test_an_answer_that_does_not_mind_being_cancelled_is_dropped() -> None:
    bench = Bench()

    async def stubborn(asked: Asked) -> Response:
        with contextlib.suppress(defer.CancelledError):
            await bench.waiting[0]
        return said(b"too late")

    bench.waiting.append(defer.Deferred())
    bench.channel._answer = stubborn
    bench.say(REQUEST % b"/a")
    bench.channel.connectionLost(Failure(ConnectionLost()))
    assert bench.transport.take() == b""


def test_a_body_is_not_read_while_its_answer_is_waited_for() -> None:
    bench = Bench()
    assert bench.say(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello") == b""
    assert bench.say(REQUEST % b"/smuggled") == b""
    answer = bench.fire(said(b"yes"))
    assert answer == b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyes"
    assert bench.asked == [b"/a"]
    bench.reactor.advance(limits.LINGER)
    assert not bench.transport.connected


def test_a_stop_waits_for_the_answer_within_its_bound() -> None:
    kind, cruel = Bench(), Bench()
    done: list[object] = []
    for bench in (kind, cruel):
        bench.say(REQUEST % b"/a")
        bench.factory.drain(bench.reactor).addCallback(done.append)
        assert bench.transport.connected
    assert b"Connection: close" in kind.fire(said(b"yes"))
    kind.reactor.advance(limits.LINGER)
    assert done == [None]
    cruel.reactor.advance(limits.DRAIN)
    assert len(cruel.cancelled) == 1
    assert done == [None, None]


@pytest.mark.parametrize("fault", [ZeroDivisionError(), defer.CancelledError()])
def test_our_own_fault_is_a_500_and_is_logged(fault: Exception, logged: list[str]) -> None:
    bench = Bench()
    bench.say(REQUEST % b"/a")
    assert bench.fire(Failure(fault)).startswith(b"HTTP/1.1 500 ")
    assert any("a request of ('127.0.0.1', 54321) failed" in line for line in logged)


def test_a_response_that_cannot_be_written_ends_the_connection(logged: list[str]) -> None:
    bench = Bench()
    bench.say(REQUEST % b"/a")
    bench.fire(Response("no status"))  # type: ignore[arg-type]
    assert bench.transport.aborted
    assert any("a response could not be written" in line for line in logged)
