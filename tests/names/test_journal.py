"""Zones on the disk: what is told to be stored is there, whatever happens to the files."""

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import task
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.errors import ConfigError, Unavailable
from netapp.names import layered
from netapp.names.changing.changes import Change, difference
from netapp.names.changing.storing import Forget, Step, Whole
from netapp.names.keeping.journal import ZoneFolder, folder_name
from netapp.names.keeping.keeper import DiskKeeper, zones_path
from netapp.names.keeping.salvage import read_journal
from netapp.names.model import TXT, Record
from netapp.names.naming import shown, wire_name
from netapp.names.serial import newer
from netapp.names.store import Names
from netapp.names.zone import Zone
from tests.names.zoning import ORIGIN, Files, a, adding, same, signed, soa, zone


def step(old: Zone, new: Zone, edit: Change | None = None) -> Step:
    change = difference(old, new)
    assert change is not None
    return Step(change, edit)


def chain(count: int) -> list[Zone]:
    """A zone and what becomes of it."""
    return [zone(each + 1, *(a(f"h{n}.example.lan") for n in range(each))) for each in range(count + 1)]


def folder(path: Path) -> ZoneFolder:
    return ZoneFolder(path / "zone", ORIGIN)


def loaded(path: Path) -> Whole:
    found = folder(path).load()
    assert found is not None
    return found


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    zones, here = chain(4), folder(tmp_path)
    assert here.load() is None
    assert here.keep([Whole(zones[1], zones[0], (step(zones[0], zones[1]).change,))]).error is None
    assert here.keep([step(zones[1], zones[2]), step(zones[2], zones[3])]).error is None
    found = loaded(tmp_path)
    assert same(found.zone, zones[3])
    assert found.file is not None
    assert same(found.file, zones[0])
    assert [(each.old_serial, each.new_serial) for each in found.history] == [(1, 2), (2, 3), (3, 4)]
    again = folder(tmp_path)
    again.load()
    assert again.keep([step(zones[3], zones[4])]).error is None
    assert same(loaded(tmp_path).zone, zones[4])


def test_an_edit_of_the_file_is_kept_with_the_step(tmp_path: Path) -> None:
    zones, here = chain(2), folder(tmp_path)
    here.keep([Whole(zones[1], zones[0])])
    edit = difference(zones[0], zone(9, a("mine.example.lan")))
    here.keep([step(zones[1], zones[2], edit)])
    found = loaded(tmp_path)
    assert same(found.zone, zones[2])
    assert found.file is not None
    assert same(found.file, zone(9, a("mine.example.lan")))


def test_a_whole_zone_with_steps_behind_it_comes_at_once(tmp_path: Path) -> None:
    zones, here = chain(3), folder(tmp_path)
    here.keep([Whole(zones[0], None), step(zones[0], zones[1])])
    assert (tmp_path / "zone" / "journal").stat().st_size == 0
    assert same(loaded(tmp_path).zone, zones[1])
    here.keep([step(zones[1], zones[2]), Whole(zones[3], None)])
    assert same(loaded(tmp_path).zone, zones[3])
    assert loaded(tmp_path).file is None


