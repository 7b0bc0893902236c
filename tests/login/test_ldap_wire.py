"""Octets of LDAP: what is read, and what is refused before it costs anything."""

import io
import sys
import time
from contextlib import redirect_stdout, suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ldaptor.protocols import pureldap

from netapp.core import limits
from netapp.errors import WireError
from netapp.login.ldap import filters, guard, wire
from tests.login import ldap_client as client


def tlv(tag: int, content: bytes = b"") -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x84" + size.to_bytes(4, "big")
    return bytes([tag]) + length + content


def message(op: bytes, number: bytes = b"\x01", after: bytes = b"") -> bytes:
    return tlv(0x30, tlv(2, number) + op + after)


def search_octets(filter_: bytes) -> bytes:
    head = tlv(4, b"dc=netapp") + tlv(10, b"\x02") + tlv(10, b"\x00") + tlv(2, b"\x00") * 2 + tlv(1, b"\x00")
    return message(tlv(0x63, head + filter_ + tlv(0x30)))


FILTERS = (
    client.equal("uid", "小明"),
    client.present("cn"),
    client.at_least("uidNumber", "5"),
    client.at_most("uidNumber", "7"),
    client.pieces("cn", ("initial", "a"), ("any", "b"), ("any", "c"), ("final", "d")),
    client.all_of(client.present("cn"), client.none_of(client.equal("uid", "x"))),
    client.one_of(),
)
REQUESTS = (
    client.bind(),
    pureldap.LDAPBindRequest(dn="", auth=("PLAIN", "x"), sasl=True),
    pureldap.LDAPUnbindRequest(),
    *(client.search(each, attributes=["uid", "cn"]) for each in FILTERS),
    client.compare("dc=netapp", "dc", "netapp"),
    pureldap.LDAPAbandonRequest(id=3),
    pureldap.LDAPExtendedRequest(requestName=client.WHO_AM_I),
    pureldap.LDAPDelRequest(entry="dc=netapp"),
    pureldap.LDAPModifyDNRequest("dc=netapp", "dc=other", False),
)


def test_a_search_is_read() -> None:
    wanted = client.all_of(client.equal("uid", "zhao"), client.pieces("cn", ("any", "w")))
    octets = client.request(client.search(wanted, attributes=["*", "+"], sizeLimit=5, timeLimit=6), 7)
    assert wire.parse_message(octets) == wire.Message(
        7,
        wire.Search(
            base=b"dc=netapp",
            scope=2,
            size_limit=5,
            time_limit=6,
            types_only=False,
            filter=filters.And((filters.Equal("uid", b"zhao"), filters.Pieces("cn", b"", (b"w",), b""))),
            attributes=("*", "+"),
        ),
    )


def test_a_bind_is_read_and_never_shown() -> None:
    read = wire.parse_message(client.request(client.bind(password="secret")))
    assert read.request == wire.Bind(3, f"uid=zhao,{client.PEOPLE}".encode(), b"secret")
    assert "secret" not in repr(read)


def test_controls_are_read() -> None:
    octets = client.request(client.search(), 1, client.page_of(50, b"next"))
    (control,) = wire.parse_message(octets).controls
    assert control.oid == client.PAGED
    assert control.critical
    assert wire.parse_page(control.value or b"") == (50, b"next")


def test_a_message_is_told_from_its_beginning() -> None:
    octets = client.request(client.bind())
    assert guard.message_length(b"") is None
    assert guard.message_length(octets[:1]) is None
    assert guard.message_length(octets[:2]) == len(octets)
    long = b"\x30\x84\x00\x00\x01\x00"
    assert [guard.message_length(long[:count]) for count in range(2, 7)] == [None] * 4 + [262]


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no sequence"),
        pytest.param(b"\x30\x80\x02\x01\x01\x42\x00\x00\x00", id="indefinite length"),
        pytest.param(b"\x30\x84\x7f\xff\xff\xff", id="2**31 - 1 octets"),
        pytest.param(b"\x30\x84\x80\x00\x00\x00", id="2**31 octets"),
        pytest.param(b"\x30\x84\xff\xff\xff\xff", id="2**32 - 1 octets"),
        pytest.param(b"\x30\x88" + b"\xff" * 8, id="2**64 - 1 octets"),
        pytest.param(b"\x30\xff" + b"\x01" * 127, id="a length of 127 octets"),
        pytest.param(b"\x30\x83\x01\x00\x00", id="a message of 65 KiB"),
    ],
)
def test_no_message_begins_so(octets: bytes) -> None:
    with pytest.raises(WireError):
        guard.message_length(octets)


