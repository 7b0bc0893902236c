"""L41: what fails keeps everybody out, says so in one line at the start, and ends when it ends."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy.exc import IntegrityError
from twisted.internet import reactor
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.errors import ConfigError, Unavailable
from netapp.people import admin, open_people, settings, store, totp
from netapp.people.directory import People
from netapp.people.model import Account, Password
from netapp.people.passwords import CHEAP, Hasher, read_pepper
from netapp.people.rows import Rows
from netapp.people.settings import Peppers
from tests.people.place import HOST

HASH = Hasher(CHEAP).hash(b"123")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with zhao, where hashing is cheap."""
    state = tmp_path / "state"
    with store.rows(state) as rows:
        settings.put_cost(rows, CHEAP)
        admin.add(rows, "zhao", Password(HASH), 1.0)
    return state


@asynccontextmanager
async def running(state: Path) -> AsyncIterator[People]:
    people = open_people(state, reactor)
    await people.start()
    try:
        yield people
    finally:
        await people.stop()


async def on_writer(people: People, statement: str) -> None:
    """Something that only the writer's connection is told."""

    def work(rows: Rows) -> None:
        rows.accounts._connection.exec_driver_sql(statement)

    await people._ground.store.write(work)


async def is_kept_out(people: People) -> None:
    """By the right password, and by a wrong one, in the same words; and nothing is told that was typed."""
    with capturedLogs() as logs:
        for number, password in enumerate(("123", "a wrong one"), 10):
            with pytest.raises(Unavailable) as told:
                await people.authenticate("zhao", password, f"192.0.2.{number}")
            assert password not in str(told.value)
    text = "".join(str(formatEvent(event)) + str(event.get("log_failure", "")) for event in logs)
    assert "a wrong one" not in text
    assert HASH not in text


