"""Snapshots: what is found, what is not there, what is not ours."""

import ipaddress
import struct

from netapp.names.lookup.walk import address_of, look_up
from netapp.names.model import (
    AAAA,
    ANY,
    CNAME,
    MAX_CHAIN,
    NOERROR,
    REFUSED,
    SOA,
    TTL,
    A,
    Record,
    RecordSet,
    address_record,
    find,
    nodes_of,
)
from netapp.names.naming import wire_name
from netapp.names.snapshot import ANYWHERE, Snapshot

WWW, BOX = wire_name("www.lan"), wire_name("box.lan")


def record(name: str, address: str) -> Record:
    return address_record(wire_name(name), ipaddress.ip_address(address))


def alias(name: str, target: str) -> Record:
    return Record(wire_name(name), CNAME, wire_name(target))


def snapshot(*records: Record, version: int = 1) -> Snapshot:
    return Snapshot(nodes_of(records), version)


def test_sets_keep_their_order_and_no_record_twice() -> None:
    names = snapshot(
        record("box.lan", "10.0.0.2"), record("box.lan", "10.0.0.1"), record("box.lan", "10.0.0.2")
    )
    assert look_up(names, BOX, A).answer == (RecordSet(BOX, A, TTL, (b"\n\0\0\2", b"\n\0\0\1")),)
    assert address_of(names, BOX) == "10.0.0.2"


def test_a_set_has_its_lowest_ttl() -> None:
    nodes = nodes_of([Record(BOX, A, b"\n\0\0\1", 300), Record(BOX, A, b"\n\0\0\2", 20)])
    found = find(nodes[BOX], A)
    assert found is not None
    assert found.ttl == 20


def test_a_type_that_is_not_there_is_nodata_with_an_soa() -> None:
    found = look_up(snapshot(record("box.lan", "10.0.0.1"), version=7), BOX, AAAA)
    assert (found.rcode, found.answer) == (NOERROR, ())
    (soa,) = found.authority
    assert (soa.owner, soa.rdtype) == (BOX, SOA)
    numbers = struct.pack("!5I", 1, 3600, 1200, 604800, TTL)  # RFC 6303 section 3; the serial stays
    assert soa.rdatas == (BOX + b"\6nobody\7invalid\0" + numbers,)


def test_the_soa_itself_can_be_asked_for() -> None:
    found = look_up(snapshot(record("box.lan", "10.0.0.1")), BOX, SOA)
    assert found.rcode == NOERROR
    assert [each.rdtype for each in found.answer] == [SOA]


def test_names_above_below_and_beside_are_not_ours() -> None:
    names = snapshot(record("box.lan", "10.0.0.1"))
    for name in ("lan", "a.box.lan", "bax.lan", "box"):
        assert look_up(names, wire_name(name), A).rcode == REFUSED
    assert look_up(names, b"\0", A).rcode == REFUSED
    assert address_of(names, wire_name("lan")) is None


def test_any_gives_one_set() -> None:
    names = snapshot(record("box.lan", "10.0.0.1"), record("box.lan", "fd00::1"))
    assert [each.rdtype for each in look_up(names, BOX, ANY).answer] == [A]


def test_an_alias_is_followed() -> None:
    names = snapshot(alias("www.lan", "box.lan"), record("box.lan", "10.0.0.1"))
    assert [each.rdtype for each in look_up(names, WWW, A).answer] == [CNAME, A]
    assert [each.rdtype for each in look_up(names, WWW, CNAME).answer] == [CNAME]
    assert address_of(names, WWW) == "10.0.0.1"
    nodata = look_up(names, WWW, AAAA)
    assert [each.owner for each in nodata.authority] == [BOX]


def test_what_differs_between_snapshots() -> None:
    before = snapshot(record("box.lan", "10.0.0.1"), record("www.lan", "10.0.0.2"))
    after = snapshot(
        record("box.lan", "10.0.0.1"), record("www.lan", "10.0.0.3"), record("db.lan", "10.0.0.4")
    )
    changed = {WWW, wire_name("db.lan"), wire_name("lan"), b"\0", ANYWHERE}
    assert after.differing(before) == before.differing(after) == changed
    assert after.differing(after) == frozenset()
    assert snapshot(record("box.lan", "10.0.0.1"), record("www.lan", "10.0.0.3")).differing(before) == {
        WWW,
        ANYWHERE,
    }


def test_dns_56_chains_end() -> None:
    loop = snapshot(alias("www.lan", "box.lan"), alias("box.lan", "www.lan"))
    assert len(look_up(loop, WWW, A).answer) == 2
    assert address_of(loop, WWW) is None
    long = snapshot(*(alias(f"n{i}", f"n{i + 1}") for i in range(40)))
    assert len(look_up(long, wire_name("n0"), A).answer) == MAX_CHAIN
    outside = snapshot(alias("www.lan", "www.example"))
    assert look_up(outside, WWW, A).rcode == NOERROR
    assert address_of(outside, WWW) is None
