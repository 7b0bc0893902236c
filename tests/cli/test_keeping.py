"""``netapp backup``, ``restore`` and ``db``, as a user runs them."""

import gzip
import json
import os
import random
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from netapp.cli.doctor import databases
from netapp.cli.main import main
from netapp.core import state as states
from netapp.people import admin, settings
from netapp.people import store as people
from tests import real
from tests.cli import tools
from tests.cli.user_tools import Done

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
AS_ROOT = os.geteuid() == 0


def run(*arguments: object, state: Path) -> Done:
    """The command within this process: thirty of them need no thirty interpreters."""
    environment = {"NETAPP_STATE": str(state), "LC_ALL": "C.UTF-8"}
    with CliRunner().isolation(env=environment) as (out, err, _):
        with pytest.raises(SystemExit) as ended:
            main(list(map(str, arguments)))
        sys.stdout.flush()
    assert isinstance(ended.value.code, int)
    done = Done(ended.value.code, out.getvalue().decode(), err.getvalue().decode())
    assert "Traceback" not in done.err
    return done


def right(*arguments: object, state: Path) -> tuple[str, str]:
    """What it says, and what it says beside that."""
    done = run(*arguments, state=state)
    assert done.status == 0, done
    return done.out, done.err


def wrong(*arguments: object, state: Path) -> str:
    """The one line that it fails with."""
    done = run(*arguments, state=state)
    assert (done.status, done.err.count("\n")) == (1, 1), done
    return done.err


def accounts(state: Path) -> set[str]:
    with people.rows(state) as rows:
        return {name for name in ("zhao", "li") if rows.accounts.find(name) is not None}


