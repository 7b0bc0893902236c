"""Where accounts are kept: the interface, a memory form, and rows in SQLite.

A piece of work is a function of :class:`netapp.people.rows.Rows`, run in one transaction; so the
same functions serve a running service, which hands them to threads, and the command line, which
does not.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import sqlalchemy as sa
from twisted.internet import defer

from netapp.core.database import Database, open_engine
from netapp.core.state import open_state, using
from netapp.core.upgrading import upgrade
from netapp.errors import ConfigError
from netapp.people.rows import Rows
from netapp.people.tables import METADATA

T = TypeVar("T")
#: A piece of work, in one transaction.
Work = Callable[[Rows], T]

MIGRATIONS: Final = Path(__file__).parent / "migrations"
#: The newest revision in :data:`MIGRATIONS`; a test holds the two together.
HEAD: Final = "0002"


class Store(Protocol):
    """Runs work on the rows off the reactor's thread.

    Its Deferreds fail with :class:`netapp.errors.Busy` when too much waits.
    """

    def start(self) -> object: ...

    def stop(self) -> defer.Deferred[None]: ...

    def read(self, work: Work[T]) -> defer.Deferred[T]: ...

    def write(self, work: Work[T]) -> defer.Deferred[T]:
        """Fires when what was written is on the disk."""
        ...

    def watch(self, changed: Callable[[], object]) -> None:
        """Have ``changed()`` called soon after another process has written."""
        ...


class SqlStore:
    """Rows in a database file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self) -> None:
        self._database.start()

    def stop(self) -> defer.Deferred[None]:
        return self._database.stop()

    def read(self, work: Work[T]) -> defer.Deferred[T]:
        return defer.maybeDeferred(self._database.read, lambda connection: work(Rows(connection)))

    def write(self, work: Work[T]) -> defer.Deferred[T]:
        return defer.maybeDeferred(self._database.write, lambda connection: work(Rows(connection)))

    def watch(self, changed: Callable[[], object]) -> None:
        self._database.watch(changed)


class MemoryStore:
    """The same rows without a disk, for tests; everything happens at once."""

    def __init__(self) -> None:
        engine = sa.create_engine(
            "sqlite://",
            poolclass=sa.pool.StaticPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False},
            pool_reset_on_return=None,
        )
        self._connection = engine.connect()
        self._connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        METADATA.create_all(self._connection)
        #: For a test to look at, and to prepare.
        self.rows = Rows(self._connection)
        # Python 3.13 warns of a connection that is left to the collector, and no test need end this one.
        ours: Any = self._connection.connection.driver_connection
        weakref.finalize(self.rows, ours.close)

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> defer.Deferred[None]:
        return defer.succeed(None)

    def read(self, work: Work[T]) -> defer.Deferred[T]:
        return defer.maybeDeferred(self._run, work)

    write = read

    def watch(self, changed: Callable[[], object]) -> None:
        """There is no other process."""

    def _run(self, work: Work[T]) -> T:
        self._connection.exec_driver_sql("BEGIN")
        try:
            outcome = work(self.rows)
        except BaseException:
            self._connection.exec_driver_sql("ROLLBACK")
            raise
        self._connection.exec_driver_sql("COMMIT")
        return outcome


def open_database(state: Path) -> Path:
    """The accounts' database of a state directory, made or brought up to date if need be.

    :raises ConfigError: it cannot be used; the text names the cause and the cure.
    """
    path = open_state(state) / "people.db"
    upgrade(path, MIGRATIONS, HEAD)
    return path


@contextmanager
def rows(state: Path) -> Iterator[Rows]:
    """The rows of a state directory in one transaction, without a reactor: for a command line.

    It waits for a running service's transaction, and is on the disk when the block has ended.

    :raises ConfigError: as :func:`open_database`; the database is locked, damaged, full, read-only.
    """
    engine = open_engine(path := open_database(state), begin="BEGIN IMMEDIATE")
    try:
        with using(state), engine.begin() as connection:
            yield Rows(connection)
    except sa.exc.DatabaseError as error:
        if not isinstance(error, sa.exc.OperationalError) and type(error) is not sa.exc.DatabaseError:
            raise  # the work's own mistake
        raise ConfigError(f"the database {path} cannot be used: {error.orig}") from error
    finally:
        engine.dispose()
