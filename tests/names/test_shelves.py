"""Zones that sources have beside those that are not theirs."""

from pathlib import Path

from twisted.internet import task
from twisted.logger import capturedLogs

from netapp.errors import ConfigError
from netapp.names.config import Config
from netapp.names.files.zonefiles import ZoneFiles
from netapp.names.store import Names
from netapp.names.telling.rows import rows
from tests.names.master.making import HEAD, put
from tests.names.test_zones import said, served
from tests.names.zoning import ORIGIN, Files, a, same, zone


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
