"""A process whose every write is written down, and the disk that a power cut leaves of it."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import real
from tests.durable.disk import Disk, Record, records

#: Moments at which the power goes, beside those of the acknowledgements; more take longer and find more.
CUTS = int(os.environ.get("NETAPP_TEST_CUTS", "12"))


#: What they say is told at once, as it is by one that ends.
COMMANDS = """
import io, json, sys
from netapp.cli.main import main
lines = sys.stdin.readlines()
for words in json.loads(sys.argv[1]):
    if "--password-stdin" in words:
        sys.stdin = io.TextIOWrapper(io.BytesIO(lines.pop(0).encode()))
    try:
        main(words)
    except SystemExit as ended:
        if ended.code:
            raise
    sys.stdout.flush()
"""


class OctetsAlone(random.Random):
    """Of what was not synced, all that files hold is on the disk, and no name: octets may be faster."""

    def random(self) -> float:
        return 0.0

    def randint(self, a: int, b: int) -> int:
        return a

    def choice(self, seq: Any) -> Any:
        return seq[-1]


@dataclass
class Place:
    """A folder ``root`` with the state directory ``root/state``, and the journal of what is done there."""

    root: Path
    shim: Path
    journal: Path

    def __post_init__(self) -> None:
        self.state = self.root / "state"
        self._before = Disk(self.root)

    def environment(self) -> dict[str, str]:
        told = {"LD_PRELOAD": self.shim, "DURABLE_ROOT": self.root, "DURABLE_JOURNAL": self.journal}
        return real.environment(self.state) | {name: str(value) for name, value in told.items()}

    def netapp(self, *commands: Sequence[str], typed: str = "") -> str:
        """Commands that succeed, one after the other in one process: each takes a while to start.

        :param typed: what each reads, line by line.
        :returns: their output.
        """
        done = subprocess.run(
            [sys.executable, "-c", COMMANDS, json.dumps(commands)],
            input=typed,
            env=self.environment() | {"LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=real.PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self, plugin: str, *options: str) -> Iterator[real.Plugin]:
        """A plugin that is killed at the end: what it stores when it stops must not matter."""
        with real.launched(plugin, plugin, *options, cwd=self.root, env=self.environment()) as started:
            yield started

    def records(self) -> list[Record]:
        return records(self.journal)

    def cuts(
        self, moments: list[int], into: Path, *, seed: int = 1, reordered: bool = False
    ) -> Iterator[tuple[int, "random.Random | None", Path]]:
        """The folder as the power leaves it at each moment, twice.

        Once nothing is there that was not synced, then some of it.

        :param moments: how many records there were by then.
        :param reordered: once more then, with all that files hold, and no name that was not synced.
        """
        journal, done = self.records(), 0
        survivors = (None, random.Random(seed), *([OctetsAlone()] if reordered else ()))
        disk = deepcopy(self._before)
        for moment in sorted(moments):
            for record in journal[done:moment]:
                disk.apply(record)
            done = moment
            for chance in survivors:
                shutil.rmtree(into, ignore_errors=True)
                into.mkdir()
                disk.rebuild(into, chance)
                yield moment, chance, into / "state"


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal's keeper, compiled; the tests are skipped where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not os.path.exists("/proc/self/fd"):
        pytest.skip("the power is cut by a library that gcc makes (Debian: gcc)")
    made = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl", "-lpthread"], check=True)
    return made


@pytest.fixture
def place(shim: Path, tmp_path: Path) -> Place:
    (tmp_path / "root").mkdir()
    return Place(tmp_path / "root", shim, tmp_path / "journal")


def some(journal: list[Record], count: int = CUTS, seed: int = 7) -> list[int]:
    """Moments within a journal."""
    return random.Random(seed).sample(range(len(journal)), min(count, len(journal)))


def whole(database: Path) -> sqlite3.Connection:
    """A connection to a database that is whole."""
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return connection


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    """What a database that is whole has; nothing where there is none, or it has no tables yet."""
    if not database.exists():
        return []
    with closing(whole(database)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return []
        return connection.execute(query).fetchall()
