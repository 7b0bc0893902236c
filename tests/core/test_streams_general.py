"""The carrier of every stream: what it owes a session, and what a peer can do to it."""

import gc
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from twisted.internet import address, task
from twisted.logger import LogLevel, capturedLogs

from netapp.core import access, limits
from netapp.core.sessions import Close, Effect, Session
from netapp.core.streams import SessionFactory, SessionProtocol, peer_of
from netapp.errors import WireError
from netapp.testing import connect

Answer = Callable[[bytes], Sequence[Effect]]


@dataclass
class Told:
    """A session that answers as a test says, and keeps what it was told."""

    answer: Answer = lambda data: [data]
    greeting: Sequence[Effect] = ()
    deadline: float = math.inf
    busy: bool = False
    ends: Sequence[Effect] = (Close("finished"),)
    heard: list[bytes] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    finished: int = 0
    let_go: int = 0

    def open(self, now: float) -> Sequence[Effect]:
        return self.greeting

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        self.heard.append(data)
        return self.answer(data)

    def tick(self, now: float) -> Sequence[Effect]:
        self.ticks.append(now)
        self.deadline = math.inf
        return [b"tick"]

    def finish(self, now: float) -> Sequence[Effect]:
        self.finished += 1
        return self.ends

    def closed(self) -> None:
        self.let_go += 1


class Carrier(SessionProtocol):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.performed: list[Effect] = []

    def perform(self, effect: Effect) -> None:
        self.performed.append(effect)
        if effect == "hang up":
            self.close()
        if effect == "fail":
            raise ValueError("on purpose")


def house(session: Any = None) -> tuple[SessionFactory, task.Clock]:
    clock = task.Clock()
    return SessionFactory(lambda peer: Carrier(session or Told(), clock), access.Access()), clock


def met(session: Any) -> tuple[Any, Any, task.Clock, SessionFactory]:
    factory, clock = house(session)
    protocol, transport = connect(factory)
    return protocol, transport, clock, factory


def test_octets_beside_each_other_leave_in_one_write() -> None:
    protocol, transport, _, _ = met(Told(lambda data: [b"a", b"b", "show", b"c", b"d"]))
    writes: list[bytes] = []
    transport.write = writes.append
    protocol.dataReceived(b"x")
    assert writes == [b"ab", b"cd"]
    assert protocol.performed == ["show"]


def test_nothing_follows_a_close() -> None:
    protocol, transport, _, _ = met(Told(lambda data: [b"bye", Close("done"), b"late", "late"]))
    protocol.dataReceived(b"x")
    assert (transport.value(), protocol.performed, transport.connected) == (b"bye", [], False)


def test_an_effect_that_hangs_up_is_the_last() -> None:
    protocol, transport, _, _ = met(Told(lambda data: [b"a", "hang up", b"late", "late"]))
    protocol.dataReceived(b"x")
    assert (transport.value(), protocol.performed) == (b"a", ["hang up"])


def test_nothing_runs_once_we_have_hung_up() -> None:
    session = Told()
    protocol, _, _, _ = met(session)
    protocol.close()
    protocol.dataReceived(b"x")
    protocol.run(session.receive, b"y")
    assert session.heard == []


def test_a_hang_up_leaves_no_timer() -> None:
    protocol, _, clock, _ = met(Told(lambda data: [Close("done")], deadline=60.0))
    protocol.dataReceived(b"x")
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("step", ["open", "receive", "perform", "tick"])
def test_a_failure_of_ours_is_logged_and_ends_only_that_session(step: str) -> None:
    session = Told(lambda data: ["fail"] if step == "perform" else 1 / 0, deadline=5.0)  # type: ignore[arg-type, return-value]
    if step == "open":
        session.greeting = ["fail"]
    if step == "tick":
        session.tick = lambda now: 1 / 0  # type: ignore[assignment, method-assign]
    with capturedLogs() as events:
        protocol, transport, clock, factory = met(session)
        protocol.dataReceived(b"x") if step in ("receive", "perform") else clock.advance(5.0)
    assert [event["log_level"] for event in events if "log_failure" in event] == [LogLevel.critical]
    assert transport.aborted
    assert (factory.connections, session.let_go) == (0, 1)
    assert clock.getDelayedCalls() == []


def test_a_failure_of_the_peer_is_counted_and_not_logged() -> None:
    def forbidden(data: bytes) -> Sequence[Effect]:
        raise WireError("no", source="RFC 0")

    with capturedLogs() as events:
        protocol, transport, _, factory = met(Told(forbidden))
        protocol.dataReceived(b"x")
    assert events == []
    assert factory.malformed == 1
    assert not transport.connected


