"""``netapp user`` where something is wrong: the database, the disk, a process that is killed."""

import json
import os
import random
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netapp.cli import common
from netapp.cli.user import base
from netapp.core import limits
from netapp.core.state import acting_as
from netapp.people import admin, codes, totp
from netapp.people.passwords import Hasher
from tests import real
from tests.cli.user_tools import User, user

__all__ = ["user"]

NETAPP = str(Path(sys.executable).with_name("netapp"))
LIST = "name\n" + "".join(f"pupil{number}\n" for number in range(400))


def run(
    state: Path, *arguments: str | Path, typed: str = "", lang: str = "C.UTF-8", **more: Any
) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own."""
    return subprocess.run(
        [NETAPP, "user", *map(str, arguments)],
        env=real.environment(state) | {"LC_ALL": lang},
        input=typed,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
        **more,
    )


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_l41_a_database_that_another_holds(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    user.add("zhao")
    monkeypatch.setattr(limits, "DATABASE_BUSY", 0.1)
    with sqlite3.connect(user.state / "people.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        for command in (["list"], ["disable", "zhao"], ["add", "li", "--no-password"]):
            told = user.wrong(*command)
            assert "another program holds the database" in told
            assert "fuser" in told
        other.execute("ROLLBACK")
    other.close()
    assert [each["state"] for each in user.json("list")] == ["active"]


@pytest.mark.parametrize("where", ["head", "middle", "all"])
def test_l41_a_database_that_is_damaged(user: User, where: str) -> None:
    user.add("zhao")
    path = user.state / "people.db"
    octets = bytearray(path.read_bytes())
    for name in ("people.db-wal", "people.db-shm"):
        (user.state / name).unlink(missing_ok=True)
    damage = {"head": slice(0, 64), "middle": slice(4096, len(octets)), "all": slice(0, len(octets))}[where]
    octets[damage] = b"\xa5" * len(octets[damage])
    path.write_bytes(octets)
    told = user.wrong("disable", "zhao")
    assert "is damaged: stop the services and put a copy of it back" in told
    assert path.read_bytes() == bytes(octets)


def test_l41_a_key_file_that_is_damaged(user: User) -> None:
    user.add("zhao")
    (user.state / "people.key").write_bytes(b"short")
    (user.state / "people.key").chmod(0o600)
    for command in (["invite"], ["unlock", "zhao"]):
        assert "people.key is no key of 32 octets: put its copy back" in user.wrong(*command)
    assert user.json("invitations") == []
    user.right("disable", "zhao")  # which needs none


def test_l41_a_key_file_that_has_gone_is_made_anew_only_where_nothing_was_sealed_with_it(user: User) -> None:
    user.add("zhao")
    key = user.state / "people.key"
    user.right("invite")
    with user.rows() as rows:
        zhao = rows.accounts.find("zhao")
        assert zhao is not None
        sealed = totp.seal(totp.new_secret(), codes.derived(codes.key_file(key), "totp"), zhao.id)
        rows.factors.begin(zhao.id, sealed, 1.0)
    key.unlink()
    for command in (["invite"], ["export"]):
        assert "netapp user totp-reset NAME" in user.wrong(*command)
    assert not key.exists()
    user.right("totp-reset", "zhao")
    user.right("invite")
    assert key.exists()


def test_l41_an_audit_trail_that_cannot_be_written(user: User) -> None:
    user.add("zhao")
    (user.state / "audit.jsonl").unlink()
    (user.state / "audit.jsonl").mkdir()
    assert "nothing was changed" in user.wrong("disable", "zhao")
    assert user.account("zhao").active


def test_l41_what_was_written_into_the_trail_and_not_done_is_told_there(user: User) -> None:
    class Unwritable:
        def __str__(self) -> str:
            raise ValueError

    def work(transaction: base.Transaction) -> None:
        account = admin.add(transaction.rows, "zhao", None, transaction.now)
        transaction.note("added", account)
        transaction.note("role", account, role=Unwritable())

    with pytest.raises(common.CommandError, match="nothing was changed"):
        base.at(user.state, work)
    assert [(event["event"], event.get("count")) for event in user.audit()] == [
        ("added", None),
        ("undone", 1),
    ]
    assert user.json("list") == []


@pytest.mark.real
def test_l41_a_trail_with_no_room_for_all_adds_nobody(user: User, tmp_path: Path) -> None:
    user.add("zhao")
    (tmp_path / "class.csv").write_text(LIST)
    with (user.state / "audit.jsonl").open("ab") as trail:
        trail.write((b"x" * 1023 + b"\n") * 2048)
    size = (user.state / "audit.jsonl").stat().st_size + 4096  # and none of the others comes to that
    done = run(user.state, "import", tmp_path / "class.csv", preexec_fn=no_larger(size))
    assert "the audit trail" in one_line(done)
    assert [each["name"] for each in user.json("list")] == ["zhao"]


@pytest.fixture
def plain(user: User) -> Iterator[User]:
    """A state directory of somebody who is not root, for whom rights mean something."""
    user.add("zhao")
    folder = Path(tempfile.mkdtemp(prefix="netapp-"))  # pytest's own are root's
    try:
        shutil.copytree(user.state, folder / "state")
        if os.geteuid() == 0:
            for path in (folder, folder / "state", *(folder / "state").iterdir()):
                os.chown(path, 65534, 65534)
        with acting_as((65534, 65534) if os.geteuid() == 0 else None):
            yield User(folder / "state")
    finally:
        shutil.rmtree(folder)


def test_l41_a_database_that_may_only_be_read(plain: User) -> None:
    path = plain.state / "people.db"
    path.chmod(0o400)
    for command in (["disable", "zhao"], ["add", "li", "--no-password"]):
        assert f"the database {path} cannot be written: look at its rights" in plain.wrong(*command)
    assert [each["state"] for each in plain.json("list")] == ["active"]  # which writes nothing


def test_l41_a_state_directory_that_may_only_be_read(plain: User) -> None:
    plain.state.chmod(0o500)
    assert "choose another with --state" in plain.wrong("disable", "zhao")
    plain.state.chmod(0o777)
    assert f"can be written by others: chmod 700 {plain.state}" in plain.wrong("disable", "zhao")
    plain.state.chmod(0o700)
    assert plain.account("zhao").active


def no_larger(octets: int) -> Callable[[], None]:
    """Before a process begins: no file of its may grow further."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


