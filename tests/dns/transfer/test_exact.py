"""Differences that a primary sends: taken one after another, and refused if they are not of our zone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.dns.transfer.exact import Inexact, as_one
from netapp.names.changing.changes import Change
from netapp.names.model import MX, SOA, TXT, A, Record
from netapp.names.naming import wire_name
from netapp.names.zone import Zone
from tests.dns.transfer.zones import alike, host, soa, zone

OLD = host("a.example.lan", "10.0.0.1")
ONE = zone(1, OLD)
OTHER = soa(1)


def chain(*steps: tuple[list[Record], list[Record]]) -> list[Change]:
    """Changes from serial 1 on, by what goes and what comes."""
    return [
        Change((soa(serial), *removed), (soa(serial + 1), *added))
        for serial, (removed, added) in enumerate(steps, 1)
    ]


def at_once(zone: Zone, changes: list[Change]) -> Zone:
    change = as_one(zone, changes)
    return zone.changed(change.removed, change.added)


@pytest.mark.parametrize(
    "change",
    [
        Change((soa(2),), (soa(3),)),
        Change((soa(1), host("zz.example.lan", "10.0.0.1")), (soa(3),)),
        Change((soa(1), OLD, OLD), (soa(3),)),
        Change((Record(OTHER.owner, SOA, OTHER.rdata[:-1] + b"!", OTHER.ttl),), (soa(2),)),
    ],
)
def test_differences_that_are_not_of_this_zone(change: Change) -> None:
    with pytest.raises(Inexact):
        as_one(ONE, [change])


def test_what_goes_must_be_there_by_then() -> None:
    with pytest.raises(Inexact, match=r"a\.example\.lan"):
        as_one(ONE, chain(([OLD], []), ([OLD], [])))


def test_what_comes_may_be_there_already_as_nsd_sends_it() -> None:
    assert len(as_one(ONE, chain(([], [OLD])))) == 2


def test_what_came_though_it_was_there_goes_as_any_other() -> None:
    changes = chain(([], [OLD]), ([OLD], []))
    assert as_one(ONE, changes) == Change((soa(1), OLD), (soa(3),))
    assert alike(at_once(ONE, changes), zone(3))


def test_what_comes_and_goes_again_is_no_part_of_it() -> None:
    new = host("b.example.lan", "10.0.0.2")
    assert as_one(ONE, chain(([], [new]), ([new], []))) == Change((soa(1),), (soa(3),))


def test_a_set_keeps_the_ttl_of_what_came_last() -> None:
    later = [Record(OLD.owner, A, bytes((10, 0, 0, last)), 300) for last in (1, 2)]
    changes = chain(([], later[1:]), (later[1:], []))
    assert alike(at_once(ONE, changes), zone(3, later[0]))


def test_names_in_data_may_be_spelt_otherwise() -> None:
    mail, same = (Record(OLD.owner, MX, b"\0\1" + name, 300) for name in (b"\1M\0", b"\1m\0"))
    have = zone(1, mail)
    assert as_one(have, chain(([same], []))) == Change((soa(1), mail), (soa(2),))
    assert as_one(have, chain(([], [same]))) == Change((soa(1),), (soa(2),))
    assert as_one(have, chain(([same], [same]))) == Change((soa(1), mail), (soa(2), same))


NAMES = [wire_name(f"{name}.example.lan") for name in ("a", "b.a", "c")]
RECORDS = [
    Record(owner, rdtype, bytes((1, last)), ttl)
    for owner, rdtype, last, ttl in itertools.product(NAMES, (TXT, MX), (1, 2), (60, 300))
]


@given(st.lists(st.sampled_from(RECORDS)), st.data())
def test_taken_at_once_is_taken_one_by_one(first: list[Record], data: st.DataObject) -> None:
    before = now = zone(1, *first)
    changes: list[Change] = []
    for serial in range(1, data.draw(st.integers(1, 4)) + 1):
        there = [each for each in now.records() if each.owner in NAMES]
        removed = data.draw(st.lists(st.sampled_from(there), unique=True)) if there else []
        added = data.draw(st.lists(st.sampled_from(RECORDS)))
        changes.append(Change((soa(serial), *removed), (soa(serial + 1), *added)))
        now = now.changed(changes[-1].removed, changes[-1].added)
    assert alike(at_once(before, changes), now)
