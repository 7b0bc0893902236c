"""Messages read: every good one as dnspython reads it, every bad one refused, in bounded work."""

import time

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.cli.dig import messages
from netapp.cli.dig.messages import Question, read
from netapp.cli.dig.names import written
from netapp.dns import wire
from netapp.errors import WireError

NAME = b"\x03www\x05class\x03lan\0"
ZONE = """\
@ SOA ns1.class.lan. admin.class.lan. 7 3600 600 86400 300
@ NS ns1.class.lan.
@ MX 10 mail.class.lan.
www A 192.0.2.1
_sip._udp SRV 1 2 5060 sip.class.lan.
www RRSIG A 13 3 3600 20261201000000 20261101000000 4711 class.lan. AAAA
txt TXT "one" "\\000two"
odd TYPE666 \\# 3 010203
"""


def answer() -> bytes:
    """An answer of all kinds of records, compressed by dnspython."""
    query = dns.message.make_query("www.class.lan", "ANY", use_edns=0, payload=1232)
    response = dns.message.make_response(query)
    origin = dns.name.from_text("class.lan.")
    for line in ZONE.splitlines():
        owner, kind, data = line.split(None, 2)
        name = dns.name.from_text(owner, origin)
        response.answer.append(dns.rrset.from_text(name, 300, "IN", kind, data))
    response.flags |= dns.flags.AA
    return response.to_wire()


GOOD = answer()


def test_all_kinds_of_records_are_read_as_dnspython_reads_them() -> None:
    ours, theirs = read(GOOD), dns.message.from_wire(GOOD)
    lines = [f"{written(each.owner)} {each.ttl} {each.data}" for each in ours.answer]
    assert lines == [
        f"{rrset.name} {rrset.ttl} {rdata.to_text()}" for rrset in theirs.answer for rdata in rrset
    ]
    assert ours.ident == theirs.id
    assert ours.flags == theirs.flags
    assert ours.questions == (Question(NAME, 255),)
    assert ours.edns is not None
    assert ours.is_answer


def test_a_query_is_what_dnspython_reads_back() -> None:
    octets = messages.query(7, Question(NAME, 1), ((10, b"12345678"), (3, b"")), do=True)
    theirs = dns.message.from_wire(octets)
    assert (theirs.id, theirs.flags, theirs.payload) == (7, dns.flags.RD, 1232)
    assert theirs.ednsflags == dns.flags.DO
    assert [int(each.otype) for each in theirs.options] == [10, 3]
    assert str(theirs.question[0].name) == "www.class.lan."
    assert wire.parse_query(octets).qname == NAME
    assert not dns.message.from_wire(messages.query(7, Question(NAME, 1), None)).opt


@pytest.mark.parametrize(
    ("rdtype", "before", "behind"),
    [
        (2, b"", b""),
        (6, b"\1m\xc0\x0c", bytes(20)),
        (15, b"\0\1", b""),
        (24, bytes(18), b"sig"),
        (30, b"", b"\x40"),
        (33, bytes(6), b""),
        (35, b"\0\1\0\1\1u\3sip\0", b""),
        (46, b"\0\1\x08\3" + bytes(14), b"signature"),
        (47, b"", b"\0\1\x40"),
        (64, b"\0\1", b""),
        (65, b"\0\1", b""),
    ],
)
def test_names_in_rdata_may_be_compressed(rdtype: int, before: bytes, behind: bytes) -> None:
    """None but those of RFC 1035 may be written so, and all must be read: RFC 3597 section 4."""
    head, kind = b"\0\1\x80\0\0\1\0\1\0\0\0\0" + NAME + b"\0\1\0\1", rdtype.to_bytes(2, "big")
    rdata = before + b"\xc0\x0c" + behind
    octets = head + b"\xc0\x0c" + kind + b"\0\1\0\0\0\x3c" + len(rdata).to_bytes(2, "big") + rdata
    (record,) = read(octets).answer
    assert record.rdata == before.replace(b"\xc0\x0c", NAME) + NAME + behind


