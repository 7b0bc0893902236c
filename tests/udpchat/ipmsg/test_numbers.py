"""Packet numbers rise for ever, whatever the clock and the process do."""

from pathlib import Path

import pytest

from netapp.errors import ConfigError
from netapp.udpchat.ipmsg.numbers import BLOCK, MOST, Numbers


def numbers(path: Path, *clock: float) -> Numbers:
    times = list(clock)
    made = Numbers(path / "numbers", lambda: times.pop(0) if len(times) > 1 else times[0])
    made.reserve()
    return made


def test_they_follow_the_clock_and_never_repeat(tmp_path: Path) -> None:
    give = numbers(tmp_path, 1000.0, 1000.0, 1000.0, 1005.0, 1005.0)
    assert [give() for _ in range(4)] == [1001, 1002, 1005, 1006]


def test_they_rise_over_restarts_and_a_clock_set_back(tmp_path: Path) -> None:
    first = numbers(tmp_path, 1_700_000_000.0)
    last = [first() for _ in range(BLOCK + 10)][-1]
    assert numbers(tmp_path, 5.0)() > last


def test_every_number_of_many_starts_is_new(tmp_path: Path) -> None:
    given = [give() for give in [numbers(tmp_path, 7.0) for _ in range(5)] for _ in range(50)]
    assert len(set(given)) == len(given)


def test_a_clock_that_jumps_ahead_takes_no_number_that_is_not_reserved(tmp_path: Path) -> None:
    give = numbers(tmp_path, 1000.0, 900_000.0)
    assert give() <= int((tmp_path / "numbers").read_text())
    assert give() > 900_000 - BLOCK


def test_they_stay_below_the_sign_bit(tmp_path: Path) -> None:
    (tmp_path / "numbers").write_text(str(MOST))
    assert 0 < numbers(tmp_path, 5e9)() <= MOST


def test_a_file_that_holds_something_else_is_the_operators_to_mend(tmp_path: Path) -> None:
    (tmp_path / "numbers").write_text("hello")
    with pytest.raises(ConfigError, match="holds no number"):
        numbers(tmp_path, 1.0)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--state"):
        numbers(tmp_path / "missing", 1.0)


def test_a_disk_that_fills_later_does_not_stop_them(tmp_path: Path) -> None:
    give = numbers(tmp_path, 1000.0)
    (tmp_path / ".lock").unlink()
    (tmp_path / ".lock").mkdir()
    assert sorted({give() for _ in range(BLOCK * 2)})[-1] >= 1000 + BLOCK * 2