def starts_not(state: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        open_people(state, reactor)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Another process holds the database."""
    program = f"""
import sqlite3
connection = sqlite3.connect({str(state / "people.db")!r}, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
input()
"""
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", program], **pipes) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.stdin.write("\n")
            process.stdin.close()
            process.wait()


# While it runs -------------------------------------------------------------------------------


@pytest.mark.real
@pytest_twisted.ensureDeferred
async def test_l41_a_database_that_another_process_holds_for_too_long(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DATABASE_BUSY", 0.1)
    async with running(state) as people:
        zhao = await people.authenticate("zhao", "123", HOST)
        assert zhao is not None
        session = await people.sessions.open(zhao, door="login", source=HOST)
        with locked(state):
            await is_kept_out(people)
            assert await people.find("zhao") == await people.get(zhao.id)  # what is there can be read
            assert [each.id for each in await people.sessions.of(zhao.id)] == [session.id]
        assert await people.authenticate("zhao", "123", HOST) is not None


@pytest_twisted.ensureDeferred
async def test_l41_a_database_that_has_become_read_only(state: Path) -> None:
    async with running(state) as people:
        await on_writer(people, "PRAGMA query_only = ON")
        await is_kept_out(people)
        assert people.refused == 0


async def many_wrong(people: People) -> None:
    for number in range(200):
        await people.authenticate("zhao", "a wrong one", f"198.51.100.{number}")


@pytest_twisted.ensureDeferred
async def test_l41_a_disk_that_is_full(state: Path) -> None:
    async with running(state) as people:
        await on_writer(people, "PRAGMA max_page_count = 1")  # as many as there are: SQLite's full disk
        with capturedLogs(), pytest.raises(Unavailable):
            await many_wrong(people)  # until the pages are full: a failure that is not stored is none
        with capturedLogs(), suppress(Unavailable):  # let in, if that needs no page more; no wrong password
            assert await people.authenticate("zhao", "123", HOST) is not None
        await on_writer(people, "PRAGMA max_page_count = 1000000")
        assert await people.authenticate("zhao", "123", HOST) is not None
        assert await people.authenticate("zhao", "a wrong one", "203.0.113.1") is None
        failures = await people._ground.store.read(lambda rows: rows.throttles.failures())
        assert people.refused < len(failures)  # what could not be stored then is stored now


@pytest_twisted.ensureDeferred
async def test_l41_a_database_that_is_damaged(state: Path) -> None:
    async with running(state) as people:
        assert await people.authenticate("zhao", "123", HOST) is not None

        def checkpointed(rows: Rows) -> None:
            rows.changes.last()

        await people._ground.store.read(checkpointed)
    path = state / "people.db"
    octets = bytearray(path.read_bytes())
    assert len(octets) > 8192
    octets[4096:] = b"\xa5" * (len(octets) - 4096)  # all but the schema's first page
    async with opened_then(state, path, bytes(octets)) as people:
        await is_kept_out(people)


@asynccontextmanager
async def opened_then(state: Path, path: Path, octets: bytes) -> AsyncIterator[People]:
    """A process begins, and then its database's file is damaged."""
    people = open_people(state, reactor)
    path.write_bytes(octets)
    with capturedLogs():
        await people.start()
        try:
            yield people
        finally:
            await people.stop()


@pytest_twisted.ensureDeferred
async def test_l41_a_hash_whose_pepper_is_not_at_hand(state: Path, tmp_path: Path) -> None:
    async with running(state) as people:
        with store.rows(state) as rows:
            zhao = admin.find(rows, "zhao")
            rows.accounts.set_password(zhao.id, Password(HASH, "0123456789abcdef"), 1.0)
        await is_unavailable(people)


async def is_unavailable(people: People) -> None:
    with capturedLogs(), pytest.raises(Unavailable):
        await people.authenticate("zhao", "123", HOST)
    assert people.refused == 0


# At the start --------------------------------------------------------------------------------


@pytest.mark.real
def test_l41_a_start_beside_one_who_holds_the_database(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DATABASE_BUSY", 0.1)
    with locked(state):
        assert "locked" in starts_not(state)


def test_l41_a_start_on_a_damaged_database(state: Path) -> None:
    path = state / "people.db"
    octets = path.read_bytes()
    path.write_bytes(octets[:4096] + b"\xa5" * (len(octets) - 4096))
    assert "malformed" in starts_not(state)
    path.write_bytes(b"no database at all, but some text" * 100)
    assert "people.db" in starts_not(state)


def test_l41_a_start_without_the_pepper(state: Path, tmp_path: Path) -> None:
    (pepper := tmp_path / "pepper").write_bytes(b"p" * 32)
    pepper.chmod(0o600)
    with store.rows(state) as rows:
        settings.put_peppers(rows, Peppers(kid := read_pepper(pepper).kid, {kid: str(pepper)}))
    assert open_people(state, reactor)
    pepper.write_bytes(b"q" * 32)
    assert "another than it was" in starts_not(state)
    pepper.unlink()
    assert "cannot be read" in starts_not(state)


def with_factor(rows: Rows, account: Account) -> None:
    rows.factors.begin(account.id, totp.seal(totp.new_secret(), b"k" * 32, account.id), 1.0)


def test_l41_no_new_key_is_made_where_secrets_are_sealed_with_the_old_one(state: Path) -> None:
    open_people(state, reactor)
    key = state / "people.key"
    first = key.read_bytes()
    key.unlink()
    open_people(state, reactor)  # nothing was sealed so far: a new one is as good
    assert key.read_bytes() != first
    with store.rows(state) as rows:
        with_factor(rows, admin.find(rows, "zhao"))
    key.unlink()
    told = starts_not(state)
    assert "people.key" in told
    assert "put its copy back" in told
    assert not key.exists()
    with store.rows(state) as rows:
        rows.factors.end(admin.find(rows, "zhao").id)
    assert open_people(state, reactor)


@pytest.mark.parametrize("octets", [b"", b"short", b"k" * 33])
def test_l41_a_key_file_that_is_no_key(state: Path, octets: bytes) -> None:
    (state / "people.key").write_bytes(octets)
    assert "people.key" in starts_not(state)


@pytest_twisted.ensureDeferred
async def test_l41_another_key_file_opens_no_second_factor(state: Path) -> None:
    with store.rows(state) as rows:
        zhao = admin.find(rows, "zhao")
        with_factor(rows, zhao)
        rows.factors.confirm(zhao.id)
    (state / "people.key").write_bytes(b"x" * 32)
    (state / "people.key").chmod(0o600)
    async with running(state) as people:
        with capturedLogs(), pytest.raises(Unavailable):
            await people.authenticate("zhao", "123", HOST, code=b"123456")
        assert await people.authenticate("zhao", "123", "192.0.2.3") is None  # a code is still wanted


def test_an_errors_text_has_none_of_the_rows(state: Path) -> None:
    with store.rows(state) as rows:
        again = {"skeleton": HASH, "shown": "Zhao", "role": "member", "now": 1.0}
        with pytest.raises(IntegrityError, match="UNIQUE") as told:
            rows.accounts.add("zhao", **again)  # type: ignore[arg-type]
    assert HASH not in str(told.value)
