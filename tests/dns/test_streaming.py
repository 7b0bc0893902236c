"""Streams: what takes a while beside what does not, and many messages as fast as the peer reads."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import defer, task

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.sessions import Close
from netapp.dns.protocol import DnsFactory, DnsProtocol
from netapp.dns.requests import Outcome, Request, Requests
from netapp.dns.session import Ask, DnsSession, Hold, framed
from netapp.testing import Transport, connect
from tests.dns.asking import addresses, answers, header, query, question

UPDATE, AXFR = 5, 252
ANSWERS = answers()


def update(ident: int = 7) -> bytes:
    return header(ident, flags=UPDATE << 11) + question(qtype=6)


def axfr(ident: int = 9) -> bytes:
    return header(ident) + question(qtype=AXFR)


def messages(octets: bytes) -> list[bytes]:
    found = []
    while octets:
        end = 2 + int.from_bytes(octets[:2], "big")
        found.append(octets[2:end])
        octets = octets[end:]
    return found


# The session, over values ------------------------------------------------------------------------


def session() -> DnsSession:
    opened = DnsSession(ANSWERS, "en")
    opened.open(0.0)
    return opened


def test_what_takes_a_while_holds_up_no_other() -> None:
    talk = session()
    first, second, third = talk.receive(framed(update()) + framed(query()) + framed(axfr()), 1.0)
    assert (first, third) == (Ask(update()), Ask(axfr()))
    assert isinstance(second, bytes)
    assert addresses(second[2:]) == ["192.168.1.2"]
    assert talk.busy
    assert not talk.idle
    assert talk.deadline == float("inf")
    assert talk.answered(b"x" * 12, 50.0) == [b"\0\x0c" + b"x" * 12]
    assert talk.answered(None, 51.0) == []
    assert talk.idle
    assert talk.deadline == 51.0 + limits.DNS_IDLE


def test_too_much_at_a_time_is_held() -> None:
    talk = session()
    octets = framed(update()) * (limits.DNS_WAITING + 2) + framed(query())
    effects = talk.receive(octets, 0.0)
    assert effects == [*[Ask(update())] * limits.DNS_WAITING, Hold()]
    assert talk.answered(None, 0.0) == [Ask(update()), Hold()]
    asked, answer = talk.answered(None, 0.0)
    assert isinstance(asked, Ask)
    assert addresses(answer[2:]) == ["192.168.1.2"]  # type: ignore[index]


def test_d51_a_half_close_waits_for_what_is_asked() -> None:
    talk = session()
    talk.receive(framed(update()) + framed(axfr()), 0.0)
    assert talk.finish(0.0) == []
    assert talk.answered(b"y" * 12, 0.0) == [framed(b"y" * 12)]
    assert isinstance(talk.answered(None, 0.0)[-1], Close)


def test_a_connection_ends_after_its_time_between_two_requests() -> None:
    talk = session()
    late = limits.DNS_LIFETIME
    assert len(talk.receive(framed(query()), late - 1)) == 1
    talk.receive(framed(query())[:5], late + 1)
    answer, close = talk.receive(framed(query())[5:], late + 2)
    assert addresses(answer[2:]) == ["192.168.1.2"]  # type: ignore[index]
    assert close == Close("its time is over")


@settings(deadline=None)
@given(st.lists(st.sampled_from([query(), update(), axfr()]), max_size=30), st.randoms(), st.booleans())
def test_every_request_is_answered_once(asked: list[bytes], random: Any, finish: bool) -> None:
    talk = session()
    effects = [*talk.receive(b"".join(map(framed, asked)), 0.0)] if asked else []
    if finish:
        effects += talk.finish(0.0)
    waiting = sum(isinstance(each, Ask) for each in effects)
    done = 0
    while waiting > done:
        more = talk.answered(b"z" * 12 if random.random() < 0.5 else None, 0.0)
        done += 1
        waiting += sum(isinstance(each, Ask) for each in more)
        effects += more
    assert waiting == sum(each != query() for each in asked)
    plain = [each for each in effects if isinstance(each, bytes) and each[2:] != b"z" * 12]
    assert len(plain) == asked.count(query())
    assert isinstance(effects[-1], Close) is finish if effects else True


# The protocol, with transports in memory ---------------------------------------------------------


class Server:
    def __init__(self, outcomes: list[Outcome]) -> None:
        self.clock = task.Clock()
        self.requests = Requests()
        self.asked: list[Request] = []
        self.outcomes = outcomes
        self.requests.on_opcode[UPDATE] = self.requests.on_type[AXFR] = self.answer
        self.factory = DnsFactory(
            lambda peer: DnsProtocol(DnsSession(ANSWERS, "en"), self.clock, self.requests),  # type: ignore[arg-type]
            Access(),
        )

    def answer(self, request: Request) -> Outcome:
        self.asked.append(request)
        return self.outcomes.pop(0)

    def connect(self) -> tuple[DnsProtocol, Transport]:
        return connect(self.factory)


class Messages(Iterator[bytes]):
    """As a transfer: many messages, and what becomes of it."""

    def __init__(self, count: int, size: int = 4000, *, fails: bool = False) -> None:
        self.left, self.made, self.closed, self._size, self._fails = count, 0, False, size, fails
        self.at: dict[int, Callable[[], object]] = {}  # what happens when so many have been made

    def __next__(self) -> bytes:
        if not self.left:
            if self._fails:
                raise RuntimeError("the disk is gone")
            raise StopIteration
        self.left -= 1
        self.made += 1
        self.at.get(self.made, lambda: None)()
        return header(9, flags=0x8400, qd=0) + self.made.to_bytes(4, "big") + bytes(self._size - 16)

    def close(self) -> None:
        self.closed = True


def test_answers_come_as_they_are_ready() -> None:
    slow: defer.Deferred[bytes | None] = defer.Deferred()
    server = Server([slow])
    protocol, transport = server.connect()
    protocol.dataReceived(framed(update()) + framed(query()))
    assert addresses(messages(transport.take())[0]) == ["192.168.1.2"]
    slow.callback(b"answer of 16 oct")
    assert messages(transport.take()) == [b"answer of 16 oct"]
    assert transport.connected
    server.clock.advance(limits.DNS_IDLE)
    assert not transport.connected


def test_an_answer_for_one_who_has_gone_goes_nowhere() -> None:
    slow: defer.Deferred[bytes | None] = defer.Deferred()
    server = Server([slow])
    protocol, transport = server.connect()
    protocol.dataReceived(framed(update()))
    transport.loseConnection()
    slow.callback(b"answer of 16 oct")
    assert transport.take() == b""


def test_a_request_that_fails_is_answered_and_the_connection_goes_on() -> None:
    server = Server([defer.fail(ValueError("no"))])
    protocol, transport = server.connect()
    protocol.dataReceived(framed(update()))
    (answer,) = messages(transport.take())
    assert answer[3] & 15 == 2
    protocol.dataReceived(framed(query()))
    assert addresses(transport.take()[2:]) == ["192.168.1.2"]


def test_a_transfer_is_made_as_its_peer_reads() -> None:
    stream = Messages(200)
    server = Server([stream])
    protocol, transport = server.connect()
    for made in (5, 60, 61, 120):
        stream.at[made] = protocol.pauseProducing  # the transport: its buffer is full
    protocol.dataReceived(framed(axfr()))
    server.clock.advance(0)
    assert stream.made == 5
    protocol.dataReceived(framed(query()))  # it reads not, but may still be heard of
    for made in (60, 61, 120, 200):
        protocol.resumeProducing()
        server.clock.advance(0)
        assert stream.made == made
    got = messages(transport.take())
    assert len(got) == 201
    transferred = [each for each in got if len(each) == 4000]
    assert [int.from_bytes(each[12:16], "big") for each in transferred] == list(range(1, 201))
    assert protocol.session.idle


def test_d54_a_transfer_to_one_who_does_not_read_ends() -> None:
    stream = Messages(200)
    server = Server([stream])
    protocol, transport = server.connect()
    stream.at[7] = protocol.pauseProducing
    protocol.dataReceived(framed(axfr()))
    server.clock.advance(0)
    server.clock.advance(limits.STALLED)
    assert transport.aborted
    assert (stream.made, stream.closed) == (7, True)


def test_transfers_of_one_connection_take_turns_and_are_bounded() -> None:
    streams = [Messages(30) for _ in range(limits.DNS_WAITING + 3)]
    server = Server(list(streams))
    protocol, transport = server.connect()
    protocol.dataReceived(framed(axfr()) * len(streams) + framed(query()))
    assert transport.producerState == "paused"
    streams[0].at[20] = protocol.pauseProducing
    server.clock.advance(0)
    assert [each.made for each in streams] == [20] + [19] * (limits.DNS_WAITING - 1) + [0, 0, 0]
    protocol.resumeProducing()
    server.clock.advance(0)
    assert len(messages(transport.take())) == 30 * len(streams) + 1
    assert transport.producerState == "producing"


def test_a_transfer_that_fails_is_no_end(caplog: pytest.LogCaptureFixture) -> None:
    stream = Messages(3, fails=True)
    server = Server([stream])
    protocol, transport = server.connect()
    protocol.dataReceived(framed(axfr()))
    server.clock.advance(0)
    assert transport.aborted
    assert stream.closed


def test_a_stop_waits_for_a_transfer() -> None:
    stream = Messages(100)
    server = Server([stream])
    protocol, transport = server.connect()
    protocol.dataReceived(framed(axfr()))
    ended = server.factory.drain(server.clock)
    assert not ended.called
    server.clock.advance(0)
    assert len(messages(transport.take())) == 100
    assert ended.called
    assert not transport.aborted


def test_a_half_close_is_answered_by_the_whole_transfer() -> None:
    server = Server([Messages(100)])
    protocol, transport = server.connect()
    protocol.dataReceived(framed(axfr()))
    protocol.readConnectionLost()
    server.clock.advance(0)
    assert len(messages(transport.take())) == 100
    assert not transport.connected
