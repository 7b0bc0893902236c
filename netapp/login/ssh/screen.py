"""A terminal's screen: how wide a text is, where its end stands, and what may be sent to it.

Source: Unicode Standard Annex 11 for widths; ECMA-48 for the cursor.
"""

import unicodedata

from netapp.core.text import visible


def place(text: str, columns: int) -> tuple[int, int]:
    """(row, column) of the cursor after a text that begins at a row's start."""
    row = column = 0
    for char in text:
        wide = width(char)
        if column + wide > columns:
            row, column = row + 1, 0
        column += wide
    return (row + 1, 0) if column >= columns else (row, column)


def width(char: str) -> int:
    """Columns of a character: 0, 1 or 2."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shown(text: str) -> str:
    """Text as a terminal in raw mode wants it; what the terminal would obey is made visible."""
    return visible(text, keep="\n\t").replace("\n", "\r\n")


def up(rows: int) -> str:
    """What moves the cursor up."""
    return f"\x1b[{rows}A" if rows else ""