def test_what_is_not_known_to_be_on_the_disk_is_stored_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones, here = chain(3), folder(tmp_path)
    here.keep([Whole(zones[0], zones[0])])

    def fails(path: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr("netapp.names.keeping.journal.sync_folder", fails)
        assert here.keep([Whole(zones[1], zones[0])]).rebase
    found = here.load()
    assert found is not None
    assert found.mended
    assert here.keep([Whole(zones[2], zones[0])]).error is None
    found = here.load()
    assert found is not None
    assert not found.mended


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    here = folder(tmp_path)
    assert here.keep([Forget()]).error is None
    here.keep([Whole(zone(1), None)])
    assert here.keep([Forget()]).error is None
    assert not (tmp_path / "zone").exists()
    assert here.load() is None


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_a_crash_while_a_zone_is_forgotten_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    zones, here = chain(2), folder(tmp_path)
    here.keep([Whole(zones[0], zones[0])])
    here.keep([step(zones[0], zones[1])])
    synced: list[Path] = []

    def crashes(path: Path) -> None:
        if len(synced) == done:
            raise OSError(5, "Input/output error")
        synced.append(path)

    with monkeypatch.context() as broken:
        broken.setattr("netapp.names.keeping.journal.sync_folder", crashes)
        assert here.keep([Forget()]).rebase == (done < 3)
    again = folder(tmp_path)
    with capturedLogs() as events:
        assert again.load() is None
    assert again.keep([Whole(zones[1], zones[0])]).error is None
    assert again.keep([step(zones[1], zones[2])]).error is None
    with capturedLogs() as later:
        assert same(loaded(tmp_path).zone, zones[2])
    assert (events, later) == ([], [])
    assert {each.name for each in (tmp_path / "zone").iterdir()} == {"base", "journal"}
    (tmp_path / "zone" / "base").unlink()
    with capturedLogs() as events:
        assert folder(tmp_path).load() is None
    assert "octets of changes, and the base that they belong to is not there" in str(formatEvent(events[0]))


@given(cut=st.integers(0, 400), flip=st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_a_journal_that_is_cut_or_damaged_gives_one_of_its_states(
    cut: int, flip: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("cut")
    zones, here = chain(4), folder(place)
    here.keep([Whole(zones[0], None)])
    ends = [here.keep([step(zones[each], zones[each + 1])]).journal for each in range(4)]
    path = place / "zone" / "journal"
    octets = bytearray(path.read_bytes())
    if flip < len(octets):
        octets[flip] ^= 0x55
    path.write_bytes(octets[:cut])
    whole = sum(end <= min(cut, flip) for end in ends)
    again = folder(place)
    found = again.load()
    assert found is not None
    assert same(found.zone, zones[whole])
    if whole < 4:
        assert again.keep([step(zones[whole], zones[whole + 1])]).error is None
        assert same(loaded(place).zone, zones[whole + 1])


def test_a_torn_tail_is_told_of(tmp_path: Path) -> None:
    zones, here = chain(1), folder(tmp_path)
    here.keep([Whole(zones[0], None)])
    here.keep([step(zones[0], zones[1])])
    path = tmp_path / "zone" / "journal"
    path.write_bytes(path.read_bytes() + b"\0\0\0\x40torn")
    with capturedLogs() as events:
        assert same(loaded(tmp_path).zone, zones[1])
    assert "journal: the last 8 octets were not written to their end" in str(formatEvent(events[0]))


def damaged(path: Path, spoil: Callable[[bytes], bytes]) -> list[int]:
    """Ten updates of a zone of a file, and damage.  :returns: where each step in the journal ends."""
    zones, here = chain(11), folder(path)
    here.keep([Whole(zones[1], zones[0])])
    ends = [here.keep([step(zones[each], zones[each + 1])]).journal for each in range(1, 11)]
    journal = path / "zone" / "journal"
    journal.write_bytes(spoil(journal.read_bytes()))
    return ends


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda octets: octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :]


def hosts(found: Zone) -> set[str]:
    return {shown(owner).partition(".")[0] for owner in found.nodes} - {"example", "ns"}


@pytest.mark.parametrize("part", [2, 6, 40])  # of a step's chunk: its length, its check, what is in it
def test_one_bit_in_the_middle_of_a_journal_costs_one_update(tmp_path: Path, part: int) -> None:
    sizes = damaged(tmp_path / "measured", bytes)
    damaged(tmp_path, flipped(sizes[3] + part))
    with capturedLogs() as events:
        found = loaded(tmp_path)
    assert hosts(found.zone) == {f"h{each}" for each in range(11)} - {"h5"}
    assert found.zone.serial == 13  # a zone that never was, for who had the last: 12
    assert (found.history, found.file is not None) == ((), True)
    (said,) = map(str, map(formatEvent, events))
    assert f"journal is damaged at octet {sizes[3]} of {sizes[-1]}: 1 changes are lost, 0 that hang" in said
    assert "5 behind them are kept, and the serial is 13 now" in said
    assert same(loaded(tmp_path).zone, found.zone)  # nothing was written


def test_what_hangs_on_a_lost_update_is_left_out(tmp_path: Path) -> None:
    here, zones = folder(tmp_path), [zone(1), zone(2, a("x.example.lan"))]
    zones += [
        zone(3, a("x.example.lan", "192.0.2.9")),
        zone(4, a("x.example.lan", "192.0.2.9"), a("y.example.lan")),
    ]
    here.keep([Whole(zones[0], zones[0])])
    end = 0
    for old, new in pairwise(zones):
        begin, end = end, here.keep([step(old, new)]).journal
        if new is zones[1]:
            lost = begin
    journal = tmp_path / "zone" / "journal"
    journal.write_bytes(flipped(lost + 30)(journal.read_bytes()))
    with capturedLogs() as events:
        found = loaded(tmp_path)
    assert same(found.zone, zone(5, a("y.example.lan")))
    assert "1 changes are lost, 1 that hang on them are left out, 1 behind" in str(formatEvent(events[0]))


@pytest.mark.parametrize("lost", [1, 3])
def test_a_zone_whose_last_changes_are_damaged_gets_a_serial_that_it_never_had(
    tmp_path: Path, lost: int
) -> None:
    zones, here = chain(5), folder(tmp_path)
    here.keep([Whole(zones[0], zones[0])])
    ends = [here.keep([step(old, new)]).journal for old, new in pairwise(zones)]
    journal = tmp_path / "zone" / "journal"
    octets = journal.read_bytes()
    journal.write_bytes(octets[: ends[-1 - lost] + 20] + bytes(len(octets) - ends[-1 - lost] - 20))
    with capturedLogs() as events:
        found = loaded(tmp_path)
    assert same(found.zone, zones[-1 - lost].changed([soa(6 - lost)], [soa(found.zone.serial)]))
    assert newer(found.zone.serial, zones[-1].serial)
    assert (found.history, found.mended) == ((), True)
    assert f"its serial is {found.zone.serial} now" in str(formatEvent(events[0]))


@pytest.mark.parametrize("last", [1, 3])
def test_what_is_damaged_behind_the_last_sound_change_counts_as_lost_too(tmp_path: Path, last: int) -> None:
    zones, here = chain(9), folder(tmp_path)
    here.keep([Whole(zones[0], zones[0])])
    ends = [0, *(here.keep([step(old, new)]).journal for old, new in pairwise(zones))]
    journal = tmp_path / "zone" / "journal"
    spoiled = flipped(ends[2] + 30)(journal.read_bytes())
    for each in range(len(zones) - 1 - last, len(zones) - 1):
        spoiled = flipped(ends[each] + 30)(spoiled)
    journal.write_bytes(spoiled)
    with capturedLogs() as events:
        found = loaded(tmp_path)
    assert hosts(found.zone) == {f"h{each}" for each in range(9 - last)} - {"h2"}
    assert newer(found.zone.serial, zones[-1].serial)
    said = f"1 changes are lost and what the last {ends[-1] - ends[-1 - last]} octets held, 0 that hang"
    assert said in str(formatEvent(events[0]))


def test_a_zone_without_its_journal_goes_on_far_beyond(tmp_path: Path) -> None:
    zones, here = chain(4), folder(tmp_path)
    here.keep([Whole(zones[0], zones[0]), step(zones[0], zones[1])])
    for old, new in pairwise(zones[1:]):
        here.keep([step(old, new)])
    (tmp_path / "zone" / "journal").unlink()
    with capturedLogs() as events:
        found = loaded(tmp_path)
    serial = zones[1].serial + limits.ZONE_LOST_SERIALS + 1
    assert same(found.zone, zones[1].changed([soa(2)], [soa(serial)]))
    assert (found.history, found.mended, found.file is not None) == ((), True, True)
    assert f"if there were any, and the serial is {serial} now" in str(formatEvent(events[0]))


def test_a_signed_zone_gets_no_serial_that_it_is_not_signed_with(tmp_path: Path) -> None:
    here = folder(tmp_path)
    zones = [signed(each, *(a(f"h{n}.example.lan") for n in range(each))) for each in range(1, 5)]
    here.keep([Whole(zones[0], zones[0])])
    ends = [here.keep([step(old, new)]).journal for old, new in pairwise(zones)]
    journal = tmp_path / "zone" / "journal"
    journal.write_bytes(flipped(ends[0] + 40)(journal.read_bytes()))
    with capturedLogs() as events:
        assert same(loaded(tmp_path).zone, zones[1])
    assert "the zone is as it was before that" in str(formatEvent(events[0]))


def test_octets_before_a_journal_cost_nothing(tmp_path: Path) -> None:
    damaged(tmp_path, lambda octets: bytes(100) + octets)
    found = loaded(tmp_path)
    assert same(found.zone, chain(11)[11])
    assert len(found.history) == 10


def test_the_journal_twice_is_the_journal(tmp_path: Path) -> None:
    damaged(tmp_path, lambda octets: octets * 2)
    assert same(loaded(tmp_path).zone, chain(11)[11])


def test_a_damaged_journal_is_put_aside_before_anything_is_written(tmp_path: Path) -> None:
    sizes = damaged(tmp_path / "measured", bytes)
    damaged(tmp_path, flipped(sizes[3] + 40))
    here = tmp_path / "zone"
    spoiled = (here / "journal").read_bytes()
    again = folder(tmp_path)
    found = again.load()
    assert found is not None
    assert found.mended
    new = found.zone.changed([soa(13)], [soa(14), a("new.example.lan")])
    assert again.keep([Whole(new, found.file), step(new, new.changed([soa(14)], [soa(15)]))]).error is None
    assert (here / "journal.damaged-1").read_bytes() == spoiled
    with capturedLogs() as events:
        assert hosts(loaded(tmp_path).zone) == hosts(found.zone) | {"new"}
    assert events == []
    for _ in range(limits.ZONE_ASIDE + 2):  # however often: so many at most
        (here / "journal").write_bytes(spoiled[: sizes[2]] + b"\0" * 100)
        one = folder(tmp_path)
        one.load()
        one.keep([Whole(new, None)])
    assert len(list(here.glob("journal.damaged-*"))) == limits.ZONE_ASIDE
    assert (here / "journal.damaged-1").read_bytes() == spoiled


def test_a_damaged_journal_of_a_secondary_goes_back_to_what_its_primary_gave(tmp_path: Path) -> None:
    zones, here = chain(4), folder(tmp_path)
    here.keep([Whole(zones[0], None)])
    ends = [here.keep([step(zones[each], zones[each + 1])]).journal for each in range(4)]
    path = tmp_path / "zone" / "journal"
    spoiled = flipped(ends[0] + 20)(path.read_bytes())
    path.write_bytes(spoiled)
    again = folder(tmp_path)
    found = again.load()
    assert found is not None
    assert same(found.zone, zones[1])
    assert again.keep([step(zones[1], zones[3])]).error is None
    assert (tmp_path / "zone" / "journal.damaged-1").read_bytes() == spoiled
    assert same(loaded(tmp_path).zone, zones[3])


def test_updates_go_on_after_damage_and_the_zone_is_stored_whole(tmp_path: Path) -> None:
    names = opened(tmp_path, Files(zone(1)))
    for each in range(5):
        names.submit(ORIGIN, adding(a(f"h{each}.example.lan")))
    here = zones_path(tmp_path) / "example.lan"
    _released(tmp_path)
    octets = (here / "journal").read_bytes()
    (here / "journal").write_bytes(flipped(20)(octets))
    again = opened(tmp_path, Files(zone(1)))
    assert again.snapshot.zones[ORIGIN].serial == 7
    again.submit(ORIGIN, adding(a("more.example.lan")))
    assert (here / "journal").stat().st_size == 0
    assert again.history(ORIGIN, 6) is None  # who has that takes the zone whole
    assert again.history(ORIGIN, 7) is not None
    _released(tmp_path)
    last = opened(tmp_path, Files(again.snapshot.zones[ORIGIN]))  # the owner has written it down
    assert hosts(last.snapshot.zones[ORIGIN]) == {"h0", "h2", "h3", "h4", "more"}
    assert not (here / "base").exists()
    assert (here / "journal.damaged-1").exists()


def test_a_zone_that_its_file_has_all_of_is_forgotten_after_damage_too(tmp_path: Path) -> None:
    names = opened(tmp_path, Files(zone(1)))
    for each in range(3):
        names.submit(ORIGIN, adding(a(f"h{each}.example.lan")))
    here = zones_path(tmp_path) / "example.lan"
    (here / "journal").write_bytes(flipped(20)((here / "journal").read_bytes()))
    _released(tmp_path)
    known = zone(9, a("h0.example.lan"), a("h2.example.lan"))
    again = opened(tmp_path, Files(known))
    assert same(again.snapshot.zones[ORIGIN], known)
    assert not (here / "base").exists()


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("journal", "journal is not there: changes since"),
        ("base", "octets of changes, and the base that they belong to is not there"),
    ],
)
def test_what_is_gone_is_told_of(tmp_path: Path, gone: str, said: str) -> None:
    damaged(tmp_path, bytes)
    here = tmp_path / "zone"
    left = (here / "journal").read_bytes()
    (here / gone).unlink()
    again = folder(tmp_path)
    with capturedLogs() as events:
        again.load()
    assert said in str(formatEvent(events[0]))
    again.keep([Whole(zone(20), zone(20))])
    if gone == "base":
        assert (here / "journal.damaged-1").read_bytes() == left
    with capturedLogs() as events:
        assert same(loaded(tmp_path).zone, zone(20))
    assert events == []


