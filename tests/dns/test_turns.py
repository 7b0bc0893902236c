"""Whose turn it is: one who asks much delays no other for long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import defer, task

from netapp.core import limits
from netapp.core.access import Access
from netapp.dns.protocol import DnsFactory, DnsProtocol
from netapp.dns.requests import Outcome, Request, Requests
from netapp.dns.session import DnsSession, More, framed
from netapp.dns.turns import Turns
from netapp.testing import Transport, connect
from tests.dns.asking import answers, header, query, question
from tests.dns.test_streaming import Messages, axfr, messages, update

ANSWERS = answers()
MUCH, OTHER = b"\x0a\0\0\1", b"\x0a\0\0\2"


class Ticking(task.Clock):
    """Everything that asks for the time takes a while."""

    def __init__(self, tick: float = 0.0) -> None:
        super().__init__()
        self.tick, self.turns = tick, 0

    def seconds(self) -> float:
        self.rightNow += self.tick
        return float(self.rightNow)

    def turn(self) -> None:
        """One turn of a reactor: what waits now, and not what comes to wait meanwhile."""
        due, self.calls = self.calls, []
        for each in due:
            each.called = 1
            each.func(*each.args, **each.kw)
        self.turns += 1


def waiting(turns: Turns, source: bytes, name: str, log: list[str], times: int) -> None:
    def step() -> None:
        log.append(name)
        if log.count(name) < times:
            turns.wait(source, step)

    turns.wait(source, step)


def test_sources_take_turns_and_so_do_the_connections_of_one() -> None:
    clock, log = task.Clock(), list[str]()
    turns = Turns(clock)
    for name in "abc":
        waiting(turns, MUCH, name, log, 2)
    waiting(turns, OTHER, "z", log, 2)
    assert not log
    clock.advance(0)
    assert "".join(log) == "azbzcabc"
    assert clock.getDelayedCalls() == []


def test_a_turn_of_the_reactor_has_an_end() -> None:
    clock, log = Ticking(limits.DNS_TURN / 10), list[str]()
    turns = Turns(clock)
    waiting(turns, MUCH, "a", log, 100)
    clock.turn()
    assert 5 <= len(log) <= 11
    while clock.calls:
        clock.turn()
    assert len(log) == 100
    assert clock.turns >= 10


def test_a_step_that_fails_costs_no_other_its_turn() -> None:
    clock, log = task.Clock(), list[str]()
    turns = Turns(clock)
    turns.wait(MUCH, lambda: 1 // 0)
    waiting(turns, OTHER, "z", log, 3)
    with pytest.raises(ZeroDivisionError):
        clock.advance(0)
    clock.advance(0)
    assert log == ["z"] * 3


def test_what_is_little_need_not_wait_and_what_is_much_must() -> None:
    clock = task.Clock()
    turns = Turns(clock)
    turns.took(limits.DNS_TURN / 3)
    assert clock.getDelayedCalls() == []  # the usual case costs nothing
    turns.took(limits.DNS_TURN / 3)
    assert turns.free
    turns.took(limits.DNS_TURN / 3 + 1e-6)
    assert not turns.free
    clock.advance(0)
    assert turns.free
    turns.wait(MUCH, lambda: None)
    assert not turns.free
    clock.advance(0)
    assert turns.free
    turns.took(-5.0)
    turns.took(limits.DNS_TURN)
    assert not turns.free


def test_a_clock_that_is_set_back_makes_no_turn_longer() -> None:
    clock, log = Ticking(-0.1), list[str]()
    turns = Turns(clock)
    waiting(turns, MUCH, "a", log, 100)
    clock.turn()
    assert len(log) == 1


class From:
    def __init__(self, packed: bytes) -> None:
        self.packed = packed


class Server:
    """Connections that share their turns; updates are answered at once."""

    def __init__(self, clock: task.Clock) -> None:
        self.clock, self.turns, self.requests = clock, Turns(clock), Requests()
        self.requests.on_opcode[5] = self.updated
        self.requests.on_type[252] = self.transferred
        self.stream = Messages(300)

    def updated(self, request: Request) -> Outcome:
        answer = header(int.from_bytes(request.octets[:2], "big"), flags=0xA805) + question(qtype=6)
        return answer if request.octets[1] % 2 else defer.succeed(answer)

    def transferred(self, request: Request) -> Outcome:
        return self.stream

    def connect(self, packed: bytes) -> tuple[DnsProtocol, Transport]:
        session = DnsSession(ANSWERS, "en", From(packed))
        return connect(
            DnsFactory(lambda peer: DnsProtocol(session, self.clock, self.requests, self.turns), Access())
        )


def test_a_step_has_some_dozens_of_requests() -> None:
    for asked in (framed(query()) * 1000, b"www.baidu.com\n" * 1000):
        talk = DnsSession(ANSWERS, "en")
        talk.open(0.0)
        *answered, last = talk.receive(asked, 0.0)
        assert len(answered) == limits.DNS_REQUESTS_AT_ONCE
        assert isinstance(last, More)


def test_d47_one_address_with_many_connections_delays_no_other() -> None:
    """Whatever 100 connections have in flight, a newcomer is answered within a turn."""
    clock = Ticking(limits.DNS_TURN / 20)
    server = Server(clock)
    flood = [server.connect(MUCH) for _ in range(100)]
    for protocol, _ in flood:
        protocol.dataReceived(framed(query()) * 300)
    protocol, transport = server.connect(OTHER)
    for _ in range(5):
        before = sum(len(each.io.getvalue()) for _, each in flood)
        protocol.dataReceived(framed(query()))
        clock.turn()
        assert len(messages(transport.take())) == 1
        made = sum(len(each.io.getvalue()) for _, each in flood) - before
        assert made <= 21 * limits.DNS_REQUESTS_AT_ONCE * 64
    while clock.calls and clock.turns < 100_000:
        clock.turn()
        if not server.turns._sources:
            break
    assert {len(messages(each.take())) for _, each in flood} == {300}
    assert all(each.producerState == "producing" for _, each in flood)


def test_d47_a_flood_leaves_a_transfer_its_turns() -> None:
    clock = Ticking(limits.DNS_TURN / 20)
    server = Server(clock)
    flood = [server.connect(MUCH)[0] for _ in range(50)]
    for each in flood:
        each.dataReceived(framed(query()) * 2000)
    protocol, _ = server.connect(OTHER)
    protocol.dataReceived(framed(axfr()))
    for _ in range(4):
        made = server.stream.made
        clock.turn()
        assert server.stream.made > made


def test_thousands_of_requests_that_are_answered_at_once_do_not_stand_within_each_other() -> None:
    server = Server(task.Clock())
    protocol, transport = server.connect(MUCH)
    protocol.dataReceived(b"".join(framed(update(number)) for number in range(3000)))
    server.clock.advance(0)
    found = messages(transport.take())
    assert [int.from_bytes(each[:2], "big") for each in found] == list(range(3000))
    assert protocol.session.idle
    assert transport.producerState == "producing"
    assert transport.connected


def test_a_queue_is_no_idleness() -> None:
    """Who waits for its turn is not closed for being quiet."""
    clock = task.Clock()
    server = Server(clock)
    protocol, transport = server.connect(MUCH)
    protocol.dataReceived(framed(query()) * 2 * limits.DNS_REQUESTS_AT_ONCE)
    assert protocol.session.deadline == limits.DNS_IDLE
    clock.rightNow += limits.DNS_IDLE - 1
    clock.advance(0)
    assert len(messages(transport.take())) == 2 * limits.DNS_REQUESTS_AT_ONCE
    assert protocol.session.deadline == 2 * limits.DNS_IDLE - 1


def test_who_is_gone_when_its_turn_comes_is_passed_over() -> None:
    server = Server(task.Clock())
    protocol, transport = server.connect(MUCH)
    protocol.dataReceived(framed(query()) * 2000)
    transport.take()
    transport.loseConnection()
    server.clock.advance(0)
    assert transport.take() == b""
    server.clock.advance(limits.DNS_LIFETIME)
    assert server.clock.getDelayedCalls() == []


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from(["query", "update", "axfr"]), max_size=150),
    st.lists(st.integers(0, 5000), max_size=8),
    st.sampled_from([0.0, 0.0001, 0.001]),
)
def test_every_request_is_answered_once_whatever_the_turns(
    asked: list[str], cuts: list[int], tick: float
) -> None:
    clock = Ticking(tick)
    server = Server(clock)
    server.requests.on_type[252] = lambda request: iter([header(9, flags=0x8400, qd=0)] * 3)
    protocol, transport = server.connect(MUCH)
    made = {"query": query(), "update": update(), "axfr": axfr()}
    octets = b"".join(framed(made[each]) for each in asked)
    edges = [0, *sorted(cut % (len(octets) + 1) for cut in cuts), len(octets)]
    for number, begin in enumerate(edges[:-1]):
        if piece := octets[begin : edges[number + 1]]:
            protocol.dataReceived(piece)
    for _ in range(1000):
        clock.turn()
        if protocol.session.idle and not server.turns._sources:
            break
    found = messages(transport.take())
    assert len(found) == len(asked) + 2 * asked.count("axfr")
    assert transport.producerState == "producing"
