"""Messages as rows of a real database."""

import sqlite3
from pathlib import Path

import pytest
import pytest_twisted
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from twisted.internet import defer, reactor

from netapp.core import limits
from netapp.core.database import Database
from netapp.core.upgrading import upgrade
from netapp.errors import ConfigError
from netapp.talk import open_talk
from netapp.talk.rows import HEAD, MIGRATIONS, RowStore, open_store
from netapp.talk.tables import metadata
from netapp.talk.talk import Talk
from tests.talk.helpers import Remembering, clock


async def arrive(talk: Talk, name: str) -> tuple[object, Remembering]:
    member = Remembering()
    presence = await talk.arrive(name, member)
    await presence.join("lobby")
    return presence, member


def test_the_migrations_make_the_tables_that_the_code_expects(tmp_path: Path) -> None:
    path = tmp_path / "talk.db"
    upgrade(path, MIGRATIONS, HEAD)
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD
    assert path.stat().st_mode & 0o077 == 0


def test_a_database_of_a_newer_netapp_is_refused_in_one_line(tmp_path: Path) -> None:
    open_store(tmp_path, reactor)
    with sqlite3.connect(tmp_path / "talk.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 't9999'")
    connection.close()
    with pytest.raises(ConfigError, match="newer netapp"):
        open_talk(tmp_path, reactor)


@pytest_twisted.ensureDeferred
async def test_messages_and_topics_are_there_after_a_restart(tmp_path: Path) -> None:
    talk = open_talk(tmp_path, reactor)
    talk.start()
    bob, _ = await arrive(talk, "小明")
    said = await bob.say("lobby", "你好\x02\n'; DROP TABLE messages")
    await bob.set_topic("lobby", "话题")
    await talk.stop()
    again = open_talk(tmp_path, reactor)
    again.start()
    assert await again.history("lobby") == [said]
    eve, _ = await arrive(again, "eve")
    assert again.rooms()[0].topic == "话题"
    assert (await eve.say("lobby", "x")).number == 2
    await again.stop()


@pytest_twisted.ensureDeferred
async def test_two_processes_on_one_directory_see_each_others_messages_in_order(tmp_path: Path) -> None:
    here, there = open_talk(tmp_path, reactor), open_talk(tmp_path, reactor)
    here.start()
    there.start()
    bob, heard_bob = await arrive(here, "bob")
    eve, heard_eve = await arrive(there, "eve")
    await defer.gatherResults([each.say("lobby", str(n)) for n in range(100) for each in (bob, eve)])
    for heard in (heard_bob, heard_eve):
        for _ in range(200):
            if len(heard.deliveries) == 200:
                break
            await _later(0.02)
        assert heard.numbers == list(range(1, 201))
    await here.stop()
    await there.stop()


def _later(seconds: float) -> "defer.Deferred[None]":
    done: defer.Deferred[None] = defer.Deferred()
    reactor.callLater(seconds, done.callback, None)
    return done


@pytest_twisted.ensureDeferred
async def test_old_messages_are_deleted_and_numbers_still_rise(tmp_path: Path) -> None:
    upgrade(tmp_path / "talk.db", MIGRATIONS, HEAD)
    store = RowStore(Database(tmp_path / "talk.db", reactor), reactor, keep=10)
    talk = Talk(store, clock())
    talk.start()
    bob, _ = await arrive(talk, "bob")
    await defer.gatherResults([bob.say("lobby", "x") for _ in range(130)])
    numbers = [message.number for message in await talk.history("lobby")]
    assert numbers == [*range(119, 131)]
    assert len(await store.newest("lobby", before=122, limit=2)) == 2
    await talk.stop()


@pytest_twisted.ensureDeferred
async def test_guests_talks_are_deleted_after_a_day(tmp_path: Path) -> None:
    time = 1000.0
    upgrade(tmp_path / "talk.db", MIGRATIONS, HEAD)
    kept = []
    for seconds in (time, time + limits.GUEST_TALKS + 1):
        store = RowStore(Database(tmp_path / "talk.db", reactor), clock(seconds))
        talk = Talk(store, clock(time))
        talk.start()
        bob, _ = await arrive(talk, "bob")
        await arrive(talk, "eve")
        if not kept:
            message = await bob.direct("eve", "psst")
        await bob.say("lobby", "x")  # after what the start has deleted
        kept.append([len(await store.after(room, 0, limit=9)) for room in (message.room, "lobby")])
        await talk.stop()
    assert kept == [[1, 1], [0, 2]]


@pytest_twisted.ensureDeferred
async def test_stored_rooms_have_a_bound_and_those_silent_longest_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STORED_ROOMS", 3)
    time = clock()
    talk = Talk(open_store(tmp_path, reactor), time)
    talk.start()
    bob, _ = await arrive(talk, "bob")
    for room in ("a", "b", "c"):
        await bob.join(room)
    for room in ("lobby", "a", "b", "a"):
        await bob.say(room, "x")
        time.advance(1.0)
    await bob.say("c", "x")
    left = [len(await talk.history(room)) for room in ("lobby", "a", "b", "c")]
    assert left == [1, 2, 0, 1]
    await talk.stop()


@pytest_twisted.ensureDeferred
async def test_numbers_rise_in_a_room_that_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STORED_ROOMS", 1)
    talk = open_talk(tmp_path, reactor)
    talk.start()
    bob, heard = await arrive(talk, "bob")
    for room in ("a", "b"):
        await bob.join(room)
    said = [await bob.say(room, room) for room in ("a", "a", "b", "a")]
    await bob.set_topic("b", "a topic takes a place as well")
    assert await talk.history("a") == []
    said.append(await bob.say("a", "a"))
    assert [message.number for message in said if message.room == "a"] == [1, 2, 4, 5]
    assert said[2].number == 3
    while len(heard.texts) < len(said):  # those after a gap are read
        await _later(0.01)
    assert sorted(heard.texts) == ["a", "a", "a", "a", "b"]
    await talk.stop()
    again = open_talk(tmp_path, reactor)
    again.start()
    eve, _ = await arrive(again, "eve")
    assert (await eve.join("b")).last == 4
    await again.stop()
