"""Zones that come again: what was kept of them, and what was served before, is minded."""

from pathlib import Path

import pytest
from twisted.internet import task
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure

from netapp.errors import ConfigError, Unavailable
from netapp.names.changing.editing import Edit
from netapp.names.changing.held import Held
from netapp.names.changing.storing import Forget, Stored, Whole
from netapp.names.keeping.keeper import DiskKeeper, zones_path
from netapp.names.model import Record
from netapp.names.store import Names
from tests.names.zoning import ORIGIN, Files, a, adding, same, zone


class Reactor(task.Clock):
    def callFromThread(self, call: object) -> None:
        raise AssertionError


def opened(state: Path, files: Files | None = None) -> Names:
    (zones_path(state) / ".lock").unlink(missing_ok=True)  # as if the process before had ended
    reactor = Reactor()
    return Names([], reactor, zones=[files] if files is not None else [], keeper=DiskKeeper(state, reactor))


# Secondaries that become files' --------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), (a("new.example.lan"),)])
def test_updates_of_a_file_that_takes_a_secondarys_place_are_kept(
    tmp_path: Path, more: tuple[Record, ...]
) -> None:
    secondary = opened(tmp_path)
    secondary.add_secondary(ORIGIN)
    secondary.replace(ORIGIN, zone(5, a("www.example.lan")))
    file = zone(5, a("www.example.lan"), *more)  # as netapp zone dump writes it
    names = opened(tmp_path, Files(file))
    assert names.snapshot.zones[ORIGIN].serial == 5 + len(more)
    names.submit(ORIGIN, adding(a("update.example.lan")))
    names.submit(ORIGIN, adding(a("another.example.lan")))
    expected = names.snapshot.zones[ORIGIN]
    for _ in range(2):
        assert same(opened(tmp_path, Files(file)).snapshot.zones[ORIGIN], expected)


def test_a_file_that_holds_what_the_secondary_had_takes_its_place_on_the_disk() -> None:
    once = Held(ORIGIN, Whole(zone(5), None))
    assert isinstance(once.edit(Edit(zone(5))), Forget)
    once = Held(ORIGIN, Whole(zone(5), None))
    entry = once.edit(Edit(file := zone(5, a("new.example.lan"))))
    assert isinstance(entry, Whole)
    assert entry.file is file


# Two processes on one state directory ---------------------------------------------------------------


def test_a_process_that_takes_the_lock_late_writes_over_nothing(tmp_path: Path) -> None:
    file = zone(5)
    updating = opened(tmp_path, Files(file))
    updating.submit(ORIGIN, adding(a("one.example.lan")))
    files = Files(file)
    late = opened(tmp_path, files)  # it does not write yet, and when it does the first has ended
    updating.submit(ORIGIN, adding(a("two.example.lan")))
    old = late.snapshot.zones[ORIGIN]
    files.put(edited := zone(5, a("edit.example.lan")))
    with capturedLogs() as events:
        late.reload().addErrback(Failure.trap, ConfigError)
    said = [str(formatEvent(each)) for each in events]
    assert "another process has changed what is kept of it since it was read: start this one again" in said[0]
    assert late.snapshot.zones[ORIGIN] is old
    DiskKeeper(tmp_path, None).begin()  # nor is it in another's way
    again = opened(tmp_path, Files(edited)).snapshot.zones[ORIGIN]
    assert same(again, zone(8, *(a(f"{each}.example.lan") for each in ("one", "two", "edit"))))


def test_a_process_that_takes_the_lock_late_goes_on_where_nobody_else_wrote(tmp_path: Path) -> None:
    opened(tmp_path, Files(zone(5))).submit(ORIGIN, adding(a("one.example.lan")))
    files = Files(zone(5))
    late = opened(tmp_path, files)
    for each in ("two", "three"):
        files.put(zone(5, a(f"{each}.example.lan")))
        late.reload()
    expected = zone(8, a("one.example.lan"), a("three.example.lan"))
    assert same(late.snapshot.zones[ORIGIN], expected)
    assert same(opened(tmp_path, Files(files.zones[ORIGIN])).snapshot.zones[ORIGIN], expected)


@pytest.mark.parametrize("there", [True, False])
def test_what_comes_or_goes_before_the_lock_is_taken_is_seen(tmp_path: Path, there: bool) -> None:
    keeper, other = DiskKeeper(tmp_path, None), DiskKeeper(tmp_path, None)
    if there:
        other.keep({ORIGIN: [Whole(zone(1), zone(1))]})
    keeper.load(ORIGIN)
    other.keep({ORIGIN: [Forget() if there else Whole(zone(1), zone(1))]})
    (zones_path(tmp_path) / ".lock").unlink()
    found: list[Stored] = []
    for _ in range(2):
        keeper.keep({ORIGIN: [Whole(zone(2), zone(2))]}).addCallback(lambda each: found.append(each[ORIGIN]))
    assert [type(each.error) for each in found] == [Unavailable, Unavailable]
    assert not any(each.rebase for each in found)
    keeper.load(ORIGIN)
    keeper.keep({ORIGIN: [Whole(zone(2), zone(2))]}).addCallback(lambda each: found.append(each[ORIGIN]))
    assert found[2].error is None
