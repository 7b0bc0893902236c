"""Where accounts are kept: the interface, a memory form, and rows in SQLite.

A piece of work is a function of :class:`Accounts`, run in one transaction; so the same functions
serve a running service, which hands them to threads, and the command line, which does not.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from secrets import token_hex
from typing import Final, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection
from twisted.internet import defer

from netapp.core.database import Database, open_engine, upgrade
from netapp.core.state import open_state
from netapp.people.model import Account, AccountState
from netapp.people.tables import account, credential

T = TypeVar("T")

MIGRATIONS: Final = Path(__file__).parent / "migrations"
#: The newest revision in :data:`MIGRATIONS`; a test holds the two together.
HEAD: Final = "0001"
_PASSWORD: Final = "password"  # noqa: S105  (a kind of credential)


class Accounts(Protocol):
    """The accounts, as one transaction sees them.  Names are mapped names."""

    def find(self, name: str) -> Account | None: ...

    def get(self, account_id: str) -> Account | None: ...

    def all(self) -> Sequence[Account]:
        """All accounts, by name."""
        ...

    def add(self, name: str, shown: str, phc: str, now: float) -> Account | None:
        """A new account; None when the name is taken."""
        ...

    def password(self, account_id: str) -> str | None:
        """The password's hash, as a PHC string."""
        ...

    def set_password(self, account_id: str, phc: str, now: float) -> None:
        """Another password, which revokes what was given out for the old one."""
        ...

    def rehash(self, account_id: str, old: str, new: str) -> None:
        """The same password hashed anew, unless it has changed meanwhile."""
        ...

    def set_state(self, account_id: str, state: AccountState) -> None: ...

    def saw(self, account_id: str, now: float) -> None: ...

    def remove(self, account_id: str) -> None: ...


class SqlAccounts:
    """:class:`Accounts` in the tables of :mod:`netapp.people.tables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> Account | None:
        return self._one(account.c.name == name)

    def get(self, account_id: str) -> Account | None:
        return self._one(account.c.id == account_id)

    def all(self) -> Sequence[Account]:
        rows = self._connection.execute(sa.select(account).order_by(account.c.name))
        return [Account(**row._mapping) for row in rows]

    def add(self, name: str, shown: str, phc: str, now: float) -> Account | None:
        if self.find(name) is not None:
            return None
        new = _new(name, shown, now)
        self._connection.execute(sa.insert(account).values(**asdict(new)))
        self._connection.execute(
            sa.insert(credential).values(account=new.id, kind=_PASSWORD, secret=phc, changed=now)
        )
        return new

    def password(self, account_id: str) -> str | None:
        return self._connection.scalar(sa.select(credential.c.secret).where(*_password_of(account_id)))

    def set_password(self, account_id: str, phc: str, now: float) -> None:
        self._connection.execute(
            sa.update(credential).where(*_password_of(account_id)).values(secret=phc, changed=now)
        )
        self._update(account_id, generation=account.c.generation + 1)

    def rehash(self, account_id: str, old: str, new: str) -> None:
        self._connection.execute(
            sa.update(credential)
            .where(*_password_of(account_id), credential.c.secret == old)
            .values(secret=new)
        )

    def set_state(self, account_id: str, state: AccountState) -> None:
        self._update(account_id, state=state, generation=account.c.generation + 1)

    def saw(self, account_id: str, now: float) -> None:
        self._update(account_id, seen=now)

    def remove(self, account_id: str) -> None:
        self._connection.execute(sa.delete(account).where(account.c.id == account_id))

    def _one(self, condition: sa.ColumnElement[bool]) -> Account | None:
        row = self._connection.execute(sa.select(account).where(condition)).one_or_none()
        return None if row is None else Account(**row._mapping)

    def _update(self, account_id: str, **values: object) -> None:
        self._connection.execute(sa.update(account).where(account.c.id == account_id).values(**values))


class MemoryAccounts:
    """:class:`Accounts` in a dictionary, for tests and for programs without a disk."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Account, str]] = {}  # id to account and hash

    def find(self, name: str) -> Account | None:
        return next((each for each, _ in self._rows.values() if each.name == name), None)

    def get(self, account_id: str) -> Account | None:
        return self._rows[account_id][0] if account_id in self._rows else None

    def all(self) -> Sequence[Account]:
        return sorted((each for each, _ in self._rows.values()), key=lambda each: each.name)

    def add(self, name: str, shown: str, phc: str, now: float) -> Account | None:
        if self.find(name) is not None:
            return None
        new = _new(name, shown, now)
        self._rows[new.id] = (new, phc)
        return new

    def password(self, account_id: str) -> str | None:
        return self._rows[account_id][1] if account_id in self._rows else None

    def set_password(self, account_id: str, phc: str, now: float) -> None:
        if account_id in self._rows:
            old, _ = self._rows[account_id]
            self._rows[account_id] = (replace(old, generation=old.generation + 1), phc)

    def rehash(self, account_id: str, old: str, new: str) -> None:
        if self.password(account_id) == old:
            self._rows[account_id] = (self._rows[account_id][0], new)

    def set_state(self, account_id: str, state: AccountState) -> None:
        if account_id in self._rows:
            old, phc = self._rows[account_id]
            self._rows[account_id] = (replace(old, state=state, generation=old.generation + 1), phc)

    def saw(self, account_id: str, now: float) -> None:
        if account_id in self._rows:
            old, phc = self._rows[account_id]
            self._rows[account_id] = (replace(old, seen=now), phc)

    def remove(self, account_id: str) -> None:
        self._rows.pop(account_id, None)


