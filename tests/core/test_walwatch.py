"""Seeing that another process has committed."""

from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
import sqlalchemy
from twisted.internet import defer, reactor

from netapp.core import limits
from netapp.core.database import Database
from netapp.core.walwatch import WalWatch
from netapp.testing import FakeReactor

try:
    from twisted.internet import inotify as _inotify
except ImportError:
    _inotify = None  # type: ignore[assignment]
by_inotify = pytest.mark.skipif(_inotify is None, reason="there is no inotify here, or it is hidden")


def database(path: Path) -> Database:
    made = Database(path, reactor)
    made.start()
    return made


def insert(connection: sqlalchemy.Connection) -> None:
    connection.exec_driver_sql("INSERT INTO t VALUES (1)")


@pytest.mark.parametrize("inotify", [True, False])
@pytest_twisted.ensureDeferred
async def test_a_watcher_hears_of_anothers_commit_and_not_of_ours(
    inotify: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    if not inotify:
        monkeypatch.setitem(__import__("sys").modules, "twisted.internet.inotify", None)
    ours, theirs = database(tmp_path / "a.db"), database(tmp_path / "a.db")
    await ours.write(lambda connection: connection.exec_driver_sql("CREATE TABLE t (x)") and None)
    heard: list[defer.Deferred[None]] = [defer.Deferred() for _ in range(3)]
    calls = iter(heard)
    ours.watch(lambda: next(calls).callback(None))
    await ours.write(insert)
    await heard[0]  # the first look
    await ours.write(insert)
    assert not heard[1].called
    await theirs.write(insert)
    await heard[1]
    await ours.stop()
    await theirs.stop()
    assert not heard[2].called


@by_inotify
def test_a_movement_is_looked_at_again_since_its_commit_may_be_seen_late(tmp_path: Path) -> None:
    clock, looks = FakeReactor(), []
    watch = WalWatch(tmp_path / "a.db", clock, lambda: looks.append(clock.seconds()))
    watch.start()
    (notifier,) = clock.getReaders()
    (tmp_path / "a.db-wal").write_bytes(b"x")
    notifier.doRead()
    clock.pump([0.01] * 20)
    assert [round(look, 1) for look in looks] == [0.0, 0.1]
    (tmp_path / "a.db-wal").write_bytes(b"y")  # it moves again: from the beginning
    notifier.doRead()
    clock.pump([0.5] * 30)
    assert len(looks) == 2 + len(limits.DATABASE_LOOKS)
    assert clock.getDelayedCalls() == []
    watch.stop()


@by_inotify
def test_other_files_of_the_folder_are_nothing_to_look_at(tmp_path: Path) -> None:
    clock, looks = FakeReactor(), []
    watch = WalWatch(tmp_path / "a.db", clock, lambda: looks.append(clock.seconds()))
    watch.start()
    (tmp_path / "a.db").write_bytes(b"x")
    clock.getReaders()[0].doRead()
    assert clock.getDelayedCalls() == []
    watch.stop()
