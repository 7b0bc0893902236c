"""The tests' own tool: it forgets what was not synced, and finds out who answers too early."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.durable.conftest import Place, rows
from tests.durable.disk import sent

pytestmark = pytest.mark.real
#: Tells of each row once it is committed; with synchronous=NORMAL that is before it is on the disk.
PROGRAM = """
import os, sqlite3, sys
os.mkdir("state")
database = sqlite3.connect("state/words.db", isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=" + sys.argv[1])
database.execute("CREATE TABLE word (text TEXT)")
database.execute("CREATE TABLE alembic_version (version_num TEXT)")
if sys.argv[2] == "folder":
    folder = os.open(".", os.O_RDONLY)
    os.fsync(folder)
for number in range(20):
    database.execute("INSERT INTO word VALUES (?)", (f"word {number:02}",))
    os.write(1, f"word {number:02} is stored".encode())
os._exit(0)
"""
#: Files by the calls that SQLite does not make.
NAMES = """
import os
def sync(path):
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
with open("a.draft", "wb") as file:
    file.write(b"whole")
    file.flush()
    os.fsync(file.fileno())
os.rename("a.draft", "a")
os.write(1, b"named")
sync(".")
os.write(1, b"synced")
os.link("a", "b")
os.unlink("a")
sync(".")
with open("b", "ab") as file:
    file.write(b" and more")
    os.ftruncate(file.fileno(), 3)
os.write(1, b"end")
"""


def run(place: Place, program: str, *arguments: str) -> None:
    command = [sys.executable, "-c", program, *arguments]
    subprocess.run(command, cwd=place.root, env=place.environment(), check=True, stdout=subprocess.PIPE)


def lost(place: Place, into: Path) -> int:
    """How often a word is gone that was told to be stored."""
    journal = place.records()
    told = [sent(journal, f"word {number:02} is stored".encode()) for number in range(20)]
    missing = 0
    for number, (_, survivors, state) in enumerate(place.cuts(told, into)):
        found = rows(state / "words.db", "SELECT text FROM word")
        if survivors is None and len(found) <= number // 2:
            missing += 1
    return missing


def test_who_answers_after_the_disk_loses_nothing(place: Place, tmp_path: Path) -> None:
    run(place, PROGRAM, "FULL", "folder")
    assert lost(place, tmp_path / "cut") == 0


def test_who_answers_too_early_is_found_out(place: Place, tmp_path: Path) -> None:
    run(place, PROGRAM, "NORMAL", "folder")
    assert lost(place, tmp_path / "cut") == 20


def test_a_folder_whose_own_name_was_never_synced_is_gone(place: Place, tmp_path: Path) -> None:
    run(place, PROGRAM, "FULL", "")
    assert lost(place, tmp_path / "cut") == 20


def test_names_and_octets_are_kept_by_their_own_syncs(place: Place, tmp_path: Path) -> None:
    run(place, NAMES)
    journal = place.records()
    found = {}
    moments = {word: sent(journal, word.encode()) for word in ("named", "synced", "end")}
    for moment, survivors, _ in place.cuts(list(moments.values()), tmp_path / "cut"):
        if survivors is None:
            files = {path.name: path.read_bytes() for path in (tmp_path / "cut").iterdir()}
            found[next(word for word, each in moments.items() if each == moment)] = files
    assert found == {"named": {}, "synced": {"a": b"whole"}, "end": {"b": b"whole"}}


def test_some_of_what_was_not_synced_may_be_there(place: Place, tmp_path: Path) -> None:
    run(place, NAMES)
    end = len(place.records())
    contents = set()
    for seed in range(40):
        for _, survivors, _ in place.cuts([end], tmp_path / "cut", seed=seed):
            if survivors is not None:
                contents.add((tmp_path / "cut" / "b").read_bytes())
    assert {b"whole", b"who"} <= contents
