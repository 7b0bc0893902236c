"""A text from the LAN as lines of the lobby, and back as pieces that a datagram holds."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from netapp.core import limits
from netapp.core.text import Codec, cut, encode

#: Marks that turn the direction of text: a name with one could look like another's.
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HIDDEN: Final = {"Cc", "Cs", "Zl", "Zp"}


def without_controls(text: str, *, keep: str = "") -> str:
    """A text without what a terminal would obey or what turns text around.

    :param keep: control characters that may stay, such as a line feed.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        for char in text
        if char in keep or (char not in _BIDI and unicodedata.category(char) not in _HIDDEN)
    )


def lines_of(text: str) -> list[str]:
    """The messages that a text is: its lines that hold anything, none longer than a message may be.

    What is beyond the number of lines that one text may have is one line; nothing is lost.
    """
    shown = (without_controls(line, keep="\t").rstrip() for line in text.splitlines())
    lines = [line for line in shown if line.strip()]
    if len(lines) > limits.CHAT_LINES:
        lines[limits.CHAT_LINES - 1 :] = [" ".join(lines[limits.CHAT_LINES - 1 :])]
    most = limits.MESSAGE
    parts = (line[at : at + most] for line in lines for at in range(0, len(line), most))
    return [part for part in parts if part.strip()]


def pieces(text: str, codec: Codec, most: int) -> Iterator[str]:
    """A long text in pieces of at most ``most`` octets each, cut at lines, else at characters.

    :param most: 4 or more, so that any character fits.
    """
    while len(octets := encode(text, codec)) > most:
        head = cut(octets, most, codec).decode(codec)
        line = head.rfind("\n")
        length = line if line > 0 else len(head)
        yield text[:length]
        text = text[length:].removeprefix("\n")
    yield text