def test_a_session_that_cannot_be_let_go_is_still_forgotten() -> None:
    session = Told()
    session.closed = lambda: 1 / 0  # type: ignore[assignment, method-assign, return-value]
    with capturedLogs() as events:
        _, transport, _, factory = met(session)
        transport.loseConnection()
    assert len(events) == 1
    assert factory.connections == 0


def test_an_effect_that_nobody_performs_is_our_failure() -> None:
    clock = task.Clock()
    factory = SessionFactory(
        lambda peer: SessionProtocol(Told(lambda data: ["what?"]), clock),  # type: ignore[arg-type]
        access.Access(),
    )
    with capturedLogs() as events:
        protocol, transport = connect(factory)
        protocol.dataReceived(b"x")
    assert "cannot perform 'what?'" in str(events[0]["log_failure"].value)
    assert transport.aborted


# Time --------------------------------------------------------------------------------------------


def test_no_timer_while_nothing_is_due() -> None:
    protocol, _, clock, _ = met(Told())
    protocol.dataReceived(b"x")
    assert clock.getDelayedCalls() == []


def test_the_session_is_woken_at_its_deadline() -> None:
    session = Told(deadline=5.0)
    _, transport, clock, _ = met(session)
    clock.advance(4.9)
    assert session.ticks == []
    clock.advance(0.1)
    assert session.ticks == [5.0]
    assert transport.value() == b"tick"
    assert clock.getDelayedCalls() == []


def test_a_deadline_that_moves_away_costs_one_wake_and_no_tick() -> None:
    session = Told(deadline=5.0)
    protocol, _, clock, _ = met(session)
    for second in range(100):
        session.deadline = clock.seconds() + 5.0
        protocol.dataReceived(b"x")
        assert len(clock.getDelayedCalls()) == 1, second
        clock.advance(1.0)
    assert session.ticks == []


def test_a_deadline_that_moves_nearer_is_kept() -> None:
    session = Told(deadline=60.0)
    protocol, _, clock, _ = met(session)
    session.deadline = 1.0
    protocol.dataReceived(b"x")
    clock.advance(1.0)
    assert session.ticks == [1.0]


# Slow readers ------------------------------------------------------------------------------------


def test_a_peer_that_does_not_read_is_not_read_from() -> None:
    protocol, transport, _, _ = met(Told())
    protocol.pauseProducing()
    assert transport.producerState == "paused"
    protocol.resumeProducing()
    assert transport.producerState == "producing"


def test_a_peer_that_does_not_read_costs_its_connection_not_memory() -> None:
    protocol, transport, _, factory = met(Told(lambda data: [b"x" * 1024]))
    protocol.pauseProducing()
    written = 0
    while not protocol.closing:
        protocol.run(protocol.session.receive, b"more")
        written += 1024
    assert written <= limits.UNSENT + 1024
    assert len(transport.value()) <= limits.UNSENT
    assert transport.aborted
    assert factory.connections == 0


def test_a_peer_that_reads_again_starts_anew() -> None:
    protocol, transport, clock, _ = met(Told(lambda data: [b"x" * limits.UNSENT]))
    for _ in range(3):
        protocol.pauseProducing()
        protocol.run(protocol.session.receive, b"more")
        protocol.resumeProducing()
    clock.advance(limits.STALLED * 2)
    assert transport.connected
    assert clock.getDelayedCalls() == []


def test_a_peer_may_keep_octets_waiting_for_a_while_only() -> None:
    protocol, transport, clock, _ = met(Told())
    protocol.pauseProducing()
    clock.advance(limits.STALLED - 0.1)
    assert transport.connected
    clock.advance(0.1)
    assert transport.aborted


def test_what_is_unsent_at_a_close_has_the_same_bound() -> None:
    protocol, transport, clock, _ = met(Told(deadline=5.0))
    transport.loseConnection = lambda: None  # as a real one does while octets wait
    protocol.close()
    clock.advance(limits.STALLED - 0.1)
    assert not transport.aborted
    assert protocol.session.ticks == []
    clock.advance(0.1)
    assert transport.aborted


# Half-closes -------------------------------------------------------------------------------------


def test_a_peer_that_has_finished_is_told_to_the_session_once() -> None:
    session = Told(ends=())
    protocol, transport, _, _ = met(session)
    protocol.readConnectionLost()
    protocol.pauseProducing()
    protocol.resumeProducing()
    assert transport.producerState == "paused"  # reading on would find the same end again
    protocol.readConnectionLost()
    assert session.finished == 1
    assert transport.connected


def test_a_peer_that_reads_no_more_is_gone() -> None:
    protocol, transport, _, _ = met(Told())
    protocol.writeConnectionLost()
    assert transport.aborted


# Who may connect ---------------------------------------------------------------------------------


