"""NOTIFY, out and in: RFC 1996."""

from pathlib import Path
from typing import Any

import dns.message
import dns.opcode
import dns.rdatatype
import pytest
from twisted.internet import defer, task

from netapp.core import limits
from netapp.dns.allow import allowed
from netapp.dns.message import NOTIFY
from netapp.dns.transfer.conversing import Unanswered
from netapp.dns.transfer.notified import Notified
from netapp.dns.transfer.notify import Notifier
from netapp.dns.transfer.servers import Server, primaries
from netapp.dns.transfer.times import Forgotten, Kept
from netapp.dns.transfer.wire import parse_notify, request
from netapp.dns.tsig.keys import Key, Keyring
from netapp.errors import WireError
from netapp.names.naming import wire_name
from tests.dns.asking import opt
from tests.dns.transfer.zones import ORIGIN, asked, soa, zone
from tests.names import zoning

KEY = Key(wire_name("laptop"), "hmac-sha256", b"secret")
PRIMARY, KEYED = Server("192.0.2.1"), Server("192.0.2.2", 53, KEY.name)
OTHER = wire_name("other.lan")


class Followed:
    """A zone that comes from primaries."""

    def __init__(self) -> None:
        self.primaries: tuple[Server, ...] = (PRIMARY, KEYED)
        self.heard: list[tuple[str, int | None]] = []

    def notified(self, host: str, serial: int | None) -> None:
        self.heard.append((host, serial))


def notify(origin: bytes = ORIGIN, serial: int | None = 5) -> bytes:
    return request(7, origin, 6, opcode=NOTIFY, soa=None if serial is None else soa(serial).rdata)


def told(octets: bytes, host: str = "192.0.2.1", key: Key | None = None) -> tuple[int, Followed]:
    """:returns: the answer's rcode, and the zone."""
    zone = Followed()
    answer = Notified({ORIGIN: zone}).handle(asked(octets, stream=False, host=host, key=key))
    assert isinstance(answer, bytes)
    message = dns.message.from_wire(answer)
    assert message.opcode() == dns.opcode.NOTIFY
    assert message.id == 7
    return message.rcode(), zone


def test_a_primary_is_heard_and_answered_at_once() -> None:
    for octets, serial in ((notify(), 5), (notify(serial=None), None)):
        assert told(octets)[0] == 0
        assert told(octets)[1].heard == [("192.0.2.1", serial)]
    assert told(notify()[:11] + b"\1" + notify()[12:] + opt())[0] == 0
    assert told(notify(), "::ffff:192.0.2.1")[1].heard
    assert told(notify(), "192.0.2.2")[1].heard  # it has a key, and an address too


