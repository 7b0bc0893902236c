"""Folders that are watched: real inotify where it is about that, a clock where it is about time."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import defer, reactor, task
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.names.config import Config
from netapp.names.files.watch import FolderWatch, place
from netapp.names.files.zonefiles import ZoneFiles
from netapp.names.store import Names
from tests.names.master.making import HEAD, put

Look = Callable[[frozenset[str]], "defer.Deferred[bool]"]


def nothing(folders: frozenset[str]) -> "defer.Deferred[bool]":
    """A look that finds nothing new."""
    return defer.succeed(False)


def something(folders: frozenset[str]) -> "defer.Deferred[bool]":
    return defer.succeed(True)


class Watched:
    """A folder watched by inotify on the real reactor, without waiting for anything to settle."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, look: Look = nothing) -> None:
        pytest.importorskip("twisted.internet.inotify", exc_type=ImportError)
        monkeypatch.setattr(limits, "ZONE_SETTLE", 0.05)
        self.heard: list[frozenset[str]] = []
        self.watch = FolderWatch(reactor, lambda path: not path.endswith("~"), self.heard.append, look)
        self.watch.follow([str(folder)])
        self.watch.start()

    async def soon(self) -> set[str]:
        """What has moved; fails after two seconds."""
        for _ in range(200):
            if self.heard:
                moved = set[str]().union(*self.heard)
                self.heard.clear()
                return {os.path.basename(path) for path in moved}
            await task.deferLater(reactor, 0.01, lambda: None)  # type: ignore[arg-type]
        raise AssertionError("nothing was heard")


def _write(path: Path) -> None:
    path.write_text("x")


def _append(path: Path) -> None:
    with path.open("a") as file:
        file.write("x")


def _rename(path: Path) -> None:
    put(path.parent, HEAD, "b~").rename(path)


def _let_read(path: Path) -> None:
    path.chmod(0o644)


@pytest.mark.parametrize("change", [_write, _append, _rename, Path.unlink, _let_read])
@pytest_twisted.ensureDeferred
async def test_a_change_is_heard_whichever_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    path = put(tmp_path, HEAD, "a")
    path.chmod(0o600)
    watched = Watched(monkeypatch, tmp_path)
    try:
        change(path)
        put(tmp_path, HEAD, "c~")  # no concern of ours
        assert await watched.soon() == {"a"}
    finally:
        watched.watch.stop()


@pytest_twisted.ensureDeferred
async def test_a_folder_that_goes_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ZONE_POLL", 0.1)
    folder = tmp_path / "zones"
    folder.mkdir()
    watched = Watched(monkeypatch, folder, something)
    try:
        folder.rmdir()
        await watched.soon()
        folder.mkdir()
        await watched.soon()
        put(folder, HEAD, "a")
        await task.deferLater(reactor, 0.2, lambda: None)  # type: ignore[arg-type]
        put(folder, HEAD, "b")
        while "b" not in await watched.soon():
            pass
    finally:
        watched.watch.stop()


def _swap(folder: Path) -> None:
    """A link leads elsewhere, as a tool for deployment leaves it."""
    link = folder.with_name("draft~")
    link.symlink_to("new")
    link.rename(folder)


def _swap_above(folder: Path) -> None:
    _swap(folder.parent)


def _make_anew(folder: Path) -> None:
    folder.rename(folder.with_name("zones.old"))
    folder.mkdir()


