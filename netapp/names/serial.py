"""Serial numbers of zones: RFC 1982."""

from typing import Final

_HALF: Final = 1 << 31
_MASK: Final = (1 << 32) - 1


def newer(one: int, other: int) -> bool:
    """Whether ``one`` comes after ``other``; of two that are half the circle apart neither does.

    Source: RFC 1982 section 3.2.
    """
    return 0 < ((one - other) & _MASK) < _HALF


def after(serial: int) -> int:
    """The next serial; 0 is left out, since some take it for none."""
    return (serial + 1) & _MASK or 1
