"""Hosts files: what is read, and how the rest is named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.names.model import AAAA, A
from netapp.names.naming import shown
from netapp.names.sources.hosts import BrokenHosts, parse_hosts


def read(text: str | bytes) -> list[tuple[str, int, bytes]]:
    octets = text.encode() if isinstance(text, str) else text
    return [(shown(each.owner), each.rdtype, each.rdata) for each in parse_hosts(octets, "hosts")]


def test_a_usual_file() -> None:
    assert read("# ours\n127.0.0.1\tlocalhost\n\n10.0.0.2  Box.lan box # the server\r\nfd00::2 box\n") == [
        ("localhost", A, b"\x7f\0\0\1"),
        ("box.lan", A, b"\n\0\0\2"),
        ("box", A, b"\n\0\0\2"),
        ("box", AAAA, b"\xfd" + bytes(14) + b"\2"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_names_of_any_script(encoding: str) -> None:
    assert read("10.0.0.9 打印机.教室\n".encode(encoding)) == [("xn--wlr595avud.xn--wbtt9t", A, b"\n\0\0\t")]


def test_a_scope_is_taken_off_and_no_last_line_feed_is_needed() -> None:
    assert read("fe80::1%eth0 gateway") == [("gateway", AAAA, b"\xfe\x80" + bytes(13) + b"\1")]


def test_every_broken_line_is_named_by_its_number() -> None:
    with pytest.raises(BrokenHosts) as caught:
        parse_hosts(b"10.0.0.1 good\n10.0.0.256 bad\n# fine\n10.0.0.1\n10.0.0.1 a..b\n", "names.txt")
    assert [fault.line for fault in caught.value.faults] == [2, 4, 5]
    assert str(caught.value) == "names.txt:2: '10.0.0.256' is no address; 2 more of its lines are broken too"


def test_a_file_of_another_encoding_is_one_fault() -> None:
    with pytest.raises(BrokenHosts, match=r"^names.txt:1: this file is UTF-16: save it as UTF-8$"):
        parse_hosts("10.0.0.1 a\n10.0.0.2 b\n".encode("utf-16"), "names.txt")


def test_a_long_or_dirty_word_is_shown_short_and_harmless() -> None:
    with pytest.raises(BrokenHosts) as caught:
        parse_hosts(b"\x1b[2J" + b"x" * 1000000 + b" a\n", "names.txt")
    assert len(str(caught.value)) < 100
    assert "\x1b" not in str(caught.value)


@given(st.binary() | st.text(alphabet="10.:a# \n\r\t").map(str.encode))
def test_any_octets_are_read_or_broken(octets: bytes) -> None:
    with suppress(BrokenHosts):
        parse_hosts(octets, "x")