@pytest.mark.parametrize("another", [_swap, _swap_above, _make_anew])
@pytest_twisted.ensureDeferred
async def test_another_folder_in_the_place_of_one_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, another: Callable[[Path], object]
) -> None:
    if another is not _make_anew:
        monkeypatch.setattr(limits, "ZONE_LOOK", 0.1)
    monkeypatch.setattr(limits, "ZONE_POLL", 0.1)
    for each in ("old", "new"):
        (tmp_path / each / "zones").mkdir(parents=True)
    (tmp_path / "current").symlink_to("old")
    folder = tmp_path / "current" if another is _swap else tmp_path / "current" / "zones"
    looks: list[frozenset[str]] = []

    def look(folders: frozenset[str]) -> "defer.Deferred[bool]":
        looks.append(folders)
        return defer.succeed(len(looks) > 1)  # the first was at the start

    watched = Watched(monkeypatch, folder, look)
    try:
        another(folder)
        await watched.soon()
        put(folder, HEAD, "a")
        for _ in range(100):
            if "a" in await watched.soon():
                return
        raise AssertionError("what is there now is not watched")
    finally:
        watched.watch.stop()


@pytest_twisted.ensureDeferred
async def test_a_folder_that_may_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch, tmp_path)
    try:
        tmp_path.chmod(0o755)
        assert await watched.soon() == {tmp_path.name}
    finally:
        watched.watch.stop()


# Time, by a clock ----------------------------------------------------------------------------------


class Clock(task.Clock):
    def callFromThread(self, call: Callable[..., object], *args: object) -> None:
        call(*args)


class Heard:
    def __init__(self, path: str) -> None:
        self.path = path.encode()


def watch(heard: list[Any]) -> tuple[FolderWatch, Clock]:
    clock = Clock()
    made = FolderWatch(clock, lambda path: True, heard.append, nothing)
    made._running = True
    return made, clock


def test_a_file_that_is_written_bit_by_bit_is_waited_for() -> None:
    heard: list[frozenset[str]] = []
    made, clock = watch(heard)
    for _ in range(20):
        made._heard(None, Heard("/z/a"), 2)
        clock.advance(limits.ZONE_SETTLE * 0.9)
    assert heard == []
    clock.advance(limits.ZONE_SETTLE)
    assert heard == [frozenset({"/z/a"})]


def test_one_that_never_ends_is_read_all_the_same() -> None:
    heard: list[frozenset[str]] = []
    made, clock = watch(heard)
    while clock.seconds() < limits.ZONE_SETTLE_MOST + 1:
        made._heard(None, Heard("/z/a"), 2)
        clock.advance(limits.ZONE_SETTLE / 2)
    assert len(heard) == 1


def test_without_inotify_files_are_looked_at_now_and_then(tmp_path: Path) -> None:
    clock = Clock()  # has no readers: no inotify
    path = put(tmp_path, HEAD)
    config = Config(zones=(str(tmp_path),))
    files = ZoneFiles(lambda: config, clock)
    first = files.read()
    told: list[None] = []
    end = files.subscribe(lambda: told.append(None))
    clock.advance(limits.ZONE_POLL)
    assert told == []
    put(tmp_path, HEAD + "a A 10.0.0.1\n")
    clock.advance(limits.ZONE_POLL)
    assert told == [None]
    assert files.read().zones != first.zones
    put(tmp_path, HEAD, "another.example")
    clock.advance(limits.ZONE_POLL)
    assert len(told) == 2
    assert len(files.read().zones) == 2
    path.unlink()
    clock.advance(limits.ZONE_POLL)
    assert len(told) == 3
    end()
    assert not clock.getDelayedCalls()


def test_a_fault_that_our_own_watch_finds_is_told_once(tmp_path: Path) -> None:
    clock = Clock()
    path = put(tmp_path, HEAD)
    config = Config(zones=(str(tmp_path),))
    files = ZoneFiles(lambda: config, clock)
    names = Names([], clock, zones=[files])
    names.start()
    with capturedLogs() as events:
        for text, name in ((HEAD + "a A x\n", path.name), (HEAD, "another.example")):
            put(tmp_path, text, name)
            clock.pump([limits.ZONE_POLL, limits.NAMES_SETTLE])
        assert len(names.snapshot.zones) == 2
        fault = f"names: {path}:5: x is no IPv4 address"
        assert [formatEvent(each) for each in events] == [fault]
        names.reload().addErrback(lambda failure: None)  # a SIGHUP asks
        assert [formatEvent(each) for each in events] == [fault] * 2
    names.stop()


