"""Accounts in memory and in SQLite: one behaviour; and the database's revisions."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from netapp.core.database import open_engine
from netapp.core.upgrading import upgrade
from netapp.errors import ConfigError
from netapp.people import admin, store
from netapp.people.model import (
    Account,
    AccountChanged,
    Application,
    Invitation,
    Key,
    Password,
    Refused,
    Session,
)
from netapp.people.passwords import Hasher
from netapp.people.rows import Rows
from netapp.people.store import MemoryStore
from netapp.people.tables import METADATA
from netapp.people.throttling.counts import Changes

HASH = Password("hash")


@pytest.fixture(params=["memory", "sqlite"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rows]:
    if request.param == "memory":
        yield MemoryStore().rows
        return
    with store.rows(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
def zhao(rows: Rows) -> Account:
    return added(rows, "zhao", "Zhao")


def added(rows: Rows, name: str, shown: str = "") -> Account:
    account = rows.accounts.add(name, name, shown or name, "member", 5.0)
    rows.accounts.set_password(account.id, HASH, 5.0)
    return get(rows, account)


def get(rows: Rows, account: Account) -> Account:
    found = rows.accounts.get(account.id)
    assert found is not None
    return found


def test_an_account_is_added_and_found(rows: Rows, zhao: Account) -> None:
    assert re.fullmatch("[0-9a-f]{32}", zhao.id)
    assert (zhao.name, zhao.shown, zhao.state, zhao.role) == ("zhao", "Zhao", "active", "member")
    assert (zhao.created, zhao.seen) == (5.0, None)
    assert rows.accounts.find("zhao") == zhao
    assert rows.accounts.password(zhao.id) == HASH
    assert rows.accounts.find("li") is None
    assert rows.accounts.get("li") is None
    assert rows.accounts.password("li") is None


def test_numbers_are_given_once(rows: Rows, zhao: Account) -> None:
    li = added(rows, "li")
    rows.accounts.remove(li.id)
    assert added(rows, "wang").number == zhao.number + 2


def test_all_are_listed_by_name(rows: Rows) -> None:
    for name in ("wang", "li", "zhao"):
        added(rows, name)
    assert [account.name for account in rows.accounts.all()] == ["li", "wang", "zhao"]


def test_changes_that_revoke_raise_the_generation(rows: Rows, zhao: Account) -> None:
    li = added(rows, "li")
    new = Password("new", "k1", alone=True)
    rows.accounts.set_password(zhao.id, new, 1.0)
    rows.accounts.set_state(zhao.id, "disabled", "on leave")
    rows.accounts.saw(zhao.id, 7.0)
    changed = get(rows, zhao)
    assert changed.generation == zhao.generation + 2
    assert (changed.state, changed.reason, changed.seen, changed.active) == (
        "disabled",
        "on leave",
        7.0,
        False,
    )
    assert rows.accounts.password(zhao.id) == new
    assert rows.accounts.get(li.id) == li


def test_a_hash_is_renewed_only_if_it_is_still_the_same(rows: Rows, zhao: Account) -> None:
    rows.accounts.rehash(zhao.id, HASH.phc, Password("new", "k1"))
    rows.accounts.rehash(zhao.id, HASH.phc, Password("late"))
    assert rows.accounts.password(zhao.id) == Password("new", "k1")
    assert rows.accounts.get(zhao.id) == zhao


def test_a_removed_account_is_gone_and_its_name_is_another_ones(rows: Rows, zhao: Account) -> None:
    rows.accounts.remove(zhao.id)
    assert rows.accounts.get(zhao.id) is None
    assert rows.accounts.password(zhao.id) is None
    assert added(rows, "zhao").id != zhao.id


def test_nothing_happens_to_an_account_that_is_gone(rows: Rows) -> None:
    rows.accounts.set_password("gone", HASH, 0.0)
    rows.accounts.set_state("gone", "active")
    rows.accounts.saw("gone", 0.0)
    rows.accounts.rehash("gone", "x", HASH)
    rows.accounts.remove("gone")
    assert rows.accounts.all() == []


def test_a_removed_account_takes_everything_along(rows: Rows, zhao: Account) -> None:
    rows.accounts.set_groups(zhao.id, {"class 1"})
    rows.factors.begin(zhao.id, "sealed", 0.0)
    rows.factors.set_recovery(zhao.id, ["digest"])
    rows.sessions.add(session(zhao), generation=zhao.generation, digest="d")
    rows.keys.add(Key("k", zhao.id, "ssh-ed25519", "AAAA", "", 0.0, None))
    rows.applications.add(
        Application("p", zhao.id, "", frozenset({"http"}), 0.0, None), generation=1, digest="d"
    )
    rows.invitations.add(Invitation("i", zhao.id, "member", frozenset(), 0.0, 9.0))
    rows.accounts.remove(zhao.id)
    assert rows.accounts.members() == {}
    assert rows.factors.get(zhao.id) is None
    assert rows.factors.recovery_left(zhao.id) == 0
    assert rows.sessions.all(0.0) == rows.keys.of(zhao.id) == rows.applications.of(zhao.id) == []
    assert rows.invitations.all(0.0) == []


def test_groups_are_told_by_account_and_by_group(rows: Rows, zhao: Account) -> None:
    li = added(rows, "li")
    rows.accounts.set_groups(zhao.id, {"class 1", "班干部"})
    rows.accounts.set_groups(li.id, {"class 1"})
    assert rows.accounts.groups(zhao.id) == {"class 1", "班干部"}
    assert rows.accounts.members() == {"class 1": {zhao.id, li.id}, "班干部": {zhao.id}}


def session(account: Account, **values: Any) -> Session:
    fields: dict[str, Any] = {
        "id": "s", "account": account.id, "kind": "token", "door": "login", "source": "", "label": "",
        "created": 1.0, "seen": 1.0, "expires": 10.0,
    }  # fmt: skip
    return Session(**(fields | values))


def test_a_session_is_good_until_it_is_over_or_revoked(rows: Rows, zhao: Account) -> None:
    token = session(zhao)
    rows.sessions.add(token, generation=zhao.generation, digest="d")
    assert rows.sessions.token("d", 9.9) == token
    assert rows.sessions.of(zhao.id, 9.9) == [token]
    assert rows.sessions.token("d", 10.0) is None
    assert rows.sessions.token("other", 0.0) is None
    rows.accounts.revoke(zhao.id)
    assert rows.sessions.token("d", 5.0) is None
    assert rows.sessions.of(zhao.id, 5.0) == []


def test_a_session_may_outlive_a_revocation(rows: Rows, zhao: Account) -> None:
    for name in ("kept", "other"):
        rows.sessions.add(session(zhao, id=name), generation=zhao.generation)
    rows.accounts.revoke(zhao.id)
    rows.sessions.renew("kept", zhao.id)
    rows.sessions.renew("other", "somebody else")
    assert [each.id for each in rows.sessions.of(zhao.id, 5.0)] == ["kept"]


def test_the_connections_of_a_process_end_with_it(rows: Rows, zhao: Account) -> None:
    for number in (1, 2):
        rows.sessions.add(session(zhao, id=str(number)), generation=zhao.generation, process=number)
    rows.sessions.add(session(zhao, id="token"), generation=zhao.generation, digest="d")
    assert rows.sessions.processes() == {1, 2}
    rows.sessions.forget(1)
    assert [each.id for each in rows.sessions.of(zhao.id, 5.0)] == ["2", "token"]


def test_l35_a_time_step_is_taken_once(rows: Rows, zhao: Account) -> None:
    rows.factors.begin(zhao.id, "sealed", 0.0)
    assert [rows.factors.take_step(zhao.id, step) for step in (7, 7, 6, 8)] == [True, False, False, True]


def test_a_recovery_code_is_taken_once(rows: Rows, zhao: Account) -> None:
    rows.factors.set_recovery(zhao.id, ["a", "b"])
    assert [rows.factors.take_recovery(zhao.id, code) for code in ("a", "a", "c")] == [True, False, False]
    assert rows.factors.recovery_left(zhao.id) == 1


def test_an_invitation_is_taken_once_and_not_when_it_is_over(rows: Rows) -> None:
    for number in ("1", "2"):
        rows.invitations.add(Invitation(number, None, "member", frozenset({"班"}), 0.0, 9.0))
    assert rows.invitations.get("1", 8.0) == Invitation("1", None, "member", frozenset({"班"}), 0.0, 9.0)
    assert [rows.invitations.take("1", 8.0), rows.invitations.take("1", 8.0)] == [True, False]
    assert rows.invitations.take("2", 9.0) is False
    assert rows.invitations.get("2", 9.0) is None


def test_changes_are_read_on_from_where_one_was(rows: Rows, zhao: Account) -> None:
    rows.changes.note("added", zhao)
    seen = rows.changes.last()
    rows.changes.note("session", zhao, session="s")
    li = added(rows, "li")
    rows.changes.note("removed", li)
    rows.accounts.remove(li.id)
    news = rows.changes.since(seen)
    assert [number for number, _ in news] == [seen + 1, seen + 2]
    assert [change for _, change in news] == [
        AccountChanged("session", zhao, "s"),
        AccountChanged("removed", li),
    ]
    assert rows.changes.since(rows.changes.last()) == []


def test_what_throttles_is_kept_and_forgotten(rows: Rows) -> None:
    rows.throttles.store(Changes([("a", 1, 5.0), ("b", 2, 6.0)], [("10.0.0.1", "a", 1.0)]))
    rows.throttles.store(Changes([("a", 3, 7.0), ("b", 0, 8.0)], [("10.0.0.1", "a", 2.0)]))
    assert rows.throttles.failures() == [("a", 3, 7.0), ("b", 0, 8.0)]
    assert rows.throttles.failures(since=8.0) == [("b", 0, 8.0)]
    assert rows.throttles.places() == [("10.0.0.1", "a", 2.0)]
    rows.throttles.store(Changes(gone=["a"], gone_places=[("10.0.0.1", "a")]))
    assert (rows.throttles.failures(), rows.throttles.places()) == ([("b", 0, 8.0)], [])


def test_work_that_fails_leaves_nothing_behind() -> None:
    memory = MemoryStore()

    def work(rows: Rows) -> None:
        added(rows, "zhao")
        raise ValueError

    failed = memory.write(work)
    failed.addErrback(lambda failure: failure.trap(ValueError))
    assert memory.rows.accounts.all() == []


# Revisions -----------------------------------------------------------------------------------


def test_the_head_is_the_newest_revision() -> None:
    assert ScriptDirectory(str(store.MIGRATIONS)).get_heads() == [store.HEAD]


def test_the_revisions_make_the_tables(tmp_path: Path) -> None:
    engine = open_engine(store.open_database(tmp_path), begin="BEGIN")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_accounts_of_an_older_netapp_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "people.db"
    upgrade(path, store.MIGRATIONS, "0001")
    connection = sqlite3.connect(path)
    for number, name in enumerate(("zhao", "li"), 1):
        row = (f"{number:032}", name, name.title(), "active", 3, float(number))
        connection.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, NULL)", row)
        connection.execute("INSERT INTO credential VALUES (?, 'password', 'hash', 1.0)", row[:1])
    connection.commit()
    connection.close()
    with store.rows(tmp_path) as rows:
        li, zhao = rows.accounts.all()
        assert (zhao.shown, zhao.role, zhao.reason, zhao.generation) == ("Zhao", "member", "", 3)
        assert li.number == zhao.number + 1
        assert rows.accounts.password(zhao.id) == HASH
        with pytest.raises(Refused):
            admin.see_free(rows, "ZHAO")
        assert admin.add(rows, "wang", None, 0.0).number == li.number + 1


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
    with store.rows(tmp_path) as rows:
        zhao = admin.add(rows, "zhao", Password(hashes["old"]), 0.0)
    program = f"""
import itertools, sys
from pathlib import Path
from netapp.people import admin, store
from netapp.people.throttling.counts import Changes
from netapp.people.model import Password
print("begun", flush=True)
for phc in itertools.cycle({[hashes["new"], hashes["old"]]!r}):
    with store.rows(Path({str(tmp_path)!r})) as rows:
        admin.set_password(rows, admin.find(rows, "zhao"), Password(phc), 0.0)
"""
    for delay in (0.0, 0.004, 0.013):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)  # to be killed at some moment of the work
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with store.rows(tmp_path) as rows:
            kept = rows.accounts.password(zhao.id)
        assert kept is not None
        assert kept.phc in hashes.values()
    assert any(hasher.verify(kept.phc, word.encode()) for word in hashes)
