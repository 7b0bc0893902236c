"""The cells of a terminal that text takes: a Chinese character takes two.

Source: Unicode Standard Annex 11.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from netapp.core.text import visible

#: Cells of a line, where a terminal does not say.
COLUMNS: Final = 80


def width(char: str) -> int:
    """Cells of a character: 0, 1 or 2."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cells(text: str) -> int:
    """Cells of a text."""
    return len(text) if text.isascii() else sum(map(width, text))


def padded(text: str, width: int) -> str:
    return text + " " * max(0, width - cells(text))


def wrapped(text: str, indent: str = "", *, columns: int = COLUMNS) -> list[str]:
    """Lines of at most so many cells, broken at spaces where there are, else where it must be."""
    room, lines, line = columns - cells(indent), [], ""
    for word in _words(visible(text), room):
        joined = f"{line}{word}"
        if cells(joined.rstrip()) > room:
            if line.strip():
                lines.append(indent + line.rstrip())
            joined = word.lstrip()  # spaces that begin the text give way too
        line = joined
    return [*lines, indent + line.rstrip()]


#: What a Chinese line must not begin with.
_CLOSING: Final = frozenset(",。、;:?!)」』》”")


def _words(text: str, room: int) -> Iterator[str]:
    """Pieces that a line may be broken between: words with the space behind them, single wide characters."""
    word = ""
    for char in text:
        breaks = cells(char) == 2 and char not in _CLOSING
        if word and (breaks or (word.endswith(" ") and char != " ") or cells(word + char) > room):
            yield word
            word = ""
        word += char
        if char == "/":  # of a path
            yield word
            word = ""
    if word:
        yield word
