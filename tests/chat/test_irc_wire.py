"""IRC lines, by values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.chat.irc import wire
from netapp.chat.irc.wire import Command, LineSplitter, TooLong, parse_command
from netapp.core import limits
from netapp.errors import WireError


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("PING x", Command("PING", ("x",))),
        ("ping :a b", Command("PING", ("a b",))),
        ("PRIVMSG  #a   :x :y", Command("PRIVMSG", ("#a", "x :y"))),
        ("TOPIC #c :", Command("TOPIC", ("#c", ""))),
        (":me!x@y NICK new", Command("NICK", ("new",))),
        ("@label=1;+typing=x :p PING a", Command("PING", ("a",))),
        ("PRIVMSG #a :a\u00a0b\u2028c", Command("PRIVMSG", ("#a", "a\u00a0b\u2028c"))),
        ("PRIVMSG a\u00a0b c", Command("PRIVMSG", ("a\u00a0b", "c"))),  # only U+0020 separates
        ("X " + " ".join("abcdefghijklmnopq"), Command("X", (*"abcdefghijklmn", "o p q"))),
        (":abc", None),
        ("     ", None),
        ("", None),
        ("@tag", None),
    ],
)
def test_a_line_is_a_command_and_its_parameters(line: str, command: Command | None) -> None:
    assert parse_command(line) == command


@given(st.binary(max_size=3000), st.lists(st.integers(1, 40)))
def test_any_cuts_give_the_same_lines(data: bytes, cuts: list[int]) -> None:
    whole, pieces = LineSplitter().receive(data), []
    splitter = LineSplitter()
    for cut in cuts:
        pieces += splitter.receive(data[:cut])
        data = data[cut:]
    assert pieces + splitter.receive(data) == whole


@given(st.binary(max_size=2000))
def test_no_line_holds_what_would_forge_another(data: bytes) -> None:
    for line in LineSplitter().receive(data + b"\n"):
        if isinstance(line, bytes):
            assert not set(b"\r\n\0") & set(line)
            parse_command(line.decode("utf-8", "replace"))


def test_a_line_has_512_octets_and_its_tags_4096() -> None:
    for line, fits in (
        (b"X" * 510 + b"\r\n", True),
        (b"X" * 511 + b"\r\n", False),
        (b"@" + b"t" * 4094 + b" " + b"X" * 510 + b"\r\n", True),
        (b"@" + b"t" * 4095 + b" X\r\n", False),
    ):
        assert isinstance(LineSplitter().receive(line)[0], TooLong) is not fits


def test_a_line_without_end_is_malformed() -> None:
    splitter = LineSplitter()
    splitter.receive(b"X" * limits.IRC_UNENDED)
    with pytest.raises(WireError):
        splitter.receive(b"X")


@given(st.text(max_size=2000), st.integers(20, 400), st.sampled_from(["utf-8", "gbk"]))
def test_a_long_text_is_cut_at_characters_and_nothing_of_it_is_lost(text: str, room: int, codec: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    pieces = wire.split_text(text, room, codec)  # type: ignore[arg-type]
    assert all(len(piece) <= room for piece in pieces)
    joined = "".join(piece.decode(codec) for piece in pieces)
    expected = text.translate(dict.fromkeys(map(ord, " \r\n\0"))).encode(codec, "replace").decode(codec)
    assert joined.replace(" ", "") == expected


@given(st.text(), st.text(), st.sampled_from(["utf-8", "gbk"]))
def test_a_line_we_write_is_one_line_of_at_most_512_octets(word: str, trailing: str, codec: str) -> None:
    octets = wire.line("X", word, trailing=trailing, codec=codec)  # type: ignore[arg-type]
    assert len(octets) <= limits.IRC_LINE
    assert octets.endswith(b"\r\n")
    assert not set(b"\r\n\0") & set(octets[:-2])


def test_many_words_fill_as_many_lines_as_they_need() -> None:
    words = [f"name{number}" for number in range(200)]
    lines = wire.filled(":s 353 me = #r :", words, "utf-8")
    assert len(lines) == 4
    assert all(len(line) <= limits.IRC_LINE for line in lines)
    assert [word for line in lines for word in line.decode().rstrip().split(" :")[1].split(" ")] == words
