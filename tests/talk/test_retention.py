"""Messages older than their time go, a little at a time, and nothing else does."""

from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import defer, reactor, task

from netapp.core import limits
from netapp.core.database import Database
from netapp.core.upgrading import upgrade
from netapp.talk.model import Author, Draft, Kind, Proof
from netapp.talk.rows import HEAD, MIGRATIONS, RowStore

DAY = 24 * 3600.0
NOW = 400 * DAY


def store_at(state: Path, clock: task.Clock, days: int) -> RowStore:
    upgrade(state / "talk.db", MIGRATIONS, HEAD)
    return RowStore(Database(state / "talk.db", reactor), clock, days=days)


async def said(store: RowStore, room: str, *times: float) -> None:
    author = Author("bob", Proof.GUEST, None)
    await defer.gatherResults(
        [store.add(Draft(room, f"{room}{time}", time, Kind.SAY, author, "x", None)) for time in times]
    )


async def times(store: RowStore, room: str) -> list[float]:
    return [each.time for each in await store.after(room, 0, limit=limits.HISTORY)]


async def settled(store: RowStore, clock: task.Clock, room: str, left: int) -> list[float]:
    """The times of what a room keeps, once it is so many."""
    for _ in range(400):
        clock.advance(limits.TALK_LOOK_PAUSE)
        if len(kept := await times(store, room)) == left:
            return kept
    raise AssertionError(kept)


async def looked(store: RowStore, clock: task.Clock) -> None:
    """Wait until a look is over: only the next one, a day away, is due."""
    while not any(call.getTime() > clock.seconds() + 60 for call in clock.getDelayedCalls()):
        clock.advance(limits.TALK_LOOK_PAUSE)
        await times(store, "any")


@pytest_twisted.ensureDeferred
async def test_what_is_old_goes_at_the_start_and_once_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TALK_LOOK_MESSAGES", 4)
    monkeypatch.setattr(limits, "TALK_LOOK_ROOMS", 2)
    clock = task.Clock()
    clock.advance(NOW)
    before = store_at(tmp_path, clock, 0)
    before.start()
    old = [NOW - 31 * DAY + second for second in range(10)]
    for room in ("a", "b", "c", "lobby"):
        await said(before, room, *old, NOW - 29.5 * DAY, NOW)
    await said(before, "silent", *old)
    await said(before, "young", NOW)
    await before.stop()

    store = store_at(tmp_path, clock, 30)
    store.start()
    for room in ("a", "b", "c", "lobby"):
        assert await settled(store, clock, room, 2) == [NOW - 29.5 * DAY, NOW]
    assert await settled(store, clock, "silent", 0) == []
    assert (await store.room("silent")).last == 10, "numbers go on"
    assert await times(store, "young") == [NOW]

    await looked(store, clock)
    clock.advance(limits.TALK_LOOK)
    assert await settled(store, clock, "lobby", 1) == [NOW]
    await store.stop()


@pytest_twisted.ensureDeferred
async def test_a_clock_that_is_ahead_takes_nothing_and_once_somebody_spoke_the_oldest_week(
    tmp_path: Path,
) -> None:
    clock = task.Clock()
    clock.advance(NOW)
    before = store_at(tmp_path, clock, 0)
    before.start()
    days = [NOW - day * DAY for day in (20, 14, 12, 1, 0)]
    await said(before, "lobby", *days)
    await said(before, "quiet", NOW - DAY)
    await before.stop()

    clock.advance(2 * 365 * DAY)
    store = store_at(tmp_path, clock, 365)
    store.start()
    await looked(store, clock)
    assert await times(store, "lobby") == days
    await said(store, "new", clock.seconds())
    clock.advance(limits.TALK_LOOK)
    assert await settled(store, clock, "lobby", 3) == days[2:]
    assert await times(store, "quiet") == [NOW - DAY]
    await looked(store, clock)
    clock.advance(limits.TALK_LOOK)
    assert await settled(store, clock, "lobby", 2) == days[3:]
    await store.stop()


@pytest_twisted.ensureDeferred
async def test_what_was_said_while_the_clock_was_ahead_keeps_nothing_else(tmp_path: Path) -> None:
    clock = task.Clock()
    clock.advance(NOW)
    before = store_at(tmp_path, clock, 0)
    before.start()
    await said(before, "lobby", NOW + 300 * DAY, NOW - 36 * DAY, NOW - 31 * DAY, NOW)
    await before.stop()

    store = store_at(tmp_path, clock, 30)
    store.start()
    assert await settled(store, clock, "lobby", 2) == [NOW + 300 * DAY, NOW]
    await store.stop()


@pytest_twisted.ensureDeferred
async def test_nothing_goes_when_it_is_kept_for_ever(tmp_path: Path) -> None:
    clock = task.Clock()
    clock.advance(NOW)
    store = store_at(tmp_path, clock, 0)
    store.start()
    await said(store, "lobby", 1.0, NOW)
    clock.advance(limits.TALK_LOOK * 3)
    assert await times(store, "lobby") == [1.0, NOW]
    assert not clock.getDelayedCalls()
    await store.stop()


@pytest_twisted.ensureDeferred
async def test_a_stop_leaves_no_timer(tmp_path: Path) -> None:
    clock = task.Clock()
    clock.advance(NOW)
    store = store_at(tmp_path, clock, 30)
    store.start()
    await said(store, "lobby", 1.0)
    await store.stop()
    assert not clock.getDelayedCalls()