def add(state: Path, name: str) -> None:
    with people.rows(state) as rows:
        admin.add(rows, name, None, 1.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Accounts, a key, a share."""
    path = tmp_path_factory.mktemp("made") / "state"
    add(path, "zhao")
    (path / "people.key").write_bytes(bytes(32))
    (path / "share").mkdir()
    (path / "share" / "中文.txt").write_text("你好")
    return path


@pytest.fixture
def state(made: Path, tmp_path: Path) -> Path:
    """A copy of that."""
    return Path(shutil.copytree(made, tmp_path / "state"))


def test_a_backup_and_back_again(state: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b.tar.gz"
    out, told = right("backup", backup, state=state)
    assert out == ""
    assert "keep it safe" in told
    assert backup.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.tar.gz", "state"]
    assert "is whole" in right("restore", backup, "--check", state=state)[0]
    add(state, "li")
    key = (state / "people.key").read_bytes()
    out, told = right("restore", backup, "--force", state=state)
    assert "with 3 files" in out
    (old,) = tmp_path.glob("state.before-*")
    assert str(old) in told
    assert accounts(state) == {"zhao"}
    assert accounts(old) == {"zhao", "li"}
    assert (state / "people.key").read_bytes() == key
    assert (state / "share" / "中文.txt").read_text() == "你好"


def test_a_backup_is_taken_while_netapp_runs_and_put_back_only_when_it_has_ended(
    start: Start, tmp_path: Path
) -> None:
    local = ("--listen=tcp:0:interface=127.0.0.1", "--irc=none", "--flood=off", "--lang=en")
    config = tmp_path / "elsewhere.toml"
    config.write_text("[chat]\n")
    chat = start("netapp-chat", *local, f"--config={config}")
    state, backup = tmp_path / "state", tmp_path / "b.tar.gz"
    with real.tcp_client(chat.tcp()) as client:
        heard = b""
        client.sendall(b"bob\r\n")
        for number in range(5):
            client.sendall(b"line %d\r\n" % number)
        client.sendall(b"/history\r\n")
        while b"line 4" not in heard:
            heard += client.recv(4096)
        told = right("backup", backup, state=state)[1]
    assert f"the settings {config}, of a netapp that runs, are outside" in told
    assert "in use: stop netapp first" in wrong("restore", backup, "--force", state=state)
    with tarfile.open(backup) as tar:
        assert not [name for name in tar.getnames() if "-wal" in name or "/run" in name or ".lock" in name]
    chat.stop()
    right("restore", backup, "--force", state=state)
    with closing(sqlite3.connect(state / "talk.db")) as database:
        said = database.execute("SELECT count(*) FROM messages WHERE text LIKE 'line %'").fetchone()
    assert said == (5,)
    again = start("netapp-chat", *local)
    assert "ready" in again.log


def test_standard_output_takes_one_too(state: Path, tmp_path: Path) -> None:
    process = subprocess.run(
        [tools.COMMAND, "backup", "-", "--without-files"],
        env=tools.environment("C.UTF-8", state),
        capture_output=True,
        check=True,
    )
    assert process.stderr == b""
    (tmp_path / "b").write_bytes(process.stdout)
    _, told = right("restore", tmp_path / "b", "--state", tmp_path / "new", state=state)
    assert "the shared files are not in this backup" in told
    assert not (tmp_path / "new" / "share").exists()


def test_what_lies_elsewhere_is_named(state: Path, tmp_path: Path) -> None:
    (state / "netapp.toml").write_text(f"[file]\nroot = '{tmp_path}'\n")
    with people.rows(state) as rows:
        settings.put_peppers(rows, settings.Peppers("one", {"one": str(tmp_path / "pepper")}))
    told = right("backup", tmp_path / "b", state=state)[1]
    assert f"the share {tmp_path} is outside of the state directory" in told
    assert "the pepper's file is outside of the state directory" in told
    (state / "netapp.toml").write_text("[file]\nroot = 5 5\n")
    assert "the share" not in right("backup", tmp_path / "b", "--force", state=state)[1]


def test_what_cannot_be_is_told_in_one_line(state: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    assert "there already: choose another name" in wrong("backup", there, state=state)
    assert there.read_text() == "mine"
    assert "there already" in wrong("backup", tmp_path, state=state)
    assert "within the state directory" in wrong("backup", state / "b", state=state)
    assert "there is no " in wrong("backup", tmp_path / "no" / "b", state=state)
    assert "no state directory" in wrong("backup", tmp_path / "b", state=tmp_path / "none")
    assert "there is no " in wrong("restore", tmp_path / "none", state=state)
    assert "is no backup of netapp" in wrong("restore", there, "--force", state=state)
    assert "is no backup of netapp" in wrong("restore", there, "--check", state=state)
    right("backup", there, "--force", state=state)
    assert "holds something: give --force" in wrong("restore", there, state=state)
    os.truncate(there, 2000)
    assert "is cut off" in wrong("restore", there, "--force", state=state)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["state", "there"]


def test_a_damaged_database_is_not_saved_over_a_good_backup(state: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b"
    right("backup", backup, state=state)
    good = backup.read_bytes()
    os.truncate(state / "people.db", 40_000)
    assert "people.db is no database, or is damaged" in wrong("backup", backup, "--force", state=state)
    assert backup.read_bytes() == good
    assert "netapp restore FILE --force" in wrong("db", "check", state=state)
    right("restore", backup, "--force", state=state)
    assert "people.db: whole" in right("db", "check", state=state)[0]


def test_the_doctors_cure_of_a_broken_database_cures(state: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b.tar.gz"
    right("backup", backup, state=state)
    (state / "people.db").write_text("garbage")
    (facts,) = databases.read(state)
    (finding,) = databases.judge(facts)
    words = shlex.split(finding.cure.replace("FILE", str(backup)))
    right(*words[1:], state=tmp_path / "elsewhere")
    assert accounts(state) == {"zhao"}


#: Each command first as ourselves: the other user may not read the interpreter's own files.
AS_NOBODY = """
import contextlib, io, json, os, sys
from netapp.cli.main import main
def run(words):
    with contextlib.suppress(SystemExit):
        main(words)
commands = json.loads(sys.argv[1])
quiet = io.TextIOWrapper(io.BytesIO())
with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
    for words in commands:
        run([*words, "--state", sys.argv[2]])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for words in commands:
    run(words)
    run([*words, "--state", os.environ["NETAPP_STATE"]])
os.environ["NETAPP_STATE"] = sys.argv[3]
for words in commands:
    run(words)
    run([*words, "--state", sys.argv[3]])
"""


@pytest.mark.skipif(not AS_ROOT, reason="only root may act as another")
def test_another_users_state_is_named(tmp_path: Path) -> None:
    """Where its folder can be entered, and where not."""
    own = tmp_path / "own"
    add(own, "li")
    commands = [["backup", "-"], ["restore", "/etc/hostname"], ["db", "check"], ["status"], ["user", "list"]]
    with tempfile.TemporaryDirectory() as folder:  # pytest's own can be entered by nobody else
        os.chmod(folder, 0o755)
        states = [Path(folder, name, "state") for name in ("open", "closed")]
        for state, mode in zip(states, (0o755, 0o700), strict=True):
            add(state, "zhao")
            state.parent.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, json.dumps(commands), own, states[1]],
            env=tools.environment("zh_CN.UTF-8", states[0]),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    assert len(told) == 4 * len(commands), done.stderr
    assert told[::2] == told[1::2]
    for number, line in enumerate(told):
        assert str(states[number // (2 * len(commands))]) in line
    assert "--help" not in done.stderr


#: Runs commands one after the other, in the language that the process has from its start.
ONE_AFTER_THE_OTHER = """
import contextlib, json, sys
from netapp.cli.main import main
sys.stdout = sys.stderr
for words in json.loads(sys.argv[1]):
    with contextlib.suppress(SystemExit):
        main(words)
    print("--", flush=True)
"""


def in_chinese(*commands: tuple[object, ...], state: Path) -> list[str]:
    """What each says."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            ONE_AFTER_THE_OTHER,
            json.dumps([list(map(str, words)) for words in commands]),
        ],
        env=tools.environment("zh_CN.UTF-8", state),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.split("--\n")[:-1]


