"""Names of any script to folded octets and back."""

import unicodedata
from typing import Literal

import idna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netapp.names.naming import MAX_NAME, BadName, shown, wire_name

LABEL = st.from_regex(r"[A-Za-z0-9_-]{1,63}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("www.baidu.com", b"\3www\5baidu\3com\0"),
        ("WWW.Baidu.COM.", b"\3www\5baidu\3com\0"),
        ("_dns._udp.box", b"\4_dns\4_udp\3box\0"),
        ("中文.测试", b"\x0bxn--fiq228c\x0bxn--0zwm56d\0"),
        ("中文。测试", b"\x0bxn--fiq228c\x0bxn--0zwm56d\0"),
        ("打印机.lan", b"\x0exn--wlr595avud\3lan\0"),
        ("MÜNCHEN.de", b"\x0exn--mnchen-3ya\2de\0"),
        ("1.2.3.4", b"\x011\x012\x013\x014\0"),
    ],
)
def test_a_name_on_the_wire(text: str, wire: bytes) -> None:
    assert wire_name(text) == wire


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a b",
        "a\tb",
        "*",
        "a/b",
        "x" * 64,
        "a." * 32000 + "a",
        ".".join(["x" * 63] * 4),
        "a\0b",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(BadName):
        wire_name(text)


@pytest.mark.parametrize("text", ["☃.net", "中文..a", "中 文", "\ufffd", "中" * 64, "é" * 70])
def test_what_is_no_name_in_any_script(text: str) -> None:
    with pytest.raises(BadName):
        wire_name(text)


@given(st.lists(LABEL, min_size=1, max_size=130))
def test_plain_names_come_back_folded(labels: list[str]) -> None:
    text = ".".join(labels)
    if len(text) > MAX_NAME - 2:
        with pytest.raises(BadName):
            wire_name(text)
    else:
        assert shown(wire_name(text)) == text.lower()


@given(st.text())
def test_any_text_is_a_name_or_none(text: str) -> None:
    try:
        wire = wire_name(text)
    except BadName:
        return
    assert len(wire) <= MAX_NAME
    assert wire == wire.lower()
    assert wire_name(shown(wire)) == wire


@given(
    st.lists(st.text("é中文a-", min_size=1, max_size=62), min_size=1, max_size=6).map(".".join),
    st.sampled_from(["NFC", "NFD"]),
)
@example("é" * 56 + ".lan", "NFD")
@example(".".join(["é" * 50] * 4), "NFD")
def test_the_bounds_refuse_nothing_that_idna_knows(text: str, form: Literal["NFC", "NFD"]) -> None:
    """X10: what is too long is refused before it is worked out, but only that."""
    text = unicodedata.normalize(form, text)
    try:
        labels = [idna.alabel(each) for each in idna.uts46_remap(text, std3_rules=False).split(".")]
        wire = b"".join(bytes((len(each),)) + each for each in labels) + b"\0"
    except idna.IDNAError:
        return
    if len(wire) <= MAX_NAME:
        assert wire_name(text) == wire


@pytest.mark.parametrize("text", ["测" * 60 + ".lan", "测" * 254, ".".join(["é" * 59] * 5)])
def test_what_is_too_long_is_said_to_be(text: str) -> None:
    with pytest.raises(BadName, match=r"too long|Label too long"):
        wire_name(text)


def test_a_text_is_worked_out_once() -> None:
    """X10: for names and for what is none."""
    assert wire_name("打印机.测试") is wire_name("".join(["打印", "机.测试"]))
    refusals = []
    for _ in range(2):
        with pytest.raises(BadName) as caught:
            wire_name("打印机..测试")
        refusals.append(caught.value.args[0])
    assert refusals[0] is refusals[1]


def test_odd_octets_are_shown_escaped() -> None:
    assert shown(b"\5a.b\0\xff\3lan\0") == r"a\.b\000\255.lan"
    assert shown(b"\0") == "."