@pytest.mark.parametrize("name", ["journal", "base"])
def test_d65_a_pipe_in_its_place_is_named(tmp_path: Path, name: str) -> None:
    damaged(tmp_path, bytes)
    path = tmp_path / "zone" / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ConfigError, match=f"{path} cannot be read: it is no regular file"):
        folder(tmp_path).load()
    here = folder(tmp_path)
    if name == "journal":
        assert here.keep([step(*chain(1))]).error is not None


def test_a_journal_older_than_the_base_is_passed_over(tmp_path: Path) -> None:
    zones, here = chain(2), folder(tmp_path)
    here.keep([Whole(zones[0], None)])
    here.keep([step(zones[0], zones[1])])
    old = (tmp_path / "zone" / "journal").read_bytes()
    here.keep([Whole(zones[1], None)])
    (tmp_path / "zone" / "journal").write_bytes(old)
    again = folder(tmp_path)
    again.load()
    again.keep([step(zones[1], zones[2])])
    assert same(loaded(tmp_path).zone, zones[2])


def test_a_base_and_a_journal_of_different_days_are_told_of(tmp_path: Path) -> None:
    zones, here = chain(3), folder(tmp_path)
    here.keep([Whole(zones[0], None)])
    base = (tmp_path / "zone" / "base").read_bytes()
    here.keep([step(zones[0], zones[1]), Whole(zones[2], None)])
    here.keep([step(zones[2], zones[3])])
    (tmp_path / "zone" / "base").write_bytes(base)
    with pytest.raises(ConfigError, match="is damaged"):
        folder(tmp_path).load()


