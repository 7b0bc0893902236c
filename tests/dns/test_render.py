"""What a lookup gave as octets: read back by dnspython, whole and cut to any size."""

import struct

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.dns.message import QR
from netapp.dns.query.render import Body, render
from netapp.dns.wire import STREAM
from netapp.names.model import (
    CNAME,
    DNAME,
    MX,
    NOERROR,
    NS,
    NSEC,
    NXDOMAIN,
    SOA,
    SRV,
    A,
    Lookup,
    Record,
    RecordSet,
)
from netapp.names.naming import wire_name
from netapp.names.zone import Zone, build_zone

ORIGIN = wire_name("example.com")
WWW = wire_name("www.example.com")
NUMBERS = struct.pack("!5I", 1, 3600, 600, 86400, 300)
SOA_RDATA = wire_name("ns.example.com") + wire_name("Host.Example.com") + NUMBERS
#: Names that share their ends, and some that do not.
NAMES = [
    wire_name(name)
    for name in (
        "example.com",
        "www.example.com",
        "a.www.example.com",
        "ns.example.com",
        "com",
        "lan",
        "b.lan",
    )
] + [b"\0", b"\3WWW\7Example\3com\0"]
LABEL = st.sampled_from(NAMES)


@st.composite
def rdatas(draw: st.DrawFn) -> tuple[int, tuple[bytes, ...]]:
    """A type and some rdata of it."""
    kind = draw(st.sampled_from([A, NS, CNAME, MX, SRV, DNAME, SOA, 16, 666]))
    make = {
        A: st.binary(min_size=4, max_size=4),
        NS: LABEL,
        CNAME: LABEL,
        MX: LABEL.map(lambda name: b"\0\5" + name),
        SRV: LABEL.map(lambda name: b"\0\1\0\2\0\3" + name),
        DNAME: LABEL,
        SOA: st.tuples(LABEL, LABEL).map(lambda names: names[0] + names[1] + NUMBERS),
        16: st.binary(max_size=60).map(lambda text: bytes((len(text),)) + text),
        666: st.binary(max_size=60),
    }[kind]
    return kind, tuple(draw(st.lists(make, min_size=1, max_size=4, unique=True)))


@st.composite
def record_sets(draw: st.DrawFn) -> RecordSet:
    kind, each = draw(rdatas())
    return RecordSet(draw(LABEL).lower(), kind, draw(st.integers(0, 86400)), each)


SETS = st.lists(record_sets(), max_size=3, unique_by=lambda each: (each.owner, each.rdtype)).map(tuple)
LOOKUPS = st.builds(Lookup, st.sampled_from([NOERROR, NXDOMAIN]), st.booleans(), SETS, SETS, SETS)


def message(body: Body, qname: bytes, room: int = STREAM) -> bytes:
    """A whole answer, in the room there is behind the question."""
    flags, counts, tail = body.flags, body.counts, body.tail
    if body.size > room:
        flags, counts, tail = body.cut(room, opt=False)
    return b"\0\1" + bytes((QR | flags, body.rcode)) + counts + qname + b"\0\1\0\1" + tail


def read(octets: bytes) -> dns.message.Message:
    return dns.message.from_wire(octets, one_rr_per_rrset=True)


def records(sections: list[dns.rrset.RRset]) -> list[tuple[bytes, int, int, bytes]]:
    return [
        (each.name.to_wire().lower(), int(each.rdtype), each.ttl, each[0].to_wire().lower())
        for each in sections
    ]


def given_records(sets: tuple[RecordSet, ...]) -> list[tuple[bytes, int, int, bytes]]:
    return [(each.owner, each.rdtype, each.ttl, rdata.lower()) for each in sets for rdata in each.rdatas]


@settings(deadline=None)
@given(LOOKUPS, LABEL)
def test_what_is_written_is_read_back(lookup: Lookup, qname: bytes) -> None:
    answer = read(message(render(lookup, qname.lower(), do=False), qname))
    assert answer.rcode() == lookup.rcode
    assert bool(answer.flags & dns.flags.AA) is lookup.authoritative
    assert not answer.flags & dns.flags.TC
    for section, sets in (
        (answer.answer, lookup.answer),
        (answer.authority, lookup.authority),
        (answer.additional, lookup.additional),
    ):
        assert sorted(records(section)) == sorted(given_records(sets))


