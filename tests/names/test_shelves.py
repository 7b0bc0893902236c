"""Zones that sources have beside those that are not theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from twisted.internet import defer, task
from twisted.logger import LogLevel, capturedLogs, formatEvent

from netapp.core import limits
from netapp.errors import ConfigError
from netapp.names.changing.changes import difference
from netapp.names.changing.editing import Edit
from netapp.names.changing.held import Held
from netapp.names.changing.storing import Entry, Forgetful, Keeper, Stored, Whole
from netapp.names.config import Config
from netapp.names.files.zonefiles import ZoneFiles
from netapp.names.model import CNAME, Record
from netapp.names.sources.source import ZonesRead
from netapp.names.store import Names
from netapp.names.telling.rows import rows
from netapp.names.zone import Zone
from tests.names.master.making import HEAD, put
from tests.names.test_zones import Remembering, said, served
from tests.names.zoning import ORIGIN, Files, SlowDisk, a, adding, same, soa, zone


def test_a_file_that_comes_for_a_zone_of_a_primary_is_passed_over() -> None:
    files = Files()
    names = Names([], task.Clock(), zones=[files])
    names.add_secondary(ORIGIN)
    theirs = zone(5, a("www.example.lan", "192.0.2.5"))
    names.replace(ORIGIN, theirs)
    files.put(zone(900, a("www.example.lan", "192.0.2.66")), zone(1, origin=b"\5other\0"))
    with capturedLogs() as events:
        failed = names.reload()
    failed.addErrback(lambda failure: failure.trap(ConfigError))
    assert said(events).startswith("names: example.lan comes from --primary, and its file is passed over")
    assert same(served(names), theirs)
    assert b"\5other\0" in names.snapshot.zones
    del files.zones[ORIGIN]
    names.reload()
    assert served(names) is theirs
    names.refreshed(ORIGIN)
    names.replace(ORIGIN, zone(6))
    assert served(names).serial == 6


def test_a_broken_file_for_a_zone_of_a_primary_takes_nothing_from_it() -> None:
    files = Files()
    names = Names([], task.Clock(), zones=[files])
    names.add_secondary(ORIGIN)
    names.replace(ORIGIN, zone(5))
    files.waiting, files.faults = frozenset({ORIGIN}), ("zones/example.lan:3: no type",)
    names.reload().addErrback(lambda failure: failure.trap(ConfigError))
    files.waiting, files.faults = frozenset(), ()
    names.reload()
    assert served(names).serial == 5


def test_a_zone_of_a_primary_is_not_told_with_the_file_that_is_passed_over(tmp_path: Path) -> None:
    config = Config(zones=(str(tmp_path),))
    files = ZoneFiles(lambda: config, task.Clock())
    names = Names([], task.Clock(), zones=[files])
    names.files = files
    names.add_secondary(ORIGIN)
    put(tmp_path, HEAD, "example.lan.zone")
    names.reload().addErrback(lambda failure: failure.trap(ConfigError))
    (row,) = rows(names, "*")
    assert (row["kind"], row["file"], row["url"], row["records"]) == ("secondary", None, None, None)


class Watched(Files):
    """Files that are read because one has moved: nobody asks."""

    def read(self) -> ZonesRead:
        return replace(super().read(), asked=False)


def lines(names: Names) -> list[str]:
    """What a read says that comes since a file has moved."""
    with capturedLogs() as events:
        names._read_again(names._all()).addErrback(lambda failure: failure.trap(ConfigError))
    assert all(each.get("standing") for each in events if each["log_level"] == LogLevel.error)
    return [str(formatEvent(each)) for each in events]


def test_what_is_wrong_with_zones_is_told_once_and_stands_until_it_is_mended() -> None:
    names = Names([], task.Clock(), zones=[files := Watched()])
    names.add_secondary(ORIGIN)
    assert lines(names) == names.faults() == []
    files.put(zone(1))
    files.faults = ("zones/b.zone:3: no type",)
    first = lines(names)
    assert len(first) == 2
    assert sorted(first) == sorted(names.faults())
    assert first[1].startswith("names: example.lan comes from --primary, and its file is passed over")
    files.put(zone(1, origin=b"\5other\0"))
    assert (lines(names), sorted(names.faults())) == ([], sorted(first))
    files.faults = ("zones/b.zone:3: no type", "zones/c.zone:3: no type")
    assert lines(names) == ["names: zones/c.zone:3: no type"]
    files.faults = ()
    del files.zones[ORIGIN]
    assert lines(names) == [first[1].replace("names: ", "names: mended: ")]
    assert names.faults() == []


def test_who_asks_is_told_again_what_is_wrong_with_a_zone() -> None:
    names = Names([], task.Clock(), zones=[files := Files()])
    names.add_secondary(ORIGIN)
    files.put(zone(1))
    assert [len(lines(names)) for _ in range(2)] == [1, 1]


def test_a_zone_whose_kept_changes_cannot_be_read_is_a_fault_until_they_can() -> None:
    keeper, files = Broken(), Watched(zone(1))
    files.many = frozenset({ORIGIN})
    names = Names([], task.Clock(), zones=[files], keeper=keeper)
    assert names.faults() == ["names: the journal is damaged"]
    files.put(zone(1, origin=b"\5other\0"))
    assert lines(names) == []
    keeper.error = None
    assert lines(names) == ["names: mended: the journal is damaged"]
    assert (names.faults(), served(names).serial) == ([], 1)


# Edits that cannot be taken in ----------------------------------------------------------------------

FULL = OSError(28, "No space left on device")


class Disk(Forgetful):
    """Stores everything, or nothing while it has an error."""

    error: Exception | None = None

    def keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> "defer.Deferred[dict[bytes, Stored]]":
        return defer.succeed({origin: Stored(self.error) for origin in batch})


class Broken(Forgetful):
    """Has something of a zone that cannot be read."""

    error: ConfigError | None = ConfigError("the journal is damaged")

    def load(self, origin: bytes, like: Zone | None = None) -> Whole | None:
        if self.error is not None and origin == ORIGIN:
            raise self.error
        return None


def started(files: Files, keeper: Keeper) -> tuple[Names, task.Clock]:
    clock = task.Clock()
    names = Names([], clock, zones=[files], keeper=keeper)
    names.start()
    return names, clock


def reload(names: Names) -> None:
    names.reload().addErrback(lambda failure: failure.trap(ConfigError))


def fault(names: Names) -> str:
    status = names.zone_status(ORIGIN)
    assert status is not None
    return status.fault


def edited_on_a_full_disk() -> tuple[Files, Disk, Names, task.Clock]:
    """An update is stored; then the disk is full, and the owner edits the file, which is not read yet."""
    files, disk = Files(zone(1)), Disk()
    names, clock = started(files, disk)
    names.submit(ORIGIN, adding(a("dhcp.example.lan")))
    disk.error = FULL
    files.put(zone(9, a("new.example.lan")))
    return files, disk, names, clock


def test_an_edit_that_found_no_room_is_told_and_taken_in_once_there_is_some() -> None:
    _, disk, names, clock = edited_on_a_full_disk()
    with capturedLogs() as events:
        reload(names)
        assert "No space left" in fault(names)
        clock.advance(limits.ZONE_EDIT_AGAIN)
        clock.advance(limits.ZONE_EDIT_AGAIN)
    assert (served(names).serial, said(events).count("stays")) == (2, 1)
    assert said(events).count("No space left") == 2  # the zone is not stored, and so the edit is not taken in
    disk.error = None
    with capturedLogs() as events:
        clock.advance(limits.ZONE_EDIT_AGAIN)
    assert same(served(names), zone(9, a("new.example.lan"), a("dhcp.example.lan")))
    assert fault(names) == ""
    assert "example.lan: what its file says is served now" in said(events)
    assert not clock.getDelayedCalls()
    names.stop()


def test_an_edit_that_does_not_go_with_an_update_is_told_until_it_does() -> None:
    files = Files(zone(1))
    names, clock = started(files, Disk())
    names.submit(ORIGIN, adding(www := a("www.example.lan")))
    alias = Record(www.owner, CNAME, ORIGIN, 60)
    files.put(zone(9, alias))
    reload(names)
    assert "www.example.lan has a CNAME record beside other data" in fault(names)
    names.submit(ORIGIN, lambda old: difference(old, old.changed([www, soa(2)], [soa(3)])))
    clock.advance(limits.ZONE_EDIT_AGAIN)
    assert same(served(names), zone(9, alias))
    assert fault(names) == ""
    names.stop()


def test_an_edit_that_went_down_with_anothers_change_is_tried_again() -> None:
    files, disk = Files(zone(1)), SlowDisk()
    names, clock = started(files, disk)
    names.submit(ORIGIN, adding(a("dhcp.example.lan"))).addErrback(lambda failure: None)
    files.put(zone(9, a("new.example.lan")))
    reload(names)
    disk.go(FULL)
    assert (disk.waiting, served(names).serial) == ([], 1)
    clock.advance(limits.ZONE_EDIT_AGAIN)
    assert same(served(names), files.zones[ORIGIN])
    names.stop()


def tries(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Gets a 1 for each time that an edit is worked out: of a large zone that takes seconds."""
    made: list[float] = []
    edit = Held.edit

    def counted(held: Held, what: Edit) -> Entry | None:
        made.append(1)
        return edit(held, what)

    monkeypatch.setattr(Held, "edit", counted)
    return made


