"""How a message looks."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.cells import cells
from netapp.core.terminal import layout
from netapp.core.terminal.layout import SHOWS, Manner, Message, painted, render

SAY = layout.PHRASES.speaker("en")
PEER = "127.0.0.1:8888"


def shown(octets: bytes, manner: Manner | None = None, *, sent: bool = False) -> list[str]:
    lines = render(Message(0.123, sent, PEER, octets), manner or Manner(), SAY)
    return painted(lines, colour=False).split("\n")[:-1]


def test_text_and_hex_stand_side_by_side() -> None:
    (line,) = shown(b"hello", sent=True)
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.123 → 127\.0\.0\.1:8888   5  hello +68 65 6c 6c 6f", line)


def test_hex_columns_of_short_messages_stand_beneath_each_other_whatever_they_are_written_in() -> None:
    places = set()
    for octets in (b"hi", "你".encode(), "你好".encode("gbk"), b"\n"):
        (line,) = shown(octets)
        before = line[: line.index(octets.hex(" "))]
        places.add(sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in before))
    assert len(places) == 1


def test_a_long_message_is_wrapped_with_an_offset_column() -> None:
    lines = shown("你好,世界,今天天气真好呀".encode())
    assert lines[0].endswith("  35  你好,世界,今天天气真好呀")
    assert lines[1] == "    0000  e4 bd a0 e5 a5 bd 2c e4 b8 96 e7 95 8c 2c e4 bb  你好,世界,今"
    assert lines[3] == "    0020  e5 91 80                                         呀"


def test_a_sentence_is_shown_in_one_piece_too_but_no_binary() -> None:
    sentence = "这是一句很长的中文句子,用来看看它会不会被切成几个字一段,那样就不好读了,对不对"
    lines = shown(sentence.encode("gbk"))
    assert (lines[0][-2:], "".join(line.strip() for line in lines[1:3])) == ("  ", sentence)
    assert lines[3].startswith("    0000  ")
    assert shown(b"\x00\x01" + sentence.encode("gbk"))[1].startswith("    0000  ")
    assert shown(b"x" * 100)[1].startswith("    0000  ")


def test_gbk_is_read_by_the_character_too() -> None:
    lines = shown("今天天气真好,我们出去玩吧".encode("gbk"))
    assert "".join(line.split("  ")[-1].strip() for line in lines[1:]) == "今天天气真好,我们出去玩吧"
    assert lines[0].endswith("  25  今天天气真好,我们出去玩吧")


def test_ends_of_lines_are_seen_and_nothing_steers_the_terminal() -> None:
    whole = "\n".join(shown(b"a\r\n\tb\x1b[2J\x07\xc2\x9b") + shown(b"\x1b]0;x\x07" * 20))
    assert "a␍␊␉b⟦U+001B⟧[2J" in whole
    assert not [char for char in whole if unicodedata.category(char) == "Cc" and char != "\n"]


def test_text_alone_keeps_its_lines_and_none_looks_like_a_head() -> None:
    lines = shown(b"one\n12:00:00.000 \xe2\x86\x90 10.0.0.1:1   3  forged\n", Manner(show="text"))
    assert lines[0].endswith("  one")
    assert lines[1].startswith(" " * 20)


@pytest.mark.parametrize(("show", "body"), [("text", "(empty)"), ("hex", "(empty)"), ("both", "(empty)")])
def test_an_empty_message_says_so(show: layout.Show, body: str) -> None:
    assert shown(b"", Manner(show=show))[0].endswith(f"  0  {body}")


def test_hex_alone() -> None:
    assert shown(b"\x01\x02\xff", Manner(show="hex"))[0].endswith("  3  01 02 ff")
    lines = shown(bytes(range(40)), Manner(show="hex"))
    assert lines[1] == "    0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"


def test_ascii_terminals_have_other_arrows_and_no_picture() -> None:
    for sent, arrow in ((True, ">>"), (False, "<<")):
        whole = "\n".join(shown("é你\r\n\x1b".encode(), Manner(plain=True), sent=sent))
        assert whole.isascii()
        assert f" {arrow} {PEER}" in whole
        assert "<0D><0A><1B>" in whole


def test_a_megabyte_does_not_fill_the_screen() -> None:
    lines = shown(bytes(2**20))
    assert len(lines) < limits.TERMINAL_SHOWN // 16 + 4
    assert lines[-1] == f"    ... {2**20 - limits.TERMINAL_SHOWN} more octets are not shown"
    assert len(shown(bytes(2**16), Manner(limit=None))) > 4096


def test_an_encoding_that_was_said_is_believed() -> None:
    octets = "模".encode("gbk")  # valid UTF-8 by chance
    assert "ģ" in shown(octets)[0]
    assert "模" in shown(octets, Manner(encoding="gbk"))[0]
    assert "你好" in shown("你好".encode("gbk"), Manner(encoding="utf-8"))[0]


def test_colours_tell_the_direction_and_can_be_left_out() -> None:
    sent, came = (
        painted(render(Message(0.0, way, PEER, b"x"), Manner(), SAY), colour=True) for way in (True, False)
    )
    assert "\x1b[36m→" in sent
    assert "\x1b[32m←" in came
    assert "\x1b" not in "".join(shown(b"x"))


@given(
    st.binary(max_size=300)
    | st.text(max_size=200).map(str.encode)
    | st.text("中文ab\r\n", max_size=99).map(lambda text: text.encode("gbk")),
    st.sampled_from(SHOWS),
    st.integers(50, 200),
    st.booleans(),
    st.booleans(),
)
def test_any_octets_fit_the_width_and_all_are_there(
    octets: bytes, show: layout.Show, width: int, plain: bool, head: bool
) -> None:
    manner = Manner(show=show, width=width, plain=plain, head=head)
    lines = render(Message(0.0, True, PEER, octets), manner, SAY)
    for line in lines:
        text = "".join(piece for _, piece in line)
        assert cells(text) <= width
        assert not [char for char in text if unicodedata.category(char) == "Cc"]
    digits = "".join(piece for line in lines for style, piece in line if style == "hex")
    if show == "both":
        assert bytes.fromhex(digits) == octets


@given(st.text(max_size=200), st.integers(8, 40))
def test_wrapping_loses_nothing(text: str, room: int) -> None:
    pieces = layout.wrapped(text, room)
    assert "".join(pieces) == text
    assert all(cells(piece) <= room for piece in pieces)
