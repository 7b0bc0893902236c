"""Zones that come again: what was kept of them, and what was served before, is minded."""

from pathlib import Path

import pytest
from twisted.internet import task

from netapp.names.changing.editing import Edit
from netapp.names.changing.held import Held
from netapp.names.changing.storing import Forget, Whole
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
