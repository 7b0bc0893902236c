"""A state directory that a backup replaces: the old one or the new one, whatever happens."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from netapp.core import state as states
from netapp.core.backup import Unfit, restoring
from netapp.core.backup.restoring import restore
from netapp.errors import ConfigError
from tests.core.backup.helpers import KNOWN, TOP, Entry, a_state, archive, database, saved, tree, words

MOMENT = "20261121T120000Z"


def put_back(path: Path, state: Path, **more: Any) -> Path | None:
    return restore(path, state, known=KNOWN, moment=MOMENT, **more)[1]


def refused(path: Path, state: Path, **more: Any) -> Unfit:
    """Nothing is touched where a restore is refused."""
    before = tree(state.parent)
    with pytest.raises(Unfit) as error:
        put_back(path, state, **more)
    assert tree(state.parent) == before
    return error.value


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return saved(a_state(tmp_path / "first", "hello"), tmp_path)


def without_logs(folder: Path) -> dict[bytes, bytes | None]:
    return {name: octets for name, octets in tree(folder).items() if not name.endswith((b"-wal", b"-shm"))}


def test_into_nothing(tmp_path: Path, backup: Path) -> None:
    for state in (tmp_path / "new", tmp_path / "deep" / "er" / "new"):
        assert put_back(backup, state) is None
        assert without_logs(state).keys() == without_logs(tmp_path / "first").keys()
        assert words(state / "words.db") == ["hello"]
        assert state.stat().st_mode & 0o777 == 0o700
        assert (state / "people.key").stat().st_mode & 0o777 == 0o600
        first, second = tree(tmp_path / "first" / "share"), tree(state / "share")
        assert first == second
        assert [each.name for each in state.parent.iterdir() if each.name.startswith(".")] == []


def test_into_an_empty_directory(tmp_path: Path, backup: Path) -> None:
    (tmp_path / "new").mkdir()
    assert put_back(backup, tmp_path / "new") is None
    assert words(tmp_path / "new" / "words.db") == ["hello"]


def test_times_stay_as_they_were(tmp_path: Path, backup: Path) -> None:
    put_back(backup, tmp_path / "new")
    there = (tmp_path / "first" / "share" / "1.txt").stat().st_mtime
    assert (tmp_path / "new" / "share" / "1.txt").stat().st_mtime == int(there)


def test_what_was_there_is_kept_beside(tmp_path: Path, backup: Path) -> None:
    state = a_state(tmp_path / "state", "old")
    assert refused(backup, state).key == "not empty"
    for number, name in enumerate(("state.before-" + MOMENT, "state.before-" + MOMENT + "-2")):
        old = put_back(backup, state, force=True)
        assert old == tmp_path / name
        assert words(old / "words.db") == (["hello"] if number else ["old"])
        assert words(state / "words.db") == ["hello"]


def test_a_state_that_is_used_is_left_alone(tmp_path: Path, backup: Path) -> None:
    state = a_state(tmp_path / "state", "old")
    with states.using(state):
        assert refused(backup, state, force=True).key == "in use"
    put_back(backup, state, force=True)


def test_nobody_starts_while_it_is_replaced(tmp_path: Path) -> None:
    state = a_state(tmp_path / "state")
    handle = states.unused(state)
    assert handle is not None
    with pytest.raises(ConfigError, match=r"a backup is just put back as .*: start again when that is done"):
        states.hold(state)
    state.chmod(0o755)
    with pytest.raises(Unfit, match=f"is locked: .* its mode 0755 .* then chmod 700 {state}"):
        states.hold(state)
    os.close(handle)
    with states.using(state), states.using(state):  # many may use it
        assert states.unused(state) is None


def test_a_lock_on_what_was_replaced_is_none(tmp_path: Path, backup: Path) -> None:
    state = a_state(tmp_path / "state")
    put_back(backup, state, force=True)
    with states.using(state):
        assert states.unused(state) is None
    assert states.hold(tmp_path / "missing") is None


def test_a_newer_database_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    first = a_state(tmp_path / "first")
    database(first / "words.db", revision="two")
    path = saved(first, tmp_path)
    assert refused(path, tmp_path / "new").key == "newer"
    restore(path, tmp_path / "new", known=KNOWN | {"words.db": {"one", "two"}}, moment=MOMENT)


def test_a_manifest_that_lies_of_a_database_is_found_out(tmp_path: Path) -> None:
    database(tmp_path / "words.db", revision="two")
    for octets, key in ((tmp_path / "words.db").read_bytes(), "newer"), (b"no database", "no database"):
        members: list[Entry] = [TOP, ("netapp/words.db", octets, {})]
        error = refused(archive(tmp_path / "backup", members), tmp_path / "new")
        assert error.key == key


def test_one_that_is_damaged_touches_nothing(tmp_path: Path, backup: Path) -> None:
    state = a_state(tmp_path / "state", "old")
    octets = backup.read_bytes()
    for length in range(0, len(octets), 1500):
        backup.write_bytes(octets[:length])
        assert refused(backup, state, force=True).key in ("cut", "other")


def test_a_file_in_the_states_place_is_named(tmp_path: Path, backup: Path) -> None:
    (tmp_path / "state").write_text("x")
    assert refused(backup, tmp_path / "state", force=True).key == "no folder"


def test_rights_are_not_taken_from_an_archive(tmp_path: Path) -> None:
    entries: list[Entry] = [
        ("netapp", None, {"mode": 0o7777}),
        ("netapp/share", None, {"mode": 0o7777}),
        ("netapp/share/x", b"1", {"mode": 0o6777, "uid": 65534, "uname": "nobody", "mtime": 1e300}),
    ]
    with pytest.raises(Unfit):  # a time that is none
        put_back(archive(tmp_path / "backup", entries), tmp_path / "new")
    entries[2][2]["mtime"] = 1.0
    put_back(archive(tmp_path / "backup", entries), tmp_path / "new")
    modes = [(tmp_path / "new" / name).stat().st_mode & 0o7777 for name in ("", "share", "share/x")]
    assert modes == [0o700, 0o755, 0o755]
    assert (tmp_path / "new" / "share" / "x").stat().st_uid == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_roots_restore_belongs_to_whom_the_old_state_did(tmp_path: Path, backup: Path) -> None:
    state = a_state(tmp_path / "state")
    os.chown(state, 65534, 65534)
    put_back(backup, state, force=True)
    assert {path.stat().st_uid for path in (state, *state.rglob("*"))} == {65534}


# Where two directories cannot change places -------------------------------------------------------


def renaming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring.ctypes, "CDLL", lambda *_, **__: object())


def test_they_are_renamed_one_after_the_other(
    tmp_path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renaming(monkeypatch)
    state = a_state(tmp_path / "state", "old")
    old = put_back(backup, state, force=True)
    assert old is not None
    assert words(state / "words.db") == ["hello"]
    assert words(old / "words.db") == ["old"]


@pytest.mark.parametrize("after", [1, 2])
def test_who_is_killed_between_is_told_how_to_go_on(
    tmp_path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """No start makes a new, empty state where the old one waits."""
    renaming(monkeypatch)
    state, rename, count = a_state(tmp_path / "state", "old"), os.rename, 0

    class Killed(BaseException):
        pass

    def killed(*paths: Path) -> None:
        nonlocal count
        if count == after:
            raise Killed
        count += 1
        rename(*paths)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", killed)
        patch.setattr("netapp.core.backup.workshop.discard", lambda folder: None)
        with pytest.raises(Killed):
            put_back(backup, state, force=True)
    if after == 1:
        with pytest.raises(
            ConfigError, match=r"a restore of .*state was cut: run it again, or .*: mv .*/old "
        ):
            states.open_state(state)
    put_back(backup, state, force=True)
    assert words(state / "words.db") == ["hello"]
    kept = [words(each / "words.db") for each in tmp_path.glob("state.before-*")]
    assert ["old"] in kept
    assert list(tmp_path.glob(".state.restoring-*")) == []


def test_who_is_killed_before_the_old_state_has_its_name_loses_nothing(
    tmp_path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = a_state(tmp_path / "state", "old")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_set_aside", killed)
        patch.setattr("netapp.core.backup.workshop.discard", lambda folder: None)
        with pytest.raises(KeyboardInterrupt):
            put_back(backup, state, force=True)
    assert words(state / "words.db") == ["hello"]  # and it starts
    assert states.open_state(state) == state
    put_back(backup, state, force=True)
    assert words(tmp_path / "state.before-cut" / "words.db") == ["old"]


# Killed -------------------------------------------------------------------------------------------

#: A child for each restore, so that thirty do not wait for thirty imports: its number, then how it ended.
PROGRAM = """
import os, sys
from pathlib import Path
from netapp.core.backup.restoring import restore
known = {"words.db": {"one"}, "people.db": {"one"}}
for line in sys.stdin:
    backup, state = line.split()
    ready, begin = os.pipe()
    child = os.fork()
    if not child:
        os.read(ready, 1)
        restore(Path(backup), Path(state), known=known, moment="now", force=True)
        os._exit(0)
    print(child, flush=True)
    os.write(begin, b"x")
    os.close(begin)
    os.close(ready)
    print(os.waitpid(child, 0)[1], flush=True)