@pytest.mark.parametrize("at", [0, 20, 80, -3])
def test_a_damaged_base_is_named_with_the_cure(tmp_path: Path, at: int) -> None:
    folder(tmp_path).keep([Whole(zone(1), None)])
    path = tmp_path / "zone" / "base"
    octets = bytearray(path.read_bytes())
    octets[at] ^= 1
    path.write_bytes(octets)
    with pytest.raises(ConfigError, match=r"base is damaged: put it back from a backup, or remove"):
        folder(tmp_path).load()


def test_folders_are_named_after_origins() -> None:
    assert folder_name(wire_name("example.lan")) == "example.lan"
    assert folder_name(b"\0") == "@"
    assert folder_name(b"\4a/b.\2c%\0") == "a%2Fb%5C.%2Ec%25".replace("%2E", ".")
    long = b"\x3f" + b"\xff" * 63 + b"\0"
    assert folder_name(long).startswith("%")
    assert len(folder_name(long)) < 255
    names = [b"\1.\0", b"\2..\0", b"\0", b"\1@\0", b"\2a.\1b\0", b"\1a\1b\0", b"\1a\2.b\0"]
    assert len({folder_name(each) for each in names}) == len(names)
    assert not {folder_name(each) for each in names} & {".", ".."}


# With the noun ---------------------------------------------------------------------------------


