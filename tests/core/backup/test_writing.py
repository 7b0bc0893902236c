"""What is in a backup, and that it is consistent while others write."""

import inspect
import os
import random
import sqlite3
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from netapp.core import limits
from netapp.core.backup import Unfit, members, reading, rows, writing
from tests.core.backup.helpers import a_state, database, saved, tree, words


def names(path: Path) -> list[str]:
    with tarfile.open(path) as tar:
        return tar.getnames()


def test_it_is_a_tar_that_any_tar_reads_with_its_manifest_last(tmp_path: Path) -> None:
    path = saved(a_state(tmp_path / "state", "hello"), tmp_path)
    there = names(path)
    assert there[:2] == ["netapp-backup.json", "netapp"]
    assert there[-1] == "MANIFEST.json"
    assert there.index("netapp/words.db") < there.index("netapp/people.db") < there.index("netapp/people.key")
    assert {"netapp/share/空", "netapp/share/程序/深/a.py", "netapp/audit.jsonl"} <= set(there)
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    assert words(tmp_path / "out" / "netapp" / "words.db") == ["hello"]
    assert (tmp_path / "out" / "netapp" / "share" / "中文.txt").read_text() == "你好"


def test_what_belongs_in_no_backup_is_left_out(tmp_path: Path) -> None:
    state = a_state(tmp_path / "state")
    for name in (
        ".lock", ".probe-12", ".people.key-0123456789abcdef", "ipmsg-numbers.new", "twistd.pid",
        "people.db.before-0002", "netapp.log", "twistd.log.2", "words.db-journal", "a.sock",
    ):  # fmt: skip
        (state / name).write_text("x")
    for name in ("run", "tutorial"):
        (state / name).mkdir()
        (state / name / "x").write_text("x")
    (state / "share" / "a.sock").write_text("a name like any other here")
    (state / "dns").mkdir()
    (state / "dns" / "served").write_text("x")
    os.mkfifo(state / "share" / "pipe")
    (state / "share" / "link").symlink_to("/etc/passwd")
    (state / "settings.toml").write_text("lang = 'en'\n")
    found, strange = members.found(state, files=True)
    there = {member.name for member in found}
    assert strange == ["share/link", "share/pipe"]
    assert {"share/a.sock", "settings.toml", "words.db"} <= there
    assert not [name for name in there if members.left_out(name)]
    assert {name for name in there if "/" not in name} == {
        "audit.jsonl", "dns", "people.db", "people.key", "settings.toml", "share", "words.db",
    }  # fmt: skip


def test_the_shared_files_may_be_left_out(tmp_path: Path) -> None:
    there = names(saved(a_state(tmp_path / "state"), tmp_path, files=False))
    assert not [name for name in there if "share" in name]
    assert "netapp/people.key" in there


def test_a_database_is_copied_as_it_is_at_one_moment_while_it_is_written(tmp_path: Path) -> None:
    """Two tables that always agree still do in the copy, however long it takes."""
    source = tmp_path / "words.db"
    database(source, *("x" * 3000 for _ in range(600)))
    with closing(sqlite3.connect(source)) as made:
        made.execute("CREATE TABLE other (text TEXT)")
        made.execute("INSERT INTO other SELECT text FROM word")
        made.commit()
    steps: list[int] = []

    def write_meanwhile(left: int, total: int) -> None:
        steps.append(left)
        with closing(sqlite3.connect(source)) as writer:
            writer.execute("PRAGMA synchronous=OFF")
            for table in ("word", "other"):
                writer.execute(f"INSERT INTO {table} VALUES ('meanwhile')")
            writer.commit()

    rows.copy(source, tmp_path / "copy.db", write_meanwhile)
    assert len(steps) > 2  # in steps, and never begun again
    assert steps == sorted(steps, reverse=True)
    assert "meanwhile" not in words(tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copied:
        assert copied.execute("SELECT count(*) FROM other").fetchone() == (600,)
    assert words(source)[-1] == "meanwhile"
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("copy.db-*"))


@pytest.mark.parametrize("octets", [b"no database" * 100, b"SQLite format 3\0" + bytes(4000)])
def test_what_is_no_database_is_told_of_and_not_saved(tmp_path: Path, octets: bytes) -> None:
    state = a_state(tmp_path / "state")
    (state / "words.db").write_bytes(octets)
    for left in state.glob("words.db-*"):
        left.unlink()
    with pytest.raises(Unfit, match=r"words\.db is no database, or is damaged"):
        saved(state, tmp_path)


