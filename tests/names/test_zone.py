"""Zones: what they are made of, what is no zone, and a changed zone equal to one built anew."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.names.model import CNAME, DNAME, MX, NS, RRSIG, SOA, TXT, A, Record, find
from netapp.names.naming import wire_name
from netapp.names.zone import BadZone, Zone, build_zone

ORIGIN = wire_name("example.com")


def soa(serial: int = 1, ttl: int = 3600) -> Record:
    numbers = (serial, 3600, 600, 86400, 300)
    names = wire_name("ns.example.com") + wire_name("root.example.com")
    return Record(ORIGIN, SOA, names + b"".join(each.to_bytes(4, "big") for each in numbers), ttl)


def a(name: str, last: int = 1) -> Record:
    return Record(wire_name(name), A, bytes((10, 0, 0, last)), 3600)


def zone(*records: Record) -> Zone:
    return build_zone(ORIGIN, [soa(), *records])


def content(of: Zone) -> tuple[set[Record], object, object, object]:
    nodes = {owner: {each.rdtype for each in node} for owner, node in of.nodes.items()}
    return set(of.records()), nodes, dict(of.below), set(of.cuts)


def test_the_soa_says_serial_and_minimum() -> None:
    made = build_zone(ORIGIN, [a("www.example.com"), soa(77, ttl=200)])
    assert (made.serial, made.minimum_ttl) == (77, 200)
    assert next(made.records()).rdtype == SOA


def test_names_between_are_there_without_records() -> None:
    made = zone(a("a.b.c.example.com"), a("x.c.example.com"))
    assert made.nodes[wire_name("c.example.com")] == ()
    assert made.nodes[wire_name("b.c.example.com")] == ()
    assert made.below == {ORIGIN: 1, wire_name("c.example.com"): 2, wire_name("b.c.example.com"): 1}


def test_authority_ends_at_delegations_and_dnames() -> None:
    cut = Record(wire_name("sub.example.com"), NS, wire_name("ns.sub.example.com"))
    apex = Record(ORIGIN, NS, wire_name("ns.example.com"))
    other = Record(wire_name("old.example.com"), DNAME, wire_name("new.example.com"))
    assert set(zone(cut, apex, other).cuts) == {cut.owner, other.owner}


def test_signatures_go_with_what_they_cover() -> None:
    signature = A.to_bytes(2, "big") + b"rest"
    made = zone(a("www.example.com"), Record(wire_name("www.example.com"), RRSIG, signature, 3600))
    (found,) = made.nodes[wire_name("www.example.com")]
    assert found.signatures == (signature,)
    assert Record(found.owner, RRSIG, signature, 3600) in set(made.records())


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([], "has no SOA"),
        ([soa(), soa(2)], "more than one SOA"),
        ([soa(), a("www.example.org")], "is not in the zone"),
        ([soa(), a("com")], "is not in the zone"),
        ([soa(), Record(b"\x09a\x07example\x03com\0", A, b"\n\0\0\1")], "is not in the zone"),
        ([soa(), Record(wire_name("w.example.com"), CNAME, b"\0"), a("w.example.com")], "beside other data"),
        ([soa(), Record(wire_name("w.example.com"), SOA, soa().rdata)], "is not the apex"),
        (
            [soa(), *(Record(wire_name("w.example.com"), CNAME, x) for x in (b"\0", b"\1a\0"))],
            "more than one",
        ),
    ],
)
def test_what_is_no_zone(records: list[Record], reason: str) -> None:
    with pytest.raises(BadZone, match=reason):
        build_zone(ORIGIN, records)


def test_a_changed_set_takes_the_newest_ttl() -> None:
    name = wire_name("www.example.com")
    made = zone(a("www.example.com")).changed([], [Record(name, A, b"\n\0\0\2", 60)])
    found = find(made.nodes[name], A)
    assert found is not None
    assert (found.ttl, len(found.rdatas)) == (60, 2)


def test_a_zone_cannot_lose_its_soa() -> None:
    with pytest.raises(BadZone, match="no SOA"):
        zone().changed([soa()], [])


NAMES = [f"{name}.example.com" for name in ("a", "b.a", "c.b.a", "d", "e.d", "z.d", "x.y.z", "y.z")]
RECORDS = st.builds(
    lambda name, rdtype, last: Record(wire_name(name), rdtype, bytes((1, 97, last)), 300),
    st.sampled_from(NAMES),
    st.sampled_from([NS, MX, TXT, DNAME]),
    st.integers(0, 2),
)


def sound(records: Iterable[Record]) -> list[Record]:
    """One DNAME a name at most."""
    return list({(r.owner, r.rdtype, r.rdata if r.rdtype != DNAME else b""): r for r in records}.values())


@given(st.lists(RECORDS), st.lists(RECORDS), st.data())
def test_a_changed_zone_is_the_zone_that_would_be_built(
    first: list[Record], second: list[Record], data: st.DataObject
) -> None:
    before = zone(*sound(first))
    removed = data.draw(st.lists(st.sampled_from([*sound(first)]) if first else st.nothing()))
    left = [record for record in sound(first) if record not in removed]
    added = [r for r in sound(second) if r.rdtype != DNAME or r.owner not in {x.owner for x in left}]
    was = content(before)
    assert content(before.changed(removed, added)) == content(zone(*left, *added))
    assert content(before) == was