def test_only_what_cannot_be_watched_is_looked_at_again_and_again() -> None:
    clock = Clock()
    looked: list[frozenset[str]] = []
    first: defer.Deferred[bool] = defer.Deferred()

    def look(folders: frozenset[str]) -> "defer.Deferred[bool]":
        looked.append(folders)
        return first if len(looked) == 1 else defer.succeed(False)

    made = FolderWatch(clock, lambda path: True, lambda paths: None, look)
    made.follow(["/a", "/b"])
    made.start()
    assert looked == [{"/a", "/b"}]
    made._watched["/a"] = (0, 0)
    clock.advance(limits.ZONE_POLL)
    assert len(looked) == 1  # one look after another
    first.callback(False)
    assert looked[1:] == [{"/b"}]
    clock.advance(limits.ZONE_POLL)
    assert looked[2:] == [{"/b"}]
    made.stop()


def test_what_is_watched_is_looked_at_too_since_a_queue_may_have_been_full() -> None:
    clock = Clock()
    looked: list[frozenset[str]] = []

    def look(folders: frozenset[str]) -> "defer.Deferred[bool]":
        looked.append(folders)
        return defer.succeed(False)

    made = FolderWatch(clock, lambda path: True, lambda paths: None, look)
    made.follow(["/"])
    made.start()
    made._watched["/"] = place("/")
    looked.clear()
    for _ in range(2):
        clock.advance(limits.ZONE_LOOK)
    assert looked == [{"/"}, {"/"}]
    clock.advance(limits.ZONE_LOOK - limits.ZONE_SETTLE / 2)
    made._heard(None, Heard("/a"), 2)
    clock.advance(limits.ZONE_SETTLE * 0.9)  # somebody writes: he is waited for
    assert looked == [{"/"}, {"/"}]
    made.stop()
    assert not clock.getDelayedCalls()


def test_a_disk_that_hangs_holds_up_one_thread_of_the_watch() -> None:
    clock = Clock()
    asked: list[Callable[[], object]] = []

    def aside(work: Callable[[], Any]) -> "defer.Deferred[Any]":
        asked.append(work)
        return defer.Deferred()

    made = FolderWatch(clock, lambda path: True, lambda paths: None, nothing, aside)
    made.start()
    for _ in range(3):
        clock.advance(limits.ZONE_LOOK)
    assert len(asked) == 1
    made.stop()


def test_a_look_is_at_the_files_of_the_folders_that_are_named_and_holds_up_nobody(tmp_path: Path) -> None:
    one, two, parts = tmp_path / "one", tmp_path / "two", tmp_path / "parts"
    for folder in (one, two, parts):
        folder.mkdir()
    put(one, f"{HEAD}$INCLUDE {parts}/part\n", "one.example.zone")
    (parts / "part").symlink_to(tmp_path / "target")
    (tmp_path / "target").write_text("a A 10.0.0.1\n")
    put(two, HEAD, "two.example.zone")
    config = Config(zones=(str(one), str(two)))
    aside: list[tuple[Callable[[], bool], defer.Deferred[bool]]] = []

    def later(look: Callable[[], bool]) -> "defer.Deferred[bool]":
        aside.append((look, defer.Deferred()))
        return aside[-1][1]

    files = ZoneFiles(lambda: config, Clock(), aside=later)
    files.read()
    told: list[None] = []
    end = files.subscribe(lambda: told.append(None))
    (look, done) = aside[0]
    assert not look()
    (tmp_path / "target").write_text("a A 10.0.0.2\n")
    assert [
        files._another(frozenset({str(each)})) for each in (one, two, parts, tmp_path, tmp_path / "no")
    ] == [True, False, True, True, False]
    put(two, HEAD, "new.example.zone")
    assert files._another(frozenset({str(two)}))
    assert told == []
    done.callback(look())
    assert told == [None]
    end()