class Store(Protocol):
    """Runs work on the accounts off the reactor's thread.

    Its Deferreds fail with :class:`netapp.errors.Busy` when too much waits.
    """

    def start(self) -> object: ...

    def stop(self) -> defer.Deferred[None]: ...

    def read(self, work: Callable[[Accounts], T]) -> defer.Deferred[T]: ...

    def write(self, work: Callable[[Accounts], T]) -> defer.Deferred[T]:
        """Fires when what was written is on the disk."""
        ...


class SqlStore:
    """Accounts in a database file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self) -> None:
        self._database.start()

    def stop(self) -> defer.Deferred[None]:
        return self._database.stop()

    def read(self, work: Callable[[Accounts], T]) -> defer.Deferred[T]:
        return defer.maybeDeferred(self._database.read, lambda connection: work(SqlAccounts(connection)))

    def write(self, work: Callable[[Accounts], T]) -> defer.Deferred[T]:
        return defer.maybeDeferred(self._database.write, lambda connection: work(SqlAccounts(connection)))


class MemoryStore:
    """Accounts in memory; everything happens at once."""

    def __init__(self) -> None:
        self.accounts = MemoryAccounts()

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> defer.Deferred[None]:
        return defer.succeed(None)

    def read(self, work: Callable[[Accounts], T]) -> defer.Deferred[T]:
        return defer.maybeDeferred(work, self.accounts)

    write = read


def open_database(state: Path) -> Path:
    """The accounts' database of a state directory, made or brought up to date if need be.

    :raises ConfigError: it cannot be used; the text names the cause and the cure.
    """
    path = open_state(state) / "people.db"
    upgrade(path, MIGRATIONS, HEAD)
    return path


@contextmanager
def accounts(state: Path) -> Iterator[Accounts]:
    """The accounts of a state directory in one transaction, without a reactor: for a command line.

    It waits for a running service's transaction, and is on the disk when the block has ended.

    :raises ConfigError: as :func:`open_database`.
    """
    engine = open_engine(open_database(state), begin="BEGIN IMMEDIATE")
    try:
        with engine.begin() as connection:
            yield SqlAccounts(connection)
    finally:
        engine.dispose()


def _new(name: str, shown: str, now: float) -> Account:
    return Account(token_hex(16), name, shown, "active", 0, now, None)


def _password_of(account_id: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return credential.c.account == account_id, credential.c.kind == _PASSWORD