@settings(deadline=None)
@given(LOOKUPS, LABEL, st.integers(0, 400))
def test_d43_no_set_is_cut_and_tc_says_what_is_missing(lookup: Lookup, qname: bytes, room: int) -> None:
    octets = message(render(lookup, qname.lower(), do=False), qname, room)
    assert len(octets) <= 12 + len(qname) + 4 + room
    answer = read(octets)
    written = records(answer.answer) + records(answer.authority) + records(answer.additional)
    sets = [*lookup.answer, *lookup.authority]
    counts = [len(each.rdatas) for each in sets]
    needed = given_records(tuple(sets))
    assert written[: len(needed)] == needed[: len(written)]
    assert len(written) >= sum(counts) or len(written) in [sum(counts[:end]) for end in range(len(counts))]
    cuts = [each.owner for each in lookup.authority if each.rdtype == NS][:1]
    glue = [len(each.rdatas) for each in lookup.additional for cut in cuts if each.owner.endswith(cut)]
    assert bool(answer.flags & dns.flags.TC) is (len(written) < sum(counts) + sum(glue))


@pytest.mark.parametrize(("kind", "before"), [(DNAME, b""), (SRV, b"\0\1\0\2\0\3")])
def test_targets_of_newer_types_are_never_compressed(kind: int, before: bytes) -> None:
    target = wire_name("x.example.com")
    records = RecordSet(ORIGIN, kind, 60, (before + target,))
    assert render(Lookup(NOERROR, True, (records,)), ORIGIN, do=False).tail.endswith(target)


@pytest.mark.parametrize(("kind", "before"), [(NS, b""), (CNAME, b""), (12, b""), (MX, b"\0\5")])
def test_targets_of_old_types_are_compressed(kind: int, before: bytes) -> None:
    records = RecordSet(ORIGIN, kind, 60, (before + wire_name("x.example.com"),))
    assert render(Lookup(NOERROR, True, (records,)), ORIGIN, do=False).tail.endswith(b"\1x\xc0\x0c")


def test_pointers_reach_no_further_than_16_kib() -> None:
    texts = RecordSet(ORIGIN, 16, 60, tuple(b"\xc8" + bytes((number,)) * 200 for number in range(90)))
    far = wire_name("far.away")
    hosts = RecordSet(far, A, 60, (b"abcd", b"efgh"))
    answer = read(message(render(Lookup(NOERROR, True, (texts, hosts)), ORIGIN, do=False), ORIGIN))
    assert records(answer.answer)[-2:] == [(far, A, 60, b"abcd"), (far, A, 60, b"efgh")]


def test_a_set_that_no_message_holds_is_left_out() -> None:
    for count in (6000, 4000):  # too many, and too many with other sets about
        many = RecordSet(ORIGIN, A, 60, tuple(number.to_bytes(4, "big") for number in range(count)))
        for answer in ((many,), (many, RecordSet(WWW, 16, 60, (b"x" * 9000,)))):
            octets = message(render(Lookup(NOERROR, True, answer), ORIGIN, do=False), ORIGIN, STREAM - 29)
            assert len(octets) <= STREAM
            assert bool(read(octets).flags & dns.flags.TC) is (count == 6000 or len(answer) == 2)


def test_signatures_stand_behind_their_set_for_those_who_want_them() -> None:
    rrsig = struct.pack("!HBBIIIH", A, 13, 3, 60, 2, 1, 7) + ORIGIN + bytes(64)
    signed = RecordSet(WWW, A, 60, (b"abcd",), (rrsig,))
    lookup = Lookup(NOERROR, True, (signed,))
    assert [kind for _, kind, _, _ in records(read(message(render(lookup, WWW, do=True), WWW)).answer)] == [
        1,
        46,
    ]
    assert [kind for _, kind, _, _ in records(read(message(render(lookup, WWW, do=False), WWW)).answer)] == [
        1
    ]
    assert render(lookup, WWW, do=True).tail.endswith(rrsig)  # its names are never compressed: RFC 4034 3.1.7


