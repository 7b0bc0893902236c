"""Packet numbers rise for ever, whatever the clock and the process do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.logger import capturedLogs

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


class Thread:
    """Work that is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[defer.Deferred[range], Callable[[], range]]] = []

    def __call__(self, work: Callable[[], range]) -> defer.Deferred[range]:
        done: defer.Deferred[range] = defer.Deferred()
        self.waiting.append((done, work))
        return done

    def run(self) -> None:
        waiting, self.waiting = self.waiting, []
        for done, work in waiting:
            defer.execute(work).chainDeferred(done)


def test_the_next_block_is_taken_aside_before_this_one_ends(tmp_path: Path) -> None:
    give = Numbers(tmp_path / "numbers", lambda: 1000.0, thread := Thread())
    give.reserve()
    numbered = [give() for _ in range(BLOCK - 1)]
    assert (tmp_path / "numbers").read_text() == f"{1000 + BLOCK}\n"
    assert len(thread.waiting) == 1
    thread.run()
    numbered += [give() for _ in range(BLOCK // 4)]
    assert numbered == list(range(1001, 1001 + len(numbered)))
    assert (tmp_path / "numbers").read_text() == f"{1000 + 2 * BLOCK}\n"
    assert thread.waiting == []


def test_a_clock_that_has_gone_on_is_caught_up_with_aside(tmp_path: Path) -> None:
    times = [1000.0]
    give = Numbers(tmp_path / "numbers", lambda: times[0], thread := Thread())
    give.reserve()
    times[0] = 90_000.0
    assert [give(), give()] == [1001, 1002]
    thread.run()
    assert [give(), give()] == [90_001, 90_002]


def test_a_disk_that_fails_aside_is_told_of_when_the_block_ends(tmp_path: Path) -> None:
    give = Numbers(tmp_path / "numbers", lambda: 1000.0, thread := Thread())
    give.reserve()
    (tmp_path / ".lock").unlink()
    (tmp_path / ".lock").mkdir()
    for _ in range(BLOCK):
        give()
    with capturedLogs() as events:
        thread.run()
        assert events == []
        assert give() == 1001 + BLOCK
    assert [each["log_level"].name for each in events] == ["error"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 1), st.integers(1, BLOCK), st.booleans()), max_size=12))
def test_every_number_is_reserved_and_new_whenever_the_thread_comes(
    tmp_path: Path, steps: list[tuple[int, int, bool]]
) -> None:
    """So that none comes again after a ``kill -9``; two processes share the file here."""
    (path := tmp_path / "numbers").unlink(missing_ok=True)
    both = [(Numbers(path, lambda: 1000.0, thread := Thread()), thread) for _ in range(2)]
    for numbers_, _ in both:
        numbers_.reserve()
    seen: set[int] = set()
    for which, count, runs in steps:
        give, thread = both[which]
        block = [give() for _ in range(count)]
        assert block == sorted(set(block))
        assert block[-1] <= int(path.read_text())
        assert seen.isdisjoint(block)
        seen.update(block)
        if runs:
            thread.run()
