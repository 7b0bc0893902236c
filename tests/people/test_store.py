"""Accounts in memory and in SQLite: one behaviour; and the database's revisions."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from netapp.core.database import open_engine
from netapp.errors import ConfigError
from netapp.people import store
from netapp.people.passwords import Hasher
from netapp.people.store import Accounts, MemoryAccounts
from netapp.people.tables import METADATA


@pytest.fixture(params=["memory", "sqlite"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Accounts]:
    if request.param == "memory":
        yield MemoryAccounts()
        return
    with store.accounts(tmp_path / "state") as accounts:
        yield accounts


def test_an_account_is_added_and_found(rows: Accounts) -> None:
    zhao = rows.add("zhao", "Zhao", "hash", 5.0)
    assert zhao is not None
    assert re.fullmatch("[0-9a-f]{32}", zhao.id)
    assert (zhao.name, zhao.shown, zhao.state, zhao.generation) == ("zhao", "Zhao", "active", 0)
    assert (zhao.created, zhao.seen) == (5.0, None)
    assert rows.find("zhao") == rows.get(zhao.id) == zhao
    assert rows.password(zhao.id) == "hash"
    assert rows.find("li") is None
    assert rows.get("li") is None
    assert rows.password("li") is None


def test_a_taken_name_is_not_added(rows: Accounts) -> None:
    zhao = rows.add("zhao", "Zhao", "hash", 5.0)
    assert rows.add("zhao", "ZHAO", "other", 6.0) is None
    assert zhao is not None
    assert rows.password(zhao.id) == "hash"


def test_all_are_listed_by_name(rows: Accounts) -> None:
    for name in ("wang", "li", "zhao"):
        rows.add(name, name, "hash", 0.0)
    assert [account.name for account in rows.all()] == ["li", "wang", "zhao"]


def test_changes_that_revoke_raise_the_generation(rows: Accounts) -> None:
    zhao, li = rows.add("zhao", "Zhao", "hash", 0.0), rows.add("li", "Li", "hash", 0.0)
    assert zhao is not None
    assert li is not None
    rows.set_password(zhao.id, "new", 1.0)
    rows.set_state(zhao.id, "disabled")
    rows.saw(zhao.id, 7.0)
    changed = rows.get(zhao.id)
    assert changed is not None
    assert (changed.generation, changed.state, changed.seen, changed.active) == (2, "disabled", 7.0, False)
    assert rows.password(zhao.id) == "new"
    assert rows.get(li.id) == li


def test_a_hash_is_renewed_only_if_it_is_still_the_same(rows: Accounts) -> None:
    zhao = rows.add("zhao", "Zhao", "old", 0.0)
    assert zhao is not None
    rows.rehash(zhao.id, "old", "new")
    rows.rehash(zhao.id, "old", "late")
    assert rows.password(zhao.id) == "new"
    assert rows.get(zhao.id) == zhao


def test_a_removed_account_is_gone_and_its_name_is_another_ones(rows: Accounts) -> None:
    zhao = rows.add("zhao", "Zhao", "hash", 0.0)
    assert zhao is not None
    rows.remove(zhao.id)
    assert rows.get(zhao.id) is None
    assert rows.password(zhao.id) is None
    again = rows.add("zhao", "Zhao", "hash", 0.0)
    assert again is not None
    assert again.id != zhao.id


def test_nothing_happens_to_an_account_that_is_gone(rows: Accounts) -> None:
    rows.set_password("gone", "x", 0.0)
    rows.set_state("gone", "active")
    rows.saw("gone", 0.0)
    rows.rehash("gone", "x", "y")
    rows.remove("gone")
    assert rows.all() == []


# Revisions -----------------------------------------------------------------------------------


def test_the_head_is_the_newest_revision() -> None:
    assert ScriptDirectory(str(store.MIGRATIONS)).get_heads() == [store.HEAD]


def test_the_revisions_make_the_tables(tmp_path: Path) -> None:
    engine = open_engine(store.open_database(tmp_path), begin="BEGIN")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_a_newer_database_is_refused_in_one_line(tmp_path: Path) -> None:
    path = store.open_database(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigError, match=r"newer netapp \(9999\)") as refused:
        store.open_database(tmp_path)
    assert "\n" not in str(refused.value)


def test_hashes_and_names_are_their_owners_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    store.open_database(state)
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "people.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.real
def test_l42_a_password_change_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    hasher = Hasher()
    hashes = {}
    for word in ("old", "new"):
        hashes[word] = hasher.hash(word.encode())
    with store.accounts(tmp_path) as rows:
        zhao = rows.add("zhao", "Zhao", hashes["old"], 0.0)
    assert zhao is not None
    program = f"""
import itertools, sys
from pathlib import Path
from netapp.people import store
print("begun", flush=True)
for phc in itertools.cycle({[hashes["new"], hashes["old"]]!r}):
    with store.accounts(Path({str(tmp_path)!r})) as rows:
        rows.set_password({zhao.id!r}, phc, 0.0)
"""
    for delay in (0.0, 0.004, 0.013):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)  # to be killed at some moment of the work
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with store.accounts(tmp_path) as rows:
            phc = rows.password(zhao.id)
        assert phc in hashes.values()
    assert any(hasher.verify(phc, word.encode()) for word in hashes)
