"""How a text becomes lines, and a long one pieces."""

from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.text import Codec, encode
from netapp.udpchat.lines import lines_of, pieces, without_controls


def test_each_line_of_a_text_is_a_message_of_its_own() -> None:
    assert lines_of("一\r\n\n  二 \n\x00\x07\n三\n") == ["一", "  二", "三"]


def test_lines_and_their_length_have_a_bound() -> None:
    lines = lines_of("".join(f"{number}\n" for number in range(1000)))
    assert len(lines) == limits.CHAT_LINES
    assert " ".join(lines).split() == [str(number) for number in range(1000)]
    assert [len(line) for line in lines_of("长" * (limits.MESSAGE + 5))] == [limits.MESSAGE, 5]


@given(st.text(max_size=300))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    for line in lines_of(text):
        assert line.strip()
        assert not set(line) & set("\r\n\x1b\x07\u202e\u2028")
    assert without_controls(without_controls(text)) == without_controls(text)


@given(st.text(max_size=400), st.sampled_from(["utf-8", "gbk"]), st.integers(4, 90))
def test_pieces_are_short_and_lose_only_line_ends(text: str, codec: Codec, most: int) -> None:
    written = encode(text, codec).decode(codec)  # what the codec lacks is a question mark
    parts = list(pieces(written, codec, most))
    assert all(len(encode(piece, codec)) <= most for piece in parts)
    assert "".join(parts).replace("\n", "") == written.replace("\n", "")


def test_a_long_text_is_cut_at_a_line() -> None:
    assert list(pieces("一二三\n四五六\n七", "utf-8", 21)) == ["一二三\n四五六", "七"]
