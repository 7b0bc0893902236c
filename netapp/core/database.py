"""Rows on disk: SQLAlchemy Core over SQLite, one writer thread, a few readers.

A write's Deferred fires after its transaction is committed and on the disk (WAL with
``synchronous=FULL``).  Writes that wait together are committed together, each in a savepoint of
its own, so that one that fails takes no other with it.

SQLAlchemy takes its time to import: only nouns that keep rows import this module.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.threads import Pool
from netapp.core.walwatch import WalWatch
from netapp.errors import Busy, StateError

T = TypeVar("T")
Work = Callable[[Connection], T]


def open_engine(path: Path, *, begin: str) -> Engine:
    """An engine on one SQLite file.

    :param begin: how transactions begin: ``BEGIN IMMEDIATE`` for writers, ``BEGIN`` for readers.
    """
    engine = sqlalchemy.create_engine(
        f"sqlite:///{path}",
        hide_parameters=True,  # an error's text goes to the log, and they may be secrets
        poolclass=sqlalchemy.pool.SingletonThreadPool,
        # Each thread has a connection of its own; whoever ends the engine closes them all.
        connect_args={"timeout": limits.DATABASE_BUSY, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions and savepoints are SQLAlchemy's alone
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class Database:
    """One SQLite file.  :param path: already at its newest revision, see :mod:`netapp.core.upgrading`."""

    _log = Logger()

    def __init__(self, path: Path, reactor: Any, *, readers: int = 2) -> None:
        self.path = path
        self._reactor = reactor
        self._readers = Pool(f"{path.stem}-read", reactor, threads=readers, waiting=limits.DATABASE_QUEUE)
        self._reading = open_engine(path, begin="BEGIN")
        self._writing = open_engine(path, begin="BEGIN IMMEDIATE")
        self._jobs: deque[tuple[Work[Any], defer.Deferred[Any]]] = deque()
        self._ready = threading.Condition()
        self._stopping = True
        self._ended: defer.Deferred[None] | None = None
        self._watchers: list[Callable[[], object]] = []
        self._wal = WalWatch(path, reactor, self._look)
        self._looking = False
        self._version: int | None = None  # PRAGMA data_version, as the writer last saw it

    def start(self) -> None:
        """Begin the threads, once the process has its final user and has forked."""
        self._stopping = False
        self._ended = defer.Deferred()
        self._readers.start()
        threading.Thread(target=self._write_all, name=f"{self.path.stem}-write", daemon=True).start()
        if self._watchers:
            self._wal.start()

    async def _stop(self) -> None:
        self._wal.stop()
        with self._ready:
            self._stopping = True
            self._ready.notify()
        if self._ended is not None:
            await self._ended
            self._ended = None
        await self._readers.stop()
        self._reading.dispose()

    def stop(self) -> defer.Deferred[None]:
        """Store what waits, then end the threads."""
        return defer.ensureDeferred(self._stop())

    def read(self, work: Work[T]) -> defer.Deferred[T]:
        """Run ``work(connection)`` in a reader's thread.  :raises Busy: too many wait."""
        return self._readers.run(self._read, work)

    def write(self, work: Work[T]) -> defer.Deferred[T]:
        """Run ``work(connection)`` in the writer's thread; fires when it is on the disk.

        :raises Busy: too many wait.
        """
        done: defer.Deferred[T] = defer.Deferred()
        with self._ready:
            if self._stopping:
                raise StateError(f"the database {self.path} is not open")
            if len(self._jobs) >= limits.DATABASE_QUEUE:
                raise Busy(f"too much waits for the database {self.path}")
            self._jobs.append((work, done))
            self._ready.notify()
        return done

    def watch(self, changed: Callable[[], object]) -> None:
        """Have ``changed()`` called soon after another process has committed something."""
        self._watchers.append(changed)
        if len(self._watchers) == 1 and not self._stopping:
            self._wal.start()

    def _look(self) -> None:
        with self._ready:
            self._looking = True
            self._ready.notify()

    def _tell_watchers(self) -> None:
        for changed in self._watchers:
            changed()

    def _look_elsewhere(self) -> None:
        """Tell the watchers if another has committed; where SQLite cannot say, it may have."""
        try:
            changed = self._changed_elsewhere()
        except Exception as error:  # a disk that fails must not end the writer
            text, changed = "{path}: whether another process has written cannot be read: {reason}", True
            self._reactor.callFromThread(self._log.error, text, path=self.path, reason=error)
        if changed:
            self._reactor.callFromThread(self._tell_watchers)

    def _changed_elsewhere(self) -> bool:
        """Whether a connection that is not the writer's has committed since the last question."""
        connection = self._writing.raw_connection()
        try:
            cursor = connection.cursor()
            before, self._version = self._version, cursor.execute("PRAGMA data_version").fetchone()[0]
        finally:
            connection.close()
        return before != self._version  # the first time counts as one: nobody has looked before

    def _read(self, work: Work[T]) -> T:
        with self._reading.begin() as connection:
            return work(connection)

    def _write_all(self) -> None:
        try:
            self._write_batches()
            self._writing.dispose()
        finally:
            self._reactor.callFromThread(self._has_ended)

    def _write_batches(self) -> None:
        while (batch := self._next_batch()) is not None:
            if self._watchers:
                self._look_elsewhere()
            if not batch:
                continue
            outcomes: list[Any]
            try:
                outcomes = self._store([work for work, _ in batch])
            except Exception:
                outcomes = [Failure()] * len(batch)  # the commit failed: nothing of it is stored
            self._reactor.callFromThread(_tell_all, [done for _, done in batch], outcomes)

    def _has_ended(self) -> None:
        if self._ended is not None:
            self._ended.callback(None)

    def _next_batch(self) -> list[tuple[Work[Any], defer.Deferred[Any]]] | None:
        """What to store now; nothing when there is only something to look at, None at the end."""
        with self._ready:
            while not self._jobs:
                if self._stopping:
                    return None
                if self._looking:
                    break
                self._ready.wait()
            self._looking = False
            return [self._jobs.popleft() for _ in range(min(len(self._jobs), limits.DATABASE_BATCH))]

    def _store(self, batch: list[Work[Any]]) -> list[Any]:
        outcomes: list[Any] = []
        with self._writing.begin() as connection:
            cursor = connection.connection.cursor()  # SQLAlchemy's own savepoints cost more than a row
            for work in batch:
                cursor.execute("SAVEPOINT work")
                try:
                    outcomes.append(work(connection))
                except Exception:
                    outcomes.append(Failure())
                    cursor.execute("ROLLBACK TO SAVEPOINT work")
                cursor.execute("RELEASE SAVEPOINT work")
        return outcomes


def _tell_all(waiting: list[defer.Deferred[Any]], outcomes: list[Any]) -> None:
    for done, outcome in zip(waiting, outcomes, strict=True):
        done.callback(outcome)  # a Failure goes down the errback chain