def opened(state: Path, files: Files | None = None) -> Names:
    clock: Any = task.Clock()
    return Names([], clock, zones=[files] if files is not None else [], keeper=DiskKeeper(state, clock))


def test_updates_are_there_after_a_restart(tmp_path: Path) -> None:
    files = Files(zone(1))
    names = opened(tmp_path, files)
    assert not zones_path(tmp_path).exists()
    names.submit(ORIGIN, adding(a("one.example.lan")))
    names.submit(ORIGIN, adding(a("two.example.lan")))
    names.submit(ORIGIN, adding(a("three.example.lan")))
    del names
    again = opened(tmp_path, Files(zone(1))) if _released(tmp_path) else None
    assert again is not None
    assert same(
        again.snapshot.zones[ORIGIN], zone(4, *map(a, (f"{n}.example.lan" for n in ("one", "two", "three"))))
    )
    assert again.history(ORIGIN, 1) is None  # nobody knows who has another zone with the first serial
    assert len(again.history(ORIGIN, 2) or ()) == 2


def test_an_edit_while_nothing_ran_goes_into_the_zone(tmp_path: Path) -> None:
    opened(tmp_path, Files(zone(1, a("old.example.lan")))).submit(ORIGIN, adding(a("dhcp.example.lan")))
    _released(tmp_path)
    names = opened(tmp_path, Files(zone(2, a("new.example.lan"))))
    expected = zone(3, a("new.example.lan"), a("dhcp.example.lan"))
    assert same(names.snapshot.zones[ORIGIN], expected)
    assert len(names.history(ORIGIN, 2) or ()) == 1
    _released(tmp_path)
    assert same(opened(tmp_path, Files(zone(2, a("new.example.lan")))).snapshot.zones[ORIGIN], expected)


