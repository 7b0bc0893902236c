"""Rows on disk: what is acknowledged is there, and what fails takes no other with it."""

import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
import sqlalchemy as sa
from sqlalchemy import Connection
from twisted.internet import defer, reactor
from twisted.logger import capturedLogs, formatEvent

from netapp.core import database, limits, upgrading
from netapp.errors import Busy, ConfigError, StateError

TABLE = sa.Table("word", sa.MetaData(), sa.Column("text", sa.String, primary_key=True))
ENV = """
from alembic import context
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
"""
REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = {revision!r}, {before!r}
def upgrade():
    op.create_table({table!r}, sa.Column("text", sa.String, primary_key=True))
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "100% migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    (folder / "versions" / "one.py").write_text(REVISION.format(revision="one", before=None, table="word"))
    return folder


@pytest.fixture
def path(tmp_path: Path, migrations: Path) -> Path:
    made = tmp_path / "words.db"
    upgrading.upgrade(made, migrations, "one")
    return made


@pytest.fixture
def words(path: Path) -> Iterator[database.Database]:
    opened = database.Database(path, reactor)
    opened.start()
    yield opened
    pytest_twisted.blockon(opened.stop())


def put(text: str) -> database.Work[str]:
    def work(connection: Connection) -> str:
        connection.execute(sa.insert(TABLE).values(text=text))
        return text

    return work


def everything(connection: Connection) -> list[str]:
    return sorted(connection.scalars(sa.select(TABLE.c.text)))


def on_disk(path: Path) -> list[str]:
    """What another program finds."""
    connection = sqlite3.connect(path)
    try:
        return [text for (text,) in connection.execute("SELECT text FROM word ORDER BY text")]
    finally:
        connection.close()


@pytest_twisted.ensureDeferred
async def test_what_is_acknowledged_is_there_for_all(words: database.Database) -> None:
    assert await words.write(put("a")) == "a"
    assert on_disk(words.path) == ["a"]
    assert await words.read(everything) == ["a"]


@pytest_twisted.ensureDeferred
async def test_writes_that_wait_are_one_transaction_and_one_that_fails_is_alone(
    words: database.Database,
) -> None:
    entered, opened = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        entered.set()
        assert opened.wait(10)

    def fail(connection: Connection) -> None:
        connection.execute(sa.insert(TABLE).values(text="undone"))
        raise LookupError("no")

    transactions: list[str] = []
    sa.event.listen(words._writing, "begin", lambda _: transactions.append("begin"))
    held = words.write(hold)
    assert entered.wait(10)
    good, bad, twice, better = (words.write(work) for work in (put("good"), fail, put("good"), put("better")))
    opened.set()
    await held
    with pytest.raises(LookupError):
        await bad
    with pytest.raises(sa.exc.IntegrityError):
        await twice
    assert await defer.gatherResults([good, better]) == ["good", "better"]
    assert await words.read(everything) == ["better", "good"]
    assert len(transactions) == 2


@pytest_twisted.ensureDeferred
async def test_a_failed_commit_fails_every_write_of_it(words: database.Database) -> None:
    @sa.event.listens_for(words._writing, "commit", once=True)
    def full(connection: Connection) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        await words.write(put("lost"))
    assert await words.write(put("kept")) == "kept"
    assert await words.read(everything) == ["kept"]


@pytest_twisted.ensureDeferred
async def test_a_disk_that_fails_a_look_at_the_others_ends_no_writer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, told = database.Database(path, reactor), []
    words.watch(lambda: told.append(1))
    words.start()
    await words.write(put("a"))

    def broken() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    told.clear()
    monkeypatch.setattr(words, "_changed_elsewhere", broken)
    with capturedLogs() as events:
        assert await words.write(put("b")).addTimeout(5, reactor) == "b"
    assert told == [1]
    assert "another process has written cannot be read: disk I/O error" in str(formatEvent(events[0]))
    await words.stop().addTimeout(5, reactor)