def reach(factory: SessionFactory, host: str) -> Any:
    kind = address.IPv6Address if ":" in host else address.IPv4Address
    return factory.buildProtocol(kind("TCP", host, 1000))


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:192.168.1.9", True),
        ("::ffff:203.0.113.9", False),
        ("203.0.113.9", False),
        ("fe80::1%eth0", True),
        ("2001:db8::1", False),
    ],
)
def test_local_addresses_may_connect(host: str, may: bool) -> None:
    assert (reach(house()[0], host) is not None) is may


def test_one_address_has_a_bound_whatever_family_shows_it() -> None:
    factory, _ = house()
    for number in range(limits.CONNECTIONS_PER_ADDRESS):
        assert reach(factory, ("192.168.1.9", "::ffff:192.168.1.9")[number % 2]) is not None
    assert reach(factory, "192.168.1.9") is None
    assert reach(factory, "::ffff:192.168.1.9") is None
    assert reach(factory, "192.168.1.10") is not None
    assert factory.refused == 2


def test_a_classrooms_machines_on_one_ipv6_network_have_their_own_connections() -> None:
    factory, _ = house()
    for _ in range(limits.CONNECTIONS_PER_ADDRESS):
        assert reach(factory, "fd00::1:1") is not None
    assert reach(factory, "fd00::1:1") is None
    assert reach(factory, "fd00::1:2") is not None


def test_a_place_becomes_free_when_a_peer_goes() -> None:
    factory, _ = house()
    transports = [
        connect(factory, ("192.168.1.9", number))[1] for number in range(limits.CONNECTIONS_PER_ADDRESS)
    ]
    assert reach(factory, "192.168.1.9") is None
    for transport in transports:
        transport.loseConnection()
    assert factory.connections == 0
    assert not factory._per_source  # nothing is remembered of who has gone
    assert reach(factory, "192.168.1.9") is not None


def test_all_addresses_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 3)
    factory, _ = house()
    assert [reach(factory, f"10.0.0.{n}") is not None for n in range(4)] == [True, True, True, False]
    assert reach(factory, "127.0.0.1") is None


def test_the_peer_of_a_unix_socket_has_no_address() -> None:
    assert peer_of(address.UNIXAddress("/tmp/x")) == ("", 0)
    assert peer_of(None) == ("", 0)
    assert peer_of(address.IPv6Address("TCP", "::ffff:10.0.0.1", 5)) == ("10.0.0.1", 5)


# Stops -------------------------------------------------------------------------------------------


def test_a_stop_ends_idle_sessions_at_once() -> None:
    factory, clock = house()
    transports = [connect(factory)[1] for _ in range(3)]
    ended: list[None] = []
    factory.drain(clock).addCallback(ended.append)
    assert ended == [None]
    assert not any(transport.connected for transport in transports)
    assert clock.getDelayedCalls() == []


def test_nobody_is_admitted_during_a_stop_and_again_after_a_start() -> None:
    factory, clock = house()
    factory.drain(clock)
    assert reach(factory, "127.0.0.1") is None
    factory.doStart()
    assert reach(factory, "127.0.0.1") is not None


def test_a_stop_waits_for_a_transfer_and_ends_with_it() -> None:
    session = Told(busy=True)
    protocol, transport, clock, factory = met(session)
    ended: list[None] = []
    factory.drain(clock).addCallback(ended.append)
    factory.drain(clock).addCallback(ended.append)  # whoever else waits is told too
    assert transport.connected
    session.busy = False
    protocol.run(session.receive, b"the last octets have left")
    assert not transport.connected
    assert ended == [None, None]
    assert clock.getDelayedCalls() == []


def test_a_stop_waits_no_longer_than_its_bound() -> None:
    _, transport, clock, factory = met(Told(busy=True))
    ended: list[None] = []
    factory.drain(clock).addCallback(ended.append)
    clock.advance(limits.DRAIN)
    assert transport.aborted
    assert ended == [None]


def test_a_stop_waits_for_protocols_that_are_closing_already() -> None:
    protocol, transport, clock, factory = met(Told())
    lose, transport.loseConnection = transport.loseConnection, lambda: None
    protocol.close()
    ended: list[None] = []
    factory.drain(clock).addCallback(ended.append)
    assert ended == []
    transport.loseConnection = lose
    clock.advance(limits.DRAIN)
    assert transport.aborted
    assert ended == [None]


def test_a_connection_that_has_gone_is_freed() -> None:
    factory, _ = house()
    for _ in range(10):
        connect(factory)[1].loseConnection()
    gc.collect()
    assert not any(isinstance(thing, Carrier) and thing.factory is factory for thing in gc.get_objects())


def test_a_session_by_default_says_nothing_and_hangs_up_with_its_peer() -> None:
    session = Session()
    assert (session.open(0), session.tick(0), session.deadline) == ((), (), math.inf)
    assert session.finish(0) == (Close("the peer has finished"),)
    with pytest.raises(NotImplementedError):
        session.receive(b"", 0)
