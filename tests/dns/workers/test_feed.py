"""From one moment's names to another's, through frames."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from netapp.core import limits
from netapp.dns.workers.feed import BEGIN, STEP, USE, WHOLE, Copy, Feed, broken
from netapp.dns.workers.wire import Frames, Values
from netapp.names.changing.changes import Change, History, difference
from netapp.names.model import NS, SOA, TXT, A, Record, nodes_of
from netapp.names.naming import wire_name
from netapp.names.snapshot import Snapshot
from netapp.names.zone import Zone, build_zone

ORIGIN = wire_name("example.lan")
OTHER = wire_name("other.lan")


def soa(origin: bytes, serial: int) -> Record:
    return Record(origin, SOA, b"\0\0" + serial.to_bytes(4, "big") + bytes(16))


def zone(serial: int = 1, names: Iterable[str] = ("www",), origin: bytes = ORIGIN) -> Zone:
    records = [Record(wire_name(name)[:-1] + origin, A, bytes((192, 0, 2, serial % 250))) for name in names]
    return build_zone(origin, [soa(origin, serial), Record(origin, NS, b"\2ns" + origin), *records])


class Told:
    """Names with their histories, a feed, and the copy at its end."""

    def __init__(self) -> None:
        self.histories: dict[bytes, History] = {}
        self.now = Snapshot({}, 0)
        self.feed, self.copy = Feed(self.history), Copy()
        self.frames: list[Values] = []

    def history(self, origin: bytes, since: int) -> tuple[Change, ...] | None:
        kept = self.histories.get(origin)
        return kept.since(since) if kept is not None else None

    def publish(
        self, *zones: Zone, little: dict[bytes, object] | None = None, expired: Iterable[bytes] = ()
    ) -> None:
        before = self.now
        for each in zones:
            old = before.zones.get(each.origin)
            kept = self.histories.setdefault(each.origin, History())
            if old is None:
                kept.clear()
            elif old is not each and (change := difference(old, each)) is not None:
                kept.add(change)
        nodes = before.nodes if little is None else little
        served, silent = {each.origin: each for each in zones}, frozenset(expired)
        touched = silent ^ before.expired
        touched |= {
            origin
            for origin in served.keys() | before.zones.keys()
            if served.get(origin) is not before.zones.get(origin)
        }
        self.now = Snapshot(nodes, before.version + 1, served, silent, before, touched)
        self.feed.follow(self.now.touched_since(before), broken(before, self.now, self.history))

    def bring(self) -> Snapshot:
        """Have the copy follow.  :returns: what it answers from."""
        self.frames = list(Frames().receive(b"".join(self.feed.pieces(self.now))))
        for kind, *values in self.frames:
            if kind == USE:
                return self.copy.use(*values)
            self.copy.kinds[kind](*values)
        raise AssertionError("no use")

    @property
    def kinds(self) -> list[str]:
        return [each[0] for each in self.frames]


def same(one: Snapshot, other: Snapshot) -> None:
    assert one.version == other.version
    assert one.nodes == other.nodes
    assert one.expired == other.expired
    assert one.zones.keys() == other.zones.keys()
    for origin, each in one.zones.items():
        copied = other.zones[origin]
        assert dict(each.nodes) == dict(copied.nodes)
        assert dict(each.below) == dict(copied.below)
        assert dict(each.cuts) == dict(copied.cuts)
        assert each.soa == copied.soa


def test_all_of_it_then_what_is_different() -> None:
    told = Told()
    told.publish(zone(1), zone(1, origin=OTHER))
    same(told.now, told.bring())
    assert told.kinds == [BEGIN, WHOLE, BEGIN, WHOLE, USE]
    other = told.now.zones[OTHER]
    told.publish(zone(2, ["www", "a.b.c"]), other)
    same(told.now, told.bring())
    assert told.kinds == [STEP, USE]
    assert told.copy.snapshot.zones[OTHER] is not other
    kept = told.copy.snapshot.zones[OTHER]
    told.publish(zone(3, []), other)
    told.publish(zone(4, ["c"]), other)
    same(told.now, told.bring())
    assert told.kinds == [STEP, USE]
    assert told.copy.snapshot.zones[OTHER] is kept
    told.publish(told.now.zones[ORIGIN])
    same(told.now, told.bring())
    assert told.kinds == ["gone", USE]


def test_a_zone_that_went_and_came_is_told_whole() -> None:
    told = Told()
    told.publish(zone(5, ["old"]))
    told.bring()
    told.publish()
    told.publish(zone(5, ["new"]))
    told.publish(zone(6, ["new", "newer"]))
    assert told.history(ORIGIN, 5) is not None
    same(told.now, told.bring())
    assert told.kinds == [BEGIN, WHOLE, USE]


def test_a_zone_that_was_replaced_is_told_whole() -> None:
    told = Told()
    told.publish(zone(5, ["old"]))
    told.bring()
    told.publish(zone(9, ["new"]))
    told.histories[ORIGIN].clear()
    same(told.now, told.bring())
    assert told.kinds == [BEGIN, WHOLE, USE]


def test_what_changes_while_pieces_are_on_their_way() -> None:
    told = Told()
    told.publish(zone(1, ["a", "b"]))
    pieces = told.feed.pieces(told.now)
    first = told.now
    begun = [next(pieces)]
    told.publish(zone(2, ["b", "c"]))
    for kind, *values in Frames().receive(b"".join([*begun, *pieces])):
        told.copy.use(*values) if kind == USE else told.copy.kinds[kind](*values)
    same(first, told.copy.snapshot)
    same(told.now, told.bring())


def test_little_names_and_expired_zones() -> None:
    told = Told()
    one, two = wire_name("one"), wire_name("two")
    told.publish(zone(1), little=nodes_of([Record(one, A, b"abcd"), Record(two, A, b"abcd")]))
    same(told.now, told.bring())
    told.publish(told.now.zones[ORIGIN], little=nodes_of([Record(two, A, b"efgh")]), expired=[ORIGIN])
    same(told.now, told.bring())
    assert told.kinds == ["little", USE]
    told.publish(told.now.zones[ORIGIN])
    zones = told.copy.snapshot.zones
    same(told.now, told.bring())
    assert told.kinds == [USE]
    assert told.copy.snapshot.zones is zones


def test_a_large_zone_comes_in_pieces() -> None:
    told = Told()
    many = [soa(ORIGIN, 1), *(Record(wire_name(f"n{n}.example.lan"), TXT, bytes(200)) for n in range(2000))]
    big = build_zone(ORIGIN, [*many, *(Record(ORIGIN, TXT, n.to_bytes(2, "big") * 100) for n in range(900))])
    told.publish(big)
    sizes = [len(piece) for piece in told.feed.pieces(told.now)]
    told.feed, told.copy = Feed(told.history), Copy()
    same(told.now, told.bring())
    assert len(sizes) > 5
    assert max(sizes) < 5 * limits.WORKER_PIECE  # one name's sets are not divided


labels = some.sampled_from(["a", "b", "c", "d"])
names = some.lists(labels, min_size=1, max_size=3).map(".".join)
sets = some.sets(names, max_size=6)


@settings(max_examples=60, deadline=None)
@given(some.lists(some.tuples(sets, some.sets(names, max_size=2), some.booleans()), max_size=8))
def test_any_changes_in_any_order(moments: list[tuple[set[str], set[str], bool]]) -> None:
    told = Told()
    for serial, (present, delegated, brought) in enumerate(moments, 1):
        records = [Record(wire_name(name)[:-1] + ORIGIN, NS, b"\2ns" + ORIGIN) for name in sorted(delegated)]
        made = zone(serial, sorted(present))
        told.publish(build_zone(ORIGIN, [*made.records(), *records]) if present else zone(serial, []))
        if brought:
            same(told.now, told.bring())
    same(told.now, told.bring())


def test_frames_of_nothing_we_know() -> None:
    with pytest.raises(KeyError):
        Copy().kinds[WHOLE](ORIGIN, [(ORIGIN, ())])