@pytest.mark.parametrize(
    ("octets", "host", "rcode"),
    [
        (notify(), "192.0.2.1", 0),
        (notify(), "192.0.2.9", 5),
        (notify(OTHER), "192.0.2.1", 9),
        (request(7, ORIGIN, 1, opcode=NOTIFY), "192.0.2.1", 1),
    ],
)
def test_an_answer_has_edns_if_the_request_had(octets: bytes, host: str, rcode: int) -> None:
    for version, expected in ((0, rcode), (1, 16)):
        zone = Followed()
        with_opt = octets[:11] + b"\1" + octets[12:] + opt(version=version, flags=0x8000)
        answer = Notified({ORIGIN: zone}).handle(asked(with_opt, stream=False, host=host))
        assert isinstance(answer, bytes)
        message = dns.message.from_wire(answer)
        assert (message.rcode(), message.edns, message.ednsflags & 0xFFFF) == (expected, 0, 0x8000)
        assert bool(zone.heard) == (expected == 0)


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("2001:DB8:0:0::53", "2001:db8::53"),
        ("[2001:db8:0000::53]:5353", "2001:db8::53"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1%2"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_a_primary_is_known_however_its_address_was_written(written: str, host: str) -> None:
    zone = Followed()
    zone.primaries = primaries([f"example.lan@{written}"], Keyring())[ORIGIN]
    answer = Notified({ORIGIN: zone}).handle(asked(notify(), stream=False, host=host))
    assert isinstance(answer, bytes)
    assert answer[3] & 15 == 0
    assert zone.heard == [(host, 5)]


def test_a_name_in_any_case_is_the_zone() -> None:
    octets = notify().replace(b"example", b"ExAmPlE", 1)
    answer = Notified({ORIGIN: Followed()}).handle(asked(octets, host="192.0.2.1"))
    assert isinstance(answer, bytes)
    assert b"\7ExAmPlE" in answer


def test_d15_a_stranger_is_refused_and_no_zone_of_ours_is_notauth() -> None:
    assert told(notify(), "192.0.2.9")[0] == 5
    assert told(notify(OTHER))[0] == 9
    assert told(notify(OTHER), "192.0.2.9")[0] == 9
    assert told(notify(), "192.0.2.9")[1].heard == []


def test_whoever_has_a_primarys_key_is_heard_from_anywhere() -> None:
    assert told(notify(), "10.0.0.1", KEY)[0] == 0
    assert told(notify(), "10.0.0.1", Key(wire_name("another"), "hmac-sha256", b"x"))[0] == 5


def test_d15_whoever_the_operator_allows_is_heard_too() -> None:
    """By network, by network and key; a key alone is none of a network that has none."""
    ring = Keyring(lambda: [KEY])
    rules = allowed(("192.0.2.0/28", "10.0.0.0/8#laptop", "2001:db8::/32"), ring, "allow-notify")
    other = Key(wire_name("another"), "hmac-sha256", b"x")
    for host, key, rcode in (
        ("192.0.2.9", None, 0),
        ("::ffff:192.0.2.9", None, 0),
        ("192.0.2.9", other, 0),
        ("192.0.2.99", None, 5),
        ("10.0.0.1", None, 5),
        ("10.0.0.1", other, 5),
        ("10.0.0.1", KEY, 0),
        ("2001:db8::1", None, 0),
    ):
        zone = Followed()
        zone.primaries = (PRIMARY,)
        answer = Notified({ORIGIN: zone}, rules.permits).handle(
            asked(notify(), stream=False, host=host, key=key)
        )
        assert isinstance(answer, bytes)
        assert answer[3] & 15 == rcode, host
        assert bool(zone.heard) == (rcode == 0)


@pytest.mark.parametrize(
    "octets",
    [
        notify()[:4] + bytes(8),
        notify()[:4] + b"\0\2" + notify()[6:],
        notify()[:-3],
        request(7, ORIGIN, 1, opcode=NOTIFY),
        notify()[:20],
    ],
)
def test_what_is_no_notify_is_a_format_error(octets: bytes) -> None:
    with pytest.raises(WireError):
        parse_notify(octets)
    answer = Notified({ORIGIN: Followed()}).handle(asked(octets, host="192.0.2.1"))
    assert isinstance(answer, bytes)
    assert answer[3] & 15 == 1


# Out -----------------------------------------------------------------------------------------------


class Asks:
    """Whom we notify; nobody answers before :meth:`answer`."""

    def __init__(self) -> None:
        self.sent: list[tuple[Server, bytes, Any]] = []

    async def by_datagram(self, server: Server, message: bytes, tries: Any) -> bytes:
        assert tries == limits.NOTIFY_TRIES
        waiting: defer.Deferred[bytes] = defer.Deferred()
        self.sent.append((server, message, waiting))
        return await waiting

    def serials(self) -> list[tuple[Server, int]]:
        return [
            (server, dns.message.from_wire(message).answer[0][0].serial) for server, message, _ in self.sent
        ]


def notifier() -> tuple[Notifier, Asks, task.Clock]:
    asks, clock = Asks(), task.Clock()
    return Notifier([PRIMARY, KEYED], asks, clock, lambda: 7), asks, clock


def test_a_burst_of_changes_is_one_notify_to_each() -> None:
    ours, asks, clock = notifier()
    for serial in range(1, 50):
        ours.changed(zone(serial))
    assert asks.sent == []
    clock.advance(limits.NOTIFY_SETTLE)
    assert asks.serials() == [(PRIMARY, 49), (KEYED, 49)]
    message = dns.message.from_wire(asks.sent[0][1])
    assert message.opcode() == dns.opcode.NOTIFY
    assert message.question[0].rdtype == dns.rdatatype.SOA
    asks.sent[0][2].callback(message.to_wire())
    assert ours.waiting == 1


def test_a_newer_change_takes_the_place_of_what_was_not_answered() -> None:
    ours, asks, clock = notifier()
    ours.changed(zone(1))
    clock.advance(limits.NOTIFY_SETTLE)
    ours.changed(zone(2))
    clock.advance(limits.NOTIFY_SETTLE)
    assert [waiting.called for _, _, waiting in asks.sent] == [True, True, False, False]
    assert asks.serials()[2:] == [(PRIMARY, 2), (KEYED, 2)]
    assert ours.waiting == 2
    ours.stop()
    assert all(waiting.called for _, _, waiting in asks.sent)


def test_who_does_not_answer_or_want_it_is_told_of_once() -> None:
    ours, asks, clock = notifier()
    for _ in range(2):
        ours.changed(zone(1))
        clock.advance(limits.NOTIFY_SETTLE)
        for server, message, waiting in asks.sent:
            if server is PRIMARY:
                waiting.errback(Unanswered("it does not answer"))
            else:
                waiting.callback(message[:3] + b"\4" + message[4:])
        asks.sent.clear()
    assert ours.waiting == 0


def test_one_that_is_silent_holds_up_nobody_else() -> None:
    ours, asks, clock = notifier()
    count = limits.NOTIFY_WAITING * 5
    for number in range(count):
        ours.changed(zoning.zone(1, origin=b"\4%04d" % number + ORIGIN))
    clock.advance(limits.NOTIFY_SETTLE)
    answered = 0
    while len(asks.sent) > answered:
        server, message, waiting = asks.sent[answered]
        if server is KEYED:
            waiting.callback(message)
        answered += 1
    told = [server for server, _, _ in asks.sent]
    assert (told.count(KEYED), told.count(PRIMARY)) == (count, limits.NOTIFY_WAITING)
    assert ours.waiting == count
    ours.stop()


def test_without_targets_nothing_is_sent() -> None:
    clock = task.Clock()
    Notifier([], Asks(), clock, lambda: 7).changed(zone(1))
    assert not clock.getDelayedCalls()


# Times of refreshes --------------------------------------------------------------------------------


def test_times_are_kept_and_a_broken_file_of_them_is_none(tmp_path: Path) -> None:
    clock = task.Clock()
    times = Kept(tmp_path, clock, defer.execute, clock.seconds)
    times.start()
    assert times.get(ORIGIN) is None
    times.put(ORIGIN, 1_700_000_000.4)
    times.put(OTHER, 5.0)
    clock.advance(limits.ZONE_TIMES)
    assert Kept(tmp_path, clock, defer.execute, clock.seconds).get(ORIGIN) == 1_700_000_000
    times.put(OTHER, 6.0)
    times.stop()
    assert Kept(tmp_path, clock, defer.execute, clock.seconds).get(OTHER) == 6.0
    assert not clock.getDelayedCalls()
    (tmp_path / "dns" / "refreshed").write_bytes(b"\xff\xff")
    assert Kept(tmp_path, clock, defer.execute, clock.seconds).get(ORIGIN) is None
    nothing = Forgotten()
    nothing.put(ORIGIN, 1.0)
    assert nothing.get(ORIGIN) is None
