"""Whose encoding a text is in, by the rules of IPMSG 8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.udpchat.ipmsg import texts
from netapp.udpchat.ipmsg.texts import Dialect


@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        (b"1", Dialect.PLAIN),
        (b"99", Dialect.PLAIN),
        (b"1_iptux 0.8.3", Dialect.IPTUX),
        (b"1_lbt6_0#128#0A1B2C3D4E5F#0#0#0#4001#9", Dialect.FEIQ),
        (b"1_netapp 0.1", Dialect.NETAPP),
    ],
)
def test_a_client_is_known_by_its_version(version: bytes, dialect: Dialect) -> None:
    assert texts.dialect_of(version) is dialect


def test_a_flag_wins() -> None:
    assert texts.decode("你好".encode() + b"\xff", flagged=True, known="gbk") == ("你好\ufffd", None)


@pytest.mark.parametrize("text", ["陆", "卢", "禄", "娄"])
def test_surnames_whose_gbk_is_valid_utf8_are_read_as_gbk(text: str) -> None:
    octets = text.encode("gbk")
    assert octets.decode("utf-8") != text
    assert texts.decode(octets, flagged=False, known=None) == (text, None)


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_a_plain_text_is_recognised_and_remembered(codec: str) -> None:
    assert texts.decode("欢迎进入飞秋".encode(codec), flagged=False, known=None) == ("欢迎进入飞秋", codec)


def test_where_both_would_do_the_texts_before_decide() -> None:
    octets = "Café".encode()
    assert texts.decode(octets, flagged=False, known=None) == ("Caf茅", None)
    assert texts.decode(octets, flagged=False, known=None, learned="utf-8") == ("Café", None)


@given(st.binary(max_size=300), st.booleans(), st.sampled_from([None, "gbk", "utf-8"]))
def test_any_octets_are_some_text(octets: bytes, flagged: bool, known: "texts.Codec | None") -> None:
    text, _ = texts.decode(octets, flagged=flagged, known=known)
    assert "\0" not in texts.cleaned(text)
    assert len(texts.name(text).encode()) <= texts.NICKNAME


def test_how_each_client_is_written_to() -> None:
    assert texts.codec_for(Dialect.FEIQ, "auto", "utf-8", utf8=False) == "gbk"
    assert texts.codec_for(Dialect.IPTUX, "auto", "utf-8", utf8=False) == "gbk"
    assert texts.codec_for(Dialect.PLAIN, "auto", None, utf8=True) == "utf-8"
    assert texts.codec_for(Dialect.PLAIN, "auto", None, utf8=False) == "gbk"
    assert texts.codec_for(Dialect.PLAIN, "auto", "utf-8", utf8=False) == "utf-8"
    assert texts.codec_for(Dialect.IPTUX, "utf-8", None, utf8=False) == "utf-8"
    assert texts.codec_for(Dialect.PLAIN, "gbk", None, utf8=True) == "gbk"


def test_what_a_reader_should_not_see_is_taken_out() -> None:
    note = "{/font;-16 0 0 0 400 0 0 0 134 0 0 2 32 宋体 0;}"
    assert texts.cleaned(f"你\x1b[31m好\r\n再见\x07{note}") == "你[31m好\n再见"
    assert texts.name("小\u202e明\n\x00 x") == "小明 x"
