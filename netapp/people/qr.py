"""QR codes, for a terminal and for a page.

Source: ISO/IEC 18004, by segno.  Importing it takes its time and is put off until the first code.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from segno import QRCode

#: Light modules around a code.  The standard asks for four; on a screen two are enough, and more would
#: push the first lines of a second factor's code out of a terminal of 24.
_QUIET_ON_SCREEN: Final = 2
_QUIET_AT_LEAST: Final = 1
_QUIET_ON_PAPER: Final = 4
#: Black on white, whatever the terminal's own colours are, and back.
_INK: Final = "\x1b[0;30;107m"
_PLAIN: Final = "\x1b[0m"
_DARK: Final = "\x1b[40m"
_LIGHT: Final = "\x1b[107m"
#: By (upper, lower), dark or not: drawn in dark.
_BLOCKS: Final = {
    (False, False): " ",
    (True, False): "\N{UPPER HALF BLOCK}",
    (False, True): "\N{LOWER HALF BLOCK}",
    (True, True): "\N{FULL BLOCK}",
}


def terminal(text: str, *, colours: bool = True) -> str:
    """A code in half blocks, two modules in the height of a character; lines end in a line feed.

    :param colours: False for what would show the escape sequences as they are; the code is then drawn
        in the terminal's own ink, light modules in it, and a reader must take an inverted one where the
        background is light.
    """
    rows = list(_framed(text, _QUIET_ON_SCREEN))
    light = (False,) * len(rows[0])
    lines = []
    for upper, lower in zip_longest(rows[::2], rows[1::2], fillvalue=light):
        pairs = zip(upper, lower, strict=True)
        if colours:
            lines.append(_INK + "".join(_BLOCKS[pair] for pair in pairs) + _PLAIN)
        else:
            lines.append("".join(_BLOCKS[not above, not below] for above, below in pairs))
    return "".join(f"{line}\n" for line in lines)


def spaces(text: str, *, columns: int | None = None) -> str:
    """A code of coloured spaces, two for a module: for terminals whose encoding lacks half blocks.

    It is twice as large as :func:`terminal`'s each way.

    :param columns: of the terminal, if that is known.  Where they are few there is less light around the
        code, and where there are too few nothing is drawn, since nobody could read broken lines.
    """
    for quiet in (_QUIET_ON_SCREEN, _QUIET_AT_LEAST):
        rows = list(_framed(text, quiet))
        if columns is None or 2 * len(rows[0]) <= columns:
            return "".join(_spaced(row) for row in rows)
    return ""


def _spaced(row: Sequence[bool]) -> str:
    return "".join(f"{_DARK if dark else _LIGHT}  " for dark in row) + f"{_PLAIN}\n"


def svg(text: str) -> str:
    """A code as an ``<svg>`` element for a page, which gives it its size."""
    return str(_code(text).svg_inline(border=_QUIET_ON_PAPER, omitsize=True, light="#fff", svgclass="qr"))


def _code(text: str) -> "QRCode":
    import segno

    return segno.make_qr(text, error="l")  # raised by segno where there is room for it


def _framed(text: str, quiet: int) -> Iterator[Sequence[bool]]:
    """The rows, True for a dark module, with the quiet zone around them."""
    for row in _code(text).matrix_iter(border=quiet):
        yield tuple(bool(module) for module in row)
