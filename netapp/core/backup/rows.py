"""SQLite databases, copied while others write, and looked at: no SQLAlchemy, no noun's tables."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from netapp.core import limits
from netapp.core.backup import Unfit
from netapp.core.platform import O_CLOEXEC

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
    with _understood(source), opened(source) as ours, closing(sqlite3.connect(target)) as theirs:
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
    with _understood(path), opened(path) as database:
        known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = database.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return None if row is None else str(row[0])


def tables(path: Path) -> int:
    """How many tables and indexes a database has.  :raises Unfit: it is no database."""
    with _understood(path), opened(path) as database:
        return int(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def damage(path: Path) -> list[str]:
    """What SQLite finds wrong with a database, in its words, at most a few lines; nothing if it is whole.

    :raises Unfit: it is no database at all.
    """
    with _understood(path), opened(path) as database:
        found = [str(row[0]) for row in database.execute(f"PRAGMA integrity_check({limits.BACKUP_DAMAGE})")]
        wrong = [] if found == ["ok"] else found
        for table, number, parent, _ in database.execute("PRAGMA foreign_key_check").fetchmany(
            limits.BACKUP_DAMAGE
        ):
            wrong.append(f"row {number} of {table} refers to a row of {parent} that is not there")
    return wrong


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that makes no database where there is none, and waits for writers."""
    # As root, SQLite gives the log and its index to the owner of the database.
    name = path.absolute().as_uri() + "?mode=rw"
    with closing(sqlite3.connect(name, uri=True, timeout=limits.DATABASE_BUSY)) as database:
        database.isolation_level = None
        yield database


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
