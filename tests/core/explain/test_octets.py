"""What octets show, and that they show nothing of who makes no mistake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.explain import octets as rules
from netapp.core.text import Codec

TEXTS = ["hello\n", "你好", "中文.txt\r\n", "繁體字與标点——“混排”。", "a你b好c\t", "笑", "联通"]


def keys(octets: bytes, *, whole: bool = True, first: bool = True) -> list[str]:
    return [key for key, _ in rules.findings(octets, whole=whole, first=first)]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_text_has_no_fault_and_a_codec(text: str, codec: str) -> None:
    octets = text.encode(codec)
    assert keys(octets) == []
    assert rules.is_text(octets)
    assert rules.codec_of(octets) == (None if text.isascii() or octets == b"\xd0\xa6" else codec)


@given(st.text(st.characters(exclude_categories=["C"], exclude_characters="\ufeff"), min_size=1))
def test_any_utf_8_text_has_no_fault_however_it_is_read(text: str) -> None:
    octets = text.encode()
    assert keys(octets) == []
    for at in range(1, min(len(octets), 50)):
        assert "undecodable" not in keys(octets[:at], whole=False)


@given(st.binary(max_size=300), st.binary(max_size=10))
def test_no_octets_are_too_odd(before: bytes, after: bytes) -> None:
    for whole in (True, False):
        keys(before, whole=whole)
    rules.stranger(before)
    rules.is_telnet(before)
    assert rules.completed(rules.halves(before), after) in (b"", *rules.halves(before).values())
    assert before.startswith(rules.beginning(before))
    if codec := rules.codec_of(before):
        rules.misread(before, codec)


@pytest.mark.parametrize(
    ("octets", "key"),
    [
        (b"hello\0", "nul"),
        ("你好\0\0".encode("gbk"), "nul"),
        (b"\xef\xbb\xbfhello", "bom"),
        ("hi".encode("utf-16"), "utf16"),
        (b"\xfe\xff\x00h\x00i", "utf16"),
        (b"a\xff", "undecodable"),
        (b"\xff\xfe\x80\xd8", "undecodable"),  # begins as UTF-16 does, and is none
        (("汉" * 400).encode()[:1024], "halved"),
        ("汉字".encode("gbk")[:3], "halved"),
    ],
)
def test_faults(octets: bytes, key: str) -> None:
    assert keys(octets) == [key]


@pytest.mark.parametrize(
    "octets",
    [
        b"\x05\0\0\0",  # a frame's length
        b"A\0\0\0",  # the same, of 65 octets
        b"\r\0",  # telnet's end of a line
        b"hello\r\0",
        bytes(range(256)),
        b"\0" * 1024,
        b"",
    ],
)
def test_what_only_looks_like_a_fault(octets: bytes) -> None:
    assert keys(octets, whole=False) == []


def test_halves_of_a_character_are_known_by_both() -> None:
    for text, codec in (("你好", "utf-8"), ("😀", "utf-8"), ("你好", "gbk")):
        octets = text.encode(codec)
        assert rules.completed(rules.halves(octets[:1]), octets[1:])
        assert not rules.completed(rules.halves(octets), octets)
    begins_one_of_utf8_too = "浣".encode("gbk")
    assert not rules.completed(rules.halves(begins_one_of_utf8_too), "阿".encode("gbk"))
    assert not rules.completed(rules.halves(b"hello"), b"world")


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_a_long_text_is_judged_by_whole_characters_of_its_beginning(codec: Codec, before: str) -> None:
    octets = (before + "汉字" * 2000).encode(codec)
    head = rules.beginning(octets)
    assert limits.EXPLAIN_JUDGED - 3 <= len(head) <= limits.EXPLAIN_JUDGED
    assert octets.decode(codec).startswith(head.decode(codec))
    assert rules.codec_of(head) == codec


@pytest.mark.parametrize(
    ("octets", "stranger"),
    [
        (b"GET / HTTP/1.1\r\n", "http"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http"),
        (b"\x16\x03\x01\x02\x00\x01", "tls"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "ssh"),
        (b"GET 1.txt\n", None),
        (b"\x16\0\0\0", None),
        (b"SSH is a protocol\n", None),
    ],
)
def test_strangers_by_their_first_octets(octets: bytes, stranger: str | None) -> None:
    assert rules.stranger(octets) == stranger


def test_a_misread_answer_is_shown_as_the_client_will_see_it() -> None:
    assert rules.misread("你好".encode(), "gbk") == "浣犲ソ"
    assert rules.misread("你好".encode("gbk"), "utf-8") == "���"