# Glue: RFC 9471 ----------------------------------------------------------------------------------

CUT = wire_name("sub.example.com")
INSIDE = RecordSet(wire_name("ns.sub.example.com"), A, 60, (b"abcd",))
OUTSIDE = RecordSet(wire_name("ns.example.com"), A, 60, (b"efgh",))
DELEGATION = RecordSet(CUT, NS, 60, (INSIDE.owner, OUTSIDE.owner))


def referral(room: int) -> dns.message.Message:
    lookup = Lookup(NOERROR, False, (), (DELEGATION,), (OUTSIDE, INSIDE))
    qname = b"\1x" + CUT
    return read(message(render(lookup, qname, do=False), qname, room))


def test_glue_below_the_cut_goes_last_and_not_without_a_word() -> None:
    whole, less, least = referral(500), referral(60), referral(40)
    assert [each.name.to_text() for each in whole.additional] == ["ns.sub.example.com.", "ns.example.com."]
    assert [each.name.to_text() for each in less.additional] == ["ns.sub.example.com."]
    assert [len(each.authority) for each in (whole, less, least)] == [2, 2, 2]
    assert [bool(each.flags & dns.flags.TC) for each in (whole, less, least)] == [False, False, True]


@pytest.mark.parametrize("kind", [CNAME, DNAME])
def test_a_chain_that_ends_in_a_referral_has_its_glue_or_says_so(kind: int) -> None:
    """It has what proves a wildcard too, which stands before the NS records."""
    alias = RecordSet(WWW, kind, 60, (b"\1x" + CUT,))
    proof = RecordSet(wire_name("a.example.com"), NSEC, 60, (ORIGIN + b"\0\1\x40",))
    for before in ((), (proof,)):
        lookup = Lookup(NOERROR, True, (alias,), (*before, DELEGATION), (OUTSIDE, INSIDE))
        body = render(lookup, WWW, do=True)
        answers = [read(message(body, WWW, body.size - less)) for less in (0, 1, 17)]
        hosts = [[each.name.to_text() for each in answer.additional] for answer in answers]
        assert hosts == [["ns.sub.example.com.", "ns.example.com."], ["ns.sub.example.com."], []]
        assert [bool(each.flags & dns.flags.TC) for each in answers] == [False, False, True]
        assert all(each.flags & dns.flags.AA for each in answers)


# What is kept by length --------------------------------------------------------------------------


def zone(*more: Record) -> Zone:
    return build_zone(ORIGIN, [Record(ORIGIN, SOA, SOA_RDATA, 3600), *more])


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=20).map(bytes.lower), min_size=2, max_size=8))
def test_negative_answers_are_the_same_for_names_of_one_length(labels: list[bytes]) -> None:
    served = zone()
    for label in [*labels, b"ns", b"host", b"xx"]:  # the SOA's own names among them
        qname = bytes((len(label),)) + label + ORIGIN
        for rcode in (NOERROR, NXDOMAIN):
            lookup = Lookup(rcode, True, (), (served.soa,), zone=served, exact=False)
            answer = read(message(render(lookup, qname, do=False), qname))
            assert answer.rcode() == rcode
            assert records(answer.authority) == [(ORIGIN, SOA, 3600, SOA_RDATA.lower())]
    assert len(served.memo["bodies"]) <= 2 * (len(labels) + 3)


def test_another_set_is_never_taken_for_a_kept_one() -> None:
    served = zone()
    qname = b"\1x" + ORIGIN
    for ttl in range(50):
        soa = RecordSet(ORIGIN, SOA, ttl, (SOA_RDATA,))  # a new object each time, perhaps where the last was
        body = render(Lookup(NXDOMAIN, True, (), (soa,), zone=served), qname, do=False)
        assert read(message(body, qname)).authority[0].ttl == ttl