def test_a_zone_that_its_file_has_all_of_is_forgotten(tmp_path: Path) -> None:
    files = Files(zone(1))
    names = opened(tmp_path, files)
    names.submit(ORIGIN, adding(a("dhcp.example.lan")))
    assert (zones_path(tmp_path) / "example.lan" / "base").exists()
    files.put(zone(2, a("dhcp.example.lan")))
    names.reload()
    assert not (zones_path(tmp_path) / "example.lan").exists()
    names.submit(ORIGIN, adding(a("more.example.lan")))
    assert (zones_path(tmp_path) / "example.lan" / "base").exists()


def test_a_secondary_serves_at_once_after_a_restart(tmp_path: Path) -> None:
    names = opened(tmp_path)
    names.add_secondary(ORIGIN)
    names.replace(ORIGIN, zone(5))
    names.submit(ORIGIN, adding(a("www.example.lan")))
    _released(tmp_path)
    again = opened(tmp_path)
    found = again.add_secondary(ORIGIN)
    assert found is again.snapshot.zones[ORIGIN]
    assert same(found, zone(6, a("www.example.lan")))


def test_a_journal_that_grows_long_becomes_a_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ZONE_JOURNAL", 2000)
    monkeypatch.setattr(limits, "ZONE_HISTORY", 10)
    names = opened(tmp_path, Files(zone(1)))
    lengths = []
    for each in range(60):
        names.submit(ORIGIN, adding(a(f"h{each}.example.lan")))
        lengths.append((zones_path(tmp_path) / "example.lan" / "journal").stat().st_size)
    assert max(lengths) < 8000
    assert lengths.count(0) >= 2
    _released(tmp_path)
    again = opened(tmp_path, Files(zone(1)))
    assert same(again.snapshot.zones[ORIGIN], names.snapshot.zones[ORIGIN])
    assert len(again.history(ORIGIN, 51) or ()) == 10
    assert again.history(ORIGIN, 50) is None


def test_updates_go_on_when_there_is_no_room_for_a_new_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ZONE_JOURNAL", 1000)
    names = opened(tmp_path, Files(zone(1)))
    names.submit(ORIGIN, adding(a("first.example.lan")))
    here = zones_path(tmp_path) / "example.lan"
    with full_at(3000), capturedLogs() as events:
        while (here / "journal").stat().st_size < 2700:
            before = names.snapshot.zones[ORIGIN].serial
            names.submit(ORIGIN, adding(a(f"h{before}.example.lan")))
            assert names.snapshot.zones[ORIGIN].serial == before + 1
    said = [str(formatEvent(event)) for event in events]
    assert 1 <= len(said) <= 2
    assert "example.lan/journal goes on growing: [Errno 27] File too large" in said[0]
    names.submit(ORIGIN, adding(*(a(f"last{each}.example.lan") for each in range(20))))
    assert (here / "journal").stat().st_size == 0
    expected = names.snapshot.zones[ORIGIN]
    _released(tmp_path)
    assert same(opened(tmp_path, Files(zone(1))).snapshot.zones[ORIGIN], expected)