def test_the_commands_speak_chinese_of_a_state_that_is_put_back_or_was_cut_too(
    state: Path, tmp_path: Path
) -> None:
    taken, open_to_others, cut = (tmp_path / name for name in ("taken", "open", "cut"))
    old = tmp_path / ".cut.restoring-1" / "old"
    for path, mode in (taken, 0o700), (open_to_others, 0o755), (old, 0o700):
        add(path, "zhao")
        path.chmod(mode)
    commands, english, chinese = [], [], []
    for folder, cure, said_of_it in (
        (taken, "a backup is just put back as", "正在把备份恢复到"),
        (open_to_others, f"chmod 700 {open_to_others}", f"再 chmod 700 {open_to_others}"),
        (
            cut,
            f"was cut: run it again, or put back what was there: mv {old}",
            f"再恢复一次,或者改回原来的:mv {old}",
        ),
    ):
        for command in ("backup", "-"), ("db", "upgrade"), ("user", "invite"):
            commands.append((*command, "--state", folder))
            english.append(cure)
            chinese.append(said_of_it)
    handles = [states.unused(taken), states.unused(open_to_others)]
    for command, cure in zip(commands, english, strict=True):
        assert cure in wrong(*command, state=tmp_path)
    kept, refused, checked, *told = in_chinese(
        ("backup", tmp_path / "b"), ("restore", tmp_path / "b"), ("db", "check"), *commands, state=state
    )
    assert "请妥善保管" in kept
    assert "里已有内容:加 --force" in refused
    assert "people.db:完好,版本" in checked
    for said, cure in zip(told, chinese, strict=True):
        assert cure in said
        assert said.count("\n") == 1
    for handle in handles:
        assert handle is not None
        os.close(handle)
    assert not cut.exists()


def test_settings_that_come_with_a_backup_are_named(state: Path, tmp_path: Path) -> None:
    (state / "netapp.toml").write_text("lang = 'en'\n")
    right("backup", tmp_path / "b", state=state)
    new = tmp_path / "new"
    assert (
        f"before a start: {new}/netapp.toml" in right("restore", tmp_path / "b", "--state", new, state=new)[1]
    )
    (state / "netapp.toml").unlink()
    right("backup", tmp_path / "b", "--force", state=state)
    assert "netapp.toml" not in right("restore", tmp_path / "b", "--force", state=state)[1]


def test_root_may_back_up_what_is_another_users_and_leaves_nothing_of_its_own(
    state: Path, tmp_path: Path
) -> None:
    if not AS_ROOT:
        pytest.skip("only root may give files away")
    for path in (state, *state.rglob("*")):
        os.chown(path, 65534, 65534)
    right("backup", tmp_path / "b", state=state)
    assert {path.stat().st_uid for path in (state, *state.rglob("*"))} == {65534}
    right("restore", tmp_path / "b", "--force", state=state)
    assert {path.stat().st_uid for path in (state, *state.rglob("*"))} == {65534}


# db ----------------------------------------------------------------------------------------------


