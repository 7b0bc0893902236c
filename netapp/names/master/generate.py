"""``$GENERATE``: many records by one line, BIND's addition to master files.

Source: BIND 9 Administrator Reference Manual, "$GENERATE".
"""

import re
from collections.abc import Callable
from typing import Final

from netapp.names.master.faults import Malformed
from netapp.names.master.fields import short

_SPAN: Final = re.compile(rb"([0-9]{1,10})-([0-9]{1,10})(?:/([0-9]{1,10}))?")
#: An escape, ``$$``, ``$`` with or without its modifier; else what stands between.
_MARK: Final = re.compile(
    rb"(\\.)|(\$\$)|\$(?:\{([+-]?[0-9]{1,10})(?:,([0-9]{1,3})(?:,(.))?)?\})?", re.DOTALL
)
_BASES: Final = frozenset(b"doxXnN")
_WIDEST: Final = 127
_FORM: Final = "${OFFSET[,WIDTH[,d|o|x|X|n|N]]}"


def span(word: bytes, form: str) -> range:
    """``START-STOP[/STEP]``, both ends within.  :raises Malformed: it is not of that form."""
    found = _SPAN.fullmatch(word)
    if found is None:
        raise Malformed("form", word="$GENERATE", form=form)
    start, stop, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if stop < start or not step or stop >= 2**32:
        raise Malformed("form", word="$GENERATE", form=form)
    return range(start, stop + 1, step)


def template(word: bytes) -> bytes | Callable[[int], bytes]:
    """A word of the line; a function of the number where that comes into it.

    :raises Malformed: a modifier that there is not.
    """
    if b"$" not in word:
        return word
    pieces: list[bytes | Callable[[int], bytes]] = []
    at = 0
    for found in _MARK.finditer(word):
        pieces.append(word[at : found.start()])
        at = found.end()
        if found[1]:
            pieces.append(found[0])
        else:
            pieces.append(b"$" if found[2] else _number(found, word[at:]))
    pieces.append(word[at:])
    return lambda number: b"".join([each if isinstance(each, bytes) else each(number) for each in pieces])


def _number(found: "re.Match[bytes]", behind: bytes) -> Callable[[int], bytes]:
    offset, width, base = int(found[3] or 0), int(found[4] or 0), (found[5] or b"d").decode("latin-1")
    if (found[3] is None and behind[:1] == b"{") or width > _WIDEST or ord(base) not in _BASES:
        raise Malformed("form", word=short(found[0] + behind), form=_FORM)

    def text(number: int) -> bytes:
        value = number + offset
        if base in "nN":
            if value < 0:
                raise Malformed("form", word=short(found[0]), form=_FORM)
            return _nibbles(value, width, base)
        return format(value, base).zfill(width).encode()

    return text


def _nibbles(value: int, width: int, base: str) -> bytes:
    """Hexadecimal digits, the last first, with dots between: ``width`` characters at least."""
    digits = format(value, "x" if base == "n" else "X")[::-1]
    return ".".join(digits.ljust((width + 1) // 2, "0")).encode()
