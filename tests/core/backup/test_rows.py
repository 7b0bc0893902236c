"""Databases that nobody should believe: what has no end is refused, or can be interrupted."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from netapp.core.backup import Unfit, rows
from netapp.core.backup.restoring import restore
from tests.core.backup.helpers import KNOWN, TOP, archive, database, tree

ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n)"
TABLES = {"words.db": frozenset({"word"})}
CRAFTED = {
    "alembic_version": f"CREATE VIEW alembic_version AS {ENDLESS} AS version_num FROM c",
    "word": f"CREATE VIEW word AS {ENDLESS} AS text FROM c",
    "busy": f"CREATE TRIGGER busy AFTER INSERT ON word BEGIN INSERT INTO word {ENDLESS} FROM c; END",
}


def crafted(path: Path, name: str) -> Path:
    database(path, "hello")
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=DELETE")
        if name != "busy":
            made.execute(f"DROP TABLE {name}")
        made.execute(CRAFTED[name])
        made.execute("CREATE VIEW mine AS SELECT 1")
    return path


@pytest.mark.parametrize("name", sorted(CRAFTED))
def test_a_view_in_a_tables_place_is_named_and_never_read(tmp_path: Path, name: str) -> None:
    path = crafted(tmp_path / "words.db", name)
    assert rows.revision(path) == (None if name == "alembic_version" else "one")
    assert [each.split(" is a ")[0] for each in rows.damage(path, TABLES["words.db"])] == [name]
    assert rows.value(path, name, f"SELECT * FROM {name}") is None
    backup = archive(tmp_path / "backup", [TOP, ("netapp/words.db", path.read_bytes(), {})])
    before = tree(tmp_path)
    with pytest.raises(Unfit) as refused:
        restore(backup, tmp_path / "new", known=KNOWN, tables=TABLES, moment="now")
    assert (refused.value.key, refused.value.fields["name"]) == ("damaged", "words.db")
    assert tree(tmp_path) == before


def test_views_of_somebodys_own_are_no_damage(tmp_path: Path) -> None:
    database(tmp_path / "words.db", "hello")
    with closing(sqlite3.connect(tmp_path / "words.db")) as made:
        made.execute("CREATE VIEW mine AS SELECT * FROM word")
    assert rows.damage(tmp_path / "words.db", TABLES["words.db"]) == []


def test_a_value_that_takes_for_ever_is_none(tmp_path: Path) -> None:
    database(tmp_path / "words.db", "hello")
    assert rows.value(tmp_path / "words.db", "word", "SELECT text FROM word") == "hello"
    with pytest.raises(Unfit, match="is no database, or is damaged"):
        rows.value(tmp_path / "words.db", "word", f"{ENDLESS} FROM c")


def test_what_takes_long_is_interrupted_by_a_signal(tmp_path: Path) -> None:
    database(tmp_path / "words.db", "hello")
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)  # what SIGINT does
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt), rows.opened(tmp_path / "words.db") as opened:
            opened.execute(f"{ENDLESS} FROM c").fetchone()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
