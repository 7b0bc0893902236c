"""Rdata of no form that there is: refused where it comes in, so that no question meets it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.dns.message import Known
from netapp.dns.query.render import render
from netapp.dns.rdata import whole_rdata
from netapp.errors import WireError
from netapp.names.lookup.walk import look_up
from netapp.names.model import (
    ANY,
    CNAME,
    DNAME,
    DS,
    HTTPS,
    MX,
    NS,
    NSEC,
    NSEC3,
    NSEC3PARAM,
    RRSIG,
    SOA,
    SRV,
    SVCB,
    TXT,
    A,
    Record,
)
from netapp.names.naming import wire_name
from netapp.names.snapshot import Snapshot
from netapp.names.zone import BadZone, build_zone

ORIGIN = wire_name("z.test")
HASHED = b"\x20" + b"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" + ORIGIN
TYPES = (NS, CNAME, MX, SRV, DNAME, RRSIG, NSEC, NSEC3, NSEC3PARAM, SVCB, HTTPS)
NSEC3_HEAD = b"\1\0\0\0"


def whole(rdtype: int, rdata: bytes) -> bytes:
    known: Known = {}
    return whole_rdata(rdtype, b"\0" * 12 + rdata, 12, 12 + len(rdata), known)


@pytest.mark.parametrize(
    ("rdtype", "rdata"),
    [
        (NSEC3PARAM, b""),
        (NSEC3PARAM, b"\1\0\0"),
        (NSEC3PARAM, NSEC3_HEAD + b"\x20ab"),
        (NSEC3PARAM, NSEC3_HEAD + b"\1ab"),
        (NSEC3, b""),
        (NSEC3, NSEC3_HEAD + b"\0"),
        (NSEC3, NSEC3_HEAD + b"\x20ab"),
        (NSEC3, NSEC3_HEAD + b"\0\0"),  # no hash
        (NSEC3, NSEC3_HEAD + b"\0\x14" + bytes(19)),
        (NSEC3, NSEC3_HEAD + b"\0\x14" + bytes(20) + b"\0"),  # a bitmap that is cut off
        (NSEC3, NSEC3_HEAD + b"\0\x14" + bytes(20) + b"\0\0"),
        (NSEC3, NSEC3_HEAD + b"\0\x14" + bytes(20) + b"\0\x21" + bytes(33)),
        (NSEC3, NSEC3_HEAD + b"\0\x14" + bytes(20) + b"\1\1\1" + b"\0\1\1"),  # windows out of order
        (NSEC, ORIGIN + b"\0\2\1"),
        (NSEC, ORIGIN[:-1]),
        (NSEC3, NSEC3_HEAD + b"\2ab"),  # it ends with its salt
        (RRSIG, bytes(17)),
        (RRSIG, bytes(18) + b"\1"),
        (SVCB, b""),
        (SVCB, b"\0\1"),
        (HTTPS, b"\0\1\3www"),
    ],
)
def test_what_is_of_no_form_is_refused(rdtype: int, rdata: bytes) -> None:
    with pytest.raises(WireError):
        whole(rdtype, rdata)


@pytest.mark.parametrize(
    ("rdtype", "rdata"),
    [
        (NSEC3PARAM, NSEC3_HEAD + b"\0"),
        (NSEC3PARAM, NSEC3_HEAD + b"\2ab"),
        (NSEC3, NSEC3_HEAD + b"\2ab\x14" + bytes(20)),
        (NSEC3, NSEC3_HEAD + b"\0\x14" + bytes(20) + b"\0\1\1\1\1\1"),
        (NSEC3, b"\x4d\0\0\0\0\1\0"),  # another hash, of another length
        (NSEC, ORIGIN + b"\0\1\x40"),
        (NSEC, ORIGIN),
        (RRSIG, bytes(18) + ORIGIN + b"signature"),
        (SVCB, b"\0\0" + ORIGIN),
        (HTTPS, b"\0\1\0" + b"\0\1\0\3\2h2"),
    ],
)
def test_what_is_of_its_form_comes_as_it_is(rdtype: int, rdata: bytes) -> None:
    assert whole(rdtype, rdata) == rdata


def test_a_target_that_is_compressed_is_read_whole() -> None:
    """None may be written so (RFC 9460 section 2.2), and kept as it came it would point into nothing."""
    assert whole(SVCB, b"\0\1\xc0\x0c") == b"\0\1\0"


DATA = st.binary(max_size=30) | st.builds(
    bytes.__add__,
    st.sampled_from(
        [NSEC3_HEAD + b"\0", NSEC3_HEAD + b"\0\x14" + bytes(20), b"\0\1", b"\0\1" + ORIGIN, ORIGIN]
    ),
    st.binary(max_size=4),
)
RECORDS = st.lists(
    st.tuples(
        st.sampled_from([ORIGIN, HASHED, b"\1a" + ORIGIN, b"\1*" + ORIGIN]), st.sampled_from(TYPES), DATA
    ),
    max_size=8,
)


@given(RECORDS)
def test_whatever_a_primary_sends_each_question_has_an_answer(
    records: list[tuple[bytes, int, bytes]],
) -> None:
    """X23."""
    kept = [Record(ORIGIN, SOA, wire_name("ns.z.test") + ORIGIN + bytes(20)), Record(ORIGIN, NS, ORIGIN)]
    for owner, rdtype, rdata in records:
        try:
            kept.append(Record(owner, rdtype, whole(rdtype, rdata)))
        except WireError:
            continue
    try:
        zone = build_zone(ORIGIN, kept)
    except BadZone:
        return
    names = Snapshot({}, 1, {ORIGIN: zone})
    for owner in (ORIGIN, HASHED, b"\1a" + ORIGIN, b"\1b\1a" + ORIGIN, b"\4nope\1b" + ORIGIN):
        for rdtype in (A, TXT, DS, ANY, *TYPES):
            for dnssec in (False, True):
                render(look_up(names, owner, rdtype, dnssec), owner, do=dnssec)
