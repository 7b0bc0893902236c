"""Zones that are changed: what was acknowledged is there after a power cut, and nothing half."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import task

from netapp.names.keeping.keeper import DiskKeeper
from netapp.names.store import Names
from tests import real
from tests.durable.conftest import Place, some
from tests.durable.disk import sent
from tests.names.zoning import ORIGIN, Files, a, same, zone

pytestmark = pytest.mark.real
UPDATES = 40
#: The file is edited after this many updates, and what it then has is the zone.
WRITTEN = 30
PROGRAM = f"""
import os
from pathlib import Path
from twisted.internet import task
from netapp.core import limits
from netapp.names.keeping.keeper import DiskKeeper
from netapp.names.store import Names
from tests.names.zoning import ORIGIN, Files, a, adding, zone
limits.ZONE_JOURNAL = 1500
clock, files = task.Clock(), Files(zone(1))
names = Names([], clock, zones=[files], keeper=DiskKeeper(Path("state"), clock))
for number in range(1, {UPDATES} + 1):
    done = names.submit(ORIGIN, adding(a("h%d.example.lan" % number)))
    done.addCallback(lambda _: os.write(1, b"update %03d is stored" % number))
    if number == {WRITTEN}:
        Path("file-is-written").touch()
        os.write(1, b"the file is written")
        files.put(names.snapshot.zones[ORIGIN])
        names.reload()
        os.write(1, b"the file is taken in")
"""


def file_of(count: int) -> Any:
    """The zone after so many updates."""
    return zone(1 + count, *(a(f"h{each}.example.lan") for each in range(1, count + 1)))


def reopened(state: Path, file: Any) -> Names:
    clock: Any = task.Clock()
    return Names([], clock, zones=[Files(file)], keeper=DiskKeeper(state, clock))


def test_updates_that_were_acknowledged_are_there_after_a_power_cut(place: Place, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM]
    environment = place.environment() | {"PYTHONPATH": str(real.PROJECT)}
    subprocess.run(command, cwd=place.root, env=environment, check=True, stdout=subprocess.PIPE)
    journal = place.records()
    told = {sent(journal, b"update %03d is" % each): each for each in range(1, UPDATES + 1)}
    written = sent(journal, b"the file is written")
    emptied = [at for at, each in enumerate(journal, 1) if each.kind == "T" and not each.offset]
    assert len(emptied) > 5  # journals, and drafts of bases
    seen = set()
    moments = [*told, *emptied, *some(journal)]
    for moment, _, state in place.cuts(moments, tmp_path / "cut", reordered=True):
        acknowledged = max((each for at, each in told.items() if at <= moment), default=0)
        names = reopened(state, file_of(WRITTEN if moment > written else 0))
        found = names.snapshot.zones[ORIGIN]
        count = found.serial - 1
        assert acknowledged <= count <= acknowledged + 1
        assert same(found, file_of(count))
        seen.add(count)
        shutil.rmtree(tmp_path / "cut")
    assert len(seen) >= UPDATES