@pytest.mark.real
def test_l41_a_disk_that_is_full_adds_nobody(user: User, tmp_path: Path) -> None:
    user.add("zhao")
    (tmp_path / "class.csv").write_text(LIST)
    slips = tmp_path / "slips.html"
    before = user.json("list")
    arguments = ("import", tmp_path / "class.csv", "--slips", slips, "--server", "a:1")
    size = (user.state / "people.db").stat().st_size + 8192
    assert "磁盘" in one_line(run(user.state, *arguments, lang="zh_CN.UTF-8", preexec_fn=no_larger(size)))
    assert user.json("list") == before
    assert user.json("invitations") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class.csv", "state"]


@pytest.mark.real
def test_l41_an_export_for_which_there_is_no_room_leaves_no_file(user: User, tmp_path: Path) -> None:
    user.right("import", "-", typed=LIST)
    (user.state / "audit.jsonl").unlink()  # which is as large
    file = tmp_path / "accounts.json"
    done = run(user.state, "export", file, preexec_fn=no_larger(100_000))
    assert "the disk of" in one_line(done)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"]


@pytest.mark.real
def test_an_export_that_a_shell_puts_into_a_file_is_its_owners_alone(user: User, tmp_path: Path) -> None:
    user.add("zhao")
    for there in (False, True):
        file = tmp_path / f"accounts-{there}.json"
        if there:
            file.touch(0o644)
        with open(file, "ab") as stream:
            subprocess.run(
                [NETAPP, "user", "export"],
                env=real.environment(user.state),
                stdout=stream,
                stderr=subprocess.DEVNULL,
                timeout=real.PATIENCE,
                check=True,
            )
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [each["name"] for each in json.loads(file.read_bytes())["accounts"]] == ["zhao"]


@pytest.mark.real
def test_a_passwd_that_is_killed_leaves_the_old_or_the_new_password(user: User) -> None:
    """At moments over all that it does, more of them where it writes."""
    user.add("zhao", password="word number 0")
    chance, hasher = random.Random(7), Hasher()
    began = time.monotonic()
    run(user.state, "passwd", "zhao", "--password-stdin", typed="word number 1")
    took = time.monotonic() - began
    old, killed, outcomes = "word number 1", 0, set()
    for number in range(2, 8):
        new = f"word number {number}"
        process = subprocess.Popen(
            [NETAPP, "user", "passwd", "zhao", "--password-stdin"],
            env=real.environment(user.state),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        process.stdin.write(new.encode())
        process.stdin.close()
        time.sleep(took * chance.triangular(0.3, 1.1, 0.85))
        process.kill()
        assert process.stdout is not None
        acknowledged = bool(process.stdout.read())
        process.stdout.close()
        killed += process.wait(real.PATIENCE) == -9
        kept = user.read(lambda rows: rows.accounts.password(rows.accounts.find("zhao").id))
        works = [word for word in (old, new) if hasher.verify(kept.phc, word.encode(), kept.pepper)]
        assert len(works) == 1
        assert works == [new] or not acknowledged  # what was told is stored
        outcomes.add(works[0] == new)
        old = works[0]
    assert killed