"""
KILLS = 4 * int(os.environ.get("NETAPP_TEST_KILLS", "3"))  # more take longer and find more


def killed_within(
    program: "subprocess.Popen[str]", backup: Path, state: Path, seconds: float | None, spans: list[float]
) -> int:
    """:returns: 0 if it has ended by then, else the signal."""
    assert program.stdin is not None
    assert program.stdout is not None
    begun = time.monotonic()
    program.stdin.write(f"{backup} {state}\n")
    program.stdin.flush()
    child = int(program.stdout.readline())
    if seconds is not None:
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    status = int(program.stdout.readline())
    if status == 0:
        spans.append(time.monotonic() - begun)
    return status


@pytest.fixture
def program() -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.real
def test_one_that_is_killed_leaves_the_old_state_or_the_new_one(
    tmp_path: Path, program: "subprocess.Popen[str]"
) -> None:
    chance = random.Random(42)
    folder = tmp_path / "place"
    folder.mkdir()
    for number in range(2):  # two backups that take turns, so that each restore changes something
        first = a_state(tmp_path / f"{number}", f"backup {number}")
        for each in range(15):
            (first / "share" / f"{each}.bin").write_bytes(chance.randbytes(3000))
        (tmp_path / f"{number}.d").mkdir()
        saved(first, tmp_path / f"{number}.d")
    backups = [tmp_path / f"{number}.d" / "backup.tar.gz" for number in range(2)]
    wholes = [without_logs(tmp_path / f"{number}").keys() for number in range(2)]
    state, seen = folder / "state", set()
    spans: list[float] = []
    put_back(backups[0], state)
    for number in range(KILLS):  # two tell how long one takes, one is killed at once
        now = (words(state / "words.db")[0] == "backup 0") + 0
        within = chance.uniform(0, max(spans) * 1.2) if number > 2 else (None, None, 0.0)[number]
        status = killed_within(program, backups[now], state, within, spans)
        there = words(state / "words.db")
        assert there in (["backup 0"], ["backup 1"])
        assert without_logs(state).keys() in wholes
        states.open_state(state)
        seen.add((status, there == [f"backup {now}"]))
    assert (signal.SIGKILL, False) in seen
    put_back(backups[0], state, force=True)  # and what was left behind is gone
    assert [each.name for each in folder.iterdir() if "restoring" in each.name] == []
    for old in folder.glob("state.before-*"):
        assert words(old / "words.db") in (["backup 0"], ["backup 1"])
