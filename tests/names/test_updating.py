"""Dynamic update, decided: the tables of RFC 2136 one by one, and random updates against a model."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.names.changing.changes import condensed, difference
from netapp.names.changing.updating import ANY, IN, NONE, Item, Refused, Update
from netapp.names.model import (
    AAAA,
    CNAME,
    DNAME,
    FORMERR,
    MX,
    NOTZONE,
    NS,
    NSEC,
    NXDOMAIN,
    NXRRSET,
    REFUSED,
    RRSIG,
    SOA,
    TXT,
    YXDOMAIN,
    YXRRSET,
    A,
    Record,
)
from netapp.names.naming import wire_name
from netapp.names.zone import Zone, build_zone
from tests.names.zoning import ORIGIN, a, same, signed, soa, txt, zone

WWW, FTP, NEW = (wire_name(f"{each}.example.lan") for each in ("www", "ftp", "new"))
ONE, TWO = b"\xc0\0\2\1", b"\xc0\0\2\2"


def base() -> Zone:
    alias = Record(FTP, CNAME, WWW, 300)
    return zone(1, a("www.example.lan"), a("www.example.lan", "192.0.2.2"), alias, a("x.sub.example.lan"))


def item(owner: bytes, rdtype: int, rdclass: int = IN, rdata: bytes = b"", ttl: int = 0) -> Item:
    return Item(owner, rdtype, rdclass, ttl, rdata)


def add(record: Record) -> Item:
    return Item(record.owner, record.rdtype, IN, record.ttl, record.rdata)


def updated(old: Zone, *items: Item, needs: tuple[Item, ...] = ()) -> Zone:
    change = Update(old.origin, needs, items)(old)
    if change is None:
        return old
    new = old.changed(change.removed, change.added)
    assert difference(old, new, change.owners()) is not None
    assert (change.old_serial, change.new_serial) == (old.serial, new.serial)
    assert set(old.records()) - set(new.records()) == set(change.removed)
    assert set(new.records()) - set(old.records()) == set(change.added)
    return new


def refusal(*items: Item, needs: tuple[Item, ...] = ()) -> int | None:
    try:
        Update(ORIGIN, needs, items)(base())
    except Refused as refused:
        return refused.rcode
    return None


def test_a_zone_that_is_signed_now_takes_none() -> None:
    with pytest.raises(Refused) as refused:
        updated(signed(1), add(a("new.example.lan")))
    assert refused.value.rcode == REFUSED


def test_two_leaps_of_the_serial_are_one_that_comes_after_the_zones() -> None:
    leap = 2**31 - 1
    assert updated(base(), add(soa(1 + leap)), add(soa(2 * leap))).serial == 2


def test_a_zone_takes_no_more_names_than_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ZONE_RECORDS", len(base()))
    assert refusal(add(a("new.example.lan"))) == REFUSED
    assert refusal(add(a("www.example.lan"))) is None


# Prerequisites: section 3.2.4 -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "rcode"),
    [
        (item(WWW, ANY, ANY), None),  # name is in use: 2.4.4
        (item(NEW, ANY, ANY), NXDOMAIN),
        (item(wire_name("sub.example.lan"), ANY, ANY), NXDOMAIN),  # an empty non-terminal owns nothing
        (item(WWW, A, ANY), None),  # set exists, value independent: 2.4.1
        (item(WWW, MX, ANY), NXRRSET),
        (item(FTP, A, ANY), NXRRSET),  # no alias is followed
        (item(NEW, A, ANY), NXRRSET),
        (item(NEW, ANY, NONE), None),  # name is not in use: 2.4.5
        (item(WWW, ANY, NONE), YXDOMAIN),
        (item(wire_name("sub.example.lan"), ANY, NONE), None),
        (item(WWW, MX, NONE), None),  # set does not exist: 2.4.3
        (item(WWW, A, NONE), YXRRSET),
        (item(NEW, A, IN, ONE), NXRRSET),  # set exists, value dependent: 2.4.2
        (item(WWW, A, IN, ONE), NXRRSET),  # only half of it
        (item(FTP, CNAME, IN, WWW), None),
        (item(FTP, CNAME, IN, WWW.upper()), None),
        (item(WWW, A, ANY, ttl=1), FORMERR),
        (item(WWW, A, NONE, ttl=1), FORMERR),
        (item(WWW, A, IN, ONE, ttl=1), FORMERR),
        (item(WWW, A, ANY, ONE), FORMERR),
        (item(NEW, A, NONE, ONE), FORMERR),
        (item(WWW, A, 3, ONE), FORMERR),
        (item(WWW, A, 0), FORMERR),
        (item(WWW, ANY, IN), FORMERR),
        (item(WWW, 252, ANY), FORMERR),
        (item(wire_name("www.example.com"), ANY, ANY), NOTZONE),
        (item(wire_name("www.example.com"), ANY, NONE), NOTZONE),
        (item(wire_name("lan"), A, IN, ONE), NOTZONE),
        (item(b"\x0bxample.lanx\3lan\0", A, NONE), NOTZONE),
    ],
)
def test_a_prerequisite(need: Item, rcode: int | None) -> None:
    assert refusal(add(a("other.example.lan")), needs=(need,)) == rcode


def test_all_of_a_set_is_compared_in_any_order() -> None:
    both = (item(WWW, A, IN, TWO), item(WWW, A, IN, ONE))
    assert refusal(needs=both) is None
    assert refusal(needs=(*both, item(WWW, A, IN, b"\xc0\0\2\3"))) == NXRRSET
    assert refusal(needs=(*both, item(NEW, ANY, NONE))) is None
    assert refusal(needs=(*both, item(NEW, ANY, ANY))) == NXDOMAIN


# The prescan: section 3.4.1 -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "rcode"),
    [
        (item(wire_name("www.example.com"), A, IN, ONE, 60), NOTZONE),
        (item(wire_name("www.example.com"), A, ANY), NOTZONE),
        (item(wire_name("www.example.com"), A, NONE, ONE), NOTZONE),
        (item(NEW, ANY, IN, ONE, 60), FORMERR),
        (item(NEW, 252, IN, ONE, 60), FORMERR),
        (item(NEW, 253, IN, ONE, 60), FORMERR),
        (item(NEW, 254, IN, ONE, 60), FORMERR),
        (item(NEW, 41, IN, ONE, 60), FORMERR),
        (item(WWW, A, ANY, ttl=60), FORMERR),
        (item(WWW, A, ANY, ONE), FORMERR),
        (item(WWW, 252, ANY), FORMERR),
        (item(WWW, 253, ANY), FORMERR),
        (item(WWW, A, NONE, ONE, 60), FORMERR),
        (item(WWW, ANY, NONE, ONE), FORMERR),
        (item(WWW, 254, NONE, ONE), FORMERR),
        (item(WWW, A, 3, ONE, 60), FORMERR),
        (item(NEW, RRSIG, IN, b"\0\1" + b"\0" * 17, 60), REFUSED),
        (item(NEW, NSEC, IN, b"\0\0\1\0", 60), REFUSED),
    ],
)
def test_a_malformed_update_stops_all_of_them(bad: Item, rcode: int) -> None:
    assert refusal(add(a("first.example.lan")), bad) == rcode
    assert refusal(bad, add(a("first.example.lan"))) == rcode


# The updates: section 3.4.2.7 -----------------------------------------------------------------------


def without(old: Zone, *owners_and_types: tuple[bytes, int]) -> list[Record]:
    return [
        each
        for each in old.records()
        if each.rdtype != SOA and (each.owner, each.rdtype) not in owners_and_types
    ]


def is_now(new: Zone, serial: int, records: list[Record]) -> bool:
    return set(new.records()) == {soa(serial), *records}


def test_a_record_joins_its_set_and_the_whole_set_takes_its_ttl() -> None:
    new = updated(base(), add(a("www.example.lan", "192.0.2.3", 77)))
    addresses = [a("www.example.lan", f"192.0.2.{each}", 77) for each in (1, 2, 3)]
    assert is_now(new, 2, [*without(base(), (WWW, A)), *addresses])


def test_a_name_comes_and_the_names_between() -> None:
    new = updated(base(), add(a("deep.down.example.lan")))
    assert new.nodes[wire_name("down.example.lan")] == ()
    assert is_now(new, 2, [*without(base()), a("deep.down.example.lan")])


def test_what_is_there_already_is_no_change() -> None:
    assert updated(base(), add(a("www.example.lan"))).serial == 1
    assert updated(base(), item(WWW, MX, ANY), item(NEW, A, ANY), item(NEW, ANY, ANY)).serial == 1
    assert updated(base(), item(WWW, A, NONE, b"\xc0\0\2\x09")).serial == 1
    assert updated(base(), add(a("new.example.lan")), item(NEW, ANY, ANY)).serial == 1
    assert updated(base()).serial == 1


def test_the_same_record_with_another_ttl_is_a_change() -> None:
    new = updated(base(), add(a("www.example.lan", ttl=5)))
    assert is_now(
        new, 2, [*without(base(), (WWW, A)), *(a("www.example.lan", f"192.0.2.{n}", 5) for n in (1, 2))]
    )


def test_a_cname_does_not_stand_beside_others_nor_others_beside_it() -> None:
    assert updated(base(), item(WWW, CNAME, IN, ORIGIN, 60)).serial == 1
    assert updated(base(), item(ORIGIN, CNAME, IN, WWW, 60)).serial == 1
    assert updated(base(), add(a("ftp.example.lan"))).serial == 1
    new = updated(base(), item(FTP, CNAME, ANY), add(a("ftp.example.lan")))
    assert is_now(new, 2, [*without(base(), (FTP, CNAME)), a("ftp.example.lan")])


@pytest.mark.parametrize("rdtype", [CNAME, DNAME])
def test_another_alias_takes_the_old_ones_place(rdtype: int) -> None:
    old = updated(base(), item(FTP, CNAME, ANY), item(FTP, rdtype, IN, WWW, 60))
    new = updated(old, item(FTP, rdtype, IN, NEW, 90))
    assert is_now(new, old.serial + 1, [*without(base(), (FTP, CNAME)), Record(FTP, rdtype, NEW, 90)])


def test_names_within_rdata_are_the_same_in_any_case() -> None:
    assert updated(base(), Item(FTP, CNAME, IN, 300, WWW.upper())).serial == 1
    mail = updated(base(), item(NEW, MX, IN, b"\0\x0a" + WWW, 60))
    assert updated(mail, item(NEW, MX, IN, b"\0\x0a" + WWW.upper(), 60)).serial == mail.serial
    assert same(
        updated(mail, item(NEW, MX, NONE, b"\0\x0a" + WWW.upper())), updated(mail, item(NEW, MX, ANY))
    )
    assert updated(base(), add(txt("new.example.lan", "a")), add(txt("new.example.lan", "A"))).serial == 2


def test_a_set_goes() -> None:
    assert is_now(updated(base(), item(WWW, A, ANY)), 2, without(base(), (WWW, A)))


def test_a_name_goes_with_all_its_sets_and_what_stands_above_it_for_it_alone() -> None:
    old = updated(base(), add(txt("x.sub.example.lan", "text")))
    new = updated(old, item(wire_name("x.sub.example.lan"), ANY, ANY))
    gone = wire_name("x.sub.example.lan")
    assert is_now(new, 3, without(base(), (gone, A)))
    assert wire_name("sub.example.lan") not in new.nodes


def test_a_record_goes_and_with_the_last_the_set() -> None:
    one = updated(base(), item(WWW, A, NONE, ONE))
    assert is_now(one, 2, [*without(base(), (WWW, A)), a("www.example.lan", "192.0.2.2")])
    assert is_now(updated(one, item(WWW, A, NONE, TWO)), 3, without(base(), (WWW, A)))


def test_the_apex_keeps_its_soa_and_ns() -> None:
    old = updated(base(), item(ORIGIN, MX, IN, b"\0\x0a" + WWW, 60))
    assert is_now(updated(old, item(ORIGIN, ANY, ANY)), 3, without(base()))
    assert updated(base(), item(ORIGIN, SOA, ANY), item(ORIGIN, NS, ANY)).serial == 1
    assert updated(base(), item(ORIGIN, SOA, NONE, soa(1).rdata)).serial == 1
    assert updated(base(), item(ORIGIN, NS, NONE, b"\2ns" + ORIGIN)).serial == 1


def test_the_apex_keeps_the_last_of_its_ns_alone() -> None:
    other = item(ORIGIN, NS, IN, WWW, 3600)
    two = updated(base(), other)
    one = updated(two, item(ORIGIN, NS, NONE, b"\2ns" + ORIGIN), item(ORIGIN, NS, NONE, WWW))
    assert is_now(one, 3, [*without(base(), (ORIGIN, NS)), Record(ORIGIN, NS, WWW, 3600)])
    cut = updated(base(), item(NEW, NS, IN, WWW, 60))
    assert is_now(updated(cut, item(NEW, NS, NONE, WWW)), 3, without(base()))


def test_an_soa_is_taken_if_its_serial_is_later() -> None:
    later = soa(50, refresh=9)
    assert set(updated(base(), add(later)).records()) == {later, *without(base())}
    assert set(updated(base(), add(later), add(a("new.example.lan"))).records()) == {
        later, *without(base()), a("new.example.lan")
    }  # fmt: skip
    assert updated(base(), add(soa(1, refresh=9))).serial == 1
    assert updated(base(), add(soa(0, refresh=9))).serial == 1
    assert updated(base(), add(soa(1 + (1 << 31), refresh=9))).serial == 1
    assert updated(base(), item(NEW, SOA, IN, later.rdata, 60)).serial == 1
    both = updated(base(), add(soa(7)), add(soa(5)), add(soa(9)))
    assert both.serial == 9


def test_a_set_may_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ZONE_SET", 3)
    three = updated(base(), add(a("www.example.lan", "192.0.2.3")))
    with pytest.raises(Refused, match="too many records"):
        updated(three, add(a("www.example.lan", "192.0.2.4")))
    assert updated(three, add(a("www.example.lan", "192.0.2.3", 9))).serial == 3


def test_the_serial_goes_round() -> None:
    old = zone(0xFFFFFFFF)
    assert updated(old, add(a("new.example.lan"))).serial == 1
    assert updated(zone(0xFFFFFFF0), add(soa(3))).serial == 3


def test_one_update_after_the_other_and_the_serial_once() -> None:
    new = updated(
        base(),
        item(WWW, ANY, ANY),
        add(a("www.example.lan", "192.0.2.7", 60)),
        item(FTP, CNAME, ANY),
        add(txt("ftp.example.lan", "here")),
        item(FTP, AAAA, IN, b"\x20\1" + b"\0" * 14, 60),
    )
    expected = [
        *without(base(), (WWW, A), (FTP, CNAME)),
        a("www.example.lan", "192.0.2.7", 60),
        txt("ftp.example.lan", "here"),
        Record(FTP, AAAA, b"\x20\1" + b"\0" * 14, 60),
    ]
    assert is_now(new, 2, expected)


# Against a model ---------------------------------------------------------------------------------

_OWNERS = [ORIGIN, *(wire_name(f"{each}.example.lan") for each in ("a", "b", "a.b", "x.a.b", "ns"))]
_DATA = {
    A: [b"\xc0\0\2" + bytes((n,)) for n in range(3)],
    TXT: [b"\1a", b"\1b"],
    CNAME: [ORIGIN, _OWNERS[1]],
    NS: [b"\2ns" + ORIGIN, _OWNERS[2]],
    MX: [b"\0\1" + ORIGIN],
}


@st.composite
def items(draw: st.DrawFn) -> Item:
    owner = draw(st.sampled_from(_OWNERS))
    rdtype = draw(st.sampled_from(list(_DATA)))
    rdata = draw(st.sampled_from(_DATA[rdtype]))
    kind = draw(st.sampled_from([IN, IN, IN, NONE, ANY, "name"]))
    if kind == "name":
        return item(owner, ANY, ANY)
    if kind == ANY:
        return item(owner, rdtype, ANY)
    return item(owner, rdtype, int(kind), rdata, draw(st.sampled_from([60, 90])) if kind == IN else 0)


Model = dict[tuple[bytes, int], tuple[int, set[bytes]]]


def model_step(model: Model, each: Item) -> None:
    """RFC 2136 section 3.4.2.7, as simply as can be."""
    here = {rdtype for owner, rdtype in model if owner == each.owner}
    key, apex = (each.owner, each.rdtype), each.owner == ORIGIN
    if each.rdclass == IN:
        if each.rdtype == CNAME and here - {CNAME}:
            return
        if each.rdtype != CNAME and CNAME in here:
            return
        rdatas = set() if each.rdtype == CNAME else model.get(key, (0, set()))[1]
        model[key] = each.ttl, rdatas | {each.rdata}
    elif each.rdclass == ANY:
        for rdtype in here if each.rdtype == ANY else {each.rdtype} & here:
            if not (apex and rdtype in (SOA, NS)):
                del model[each.owner, rdtype]
    elif key in model and each.rdata in model[key][1]:
        left = model[key][1] - {each.rdata}
        if left:
            model[key] = model[key][0], left
        elif not (apex and each.rdtype == NS):
            del model[key]


@given(st.lists(st.lists(items(), min_size=1, max_size=6), max_size=8))
@settings(max_examples=150, deadline=None)
def test_random_updates_do_as_a_model_does(batches: list[list[Item]]) -> None:
    start = now = zone(1)
    model: Model = {}
    for record in now.records():
        if record.rdtype != SOA:
            model.setdefault((record.owner, record.rdtype), (record.ttl, set()))[1].add(record.rdata)
    model[ORIGIN, SOA] = 3600, set()
    changes = []
    for batch in batches:
        before = {key: (ttl, set(rdatas)) for key, (ttl, rdatas) in model.items()}
        for each in batch:
            model_step(model, each)
        change = Update(ORIGIN, (), tuple(batch))(now)
        assert (change is None) == (before == model)
        if change is not None:
            now = now.changed(change.removed, change.added)
            changes.append(change)
        expected = {
            Record(owner, rdtype, rdata, ttl)
            for (owner, rdtype), (ttl, rdatas) in model.items()
            for rdata in rdatas
        }
        assert set(now.records()) == {soa(now.serial), *expected}
        built = build_zone(ORIGIN, now.records())
        assert (built.nodes.keys(), built.below, built.cuts.keys()) == (
            now.nodes.keys(), now.below, now.cuts.keys()
        )  # fmt: skip
    if changes:
        whole = condensed(changes)
        assert same(start.changed(whole.removed, whole.added), now)
