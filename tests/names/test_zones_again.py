"""Zones that come again: what was kept of them, and what was served before, is minded."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import task
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.errors import ConfigError, Unavailable
from netapp.names.changing.editing import Edit
from netapp.names.changing.held import Held
from netapp.names.changing.storing import Forget, Stored, Whole
from netapp.names.keeping.keeper import DiskKeeper, zones_path
from netapp.names.model import CNAME, Record
from netapp.names.naming import wire_name
from netapp.names.serial import newer
from netapp.names.store import Names
from netapp.names.zone import Zone
from tests.names.test_journal import full_at
from tests.names.zoning import ORIGIN, Files, a, adding, same, signed, zone


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


# What was served before -------------------------------------------------------------------------------


def restarted(state: Path, names: Names | None, files: Files) -> Names:
    """As if the process had ended: what it holds is free."""
    if names is not None:
        keeper = names._zones.keeper
        assert isinstance(keeper, DiskKeeper)
        assert keeper._served._file is not None
        os.close(keeper._served._file)
    return opened(state, files)


def steps(names: Names, since: int) -> list[tuple[int, int]] | None:
    history = names.history(ORIGIN, since)
    return [(each.old_serial, each.new_serial) for each in history] if history is not None else None


def now(names: Names) -> Zone:
    return names.snapshot.zones[ORIGIN]


def test_a_file_edited_while_nobody_looked_gets_the_next_serial(tmp_path: Path) -> None:
    names = restarted(tmp_path, None, Files(zone(5, a("old.example.lan"))))
    with capturedLogs() as events:
        names = restarted(tmp_path, names, files := Files(zone(5, a("new.example.lan"))))
    assert same(now(names), zone(6, a("new.example.lan")))
    assert "its file has serial 5, it is served with 6" in "".join(str(formatEvent(each)) for each in events)
    names = restarted(tmp_path, names, files)
    assert same(now(names), zone(6, a("new.example.lan")))
    files.put(zone(6, a("new.example.lan"), a("third.example.lan")))
    names.reload()
    assert same(now(names), zone(7, a("new.example.lan"), a("third.example.lan")))
    assert (steps(names, 5), steps(names, 6)) == (None, [(6, 7)])
    names = restarted(tmp_path, names, files)
    assert now(names).serial == 7
    names.submit(ORIGIN, adding(a("update.example.lan")))
    assert now(names).serial == 8
    assert same(now(restarted(tmp_path, names, files)), now(names))


def test_a_file_that_was_gone_comes_back_with_the_next_serial(tmp_path: Path) -> None:
    names = restarted(tmp_path, None, files := Files(zone(5, a("old.example.lan"))))
    files.zones.clear()
    names.reload()
    files.put(zone(4, a("new.example.lan")))
    names.reload()
    assert same(now(names), zone(6, a("new.example.lan")))
    files.zones.clear()
    names.reload()
    files.put(zone(4, a("new.example.lan")))
    names.reload()
    assert now(names).serial == 6
    files.put(zone(9))
    names.reload()
    assert (steps(names, 5), steps(names, 6)) == (None, [(6, 9)])


def test_a_file_that_nobody_has_touched_goes_on_with_its_history(tmp_path: Path) -> None:
    names = restarted(tmp_path, None, Files(zone(5, a("www.example.lan"), a("ftp.example.lan"))))
    names = restarted(tmp_path, names, Files(zone(6, a("www.example.lan"), a("ftp.example.lan"))))
    names = restarted(tmp_path, names, files := Files(zone(6, a("ftp.example.lan"), a("www.example.lan"))))
    assert now(names) is files.zones[ORIGIN]
    files.put(zone(7))
    names.reload()
    assert steps(names, 6) == [(6, 7)]


@pytest.mark.parametrize("moved", [False, True])
def test_a_first_start_says_nothing_of_what_was_served_before(tmp_path: Path, moved: bool) -> None:
    there = restarted(tmp_path, None, Files(zone(1, origin=b"\5other\0"))) if moved else None
    names = restarted(tmp_path, there, files := Files(zone(5, a("new.example.lan"))))
    files.put(zone(6, a("new.example.lan"), a("later.example.lan")))
    names.reload()
    assert steps(names, 5) is None
    files.put(zone(7))
    names.reload()
    assert steps(names, 6) == [(6, 7)]


@pytest.mark.parametrize("damage", ["truncated", "gone", "flipped", "other process"])
def test_without_the_list_whoever_follows_takes_the_next_zone_whole(tmp_path: Path, damage: str) -> None:
    names = restarted(tmp_path, None, Files(zone(5, a("old.example.lan"))))
    path = tmp_path / "dns" / "served"
    octets = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(b"")
    elif damage == "gone":
        path.unlink()
    elif damage == "flipped":
        path.write_bytes(octets[:12] + bytes((octets[12] ^ 1,)) + octets[13:])
    files = Files(zone(5, a("new.example.lan")))
    names = opened(tmp_path, files) if damage == "other process" else restarted(tmp_path, names, files)
    assert now(names) is files.zones[ORIGIN]
    if damage != "other process":
        names = restarted(tmp_path, names, files)  # nor is it forgotten that it is not sure
    files.put(zone(6))
    names.reload()
    assert steps(names, 5) is None
    files.put(zone(7))
    names.reload()
    assert steps(names, 6) == [(6, 7)]


def test_a_full_disk_costs_the_list_what_is_new_alone(tmp_path: Path) -> None:
    path, other = tmp_path / "dns" / "served", b"\5other\0"
    names = restarted(tmp_path, None, files := Files(zone(5, a("old.example.lan"))))
    whole = path.read_bytes()
    with full_at(path.stat().st_size + 3), capturedLogs() as events:
        files.put(zone(6, a("old.example.lan")), zone(1, origin=other))
        names.reload()
    (said,) = map(str, map(formatEvent, events))
    assert "which serials zones were served with cannot be kept: [Errno 27]" in said
    assert path.stat().st_size == len(whole)
    files.put(zone(6, a("old.example.lan")), zone(2, origin=other))  # there is room again
    names.reload()
    assert path.stat().st_size > len(whole)
    names = restarted(
        tmp_path, names, files := Files(zone(6, a("new.example.lan")), zone(2, a("b.other"), origin=other))
    )
    assert {origin: each.serial for origin, each in names.snapshot.zones.items()} == {ORIGIN: 7, other: 3}
    files.put(zone(8), zone(2, a("b.other"), origin=other))
    names.reload()
    assert steps(names, 7) == [(7, 8)]


def test_a_list_that_cannot_be_written_over_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = restarted(tmp_path, None, files := Files(zone(5)))

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    files.put(zone(6, a("old.example.lan")))
    with monkeypatch.context() as patched, capturedLogs():
        patched.setattr(os, "fsync", full)
        names.reload()
    assert (now(names).serial, (tmp_path / "dns" / "served").read_bytes()) == (6, b"")
    names = restarted(tmp_path, names, files := Files(zone(6, a("new.example.lan"))))
    files.put(zone(7))
    names.reload()
    assert steps(names, 6) is None


def test_another_that_serves_a_zone_of_the_list_empties_it(tmp_path: Path) -> None:
    both = zone(5, a("old.example.lan"))
    first = restarted(tmp_path, None, mine := Files(both, zone(1, origin=b"\4mine\0")))
    path = tmp_path / "dns" / "served"
    before = path.read_bytes()
    opened(tmp_path, Files(zone(5, origin=b"\5other\0")))
    assert path.read_bytes() == before
    opened(tmp_path, Files(zone(5, a("new.example.lan"))))
    assert path.read_bytes() == b""
    for serial in range(2, 9):
        mine.put(both, zone(serial, origin=b"\4mine\0"))
        first.reload()
    names = restarted(tmp_path, first, files := Files(zone(6, a("third.example.lan"))))
    files.put(zone(7))
    names.reload()
    assert steps(names, 6) is None


def test_what_was_served_without_the_list_is_not_sure_for_who_has_it_later(tmp_path: Path) -> None:
    first = restarted(tmp_path, None, Files(zone(1, origin=b"\5other\0")))
    opened(tmp_path, Files(zone(5, a("old.example.lan"))))  # it does not get the list
    files = Files(zone(5, a("new.example.lan")))
    names = restarted(tmp_path, first, files)
    files.put(zone(6))
    names.reload()
    assert steps(names, 5) is None


def test_who_gets_the_list_late_begins_it_anew(tmp_path: Path) -> None:
    first = restarted(tmp_path, None, Files(zone(3)))
    files = Files(zone(3))
    late = opened(tmp_path, files)
    files.put(zone(5))
    late.reload()
    assert first._zones.keeper._served._file is not None  # type: ignore[attr-defined]
    os.close(first._zones.keeper._served._file)  # type: ignore[attr-defined]
    files.zones.clear()
    late.reload()
    files.put(zone(5, a("new.example.lan")))
    late.reload()
    files.put(zone(6))
    late.reload()
    assert steps(late, 5) is None


@pytest.mark.parametrize("gone", ["base", "folder"])
def test_a_zone_whose_updates_are_gone_goes_on_far_beyond_them(tmp_path: Path, gone: str) -> None:
    names = restarted(tmp_path, None, files := Files(zone(5)))
    for each in range(20):
        names.submit(ORIGIN, adding(a(f"u{each}.example.lan")))
    names = restarted(tmp_path, names, files)  # it is remembered, whoever is the last to read it
    highest = now(names).serial
    path = zones_path(tmp_path) / "example.lan"
    (path / "base").unlink() if gone == "base" else shutil.rmtree(path)
    with capturedLogs() as events:
        names = restarted(tmp_path, names, files)
    far = 5 + 1 + limits.ZONE_LOST_SERIALS + 1
    assert far > highest == 25
    assert same(now(names), zone(far))
    said = "".join(str(formatEvent(each)) for each in events)
    assert f"updates are lost, and it goes on with serial {far}, which none of them had" in said
    with capturedLogs() as events:
        names = restarted(tmp_path, names, files)
    assert "updates are lost" not in "".join(str(formatEvent(each)) for each in events)
    names.submit(ORIGIN, adding(a("new.example.lan")))
    assert (steps(names, 6), steps(names, far)) == (None, [(far, far + 1)])


def test_versions_that_are_refused_do_not_count_as_served(tmp_path: Path) -> None:
    names = restarted(tmp_path, None, files := Files(zone(5)))
    names.submit(ORIGIN, adding(Record(wire_name("c.example.lan"), CNAME, wire_name("www.example.lan"), 60)))
    for each in range(3):
        files.put(zone(5, a("c.example.lan", f"192.0.2.{each}")))
        names.reload().addErrback(lambda _: None)
    files.put(written := zone(7, Record(wire_name("c.example.lan"), CNAME, wire_name("www.example.lan"), 60)))
    names.reload()
    assert now(names) is written
    names = restarted(tmp_path, names, files)
    assert now(names) is written
    files.put(zone(8))
    names.reload()
    assert steps(names, 7) == [(7, 8)]


def test_an_update_that_found_no_room_is_no_lost_one(tmp_path: Path) -> None:
    names = restarted(tmp_path, None, files := Files(zone(5)))
    refused: list[Failure] = []
    with full_at(100):
        names.submit(ORIGIN, adding(a("new.example.lan"))).addErrback(refused.append)
    assert len(refused) == 1
    names = restarted(tmp_path, names, files)
    assert now(names) is files.zones[ORIGIN]


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_list_that_cannot_be_had_is_not_in_the_way(tmp_path: Path, make: Callable[[Path], None]) -> None:
    (tmp_path / "dns").mkdir()
    make(tmp_path / "dns" / "served")
    with capturedLogs() as events:
        names = opened(tmp_path, files := Files(zone(5)))
        files.put(zone(6))
        names.reload()
    assert now(names).serial == 6
    assert ["is not kept" in str(formatEvent(each)) for each in events] == [True]


@given(
    st.lists(
        st.tuples(st.sampled_from(["edit", "gone", "stop", "update"]), st.integers(1, 4), st.integers(0, 3)),
        max_size=10,
    )
)
@settings(max_examples=60, deadline=None)
def test_who_follows_has_what_is_served(doings: list[tuple[str, int, int]]) -> None:
    """Followers that look now and then, by IXFR where it is given, never differ under one serial."""
    state = Path(tempfile.mkdtemp())
    try:
        names = restarted(state, None, files := Files(zone(2)))
        followers = [now(names)] * 3
        for number, (doing, serial, content) in enumerate(doings):
            if doing == "update":
                names.submit(ORIGIN, adding(a(f"u{number}.example.lan")))
            else:
                if doing == "gone":
                    files.zones.clear()
                    names.reload()
                files.put(zone(serial, a(f"c{content}.example.lan")))
                if doing == "stop":
                    names = restarted(state, names, files)
                names.reload()
            followers[content % 3] = followed(names, followers[content % 3])
        for each in followers:
            assert same(followed(names, each), now(names))
    finally:
        shutil.rmtree(state)


def followed(names: Names, old: Zone) -> Zone:
    """What a secondary has after it has looked."""
    if old.serial == now(names).serial:
        return old
    assert newer(now(names).serial, old.serial)
    changes = names.history(ORIGIN, old.serial)
    if changes is None:
        return now(names)
    for each in changes:
        old = old.changed(each.removed, each.added)
    return old


def test_a_signed_file_with_a_serial_that_another_had_leads_nobody_astray() -> None:
    names = Names([], task.Clock(), zones=[files := Files(signed(10, a("one.example.lan")))])
    for serial, host in ((5, "two"), (10, "three"), (11, "four"), (12, "five")):
        files.put(signed(serial, a(f"{host}.example.lan"), by=host.encode()))
        names.reload()
    assert (steps(names, 10), steps(names, 11)) == (None, [(11, 12)])


def test_a_signed_file_that_was_edited_while_nobody_looked_is_served_as_it_is(tmp_path: Path) -> None:
    one, two = signed(10, by=b"one"), signed(10, by=b"two")
    names = restarted(tmp_path, None, Files(one))
    names = restarted(tmp_path, names, Files(two))
    assert now(names) is two
    names = restarted(tmp_path, names, files := Files(one))
    assert now(names) is one
    files.put(signed(11))
    names.reload()
    assert (now(names).serial, steps(names, 10)) == (11, None)