def test_two_processes_do_not_write_to_one_state(tmp_path: Path) -> None:
    one, other = opened(tmp_path, Files(zone(1))), opened(tmp_path, Files(zone(1)))
    one.submit(ORIGIN, adding(a("www.example.lan")))
    failed: list[Any] = []
    other.submit(ORIGIN, adding(a("ftp.example.lan"))).addErrback(failed.append)
    assert failed[0].check(Unavailable)
    with pytest.raises(ConfigError, match="another process writes to"):
        DiskKeeper(tmp_path, None).begin()


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file may grow beyond so many octets: what is written is cut there, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_the_disk_has_no_room_for_has_not_happened(tmp_path: Path) -> None:
    names = opened(tmp_path, Files(zone(1)))
    failed: list[Any] = []
    with full_at(100):
        names.submit(ORIGIN, adding(a("base.example.lan"))).addErrback(failed.append)
    names.submit(ORIGIN, adding(a("one.example.lan")))
    names.submit(ORIGIN, adding(a("two.example.lan")))
    path = zones_path(tmp_path) / "example.lan" / "journal"
    size = path.stat().st_size
    with full_at(size + 20):
        names.submit(ORIGIN, adding(a("journal.example.lan"))).addErrback(failed.append)
    assert path.stat().st_size == size
    assert [each.check(Unavailable) for each in failed] == [Unavailable, Unavailable]
    names.submit(ORIGIN, adding(a("three.example.lan")))
    expected = zone(4, *(a(f"{each}.example.lan") for each in ("one", "two", "three")))
    assert same(names.snapshot.zones[ORIGIN], expected)
    _released(tmp_path)
    assert same(opened(tmp_path, Files(zone(1))).snapshot.zones[ORIGIN], expected)


@pytest.mark.parametrize("room", ["journal", "base"])
def test_what_was_not_stored_is_not_counted_as_lost(tmp_path: Path, room: str) -> None:
    zones, here = chain(4), folder(tmp_path)
    here.keep([Whole(zones[0], zones[0])])
    journal = tmp_path / "zone" / "journal"
    here.keep([step(zones[0], zones[1])])
    with full_at(journal.stat().st_size + 20 if room == "journal" else 0):
        failing = step(zones[1], zones[2])
        whole = [Whole(zones[1], zones[0])] if room == "base" else []
        assert here.keep([*whole, failing]).error is not None
    for old, new in pairwise(zones[1:]):
        here.keep([step(old, new)])
    octets = journal.read_bytes()
    assert [number for number, _ in read_journal(octets).steps] == [1, 2, 3, 4]
    middle = len(octets) // 2  # where the second step ends
    journal.write_bytes(octets[:middle] + b"damage" + octets[middle:])
    with capturedLogs() as events:
        found = loaded(tmp_path)
    assert "0 changes are lost" in str(formatEvent(events[0]))
    assert same(found.zone, zones[4])
    assert len(found.history) == 4


def test_when_it_is_not_known_what_was_kept_the_whole_zone_is(tmp_path: Path) -> None:
    names = opened(tmp_path, Files(zone(1)))
    names.submit(ORIGIN, adding(a("one.example.lan")))
    here = zones_path(tmp_path) / "example.lan"
    shutil.rmtree(here)
    failed: list[Any] = []
    names.submit(ORIGIN, adding(a("two.example.lan"))).addErrback(failed.append)
    assert failed[0].check(Unavailable)
    names.submit(ORIGIN, adding(a("three.example.lan")))
    expected = zone(3, a("one.example.lan"), a("three.example.lan"))
    _released(tmp_path)
    assert same(opened(tmp_path, Files(zone(1))).snapshot.zones[ORIGIN], expected)


def test_a_zone_that_cannot_be_written_does_not_undo_the_others(tmp_path: Path) -> None:
    other = wire_name("other.lan")
    names = opened(tmp_path, Files(zone(1), zone(1, origin=other)))
    for origin in (other, ORIGIN):
        names.submit(origin, adding(a(f"one.{shown(origin)}")))
    outcomes: dict[bytes, Any] = {}
    too_long = Record(ORIGIN, TXT, bytes(70_000), 300)  # a form of its own that no chunk has room for
    entries = {
        origin: adding(each)(names.snapshot.zones[origin])
        for origin, each in ((other, a("two.other.lan")), (ORIGIN, too_long))
    }
    keeper = names._zones.keeper
    batch = {origin: [Step(change)] for origin, change in entries.items() if change is not None}
    with capturedLogs() as events:
        keeper.keep(batch).addCallback(outcomes.update)
    assert outcomes[other].error is None
    assert (outcomes[ORIGIN].rebase, outcomes[ORIGIN].error is None) == (True, False)
    assert "names: example.lan is not stored" in str(formatEvent(events[0]))


