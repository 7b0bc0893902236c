"""Which octets are DNS and which are text; requests read as dnspython reads them."""

from contextlib import suppress

import dns.edns
import dns.message
import dns.name
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.dns.wire import Tongue, classify, classify_stream, parse_query
from netapp.errors import WireError
from tests.dns.asking import header, opt, option, query, question

ENCODINGS = ("utf-8", "gbk", "gb18030", "big5", "shift_jis", "euc_kr", "latin-1")
PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")))
TEXTS = st.builds(
    lambda text, encoding, end: text.encode(encoding, "ignore") + end,
    PRINTABLE,
    st.sampled_from(ENCODINGS),
    st.sampled_from([b"", b"\n", b"\r\n", b"\t"]),
)
LABELS = st.lists(st.binary(min_size=1, max_size=20), max_size=6)
OPTIONS = st.lists(
    st.builds(dns.edns.GenericOption, st.sampled_from([3, 12, 65001]), st.binary(max_size=40)), max_size=5
)


@st.composite
def requests(draw: st.DrawFn) -> dns.message.Message:
    """Legal requests of all kinds, as dnspython builds them."""
    name = dns.name.Name([*draw(LABELS), b""])
    message = dns.message.make_query(name, draw(st.integers(1, 65535).filter(lambda t: t != 41)))
    message.id = draw(st.integers(0, 65535))
    message.flags = draw(st.sampled_from([0, 0x0100, 0x0120, 0x0130]))
    if draw(st.booleans()):
        message.use_edns(
            0, draw(st.sampled_from([0, 0x8000])), draw(st.integers(0, 65535)), options=draw(OPTIONS)
        )
    return message


@given(TEXTS)
def test_text_is_never_taken_for_dns(octets: bytes) -> None:
    assert classify(octets) is Tongue.TEXT
    assert all(classify_stream(octets[:end]) in (None, Tongue.TEXT) for end in range(min(len(octets), 8) + 1))


@given(requests())
def test_dns_is_never_taken_for_text(request: dns.message.Message) -> None:
    octets = request.to_wire()
    assert classify(octets) is Tongue.DNS
    framed = len(octets).to_bytes(2, "big") + octets
    assert all(classify_stream(framed[:end]) in (None, Tongue.DNS) for end in range(len(framed)))
    assert classify_stream(framed) is Tongue.DNS


@given(st.integers(256, limits.DNS_REQUEST - 1), st.integers(0, 65535), st.integers(0, 65535))
def test_long_requests_are_dns_whatever_their_id(length: int, ident: int, flags: int) -> None:
    framed = length.to_bytes(2, "big") + header(ident, flags)
    assert all(classify_stream(framed[:end]) in (None, Tongue.DNS) for end in range(7))
    assert classify_stream(framed) is Tongue.DNS


@given(st.binary(max_size=30) | st.binary(min_size=12, max_size=12).map(lambda d: d[:4] + b"\0" + d[5:]))
def test_the_rule_to_the_letter(datagram: bytes) -> None:
    text = datagram.rstrip(b"\0") or datagram
    is_text = all((octet >= 0x20 and octet != 0x7F) or octet in b"\t\n\r" for octet in text)
    padded = is_text and datagram.endswith(b"\0") and len(datagram) > 12
    if len(datagram) >= 12 and datagram[4] == 0 and not padded:
        expected = Tongue.DNS
    elif is_text:
        expected = Tongue.TEXT
    else:
        expected = Tongue.NEITHER
    assert classify(datagram) is expected


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_d2_a_header_alone_is_dns_whatever_its_id_and_flags(ident: int, flags: int) -> None:
    assert classify(header(ident, flags, qd=0)) is Tongue.DNS


@pytest.mark.parametrize("name", [b"a", b"nas", b"box1", b"www.example"])
def test_a_text_that_fills_an_array_of_c_is_text(name: bytes) -> None:
    for size in (len(name) + 1, 11, 16, 100, 1024):
        assert classify(name.ljust(size, b"\0")) is Tongue.TEXT


@given(st.binary(max_size=10))
def test_the_rule_of_streams_to_the_letter(octets: bytes) -> None:
    if 0 in octets[:7]:
        expected: Tongue | None = Tongue.DNS
    elif len(octets) >= 7 or (b"\n" in octets and octets[0] >= 0x20):
        expected = Tongue.TEXT
    else:
        expected = None
    assert classify_stream(octets) is expected


@given(requests())
def test_requests_are_read_as_dnspython_reads_them(request: dns.message.Message) -> None:
    octets = request.to_wire()
    read, asked = parse_query(octets), request.question[0]
    assert read.qname == asked.name.canonicalize().to_wire()
    assert (read.qtype, read.qclass) == (asked.rdtype, asked.rdclass)
    assert octets[12:].startswith(read.question)
    if request.edns < 0:
        assert read.edns is None
    else:
        assert read.edns is not None
        assert read.edns.size == max(512, request.payload)
        assert read.edns.do == bool(request.ednsflags & 0x8000)
        assert read.edns.options == tuple((each.otype, each.to_wire()) for each in request.options)


@given(st.binary(min_size=12, max_size=200), st.integers(0, 3), st.integers(0, 20))
def test_any_octets_are_read_or_refused(octets: bytes, qdcount: int, arcount: int) -> None:
    for data in (octets, header(qd=qdcount, ar=arcount) + octets):
        with suppress(WireError):
            read = parse_query(data)
            assert len(read.qname) <= 255
            assert read.qname == read.qname.lower()


@given(requests(), st.data())
def test_a_request_cut_anywhere_is_refused(request: dns.message.Message, data: st.DataObject) -> None:
    octets = request.to_wire()
    cut = data.draw(st.integers(12, len(octets) - 1))
    with pytest.raises(WireError):
        parse_query(octets[:cut])


def test_names_of_255_octets_are_read_and_of_257_refused() -> None:
    label = b"\x3f" + b"a" * 63
    longest = label * 3 + b"\x3d" + b"a" * 61 + b"\0"
    assert len(longest) == 255
    assert parse_query(query(longest)).qname == longest
    with pytest.raises(WireError, match="255 octets"):
        parse_query(query(label * 4 + b"\0"))


def test_work_is_bounded_by_counts_and_options() -> None:
    records = b"\0\0\1\0\1\0\0\0\0\0\0" * 5000
    with pytest.raises(WireError, match="too many records"):
        parse_query(header(ar=5000) + question() + records)
    with pytest.raises(WireError, match="options"):
        parse_query(query(edns=opt(rdata=option(65001, b"") * 8000)))