def test_a_refused_edit_is_not_tried_nor_told_again_since_another_file_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = Watched(zone(1))
    names, _ = started(files, Disk())
    names.submit(ORIGIN, adding(www := a("www.example.lan")))
    files.put(zone(9, alias := Record(www.owner, CNAME, ORIGIN, 60)))
    with capturedLogs() as events:
        names._read_again(names._all()).addErrback(lambda failure: failure.trap(ConfigError))
    assert said(events).count("stays") == 1
    made, before = tries(monkeypatch), fault(names)
    assert (lines(names), made, fault(names)) == ([], [], before)
    files.put(zone(10, alias))  # saved again
    with capturedLogs() as events:
        names._read_again(names._all()).addErrback(lambda failure: failure.trap(ConfigError))
    assert (len(made), "CNAME" in said(events)) == (1, True)
    names.stop()


def test_an_edit_is_not_worked_out_again_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(zone(1))
    names, clock = started(files, Disk())
    names.submit(ORIGIN, adding(www := a("www.example.lan")))
    files.put(zone(9, Record(www.owner, CNAME, ORIGIN, 60)))
    reload(names)
    made = tries(monkeypatch)
    clock.pump([limits.ZONE_EDIT_AGAIN] * 20)
    assert made == []
    names.submit(ORIGIN, adding(a("dhcp.example.lan")))
    clock.pump([limits.ZONE_EDIT_AGAIN] * 20)
    assert len(made) == 1  # the update might have been what was in its way
    names.stop()