def test_rdata_that_are_not_of_their_types_form_are_shown_by_rfc_3597() -> None:
    head = b"\0\1\x80\0\0\0\0\1\0\0\0\0"
    message = read(head + NAME + b"\0\1\0\1\0\0\0\x3c\0\3abc")
    assert message.answer[0].data == "\\# 3 616263"
    message = read(head + NAME + b"\0\x0f\0\1\0\0\0\x3c\0\1a")  # an MX record of one octet
    assert message.answer[0].data == "\\# 1 61"


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "shorter"),
        (GOOD[:11], "shorter"),
        (GOOD[:-1], "past the end|cut off"),
        (GOOD + b"\0", "1 octets after the message"),
        (b"\0\1\x80\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", "lead back"),
        (b"\0\1\x80\0\0\1\0\0\0\0\0\0\xc0\x0e\xc0\x0c\0\1\0\1", "lead back"),
        (b"\0\1\x80\0\0\1\0\0\0\0\0\0\x41a\0\0\1\0\1", "a kind"),
        (b"\0\1\x80\0\0\1\0\0\0\0\0\0" + b"\x3f" + b"a" * 63, "cut off"),
        (b"\0\1\x80\0\0\1\0\0\0\0\0\0" + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1", "255"),
        (b"\0\1\x80\0\xff\xff\0\0\0\0\0\0", "cut off"),
        (b"\0\1\x80\0\0\0\0\0\0\0\0\1\0\0\x29\4\xd0\0\0\0\0\0\4\0\3\0\1", "longer than its record"),
        (b"\0\1\x80\0\0\0\0\0\0\0\0\2" + b"\0\0\x29\4\xd0\0\0\0\0\0\0" * 2, "more than one OPT"),
    ],
)
def test_what_is_no_message_is_refused_with_its_reason(octets: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        read(octets)


def test_chains_of_pointers_cost_no_time() -> None:
    chain = b"".join((0xC000 | max(12, at - 2)).to_bytes(2, "big") for at in range(12, 16384, 2))
    records = b"\xff\xfe\0\1\0\1\0\0\0\0\0\0" * 4000
    begun = time.process_time()
    with pytest.raises(WireError):
        read(b"\0\1\x80\0\0\0\x0f\xa0\0\0\0\0" + chain + records)
    many = b"\1a\0" + b"".join((0xC000 | 12 + max(0, at)).to_bytes(2, "big") for at in range(0, 240, 2))
    with pytest.raises(WireError):
        read(b"\0\1\x80\0\0\1\0\0\0\0\0\0" + many)
    assert time.process_time() - begun < 1


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_octets_are_a_message_or_refused(octets: bytes) -> None:
    try:
        message = read(octets)
    except WireError:
        return
    for record in (*message.answer, *message.authority, *message.additional):
        assert record.data.isprintable()


@settings(max_examples=300)
@given(st.data())
def test_good_messages_spoilt_are_messages_or_refused(data: st.DataObject) -> None:
    octets = bytearray(GOOD)
    for at, octet in data.draw(
        st.dictionaries(st.integers(0, len(GOOD) - 1), st.integers(0, 255), max_size=6)
    ).items():
        octets[at] = octet
    try:
        message = read(
            bytes(octets[: data.draw(st.integers(0, len(GOOD)))] if data.draw(st.booleans()) else octets)
        )
    except WireError:
        return
    for record in (*message.answer, *message.authority, *message.additional):
        assert record.data.isprintable()


@settings(max_examples=200)
@given(st.integers(0, 65535), st.binary(max_size=60))
def test_any_rdata_of_any_type_have_a_text(rdtype: int, rdata: bytes) -> None:
    assert messages.Record(NAME, rdtype, 1, 0, rdata).data.isprintable()