def nested(tag: int, depth: int) -> bytes:
    octets = tlv(0x87, b"cn")
    for _ in range(depth):
        octets = tlv(tag, octets)
    return octets


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(search_octets(nested(0xA2, 5000)), id="not of not of not"),
        pytest.param(search_octets(nested(0xA0, 40)), id="deeper than it may be"),
        pytest.param(search_octets(nested(0x80, 5000)), id="nested, and said to be primitive"),
        pytest.param(search_octets(tlv(0xA0, tlv(0x87) * 20_000)), id="20,000 parts"),
        pytest.param(search_octets(tlv(0xA0, b"\x87\x05")), id="longer than what is around it"),
        pytest.param(search_octets(tlv(0x24, tlv(4))), id="a string in pieces"),
        pytest.param(search_octets(tlv(0xBF, b"\x81\x01")), id="a tag of more than one octet"),
        pytest.param(
            search_octets(tlv(0xA9, tlv(0x83, b"x") + tlv(0x84, b"\x01" * 60_000))), id="long boolean"
        ),
        pytest.param(search_octets(tlv(0xA4, tlv(4, b"cn") + tlv(0x30))), id="no pieces"),
        pytest.param(
            search_octets(tlv(0xA4, tlv(4, b"cn") + tlv(0x30, tlv(0x82) + tlv(0x80)))), id="end first"
        ),
        pytest.param(search_octets(tlv(0xA3, tlv(4, b"cn"))), id="half an assertion"),
        pytest.param(search_octets(tlv(0xA2)), id="not of nothing"),
        pytest.param(search_octets(tlv(0xA2, tlv(0x87) * 2)), id="not of two"),
        pytest.param(search_octets(b""), id="no filter"),
        pytest.param(message(tlv(0x42), number=b"\x7f" * 60_000), id="a number of 60,000 octets"),
        pytest.param(message(tlv(0x42), number=b"\xff"), id="a number below 0"),
        pytest.param(message(tlv(0x42), number=b""), id="no number"),
        pytest.param(message(tlv(0x61, tlv(10, b"\x00") + tlv(4) + tlv(4))), id="an answer"),
        pytest.param(message(tlv(0x79)), id="an unknown request"),
        pytest.param(message(b""), id="no request"),
        pytest.param(message(tlv(0x42) * 2), id="two requests"),
        pytest.param(message(tlv(0x60)), id="an empty bind"),
        pytest.param(
            message(tlv(0x60, tlv(2, b"\x03") + tlv(2, b"\x03") + tlv(0x80))), id="a number for a name"
        ),
        pytest.param(message(tlv(0x60, tlv(2, b"\x03") + tlv(4) + tlv(0xA3))), id="SASL of nothing"),
        pytest.param(message(tlv(0x77)), id="an empty extended request"),
        pytest.param(message(tlv(0x50)), id="abandon nothing"),
        pytest.param(message(tlv(0x42), after=tlv(0xA0, tlv(0x30))), id="an empty control"),
        pytest.param(message(tlv(0x42), after=tlv(0xA0, tlv(4))), id="a string for a control"),
        pytest.param(message(tlv(0x42), after=tlv(0xA3)), id="a referral"),
        pytest.param(b"\x30\x00", id="nothing"),
    ],
)
def test_no_request(octets: bytes, capsys: Any) -> None:
    with pytest.raises(WireError):
        wire.parse_message(octets)
    assert capsys.readouterr() == ("", "")  # ldaptor prints the tags that it does not know


def test_the_worst_message_costs_little() -> None:
    """The most that the limits allow, in parts, in depth and in octets."""
    deep = tlv(0xA0, tlv(0xA3, tlv(4, b"cn") + tlv(4, b"x" * 150)) * 320)
    for _ in range(24):
        deep = tlv(0xA1, deep)
    octets = search_octets(deep)
    assert len(octets) < limits.LDAP_MESSAGE
    began = time.process_time()
    wire.parse_message(octets)
    assert time.process_time() - began < 0.5  # 0.01 on an idle machine


@pytest.mark.parametrize(
    "octets", [b"", b"\x30\x00", b"\x30\x03\x02\x01\x05", b"\x30\x80\x00\x00", b"\x04\x00"]
)
def test_no_control_of_pages(octets: bytes) -> None:
    with pytest.raises(WireError):
        wire.parse_page(octets)


@settings(deadline=None)
@given(st.binary(max_size=400))
@example(b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00")
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        guard.message_length(octets)
        wire.parse_message(octets)
    except WireError:
        pass


@settings(deadline=None)
@given(
    which=st.sampled_from(REQUESTS),
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4),
    cut=st.integers(0, 3),
)
def test_damaged_requests_are_read_or_refused(which: Any, flips: list[tuple[int, int]], cut: int) -> None:
    octets = bytearray(client.request(which, 5, client.page_of(2)))
    for at, value in flips:
        octets[at % len(octets)] = value
    damaged = bytes(octets[: len(octets) - cut])
    try:
        read = wire.parse_message(damaged)
    except WireError:
        assert flips or cut
    else:
        repr(read)


def grammar(rules: guard.Grammar | int) -> st.SearchStrategy[bytes]:
    """Octets that pass the guard, whatever they mean."""
    if isinstance(rules, int):
        return st.binary(max_size=min(rules, 6))
    each = [
        grammar(inner).map(lambda content, tag=tag: tlv(tag, content))
        if isinstance(inner, int) or inner is not guard._FILTER
        else st.just(tlv(tag, tlv(0x87, b"cn")))
        for tag, inner in rules.items()
    ]
    return st.lists(st.one_of(each), max_size=9).map(b"".join)


@settings(max_examples=50, deadline=None)
@given(grammar({0x30: guard._MESSAGE}))
def test_what_passes_the_guard_is_read_or_refused(octets: bytes) -> None:
    with redirect_stdout(io.StringIO()) as printed, suppress(WireError):
        wire.parse_message(octets)
    assert not printed.getvalue()  # ldaptor prints the tags that it does not know


def test_the_parser_needs_no_more_of_ldaptor() -> None:
    """Its other modules warn as they are imported."""
    assert "ldaptor.ldapfilter" not in sys.modules
    assert "ldaptor.protocols.ldap.ldapserver" not in sys.modules