def at_revision(state: Path, revision: str) -> None:
    with closing(sqlite3.connect(state / "people.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.commit()


def older(state: Path) -> None:
    """A database of the first revision."""
    from netapp.core import upgrading

    state.mkdir(mode=0o700)
    upgrading.upgrade(state / "people.db", people.MIGRATIONS, "0001")


def test_databases_are_checked(state: Path) -> None:
    out, _ = right("db", "check", state=state)
    assert out.splitlines() == [
        f"people.db: whole, revision {people.HEAD}",
        "talk.db: not there yet; the first start makes it",
    ]
    at_revision(state, "from the future")
    assert "is of a newer netapp: upgrade netapp" in run("db", "check", state=state).err
    (state / "people.db").write_bytes(b"no database")
    for left in state.glob("people.db-*"):
        left.unlink()
    assert "people.db: is no database, or is damaged" in wrong("db", "check", state=state)


def test_an_older_database_is_upgraded_after_a_copy(tmp_path: Path) -> None:
    state = tmp_path / "old"
    older(state)
    assert "of an older revision 0001" in right("db", "check", state=state)[0]
    out, told = right("db", "upgrade", state=state)
    assert f"people.db: upgraded from 0001 to {people.HEAD}" in out
    copy = state / f"people.db.before-{people.HEAD}"
    assert str(copy) in told
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    assert "at the newest revision" in right("db", "upgrade", state=state)[0]
    at_revision(state, "from the future")
    assert "newer netapp" in run("db", "upgrade", state=state).err


def test_a_backup_with_an_older_database_is_taken_and_upgraded_by_the_start(tmp_path: Path) -> None:
    older(tmp_path / "old")
    right("backup", tmp_path / "b", state=tmp_path / "old")
    right("restore", tmp_path / "b", state=tmp_path / "new")
    assert accounts(tmp_path / "new") == set()
    assert (tmp_path / "new" / f"people.db.before-{people.HEAD}").exists()


def test_a_backup_with_a_newer_database_is_refused(state: Path, tmp_path: Path) -> None:
    at_revision(state, "from the future")
    right("backup", tmp_path / "b", state=state)
    assert "is of a newer netapp" in wrong(
        "restore", tmp_path / "b", "--state", tmp_path / "new", state=state
    )
    assert not (tmp_path / "new").exists()


# Faults ------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """One MiB of its own."""
    with real.small_disk(tmp_path / "small", 1) as place:
        yield place


def test_l41_a_full_disk_leaves_no_half_backup(state: Path, small_disk: Path) -> None:
    (state / "share" / "film").write_bytes(random.Random(1).randbytes(2_000_000))
    assert "is full: make room first" in wrong("backup", small_disk / "b", state=state)
    assert list(small_disk.iterdir()) == []


def test_l41_a_full_disk_leaves_the_old_state(state: Path, small_disk: Path, tmp_path: Path) -> None:
    (state / "share" / "film").write_bytes(random.Random(1).randbytes(2_000_000))
    right("backup", tmp_path / "b", state=state)
    (small_disk / "state").mkdir()
    (small_disk / "state" / "mine").write_text("x")
    told = wrong("restore", tmp_path / "b", "--force", "--state", small_disk / "state", state=state)
    assert "larger than what is free here" in told
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(4096)):
            pass
    wrong("restore", tmp_path / "b", "--force", "--state", small_disk / "state", state=state)
    assert [each.name for each in (small_disk / "state").iterdir()] == ["mine"]
    assert sorted(each.name for each in small_disk.iterdir()) == ["filler", "state"]


def test_a_mount_point_is_told_of(state: Path, small_disk: Path, tmp_path: Path) -> None:
    right("backup", tmp_path / "b", state=state)
    told = wrong("restore", tmp_path / "b", "--state", small_disk, state=state)
    assert f"restore into it, such as --state {small_disk}/netapp" in told
    right("restore", tmp_path / "b", "--state", small_disk / "netapp", state=state)


def test_a_file_system_for_small_files_is_told_of(state: Path, tmp_path: Path) -> None:
    (state / "share" / "film").write_bytes(random.Random(1).randbytes(2_000_000))
    done = subprocess.run(
        ["prlimit", "--fsize=1000000", tools.COMMAND, "backup", tmp_path / "b"],
        env=tools.environment("C.UTF-8", state),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "takes no file that large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


KILLED = int(os.environ.get("NETAPP_TEST_KILLS", "3"))  # more take longer and find more


def test_one_that_is_killed_leaves_no_half_file_under_the_name(state: Path, tmp_path: Path) -> None:
    (state / "share" / "film").write_bytes(random.Random(1).randbytes(8_000_000))
    folder = tmp_path / "backups"
    folder.mkdir()
    chance = random.Random(3)
    for number in range(KILLED):
        with subprocess.Popen(
            [sys.executable, tools.COMMAND, "backup", folder / f"{number}"],
            env=tools.environment("C.UTF-8", state),
            stderr=subprocess.DEVNULL,
        ) as process:
            deadline = time.monotonic() + real.PATIENCE
            while not any(folder.glob(".netapp-backup-*/draft")) and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.3))
            process.send_signal(signal.SIGKILL)
        for made in folder.glob("[0-9]*"):
            right("restore", made, "--check", state=state)
            made.unlink()
    right("backup", folder / "last", state=state)  # takes away what was left behind
    assert [each.name for each in folder.iterdir()] == ["last"]


def test_the_manifest_tells_every_members_size_and_hash(state: Path, tmp_path: Path) -> None:
    right("backup", tmp_path / "b", state=state)
    with gzip.open(tmp_path / "b") as packed, tarfile.open(fileobj=packed) as tar:
        file = tar.extractfile("MANIFEST.json")
        assert file is not None
        manifest = json.load(file)
    assert manifest["databases"] == {"people.db": people.HEAD}
    for each in manifest["members"]:
        assert each.get("folder") or (each["size"] >= 0 and len(each["sha256"]) == 64)