@pytest_twisted.ensureDeferred
async def test_a_writer_that_cannot_let_go_of_the_file_holds_up_no_stop(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = database.Database(path, reactor)
    words.start()

    def broken() -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(words._writing, "dispose", broken)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    await words.stop().addTimeout(5, reactor)


@pytest_twisted.ensureDeferred
async def test_more_than_may_wait_is_refused(
    words: database.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DATABASE_QUEUE", 3)
    entered, opened = threading.Event(), threading.Event()
    held = words.write(lambda _: entered.set() or opened.wait(10))
    assert entered.wait(10)
    waiting = [words.write(put(str(number))) for number in range(3)]
    with pytest.raises(Busy):
        words.write(put("one more"))
    opened.set()
    await defer.gatherResults([held, *waiting])
    assert await words.read(everything) == ["0", "1", "2"]


@pytest_twisted.ensureDeferred
async def test_a_stop_stores_what_waits(path: Path) -> None:
    words = database.Database(path, reactor)
    with pytest.raises(StateError):
        words.write(put("too early"))
    words.start()
    waiting = [words.write(put(f"{number:04}")) for number in range(600)]
    await words.stop()
    assert all(each.called for each in waiting)
    assert len(on_disk(path)) == 600
    with pytest.raises(StateError):
        words.write(put("too late"))


@pytest_twisted.ensureDeferred
async def test_a_stopped_database_starts_again(words: database.Database) -> None:
    await words.stop()
    words.start()
    assert await words.write(put("again")) == "again"


@pytest_twisted.ensureDeferred
async def test_a_reader_sees_one_moment(words: database.Database) -> None:
    between, went_on = threading.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[int, int]:
        before = len(everything(connection))
        between.set()
        assert went_on.wait(10)
        return before, len(everything(connection))

    reading = words.read(twice)
    assert between.wait(10)
    await words.write(put("meanwhile"))
    went_on.set()
    assert await reading == (0, 0)


@pytest.mark.real
def test_l42_a_killed_process_has_lost_nothing_that_it_acknowledged(path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from twisted.internet import reactor
from netapp.core.database import Database
words = Database(Path({str(path)!r}), reactor)
words.start()
def stored(number):
    print(number, flush=True)
    put(number + 8)
def put(number):
    def work(connection):
        connection.exec_driver_sql("INSERT INTO word VALUES (?)", (str(number),))
        return number
    words.write(work).addCallback(stored)
for number in range(8):
    reactor.callWhenRunning(put, number)
reactor.run()
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(50)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    assert set(acknowledged) <= set(on_disk(path))


# Revisions -----------------------------------------------------------------------------------


def test_a_new_database_is_its_owners_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert on_disk(path) == []


def test_an_older_database_is_brought_up_to_date_and_keeps_its_rows(path: Path, migrations: Path) -> None:
    engine = database.open_engine(path, begin="BEGIN IMMEDIATE")
    with engine.begin() as connection:
        put("kept")(connection)
    engine.dispose()
    two = REVISION.format(revision="two", before="one", table="phrase")
    (migrations / "versions" / "two.py").write_text(two)
    upgrading.upgrade(path, migrations, "two")
    assert on_disk(path) == ["kept"]
    assert _tables(path) == {"alembic_version", "phrase", "word"}


def test_a_revision_that_fails_leaves_nothing_of_itself(path: Path, migrations: Path) -> None:
    half = REVISION.format(revision="two", before="one", table="phrase") + "    raise LookupError\n"
    (migrations / "versions" / "two.py").write_text(half)
    with pytest.raises(LookupError):
        upgrading.upgrade(path, migrations, "two")
    assert _tables(path) == {"alembic_version", "word"}


def test_a_newer_database_is_refused_in_one_line(path: Path, migrations: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = 'from the future'")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigError, match=r"newer netapp.*upgrade netapp") as refused:
        upgrading.upgrade(path, migrations, "one")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("made", ["TABLE theirs (a)", "TABLE word (a)", "VIEW theirs AS SELECT 1"])
def test_another_programs_database_is_refused_and_left_alone(
    tmp_path: Path, migrations: Path, made: str
) -> None:
    path = tmp_path / "words.db"
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE {made}")
    connection.close()
    with pytest.raises(ConfigError, match=r"words\.db is not netapp's") as refused:
        upgrading.upgrade(path, migrations, "one")
    assert "\n" not in str(refused.value)
    assert "alembic_version" not in _tables(path)


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 4096])
def test_l41_a_file_that_is_no_database_is_refused_in_one_line(
    tmp_path: Path, migrations: Path, content: bytes
) -> None:
    path = tmp_path / "words.db"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"words\.db cannot be used") as refused:
        upgrading.upgrade(path, migrations, "one")
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == content


def test_a_directory_in_its_place_is_refused_in_one_line(tmp_path: Path, migrations: Path) -> None:
    (tmp_path / "words.db").mkdir()
    with pytest.raises(ConfigError, match=r"words\.db") as refused:
        upgrading.upgrade(tmp_path / "words.db", migrations, "one")
    assert "\n" not in str(refused.value)


_UPGRADE = """
import sys
from pathlib import Path
from netapp.core.upgrading import upgrade
upgrade(Path(sys.argv[1]), Path(sys.argv[2]), "one")
print("alembic" in sys.modules)
"""


@pytest.mark.real
def test_first_starts_do_not_race_and_only_one_needs_alembic(tmp_path: Path, migrations: Path) -> None:
    command = [sys.executable, "-c", _UPGRADE, str(tmp_path / "words.db"), str(migrations)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(answers) == ["False", "False", "True"]


def _tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()
