"""HTTP connections: order, deadlines, and requests that two servers might read differently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import interfaces
from zope.interface import directlyProvides

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.exchange import Asked, Response
from netapp.core.http import Channel
from netapp.core.sessions import Session, Slice
from netapp.core.streams import SessionFactory, SessionProtocol
from netapp.testing import FakeReactor, connect

HOST = b"Host: x\r\n"


class Bench:
    """A channel that was handed a connection, and what it asked."""

    def __init__(self, response: Response | None = None) -> None:
        self.reactor = FakeReactor()
        self.asked: list[Asked] = []
        self.response = response
        self.factory = SessionFactory(lambda _: SessionProtocol(Session(), self.reactor), Access())
        first, self.transport = connect(self.factory)
        self.halves: list[str] = []
        self.transport.loseWriteConnection = lambda: self.halves.append("write")  # type: ignore[attr-defined]
        for name in ("setTcpNoDelay", "setTcpKeepAlive"):
            setattr(self.transport, name, lambda _: None)
        directlyProvides(self.transport, interfaces.ITCPTransport, interfaces.IPushProducer)
        self.channel = Channel(self._answer, self.reactor)
        first.hand_over(self.channel, b"")

    def _answer(self, asked: Asked) -> Response:
        self.asked.append(asked)
        if self.response is not None:
            return self.response
        octets = asked.target
        return Response(200, (("Content-Length", str(len(octets))),), (octets,))

    def say(self, octets: bytes) -> bytes:
        self.channel.dataReceived(octets)
        return self.pump()

    def pump(self) -> bytes:
        while self.transport.producer is not None and not self.transport.streaming:
            self.transport.producer.resumeProducing()
        return self.transport.take()

    @property
    def ended(self) -> bool:
        return bool(self.halves) or not self.transport.connected


def body_of(octets: bytes) -> bytes:
    return octets.partition(b"\r\n\r\n")[2]


def test_a_request_is_answered_and_the_connection_kept() -> None:
    bench = Bench()
    answer = bench.say(b"GET /a HTTP/1.1\r\n" + HOST + b"X-Y: 1\r\nx-y: 2\r\n\r\n")
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/a"
    assert bench.asked[0].method == "GET"
    assert bench.asked[0].header("x-y") == "1, 2"
    assert not bench.ended
    assert body_of(bench.say(b"GET /b HTTP/1.1\r\n" + HOST + b"\r\n")) == b"/b"


@given(st.lists(st.integers(1, 30), max_size=12))
def test_pipelined_requests_are_answered_in_order_however_they_come(cuts: list[int]) -> None:
    octets = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(5))
    bench, out, position = Bench(), b"", 0
    for cut in [*cuts, len(octets)]:
        out += bench.say(octets[position : position + cut])
        position += cut
    assert [asked.target for asked in bench.asked] == [b"/%d" % number for number in range(5)]
    assert out.count(b"HTTP/1.1 200 OK") == 5


def test_the_next_request_waits_until_the_answer_has_left() -> None:
    bench = Bench()
    bench.channel.dataReceived(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(bench.asked) == 1
    bench.pump()
    assert len(bench.asked) == 2


def test_head_has_no_body_and_closes_the_file() -> None:
    class File:
        closed = False

        def pread(self, count: int, offset: int) -> bytes:
            raise AssertionError

        def fileno(self) -> int | None:
            return None

        def close(self) -> None:
            self.closed = True

    file = File()
    bench = Bench(Response(200, (("Content-Length", "9"),), (Slice(file, 0, 9),)))
    assert (
        bench.say(b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n") == b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    )
    assert file.closed


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
)
def test_t25_a_connection_that_is_to_be_closed_is(request_: bytes) -> None:
    bench = Bench()
    answer = bench.say(request_)
    assert b"Connection: close" in answer
    assert answer.endswith(b"\r\n\r\n/")
    assert bench.ended


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1_0\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\tfolded\r\n",
        b"GET / HTTP/1.1\r\n Host: x\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\nB: c\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rB: c\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\nA: b\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n: no name\r\n",
        b"GET  / HTTP/1.1\r\nHost: x\r\n",
        b"GET / x HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.2\r\nHost: x\r\n",
        b"GET / HTTP/2.0\r\nHost: x\r\n",
        b"G@T / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200,
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("bytewise", [False, True])
def test_f38_requests_that_two_servers_might_read_differently(head: bytes, bytewise: bool) -> None:
    if bytewise and len(head) > 1000:
        return
    bench = Bench()
    octets = head + b"\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    out = b"".join(bench.say(bytes([octet])) for octet in octets) if bytewise else bench.say(octets)
    assert out.startswith(b"HTTP/1.1 400 Bad Request\r\n") or (not out and not bench.transport.connected)
    assert out.count(b"HTTP/1.1") == 1 or not out
    assert bench.ended
    assert bench.asked == []
    bench.reactor.advance(limits.LINGER)
    assert not bench.transport.connected
    assert not bench.reactor.getDelayedCalls()


@pytest.mark.parametrize(
    "head",
    [
        b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000\r\n",
        b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n",
        b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_f39_f40_a_body_is_answered_before_it_comes_and_never_read(head: bytes) -> None:
    bench = Bench()
    out = bench.say(head + b"\r\n5\r\nhello\r\n0;\n")
    assert out.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n")
    assert bench.asked[0].method in ("PUT", "POST")
    assert bench.halves == ["write"]
    assert bench.say(b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n") == b""
    assert len(bench.asked) == 1
    bench.reactor.advance(limits.LINGER)
    assert not bench.transport.connected


def test_f15_a_head_that_trickles_has_ten_seconds() -> None:
    bench = Bench()
    for octet in (b"GET / HTTP/1.1\r\n" + HOST)[:10]:
        bench.say(bytes([octet]))
        assert bench.transport.connected
        bench.reactor.advance(1.0)
    assert not bench.transport.connected


def test_a_connection_without_a_request_is_let_go() -> None:
    bench = Bench()
    bench.say(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    bench.reactor.advance(limits.FILE_IDLE - 1)
    assert bench.transport.connected
    bench.reactor.advance(1)
    assert not bench.transport.connected
    assert not bench.reactor.getDelayedCalls()
    assert bench.factory.connections == 0


def test_f16_who_does_not_read_is_cut_off() -> None:
    bench = Bench(Response(200, (("Content-Length", "300000"),), (b"x" * 100_000,) * 3))
    bench.channel.dataReceived(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    bench.reactor.advance(limits.STALLED)
    bench.reactor.advance(limits.STALLED)
    assert bench.transport.aborted


def test_f19_half_a_close_after_requests_gets_every_answer() -> None:
    bench = Bench()
    bench.channel.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 4)
    bench.channel.readConnectionLost()
    assert bench.pump().count(b"200 OK") == 4
    assert not bench.transport.connected


def test_our_own_fault_is_a_500(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(asked: Asked) -> Response:
        raise ZeroDivisionError

    bench = Bench()
    monkeypatch.setattr(bench.channel, "_answer", fail)
    assert bench.say(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n").startswith(b"HTTP/1.1 500 ")
    assert bench.ended


def test_a_stop_waits_for_an_answer_and_ends_idle_connections() -> None:
    idle, busy = Bench(), Bench()
    idle.factory.drain(idle.reactor)
    assert not idle.transport.connected
    busy.channel.dataReceived(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    done: list[object] = []
    busy.factory.drain(busy.reactor).addCallback(done.append)
    assert busy.transport.connected
    busy.pump()
    busy.reactor.advance(limits.LINGER)
    assert done == [None]
    assert not busy.transport.aborted


def test_a_stop_cuts_an_answer_off_at_last() -> None:
    bench = Bench()
    bench.channel.dataReceived(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    bench.factory.drain(bench.reactor)
    bench.reactor.advance(limits.DRAIN)
    assert bench.transport.aborted


_LINES = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from(
            [b"GET / HTTP/1.1", b"Host: x", b"Content-Length: 4", b"Transfer-Encoding: chunked", b"", b"4"]
        ),
    ),
    max_size=8,
).map(b"\r\n".join)


@given(_LINES)
def test_any_octets_end_without_a_traceback(octets: bytes) -> None:
    bench = Bench()
    bench.say(b"GET / HTTP/1.1\r\n" + octets)
    bench.reactor.advance(limits.HTTP_HEAD)
    bench.pump()
    bench.reactor.advance(limits.FILE_IDLE + limits.LINGER)
    assert not bench.transport.connected
    assert not bench.reactor.getDelayedCalls()
