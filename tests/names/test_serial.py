"""Serial arithmetic: RFC 1982 section 5."""

import pytest

from netapp.names.serial import after, newer


@pytest.mark.parametrize(
    ("one", "other"), [(1, 0), (44, 0), (100, 0), (100, 44), (200, 100), (255 << 24, 200), (0, 2**32 - 1)]
)
def test_what_comes_after_what(one: int, other: int) -> None:
    assert newer(one, other) == (one - other < 2**31)
    assert newer(other, one) != newer(one, other)


def test_equal_and_opposite_serials_are_not_newer() -> None:
    assert not newer(7, 7)
    assert not newer(0, 2**31)
    assert not newer(2**31, 0)


def test_the_next_serial_is_never_0() -> None:
    assert after(7) == 8
    assert after(2**32 - 1) == 1
    assert newer(after(2**32 - 1), 2**32 - 1)
