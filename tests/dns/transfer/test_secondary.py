"""A zone that comes from primaries: when they are asked, what is taken, what is said."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet import defer, task
from twisted.logger import ILogObserver, LogLevel, globalLogPublisher
from zope.interface import implementer

from netapp.core import limits
from netapp.dns.transfer.fetching import Fetching
from netapp.dns.transfer.packing import messages, zone_sets
from netapp.dns.transfer.queues import Queue
from netapp.dns.transfer.secondary import Secondaries, Secondary
from netapp.dns.transfer.times import Forgotten
from netapp.dns.transfer.timing import Timing, numbers_of
from netapp.errors import Unavailable
from netapp.names.zone import Zone, build_zone
from tests.dns.transfer.primaries import FIRST, SECOND, Network, Shelf
from tests.dns.transfer.zones import ORIGIN, Known, alike, crowd, host, records, soa, steps, zone

ONE = zone(1, host("a.example.lan", "10.0.0.1"))
TWO = zone(2, host("a.example.lan", "10.0.0.2"))
SOA, IXFR, AXFR = 6, 251, 252
REFRESH, RETRY, EXPIRE = 100, 20, 1000  # as the zones have them


class Times(Forgotten):
    def __init__(self) -> None:
        self.kept: dict[bytes, float] = {}

    def get(self, origin: bytes) -> float | None:
        return self.kept.get(origin)

    def put(self, origin: bytes, when: float) -> None:
        self.kept[origin] = when


class House:
    """A secondary with all that it needs, in memory.  It has no jitter."""

    def __init__(self, *have: Zone, primaries: Any = (FIRST, SECOND)) -> None:
        self.clock, self.network, self.names, self.times = task.Clock(), Network(), Shelf(*have), Times()
        turns = Queue(1, 1)
        fetching = Fetching(self.network, self.names, lambda: 7, defer.execute, turns, turns)
        self.secondary = Secondary(
            ORIGIN, primaries, self.names, fetching, self.clock, lambda: 0.0, self.clock.seconds, self.times
        )
        self.said: list[str] = []
        self.secondary.load()

    def start(self) -> "House":
        self.secondary.start()
        self.clock.advance(0)
        return self

    @property
    def asked(self) -> list[tuple[Any, int]]:
        """Who was asked since the last look here."""
        asked, self.network.asked = self.network.asked, []
        return asked

    @property
    def serial(self) -> int | None:
        have = self.names.zones.get(ORIGIN)
        return have.serial if have is not None else None


@pytest.fixture
def said() -> Iterator[list[str]]:
    lines: list[str] = []

    @implementer(ILogObserver)
    def observe(event: Any) -> None:
        if "zone" in event and "sent to" not in event["log_format"]:  # those are the primary's
            lines.append(event["log_format"].format(**event))
        assert event.get("log_level") is not LogLevel.critical, event

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def test_a_zone_that_is_not_there_comes_whole_at_once(said: list[str]) -> None:
    house = House()
    house.network.servers[FIRST] = Known(ONE)
    house.start()
    assert house.asked == [(FIRST, AXFR)]
    assert alike(house.names.zones[ORIGIN], ONE)
    assert len(said) == 1
    assert said[0].startswith("zone example.lan: serial 1 from 192.0.2.1:53 by AXFR, ")
    assert house.secondary.status()["next"] == REFRESH
    assert house.times.kept == {ORIGIN: 0.0}


def test_what_is_newer_comes_as_differences() -> None:
    house = House(ONE)
    house.network.servers[FIRST] = Known(TWO, changes=steps(ONE, TWO))
    house.start()
    assert house.asked == [(FIRST, SOA), (FIRST, IXFR)]
    assert alike(house.names.zones[ORIGIN], TWO)


def test_several_differences_are_one_change() -> None:
    hosts = [host(f"h{n}.example.lan", "10.0.0.9") for n in range(9)]
    zones = [zone(n, host("a.example.lan", f"10.0.0.{n}"), *hosts[: 9 - n]) for n in (1, 2, 3)]
    three = zones[-1]
    house = House(zones[0])
    house.network.servers[FIRST] = Known(three, changes=steps(*zones))
    house.start()
    assert [(each.old_serial, each.new_serial) for each in house.names.changes] == [(1, 3)]
    assert alike(house.names.zones[ORIGIN], three)


def test_it_is_asked_by_refresh_and_tried_again_by_retry(said: list[str]) -> None:
    house = House(ONE)
    house.network.servers[FIRST] = Known(ONE)
    house.start()
    assert house.asked == [(FIRST, SOA)]
    house.clock.advance(REFRESH - 1)
    assert house.asked == []
    house.network.servers.clear()
    house.clock.advance(1)
    assert house.asked == [(FIRST, SOA), (SECOND, SOA)]
    assert house.secondary.status()["fault"] == "192.0.2.2:53: it does not answer"
    house.clock.advance(RETRY)
    house.clock.advance(RETRY)
    assert len(house.asked) == 4
    assert sum("nothing from 192.0.2.1:53: it does not answer" in line for line in said) == 1
    house.network.servers[FIRST] = Known(ONE)
    house.clock.advance(RETRY)
    house.clock.advance(RETRY)
    assert any("192.0.2.1:53 answers again" in line for line in said)
    assert house.secondary.status()["fault"] == ""


def test_much_that_came_for_nothing_is_forgotten_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[object] = []
    monkeypatch.setattr(limits, "TRANSFER_BULK", 2)
    monkeypatch.setattr("netapp.dns.transfer.fetching._forget", forgotten.append)
    house = House()
    octets = list(messages(b"\0\7\x84\0", ORIGIN + b"\0\xfc\0\1", b"", zone_sets(ONE), 60))
    house.network.servers[FIRST] = lambda message: octets[:-1]
    house.start()
    assert house.serial is None
    assert len(forgotten) == 1


def test_the_next_primary_is_asked_where_one_does_not_answer() -> None:
    house = House(ONE)
    house.network.servers[SECOND] = Known(TWO, changes=steps(ONE, TWO))
    house.start()
    assert house.asked == [(FIRST, SOA), (SECOND, SOA), (SECOND, IXFR)]
    house.clock.advance(REFRESH)
    assert house.asked == [(SECOND, SOA)]  # it stays with the one that works
    assert house.serial == 2


def test_a_zone_expires_and_comes_back(said: list[str]) -> None:
    house = House(ONE).start()
    house.clock.pump([RETRY] * (EXPIRE // RETRY - 1))
    assert not house.names.expired
    house.clock.advance(RETRY)
    assert house.names.expired == {ORIGIN}
    assert sum("expired after 1000 s" in line for line in said) == 1
    house.network.servers[FIRST] = Known(zone(0))  # older than what we had: it counts no more
    house.clock.advance(RETRY)
    house.clock.advance(RETRY)
    assert not house.names.expired
    assert house.serial == 0


def test_a_zone_expires_while_a_look_is_under_way() -> None:
    house = House(ONE)
    house.network.held = True
    house.start()
    house.clock.advance(EXPIRE - 1)
    assert not house.names.expired
    house.clock.advance(1)
    assert house.names.expired == {ORIGIN}
    assert len(house.asked) == 1
    house.network.servers[FIRST] = Known(ONE)
    house.network.go_on()
    assert not house.names.expired


def test_the_time_of_the_last_refresh_counts_after_a_restart() -> None:
    house = House(ONE)
    house.clock.advance(5000)
    house.times.kept[ORIGIN] = 5000 - EXPIRE + 50.0
    house.start()
    house.clock.advance(49)
    assert not house.names.expired
    house.clock.advance(2)
    assert house.names.expired
    late = House(ONE)
    late.clock.advance(5000)
    late.times.kept[ORIGIN] = 0.0
    late.start()
    assert late.names.expired


def test_a_zone_that_never_was_is_tried_more_and_more_seldom() -> None:
    house = House().start()
    times = [0.0] if house.asked else []
    for _ in range(6000):
        house.clock.advance(1)
        if house.asked:
            times.append(house.clock.seconds())
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert gaps[:3] == [5.0, 10.0, 20.0]
    assert gaps == sorted(gaps)
    assert len(times) < 12


# NOTIFY --------------------------------------------------------------------------------------------


def test_a_notify_has_the_primary_asked_at_once() -> None:
    house = House(ONE)
    house.network.servers[SECOND] = house.network.servers[FIRST] = Known(ONE)
    house.start()
    house.network.servers[SECOND] = Known(TWO, changes=steps(ONE, TWO))
    house.clock.advance(10)
    house.asked  # noqa: B018  (what was asked at the start)
    house.secondary.notified(SECOND.host, 2)
    house.clock.advance(0)
    assert house.asked == [(SECOND, SOA), (SECOND, IXFR)]
    assert house.serial == 2


def test_a_notify_of_what_is_there_asks_nobody() -> None:
    house = House(ONE)
    house.network.servers[FIRST] = Known(ONE)
    house.start()
    house.clock.advance(10)
    assert len(house.asked) == 1
    house.secondary.notified(FIRST.host, 1)
    house.clock.advance(50)
    assert house.asked == []


def test_a_flood_of_notifies_is_one_look_and_one_after_it() -> None:
    house = House(ONE)
    house.network.servers[FIRST] = Known(ONE)
    house.network.held = True
    house.start()
    for _ in range(1000):
        house.secondary.notified(FIRST.host, 2)
    house.clock.advance(0.5)
    assert len(house.asked) == 1
    house.network.go_on()
    for _ in range(1000):
        house.secondary.notified(FIRST.host, None)
    house.clock.advance(limits.NOTIFY_LOOK)
    assert len(house.asked) == 1
    house.network.go_on()
    house.clock.advance(10)
    assert house.asked == []


def test_an_operator_may_have_them_asked_now() -> None:
    house = House(ONE)
    house.network.servers[FIRST] = Known(ONE)
    house.start()
    house.clock.advance(10)
    assert len(house.asked) == 1
    Secondaries([house.secondary]).look()
    house.clock.advance(0)
    assert house.asked == [(FIRST, SOA)]


def test_a_stop_ends_a_look() -> None:
    house = House(ONE)
    house.network.held = True
    house.start()
    house.secondary.stop()
    house.clock.advance(10_000)
    assert len(house.asked) == 1
    assert not house.names.expired


# What lies -----------------------------------------------------------------------------------------


def lying(zone_: Zone, *octets: bytes) -> Any:
    """A primary that has the SOA of one zone, and something else for its records."""
    known = Network()
    known.servers[FIRST] = Known(zone_)

    def answer(message: bytes) -> list[bytes]:
        if message[message.index(b"\0", 12) + 1 :][:2] == b"\0\6":
            found: list[bytes] = []
            task_: Any = defer.ensureDeferred(known.first_answer(FIRST, message))
            task_.addCallback(found.append)
            return found
        return list(octets)

    return answer


HEAD, QUESTION = b"\0\7\x84\0", ORIGIN + b"\0\xfb\0\1"


def whole(zone_: Zone, qtype: bytes = b"\0\xfb") -> list[bytes]:
    return list(messages(HEAD, ORIGIN + qtype + b"\0\1", b"", zone_sets(zone_)))


def whole_soa(number: int) -> list[bytes]:
    return list(messages(HEAD, QUESTION, b"", [(ORIGIN, SOA, 60, (soa(number).rdata,))]))


@pytest.mark.parametrize("said_first", [[], whole_soa(2)])
def test_a_primary_that_knows_no_ixfr_is_asked_for_all_of_it(said_first: list[bytes]) -> None:
    """It hangs up on the question, or after the one SOA: RFC 1995 section 4 has no word for that."""
    house = House(ONE, primaries=[FIRST])
    answer = lying(TWO, *whole(TWO, b"\0\xfc"))

    def knows_no_ixfr(message: bytes) -> list[bytes]:
        return said_first if message[message.index(b"\0", 12) + 1 :][:2] == b"\0\xfb" else answer(message)

    house.network.servers[FIRST] = knows_no_ixfr
    house.start()
    assert house.asked == [(FIRST, SOA), (FIRST, IXFR), (FIRST, AXFR)]
    assert house.serial == 2


@pytest.mark.parametrize(
    "octets",
    [
        [],
        [HEAD + bytes(8)],
        [b"\0\7\x84\5" + bytes(8)],
        [whole(TWO)[0][:-20]],
        [b"\0\x08" + whole(TWO)[0][2:]],
        list(messages(HEAD, QUESTION, b"", [(ORIGIN, 6, 1, (soa(2).rdata,)), (b"\1x\0", 1, 1, (b"1234",))])),
    ],
)
def test_a_transfer_that_breaks_off_or_lies_changes_nothing(octets: list[bytes]) -> None:
    house = House(ONE, primaries=[FIRST])
    house.network.servers[FIRST] = lying(TWO, *octets)
    house.start()
    assert house.serial == 1
    assert house.names.zones[ORIGIN] is ONE
    assert house.secondary.status()["fault"]
    house.network.servers[FIRST] = Known(TWO)
    house.clock.advance(RETRY)
    assert house.serial == 2


def test_a_primary_whose_serial_went_backwards_is_told_of_and_not_followed(said: list[str]) -> None:
    house = House(TWO, primaries=[FIRST])
    house.network.servers[FIRST] = Known(ONE)
    house.start()
    assert house.serial == 2
    assert any("its serial 1 is older than ours, 2" in line for line in said)


def test_reasons_that_come_in_turn_are_said_once_each(said: list[str]) -> None:
    house = House(TWO, primaries=[FIRST])
    for number in range(40):
        house.network.servers = {FIRST: Known(ONE)} if number % 2 else {}
        house.start() if not number else house.clock.advance(RETRY)
    assert len([line for line in said if "nothing from" in line]) == 2


def test_differences_of_another_zone_are_followed_by_all_of_it() -> None:
    other = zone(1, host("other.example.lan", "10.0.0.1"))
    house = House(other, primaries=[FIRST])
    house.network.servers[FIRST] = Known(TWO, changes=steps(ONE, TWO))
    house.start()
    assert house.asked == [(FIRST, SOA), (FIRST, IXFR), (FIRST, AXFR)]
    assert alike(house.names.zones[ORIGIN], TWO)


def test_records_that_are_no_zone_change_nothing(said: list[str]) -> None:
    house = House(primaries=[FIRST])
    bad = build_zone(ORIGIN, records(2))
    alias = host("a.example.lan", "10.0.0.1")
    sets = [*zone_sets(bad)]
    sets[1:1] = [(alias.owner, 5, 60, (ORIGIN,)), (alias.owner, 1, 60, (b"1234",))]
    house.network.servers[FIRST] = lambda message: list(messages(HEAD, ORIGIN + b"\0\xfc\0\1", b"", sets))
    house.start()
    assert house.serial is None
    assert any("CNAME record beside other data" in line for line in said)


def test_a_disk_that_is_full_changes_nothing_and_is_tried_again(said: list[str]) -> None:
    house = House(ONE, primaries=[FIRST])
    house.network.servers[FIRST] = Known(TWO, changes=steps(ONE, TWO))
    house.names.broken = Unavailable("it cannot be stored: no space left")
    house.start()
    assert house.serial == 1
    house.names.broken = None
    house.clock.advance(RETRY)
    assert house.serial == 2


def test_a_zone_that_came_whole_and_differs_little_is_a_change() -> None:
    before, after = zone(1, *crowd(20)), zone(2, *crowd(21))
    house = House(before)
    house.network.servers[FIRST] = Known(after)
    house.start()
    assert house.asked == [(FIRST, SOA), (FIRST, IXFR)]
    assert [(each.old_serial, each.new_serial, len(each)) for each in house.names.changes] == [(1, 2, 3)]
    assert alike(house.names.zones[ORIGIN], after)
    another = zone(3)
    house.network.servers[FIRST] = Known(another)
    house.clock.advance(REFRESH)
    assert len(house.names.changes) == 1
    assert alike(house.names.zones[ORIGIN], another)


# Times ---------------------------------------------------------------------------------------------


def test_what_an_soa_says_is_bounded() -> None:
    numbers = numbers_of(build_zone(ORIGIN, [soa(1, numbers=(0, 0, 0, 0)), *records(1)[1:]]))
    assert (numbers.refresh, numbers.retry) == (limits.ZONE_REFRESH[0], limits.ZONE_RETRY[0])
    assert numbers.expire >= numbers.refresh + numbers.retry
    most = 2**32 - 1
    numbers = numbers_of(build_zone(ORIGIN, [soa(1, numbers=(most,) * 4), *records(1)[1:]]))
    assert numbers.refresh == limits.ZONE_REFRESH[1]
    assert numbers.expire == limits.ZONE_EXPIRE[1]


def test_jitter_only_makes_it_sooner() -> None:
    timing = Timing()
    timing.refreshed(numbers_of(ONE), 0.0, 1.0)
    assert timing.due == REFRESH * (1 - limits.ZONE_JITTER)
    timing.failed(50.0, 0.0)
    assert timing.due == 50.0 + RETRY


def test_statuses_and_names_of_all() -> None:
    house = House(ONE)
    all_of_them = Secondaries([house.secondary])
    all_of_them.start()
    house.clock.advance(0)
    status = all_of_them.status(ORIGIN)
    assert status["primary"] == "192.0.2.2:53"  # the one that is asked next
    assert status["fault"] == "192.0.2.2:53: it does not answer"
    assert status["next"] == RETRY
    assert status["expires"] == EXPIRE
    assert list(all_of_them) == [ORIGIN]
    assert all_of_them.status(b"\0") == {}
    all_of_them.stop()
