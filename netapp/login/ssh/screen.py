"""A terminal's screen: where a text's end stands, and what may be sent to it.

Source: ECMA-48.
"""

from netapp.core.cells import width
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


def shown(text: str) -> str:
    """Text as a terminal in raw mode wants it; what the terminal would obey is made visible."""
    return visible(text, keep="\n\t").replace("\n", "\r\n")


def up(rows: int) -> str:
    """What moves the cursor up."""
    return f"\x1b[{rows}A" if rows else ""