def test_a_database_cut_in_half_is_told_of_and_not_saved(tmp_path: Path) -> None:
    state = a_state(tmp_path / "state", *("x" * 3000 for _ in range(50)))
    os.truncate(state / "words.db", (state / "words.db").stat().st_size // 2)
    with pytest.raises(Unfit, match=r"words\.db is no database, or is damaged"):
        saved(state, tmp_path)


def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = a_state(tmp_path / "state")
    film = state / "share" / "film"
    film.write_bytes(random.Random(1).randbytes(300_000))
    changed = []
    read = writing._Reading.read

    def meddle(self: writing._Reading, count: int) -> bytes:
        octets = read(self, count)
        if not changed and os.fstat(self._file.fileno()).st_size == 300_000:
            changed.append(film.write_bytes(b"another, and shorter"))
        return octets

    monkeypatch.setattr(writing._Reading, "read", meddle)
    path = saved(state, tmp_path)
    assert changed
    assert names(path).count("netapp/share/film") == 2
    contents = reading.verify(path, 10**9)
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    assert (tmp_path / "out" / "netapp" / "share" / "film").read_bytes() == b"another, and shorter"
    assert contents.octets > 300_000


def test_a_file_that_never_stays_as_it_is_is_saved_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = a_state(tmp_path / "state")
    busy = state / "share" / "busy"
    busy.write_bytes(b"0")
    read = writing._Reading.read

    def grow(self: writing._Reading, count: int) -> bytes:
        busy.write_bytes(busy.read_bytes() + b"1")
        return read(self, count)

    monkeypatch.setattr(writing._Reading, "read", grow)
    (tmp_path / "spool").mkdir()
    with (tmp_path / "backup").open("wb") as out:
        written = writing.write(state, out, tmp_path / "spool", netapp="1", created="now")
    assert written.unsteady == ["share/busy"]
    assert names(tmp_path / "backup").count("netapp/share/busy") == limits.BACKUP_TRIES
    reading.verify(tmp_path / "backup", 10**9)


def test_a_file_that_vanishes_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = a_state(tmp_path / "state")
    gone = (
        members.Member("share/gone", 5),
        members.Member("gone", 0, is_folder=True),
        members.Member("gone.db", 5),
    )
    found = members.found

    def more(state: Path, *, files: bool) -> tuple[list[members.Member], list[str]]:
        there, strange = found(state, files=files)
        return [*gone, *there], strange

    monkeypatch.setattr(members, "found", more)
    path = saved(state, tmp_path)
    assert reading.verify(path, 10**9).octets > 0
    assert not [name for name in names(path) if "gone" in name]


def test_a_trail_that_grows_is_saved_as_far_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = a_state(tmp_path / "state")
    trail = state / "audit.jsonl"
    before = trail.read_bytes()
    read = writing._Reading.read

    def log(self: writing._Reading, count: int) -> bytes:
        with trail.open("ab") as file:
            file.write(b'{"event":"more"}\n')
        return read(self, count)

    monkeypatch.setattr(writing._Reading, "read", log)
    path = saved(state, tmp_path)
    with tarfile.open(path) as tar:
        found = [tar.extractfile(each).read() for each in tar if each.name == "netapp/audit.jsonl"]  # type: ignore[union-attr]
    assert len(found) == 1
    assert found[0].startswith(before)
    assert found[0].endswith(b"\n")


def test_folders_may_be_deeper_than_python_calls_itself(tmp_path: Path) -> None:
    depth = 300
    (tmp_path / "s").joinpath(*["d"] * depth).mkdir(parents=True)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + depth // 2)
    try:
        found = members.found(tmp_path / "s", files=True)[0]
    finally:
        sys.setrecursionlimit(limit)
    assert len(found) == depth


def test_more_files_than_a_restore_takes_are_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = a_state(tmp_path / "state")
    monkeypatch.setattr(limits, "BACKUP_MEMBERS", 30)
    with pytest.raises(Unfit, match="holds more than 7 files: give --without-files"):
        saved(state, tmp_path)


def test_names_that_a_restore_does_not_take_are_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = a_state(tmp_path / "state")
    monkeypatch.setattr(limits, "BACKUP_MANIFEST", 1000)
    with pytest.raises(Unfit, match="too long together: give --without-files"):
        saved(state, tmp_path)


def test_a_folder_with_a_files_name_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "state" / "mine.key" / "deep").mkdir(parents=True)
    (tmp_path / "state" / "share").write_text("no folder")
    found, strange = members.found(tmp_path / "state", files=True)
    assert (found, strange) == ([], ["mine.key", "share"])


def test_what_is_saved_is_what_is_there(tmp_path: Path) -> None:
    state = a_state(tmp_path / "state", "a", "b")
    path = saved(state, tmp_path)
    contents = reading.verify(path, 10**9)
    assert contents.databases == {"words.db": "one", "people.db": "one"}
    assert (contents.netapp, contents.created, contents.files) == ("0.1.0", "2026-11-21T12:00:00Z", True)
    with tarfile.open(path, errors="surrogateescape") as tar:
        inside = {name.partition("/")[2] for name in tar.getnames() if name.startswith("netapp/")}
    there = {name: octets for name, octets in tree(state).items() if not name.endswith((b"-wal", b"-shm"))}
    assert inside == {os.fsdecode(name) for name in there}
    assert contents.members == sum(octets is not None for octets in there.values())
