"""SQLite databases, copied while others write, and looked at: no SQLAlchemy, no noun's tables."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Set
from contextlib import closing, contextmanager
from pathlib import Path

from netapp.core import limits
from netapp.core.backup import Unfit
from netapp.core.platform import O_CLOEXEC
from netapp.core.text import visible

#: Called with pages left and pages in all.
Progress = Callable[[int, int], object]


def copy(source: Path, target: Path, progress: Progress = lambda left, total: None) -> None:
    """Copy a database as it is at one moment, by SQLite's online backup, into a file of mode 0600.

    Writers go on meanwhile: what we read is one transaction's view of the write-ahead log.

    :param target: must not be there; it is on the disk when this returns, without a log beside it.
    :raises Unfit: the source is no database, is damaged, or is held by another program.
    :raises sqlite3.OperationalError: the disk is full, or fails.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_CLOEXEC, 0o600))
    with _understood(source), opened(source) as ours, opened(target) as theirs:
        ours.execute("BEGIN")
        ours.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on nothing changes for us
        ours.backup(
            theirs,
            pages=limits.BACKUP_PAGES,
            progress=lambda status, left, total: progress(left, total),
            sleep=0.0,
        )
        ours.rollback()
        theirs.execute("PRAGMA journal_mode=DELETE")
        if theirs.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise Unfit("no database", path=source)
    sync(target)


def revision(path: Path) -> str | None:
    """The revision that a database is at; None where it holds none.  :raises Unfit: it is no database."""
    return value(path, "alembic_version", "SELECT version_num FROM alembic_version")


def value(path: Path, table: str, question: str, *arguments: str) -> str | None:
    """The first row's first value; None where there is no such table, or no row.

    A view is no table: what it tells may never end.

    :raises Unfit: it is no database, or there is no end of it.
    """
    with _understood(path), opened(path, limits.DATABASE_STEPS) as database:
        known = database.execute(
            "SELECT 1 FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type = 'table'", (table,)
        ).fetchone()
        row = database.execute(question, arguments).fetchone() if known else None
    return None if row is None else str(row[0])


def tables(path: Path) -> int:
    """How many tables and indexes a database has.  :raises Unfit: it is no database."""
    with _understood(path), opened(path, limits.DATABASE_STEPS) as database:
        return int(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def damage(path: Path, ours: Set[str] = frozenset()) -> list[str]:
    """What is wrong with a database, in SQLite's words, at most a few lines; nothing if it is whole.

    A signal interrupts it: a large one takes its time.

    :param ours: names of tables that netapp reads; none is a view, and no trigger is on one.
    :raises Unfit: it is no database at all.
    """
    with _understood(path), opened(path) as database:
        if wrong := _disguised(database, {"alembic_version", *ours}):
            return wrong[: limits.BACKUP_DAMAGE]
        found = [str(row[0]) for row in database.execute(f"PRAGMA integrity_check({limits.BACKUP_DAMAGE})")]
        wrong = [] if found == ["ok"] else found
        for table, number, parent, _ in database.execute("PRAGMA foreign_key_check").fetchmany(
            limits.BACKUP_DAMAGE
        ):
            wrong.append(f"row {number} of {table} refers to a row of {parent} that is not there")
    return wrong


def _disguised(database: sqlite3.Connection, ours: Set[str]) -> list[str]:
    """Views and triggers in the place of our tables: what they do when they are read may never end."""
    others = database.execute(
        "SELECT type, name, tbl_name FROM sqlite_master WHERE type IN ('view', 'trigger')"
    )
    return [f"{visible(str(name))} is a {kind}" for kind, name, table in others if str(table).lower() in ours]


@contextmanager
def opened(path: Path, steps: int | None = None) -> Iterator[sqlite3.Connection]:
    """A connection that makes no database where there is none, and waits for writers.

    What the database itself says is not trusted: no function that it names does anything beside telling
    a value.

    :param steps: of SQLite's machine that are taken at most; without it, a signal alone ends what has no end.
    :raises KeyboardInterrupt: SQLite was interrupted.
    :raises Unfit: there were more steps.
    """
    # As root, SQLite gives the log and its index to the owner of the database.
    name = path.absolute().as_uri() + "?mode=rw"
    with closing(sqlite3.connect(name, uri=True, timeout=limits.DATABASE_BUSY)) as database:
        database.isolation_level = None
        counted = _Counted(steps)
        database.set_progress_handler(counted, limits.DATABASE_LOOK)
        try:
            database.execute("PRAGMA trusted_schema=OFF")
            yield database
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "") != "SQLITE_INTERRUPT":
                raise
            if counted.too_many:
                raise Unfit("no database", path=path) from None
            raise KeyboardInterrupt from None  # a signal came while Python was asked whether to go on


class _Counted:
    """Called by SQLite again and again: Python sees to its signals meanwhile."""

    def __init__(self, steps: int | None) -> None:
        self._left = steps

    @property
    def too_many(self) -> bool:
        return self._left is not None and self._left <= 0

    def __call__(self) -> bool:
        """:returns: whether to stop."""
        if self._left is not None:
            self._left -= limits.DATABASE_LOOK
        return self.too_many


def sync(path: Path) -> None:
    """Put a file's octets on the disk."""
    handle = os.open(path, os.O_RDONLY | O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """What SQLite says of the database itself, as ours; of a disk that is full or fails, as it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            raise Unfit("no database", path=path) from None
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Unfit("busy", path=path) from None
        raise