def test_a_disk_that_stays_full_is_asked_less_and_less(monkeypatch: pytest.MonkeyPatch) -> None:
    _, disk, names, clock = edited_on_a_full_disk()
    reload(names)
    made = tries(monkeypatch)
    asked = []
    for _ in range(200):
        clock.advance(limits.ZONE_EDIT_AGAIN)
        asked.append(len(made))
    assert [asked.index(number) for number in range(1, 9)] == [0, 2, 6, 14, 30, 62, 126, 190]
    disk.error = None
    clock.pump([limits.ZONE_EDIT_AGAIN] * limits.ZONE_EDIT_ROUNDS)
    assert fault(names) == ""
    names.stop()


def test_an_edit_that_was_refused_is_given_up_with_its_file() -> None:
    files, _, names, clock = edited_on_a_full_disk()
    reload(names)
    files.put(zone(1))  # as it was
    reload(names)
    assert (fault(names), served(names).serial) == ("", 2)
    clock.advance(limits.ZONE_EDIT_AGAIN)
    assert not clock.getDelayedCalls()
    files.put(zone(9, a("new.example.lan")))
    reload(names)
    files.zones.clear()
    reload(names)
    clock.advance(limits.ZONE_EDIT_AGAIN)
    assert not clock.getDelayedCalls()
    files.put(zone(1))
    reload(names)
    assert fault(names) == ""
    names.stop()


def test_an_edit_made_while_nothing_ran_is_tried_again_too() -> None:
    alias = Record(a("www.example.lan").owner, CNAME, ORIGIN, 60)
    keeper = Remembering()
    keeper.whole[ORIGIN] = Whole(zone(2, a("www.example.lan")), zone(1))
    names, clock = started(Files(zone(9, alias)), keeper)
    assert "CNAME" in fault(names)
    assert clock.getDelayedCalls()
    names.stop()
    assert not clock.getDelayedCalls()
