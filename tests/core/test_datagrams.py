"""What every datagram service shares: who is answered, how often, never in a loop."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import error, task
from twisted.logger import capturedLogs

from netapp.core import access, datagrams, limits
from netapp.errors import WireError
from netapp.testing import datagrams as listening

PEER = ("192.168.1.9", 40000)


class Upper(datagrams.Datagrams):
    def heard(self, datagram: bytes, peer: datagrams.Peer, now: float) -> Iterable[bytes]:
        if datagram == b"malformed":
            raise WireError("no", source="RFC 0")
        if datagram == b"fail":
            raise ValueError("on purpose")
        return [datagram.upper()]


def upper(**how: Any) -> tuple[Upper, Any, task.Clock]:
    clock = task.Clock()
    handler = Upper(clock, access.Access(), datagrams.OwnPorts(), **how)
    return handler, listening(handler, port=9999), clock


def test_a_datagram_is_answered_where_it_came_from() -> None:
    handler, transport, _ = upper()
    handler.datagramReceived(b"a", PEER)
    assert transport.written == [(b"A", PEER)]
    assert (handler.received, handler.answered) == (1, 1)


def test_an_ipv4_peer_of_a_dual_stack_socket_is_answered_as_the_socket_takes_it() -> None:
    handler, transport, _ = upper()
    handler.datagramReceived(b"a", ("::ffff:192.168.1.9", 5))
    assert transport.written == [(b"A", ("::ffff:192.168.1.9", 5))]


@pytest.mark.parametrize("port", sorted(limits.REFLECTING_PORTS))
def test_dns_46_ports_that_answer_by_themselves_are_not_answered(port: int) -> None:
    handler, transport, _ = upper()
    handler.datagramReceived(b"a", ("192.168.1.9", port))
    assert (transport.written, handler.refused) == ([], 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::ffff:127.0.0.1"])
def test_dns_45_our_own_listeners_are_not_answered(host: str) -> None:
    handler, transport, _ = upper()
    handler.datagramReceived(b"a", (host, 9999))
    assert transport.written == []
    handler.datagramReceived(b"a", ("192.0.2.1" if ":" in host else "192.168.1.9", 9999))
    handler.datagramReceived(b"a", (host, 9998))
    assert transport.written[-1] == (b"A", (host, 9998))


def test_the_same_port_of_another_machine_is_answered() -> None:
    handler, transport, _ = upper()
    handler.datagramReceived(b"a", ("192.168.77.77", 9999))
    assert len(transport.written) == 1


def test_a_port_is_ours_until_its_last_listener_has_gone() -> None:
    own = datagrams.OwnPorts()
    for step in (own.add, own.add, own.discard):
        step(9999)
    assert own.holds(("127.0.0.1", 9999))
    own.discard(9999)
    assert not own.holds(("127.0.0.1", 9999))


def test_a_handler_that_stops_gives_up_its_port() -> None:
    handler, _, _ = upper()
    assert handler.own.holds(("127.0.0.1", 9999))
    handler.doStop()
    assert not handler.own.holds(("127.0.0.1", 9999))


def test_strangers_are_not_answered() -> None:
    handler, transport, _ = upper()
    handler.datagramReceived(b"a", ("203.0.113.5", 1000))
    assert (transport.written, handler.refused) == ([], 1)


def test_a_source_has_a_rate() -> None:
    handler, transport, clock = upper(most=10)
    for _ in range(50):
        handler.datagramReceived(b"a", PEER)
    handler.datagramReceived(b"a", ("192.168.1.10", 1))
    assert (len(transport.written), handler.refused) == (11, 40)
    clock.advance(1)
    handler.datagramReceived(b"a", PEER)
    assert len(transport.written) == 12


def test_without_a_rate_all_are_heard() -> None:
    handler, transport, _ = upper(most=None)
    for _ in range(1000):
        handler.datagramReceived(b"a", PEER)
    assert len(transport.written) == 1000


def test_a_failure_of_the_peer_is_counted_and_ours_is_logged() -> None:
    handler, transport, _ = upper()
    with capturedLogs() as events:
        handler.datagramReceived(b"malformed", PEER)
    assert (events, handler.malformed) == ([], 1)
    with capturedLogs() as events:
        handler.datagramReceived(b"fail", PEER)
        handler.datagramReceived(b"a", PEER)
    assert len(events) == 1
    assert transport.written == [(b"A", PEER)]


@pytest.mark.parametrize(
    "refusal", [OSError(22, "Invalid argument"), error.MessageLengthError("message too long")]
)
def test_what_the_kernel_refuses_is_counted(refusal: Exception) -> None:
    def write(octets: bytes, peer: object) -> None:
        raise refusal

    handler, transport, _ = upper()
    transport.write = write
    with capturedLogs() as events:
        handler.datagramReceived(b"a", PEER)
    assert (events, handler.unsent, handler.answered) == ([], 1, 0)
    handler.connectionRefused()


times = st.lists(st.tuples(st.integers(0, 5), st.floats(0, 0.3)), max_size=300)


@given(times, st.integers(1, 20))
def test_a_rate_is_bounded_in_every_second(events: list[tuple[int, float]], most: int) -> None:
    rate, now = datagrams.Rate(most, sources=3), 0.0
    admitted: dict[int, list[float]] = {}
    for source, pause in events:
        now += pause
        if rate.admits(str(source), now):
            admitted.setdefault(source, []).append(now)
        assert len(rate._seen) <= 3
    kept = datagrams.Rate(most)
    alone = [
        moment
        for moment in sorted(moment for moments in admitted.values() for moment in moments)
        if kept.admits("one", moment)
    ]
    for start in alone:
        assert sum(int(start) == int(moment) for moment in alone) <= most
        assert sum(start <= moment < start + 1 for moment in alone) <= 2 * most


def test_the_oldest_source_is_forgotten_not_the_busiest() -> None:
    rate = datagrams.Rate(1, sources=2)
    assert rate.admits("busy", 0.0)
    for other in ("a", "b", "c"):
        assert not rate.admits("busy", 0.1)
        assert rate.admits(other, 0.1)


def test_a_classrooms_machines_on_one_ipv6_network_have_a_rate_each() -> None:
    rate = datagrams.Rate(1)
    assert all(rate.admits(f"fd00:0:0:1::{number:x}", 0.0) for number in range(1, 40))
    assert not rate.admits("fd00:0:0:1::1", 0.0)


def test_an_ipv4_address_is_one_however_a_dual_stack_socket_shows_it() -> None:
    rate = datagrams.Rate(1)
    assert rate.admits("192.168.1.2", 0.0)
    assert not rate.admits("::ffff:192.168.1.2", 0.0)
