"""What readers see after each change is what they would see if all of it were put together anew."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import task

from netapp.names.changing.held import Held
from netapp.names.changing.seen import Seen
from netapp.names.model import A, Record
from netapp.names.naming import wire_name
from netapp.names.snapshot import Snapshot
from netapp.names.sources.declared import DeclaredRecords
from netapp.names.sources.little import LittleNames
from netapp.names.store import Names
from netapp.names.zone import build_zone
from tests.names.zoning import ORIGIN, Files, a, adding, soa, zone

ORIGINS = [wire_name(each) for each in ("a.test", "b.a.test", "c.test", "d.c.test")]


def plain(snapshot: Snapshot) -> Snapshot:
    """The same, of which nobody knows what it follows."""
    return Snapshot(snapshot.nodes, snapshot.version, dict(snapshot.zones), snapshot.expired)


def test_a_change_of_one_zone_of_many_touches_that_alone() -> None:
    """X25."""
    others = {wire_name(f"z{number}.test"): zone(1) for number in range(100)}
    files = Files(zone(1))
    files.zones.update(others)
    names = Names([DeclaredRecords(lambda: ())], task.Clock(), zones=[files])
    before = names.snapshot
    names.submit(ORIGIN, adding(a("www.example.lan")))
    assert names.snapshot.touched_since(before) == {ORIGIN}
    assert names.snapshot.zones.keys() == {ORIGIN, *others}
    assert names.snapshot.nodes is before.nodes
    assert names.snapshot.touched_since(names.snapshot) == set()


def test_what_is_seen_of_a_secondary_that_comes_expires_and_is_back() -> None:
    names = Names([], task.Clock(), zones=[Files(zone(1))])
    origin = wire_name("second.test")
    seen = [names.snapshot]
    names.changes.subscribe(seen.append)
    names.add_secondary(origin)
    assert origin in names.snapshot.expired
    made = build_zone(origin, [Record(origin, 6, soa(1).rdata)])
    names.replace(origin, made)
    assert names.snapshot.zones[origin] is made
    assert origin not in names.snapshot.expired
    names.expire(origin)
    assert origin in names.snapshot.expired
    names.refreshed(origin)
    assert not names.snapshot.expired
    for before, after in pairwise(seen):
        assert after.differing(before) == plain(after).differing(before) != frozenset()


class House:
    """Zones that come, go, change and expire."""

    def __init__(self) -> None:
        self.held: dict[bytes, Held] = {}
        self.seen = Seen(self.held)
        self.little = LittleNames()
        self.little.gather([], {})
        self.snapshot = Snapshot({}, 0)

    def do(self, what: str, origin: bytes) -> None:
        if what == "come":
            self.held[origin] = Held(origin, secondary=True)
        elif what == "go":
            self.held.pop(origin, None)
        elif origin in self.held:
            held = self.held[origin]
            if what == "change":
                records = [Record(origin, 6, soa(1).rdata), Record(origin, A, bytes(4))]
                held.replace(build_zone(origin, records))
                held.stored(held.point(), None)
            else:
                held.expired = not held.expired
        self.seen.touch([origin])

    def publish(self) -> None:
        touched = self.seen.renew()
        zones, expired, before = self.seen.zones, self.seen.expired, self.snapshot
        assert zones == {origin: held.served for origin, held in self.held.items() if held.served is not None}
        assert expired == {
            origin for origin, held in self.held.items() if held.expired or held.served is None
        }
        assert self.little.touched(touched, zones) == (zones.keys() != before.zones.keys())
        self.little.gather([], zones)
        self.snapshot = Snapshot({}, before.version + 1, zones, expired, before, touched)
        assert self.snapshot.differing(before) == plain(self.snapshot).differing(plain(before))


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(["come", "go", "change", "expire"]), st.sampled_from(ORIGINS)),
            max_size=4,
        ),
        max_size=8,
    )
)
def test_step_by_step_it_is_what_it_is_at_once(rounds: list[list[tuple[str, bytes]]]) -> None:
    house = House()
    for some in rounds:
        for what, origin in some:
            house.do(what, origin)
        house.publish()
