"""The one-port rule: total, stable, and exact for every length in both orders."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.file.port import METHODS, VERBS, Spoken, classify, patience

_TOKENS = [
    b"GET ", b"LIST", b"\r\n", b"\n", b" HTTP/1.1", b"HTTP/1.0\r\n", b"/", b"\x00", b"\x00\x00\x00",
    b"\xff\xfb\x01", b"\x16\x03\x01\x02\x00", b"SSH-2.0-x", "文件".encode(), "文件".encode("gbk"), b"\x7f",
    b"\t", b'{"a":1}', b"a.txt",
]  # fmt: skip
beginnings = st.one_of(
    st.binary(max_size=24),
    st.lists(st.sampled_from(_TOKENS) | st.binary(max_size=4), max_size=8).map(b"".join),
)


@given(beginnings)
def test_it_always_decides_in_the_end(octets: bytes) -> None:
    assert classify(octets, final=True) is not Spoken.MORE


@given(beginnings, beginnings)
@example(b"\n", b"\x00\x00\x00")
@example(b"abcd", b"\x00\n")
def test_more_octets_never_change_a_decision(octets: bytes, more: bytes) -> None:
    decided = classify(octets)
    if decided is not Spoken.MORE:
        assert classify(octets + more) is decided
        assert classify(octets, final=True) is decided


@given(beginnings, st.binary(max_size=8))
def test_octet_by_octet_or_at_once_is_the_same(octets: bytes, more: bytes) -> None:
    whole = octets + more
    decided = next(
        (spoken for end in range(len(whole)) if (spoken := classify(whole[:end])) is not Spoken.MORE),
        classify(whole),
    )
    assert decided is classify(whole)


def test_every_length_is_read_right_in_both_orders() -> None:
    for length in range(1, limits.FRAME + 1):
        assert classify(struct.pack("<i", length)) is Spoken.FRAME_LE
        assert classify(struct.pack(">i", length)) is Spoken.FRAME_BE


@pytest.mark.parametrize("length", [-1, 0, -(2**31), 2**31 - 1, 65536, 65537, 10**6])
@pytest.mark.parametrize("order", ["<i", ">i"])
def test_f10_a_length_that_no_frame_has_is_no_frame(length: int, order: str) -> None:
    octets = struct.pack(order, length)
    spoken = classify(octets + b"x" * 10, final=True)
    assert spoken is not (Spoken.FRAME_LE if order == "<i" else Spoken.FRAME_BE)
    if spoken is not Spoken.BAD:  # it is a length in the other order, or text
        other = int.from_bytes(octets, "big" if order == "<i" else "little")
        assert 1 <= other <= limits.FRAME or 0 not in octets


@pytest.mark.parametrize(
    ("octets", "spoken"),
    [
        (b"GET / HTTP/1.1\r\n", Spoken.HTTP),
        (b"PROPFIND /a%20b HTTP/1.1\r\n", Spoken.HTTP),
        (b"GET /a HTTP/1.0\n", Spoken.HTTP),
        (b"PRI * HTTP/2.0\r\n\r\nSM", Spoken.HTTP),
        (b"get / HTTP/1.1\r\n", Spoken.LINE),
        (b"GET a file HTTP/1.1\r\n", Spoken.HTTP),
        (b"GET a.txt\n", Spoken.LINE),
        (b"list\r\n", Spoken.LINE),
        (b"LISTE\n", Spoken.NAME),
        (b"a file.txt\n", Spoken.NAME),
        (b"\r\n..", Spoken.NAME),
        (b"\x16\x03\x01\x02\x00\x01", Spoken.TLS),
        (b"\x16\x03\x04\x02", Spoken.TLS),
        (b"SSH-2.0-OpenSSH_9\r\n", Spoken.SSH),
        (b"\xff\xfb\x18\xff", Spoken.TELNET),
        (b"\xff\x00\x00\x01", Spoken.BAD),
        (b"a\x00bc", Spoken.BAD),
        (b"abcd\x00", Spoken.BAD),
        (b"abc\x1b[2J\n", Spoken.BAD),
        (b"x" * limits.LINE, Spoken.BAD),
        (b"a.txt", Spoken.MORE),
        (b"a", Spoken.MORE),
    ],
)
def test_what_clients_speak(octets: bytes, spoken: Spoken) -> None:
    assert classify(octets) is spoken


@pytest.mark.parametrize("octets", [b"a.txt", b"a", b"LIST", "文件".encode("gbk"), b'{"filename": "x"}'])
def test_quiet_makes_a_bare_name(octets: bytes) -> None:
    assert classify(octets, final=True) is Spoken.BARE


@pytest.mark.parametrize(
    ("octets", "lone", "seconds"),
    [
        (b"a.txt", False, limits.QUIET),
        (b"list", False, limits.QUIET),
        (b"a", True, limits.QUIET_LONE),
        (b"ab", True, limits.QUIET_LONE),
        (b"LIST", False, limits.QUIET_LONE),
        (b"GET", False, limits.QUIET_LONE),
        (b"\x05\x00", False, limits.QUIET_LONE),
        (b"LIS", False, limits.FILE_QUIET_WORD),
        (b"HEAD", False, limits.FILE_QUIET_WORD),
        (b"GET / HTT", False, limits.FILE_QUIET_WORD),
        (b"LIST a", False, limits.FILE_QUIET_WORD),
        (b"Gut.txt", False, limits.QUIET),
    ],
)
def test_how_long_quiet_must_last(octets: bytes, lone: bool, seconds: float) -> None:
    assert patience(octets, lone=lone) == seconds


def test_no_word_is_a_control_or_a_length() -> None:
    for word in VERBS | METHODS:
        assert classify(word + b" x\n") in (Spoken.LINE, Spoken.NAME)
