"""Before an older database is upgraded, a copy of it is put aside."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits, upgrading
from netapp.errors import ConfigError
from tests import real
from tests.core.test_database import REVISION, migrations, on_disk, path

__all__ = ["migrations", "path"]


def put(path: Path, *words: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO word VALUES (?)", [(word,) for word in words])
        connection.commit()


def revise(migrations: Path, revision: str, before: str) -> None:
    text = REVISION.format(revision=revision, before=before, table=f"of_{revision}")
    (migrations / "versions" / f"{revision}.py").write_text(text)


def copies(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if ".before-" in each.name)


def test_an_older_database_is_copied_as_it_was(path: Path, migrations: Path) -> None:
    put(path, "kept")
    revise(migrations, "two", "one")
    with capturedLogs() as told:
        upgrading.upgrade(path, migrations, "two")
        upgrading.upgrade(path, migrations, "two")
    copy = upgrading.copy_before(path, "two")
    (line,) = [formatEvent(each) for each in told if each["log_namespace"] == upgrading.__name__]
    assert line == (
        f"the database {path} was of an older netapp (one) and is at two now; what it was before is {copy}"
    )
    assert copies(path) == [copy.name] == ["words.db.before-two"]
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [("one",)]
    assert on_disk(copy) == on_disk(path) == ["kept"]


def test_a_new_database_and_one_that_is_up_to_date_are_not_copied(path: Path, migrations: Path) -> None:
    upgrading.upgrade(path, migrations, "one")
    assert copies(path) == []


def test_what_stands_in_the_log_alone_is_in_the_copy(path: Path, migrations: Path) -> None:
    """A killed process has left a write-ahead log that nobody has taken over yet."""
    revise(migrations, "two", "one")
    with closing(sqlite3.connect(path)) as other:  # holds the log open
        assert other.execute("SELECT text FROM word").fetchall() == []
        put(path, "in the log")
        assert path.with_name("words.db-wal").stat().st_size > 0
        assert other.execute("SELECT text FROM word").fetchall() == [("in the log",)]
        upgrading.upgrade(path, migrations, "two")
    assert on_disk(upgrading.copy_before(path, "two")) == ["in the log"]


def test_the_newest_copies_stay(path: Path, migrations: Path) -> None:
    before = "one"
    for number in range(limits.DATABASE_COPIES + 2):
        revise(migrations, revision := f"r{number}", before)
        upgrading.upgrade(path, migrations, revision)
        os.utime(upgrading.copy_before(path, revision), (number + 1.0, number + 1.0))
        before = revision
    newest = range(2, limits.DATABASE_COPIES + 2)
    assert copies(path) == [f"words.db.before-r{number}" for number in newest]


def test_a_newer_one_is_not_copied(path: Path, migrations: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from the future'")
        connection.commit()
    with pytest.raises(ConfigError, match="newer netapp"):
        upgrading.upgrade(path, migrations, "one")
    assert copies(path) == []


def test_an_upgrade_that_fails_leaves_the_copy_and_the_database(path: Path, migrations: Path) -> None:
    put(path, "kept")
    revise(migrations, "two", "one")
    text = (migrations / "versions" / "two.py").read_text()
    (migrations / "versions" / "two.py").write_text(text + "    raise LookupError('no')\n")
    with pytest.raises(LookupError):
        upgrading.upgrade(path, migrations, "two")
    assert on_disk(path) == on_disk(upgrading.copy_before(path, "two")) == ["kept"]


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.9])
def test_a_database_cut_in_half_is_refused_in_one_line_with_the_cure(
    path: Path, migrations: Path, kept: float
) -> None:
    put(path, *(f"{number} {'x' * 500}" for number in range(100)))
    os.truncate(path, int(path.stat().st_size * kept))
    with pytest.raises(
        ConfigError,
        match=r"words\.db cannot be used: .*malformed: put a backup back .*restore FILE --force\)",
    ) as refused:
        upgrading.upgrade(path, migrations, "one")
    assert "\n" not in str(refused.value)


# A full disk --------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Two MiB of their own."""
    with real.small_disk(tmp_path / "small", 2) as place:
        yield place


@pytest.mark.real
def test_l41_a_full_disk_is_told_of_and_the_old_database_stays(
    small_disk: Path, migrations: Path, path: Path
) -> None:
    place = small_disk / "words.db"
    upgrading.upgrade(place, migrations, "one")
    put(place, *(f"{number} {'x' * 500}" for number in range(200)))
    revise(migrations, "two", "one")
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    with pytest.raises(ConfigError, match=r"full|No space") as refused:
        upgrading.upgrade(place, migrations, "two")
    assert "\n" not in str(refused.value)
    assert copies(place) == []
    assert not [each for each in small_disk.iterdir() if each.name.startswith(".words")]
    (small_disk / "filler").unlink()
    assert len(on_disk(place)) == 200
    upgrading.upgrade(place, migrations, "two")
    assert copies(place) == ["words.db.before-two"]