@pytest.mark.parametrize("steps", [1, 3])
def test_a_large_zone_with_updates_is_the_same_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(layered, "_SMALL", 20)
    many = [a(f"h{each}.example.lan") for each in range(50)]
    names = opened(tmp_path, Files(zone(1, *many)))
    more = [a(f"n{each}.example.lan") for each in range(steps)]
    for each in more:
        names.submit(ORIGIN, adding(each))
    for file, serial in ((zone(1, *many), 1 + steps), (zone(2, *many[:40]), 2 + steps)):
        _released(tmp_path)
        again = opened(tmp_path, Files(file))
        kept = many if serial == 1 + steps else many[:40]
        assert same(again.snapshot.zones[ORIGIN], zone(serial, *kept, *more))


def _released(state: Path) -> bool:
    """As if the process had ended: its lock goes with the file."""
    (zones_path(state) / ".lock").unlink(missing_ok=True)
    return True


def test_the_soa_of_a_file_is_taken_with_an_edit(tmp_path: Path) -> None:
    files = Files(zone(1))
    names = opened(tmp_path, files)
    names.submit(ORIGIN, adding(a("www.example.lan")))
    edited = zone(2).changed([soa(2)], [soa(2, refresh=77)])
    files.put(edited)
    names.reload()
    assert same(
        names.snapshot.zones[ORIGIN], zone(3, a("www.example.lan")).changed([soa(3)], [soa(3, refresh=77)])
    )


# Zones of which what is kept is damaged ---------------------------------------------------------


def with_damaged_base(state: Path) -> Path:
    """An updated zone, and damage; what is to be kept of it."""
    names = opened(state, Files(zone(1)))
    names.submit(ORIGIN, adding(a("one.example.lan")))
    names.submit(ORIGIN, adding(a("two.example.lan")))
    base = zones_path(state) / "example.lan" / "base"
    base.write_bytes(flipped(60)(base.read_bytes()))
    _released(state)
    return base


def test_a_damaged_zone_of_many_is_not_served_and_the_others_are(tmp_path: Path) -> None:
    base = with_damaged_base(tmp_path)
    spoiled = base.read_bytes()
    other = wire_name("other.lan")
    files = Files(zone(1), zone(1, origin=other))
    with pytest.raises(ConfigError, match="base is damaged: put it back from a backup"):
        opened(tmp_path, files)
    files.many = frozenset({ORIGIN, other})
    with capturedLogs() as events:
        names = opened(tmp_path, files)
    assert "base is damaged: put it back from a backup" in str(formatEvent(events[0]))
    assert set(names.snapshot.zones) == {other}
    assert names.snapshot.is_expired(ORIGIN)
    failed: list[Any] = []
    names.submit(ORIGIN, adding(a("three.example.lan"))).addErrback(failed.append)
    assert len(failed) == 1
    for _ in range(2):
        names.reload().addErrback(failed.append)
        assert base.read_bytes() == spoiled
        assert names.snapshot.is_expired(ORIGIN)
    base.write_bytes(flipped(60)(spoiled))  # put back from a backup
    names.reload()
    assert not names.snapshot.expired
    assert same(names.snapshot.zones[ORIGIN], zone(3, a("one.example.lan"), a("two.example.lan")))
    names.submit(ORIGIN, adding(a("three.example.lan")))
    assert names.snapshot.zones[ORIGIN].serial == 4


def test_a_secondary_whose_zone_is_damaged_takes_it_anew(tmp_path: Path) -> None:
    names = opened(tmp_path)
    names.add_secondary(ORIGIN)
    names.replace(ORIGIN, zone(5))
    names.submit(ORIGIN, adding(a("www.example.lan")))
    base = zones_path(tmp_path) / "example.lan" / "base"
    base.write_bytes(flipped(60)(base.read_bytes()))
    kept = [each.read_bytes() for each in (base, base.with_name("journal"))]
    _released(tmp_path)
    again = opened(tmp_path)
    with capturedLogs() as events:
        assert again.add_secondary(ORIGIN) is None
    assert "example.lan is asked of its primary anew" in str(formatEvent(events[0]))
    assert again.snapshot.is_expired(ORIGIN)
    again.replace(ORIGIN, zone(7))
    assert same(again.snapshot.zones[ORIGIN], zone(7))
    aside = [base.with_name(f"{name}.damaged-1").read_bytes() for name in ("base", "journal")]
    assert aside == kept
    _released(tmp_path)
    found = opened(tmp_path).add_secondary(ORIGIN)
    assert found is not None
    assert same(found, zone(7))
