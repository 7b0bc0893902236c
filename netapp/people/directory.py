"""The people of one place, as services and commands ask for them."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet import defer
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.access import is_loopback, source_of
from netapp.core.events import Topic
from netapp.core.threads import Pool
from netapp.errors import Busy
from netapp.people import model, names, rules
from netapp.people.model import Account, AccountChanged, Refused
from netapp.people.passwords import Hasher
from netapp.people.store import Accounts, Store
from netapp.people.throttle import Throttle
from netapp.people.turns import Turns

#: An account as it was read, and the hash to verify: the dummy's where nobody may come in.
_Candidate = tuple[Account | None, str, bytes]


class People:
    """Accounts, and whether somebody is who they say.

    Rows are read each time, so what ``netapp user`` changes is true for the next question.

    :param clock: the reactor; its ``seconds`` stamp rows and measure throttles.
    """

    _log = Logger()

    def __init__(self, store: Store, hasher: Hasher, clock: Any) -> None:
        #: :class:`AccountChanged` values, for changes made by this process.
        self.changes: Topic[AccountChanged] = Topic()
        self.throttle = Throttle()
        self.refused = 0  # tries that were wrong
        self.admitted = 0
        self._checking: Counter[str] = Counter()  # tries under way, by source
        self._turns = Turns(self.throttle, clock)
        self._store, self._hasher, self._clock = store, hasher, clock
        threads = min(os.cpu_count() or 1, limits.HASH_THREADS)
        self._pool = Pool("passwords", clock, threads=threads, waiting=limits.HASH_QUEUE, nice=10)

    def start(self) -> None:
        self._store.start()
        self._pool.start()

    def stop(self) -> defer.Deferred[None]:
        return defer.ensureDeferred(self._stop())

    async def _stop(self) -> None:
        await self._pool.stop()
        await self._store.stop()

    # Questions -------------------------------------------------------------------------------

    def find(self, name: str) -> defer.Deferred[Account | None]:
        """The account of a name, in whatever case or width; disabled ones too."""
        mapped = names.mapped_or_none(name)
        if mapped is None:
            return defer.succeed(None)
        return self._store.read(lambda accounts: accounts.find(mapped))

    def get(self, account_id: str) -> defer.Deferred[Account | None]:
        return self._store.read(lambda accounts: accounts.get(account_id))

    def all(self) -> defer.Deferred[Iterable[Account]]:
        """All accounts, by name."""
        return self._store.read(lambda accounts: accounts.all())

    def authenticate(
        self, name: str | bytes, password: str | bytes, source: str
    ) -> defer.Deferred[Account | None]:
        """The account, when it may come in and the password is its own; else None.

        Octets are read as UTF-8 and as GB18030 within the one try.  The same work is done for
        unknown and disabled names as for others.  A try that earlier ones hold back waits here, and
        so does one beside another by the same account.  Cancelling takes it out of the queue.

        :param source: the address of who tries; "" when there is none.
        Fails with :class:`netapp.errors.Busy` when too many wait; that is no failed try.
        """
        return defer.ensureDeferred(self._authenticate(_octets(name), _octets(password), source))

    # Changes ---------------------------------------------------------------------------------

    async def add(self, name: str, password: str, *, allow_weak: bool = False) -> Account:
        """A new account.  :raises Refused: the name or the password, or it is taken."""
        mapped, octets = names.new_name(name), rules.new_password(password, allow_weak=allow_weak)
        shown, now = names.shown_name(name), self._clock.seconds()
        phc = await self._pool.run(self._hasher.hash, octets)
        account = await self._store.write(lambda accounts: accounts.add(mapped, shown, phc, now))
        if account is None:
            raise Refused("taken", name=shown)
        self.changes.publish(AccountChanged("added", account))
        return account

    async def set_password(self, name: str, password: str, *, allow_weak: bool = False) -> Account:
        """Another password, which ends what the old one opened.  :raises Refused: see there."""
        octets, now = rules.new_password(password, allow_weak=allow_weak), self._clock.seconds()
        phc = await self._pool.run(self._hasher.hash, octets)

        def change(accounts: Accounts, account: Account) -> None:
            accounts.set_password(account.id, phc, now)

        return await self._change("password", name, change)

    async def disable(self, name: str) -> Account:
        """Nobody comes in by this account.  :raises Refused: there is none of this name."""
        return await self._change("disabled", name, lambda rows, it: rows.set_state(it.id, "disabled"))

    async def enable(self, name: str) -> Account:
        """:raises Refused: there is none of this name."""
        return await self._change("enabled", name, lambda rows, it: rows.set_state(it.id, "active"))

    async def remove(self, name: str) -> Account:
        """:raises Refused: there is none of this name."""
        return await self._change("removed", name, lambda rows, it: rows.remove(it.id))

    async def _change(self, kind: model.ChangeKind, name: str, change: Any) -> Account:
        mapped = names.mapped_name(name)

        def work(accounts: Accounts) -> Account | None:
            account = accounts.find(mapped)
            if account is None:
                return None
            change(accounts, account)
            return accounts.get(account.id) or account

        changed = await self._store.write(work)
        if changed is None:
            raise Refused("unknown", name=mapped)
        self.changes.publish(AccountChanged(kind, changed))
        return changed

    # Authentication --------------------------------------------------------------------------

    async def _authenticate(self, name: bytes, password: bytes, source: str) -> Account | None:
        tried = rules.tried_names(name)
        with self._place_in_queue(source):
            async with self._turns.turn(source, tried):
                account = await self._verified(name, password)
                if account is None:
                    self.refused += 1
                    self.throttle.failed(source, tried, self._clock.seconds())
                else:
                    self.admitted += 1
                    self.throttle.succeeded(source, account.name)
        return account

    @contextmanager
    def _place_in_queue(self, host: str) -> Iterator[None]:
        """One source does not fill the queue for the others."""
        source = source_of(host)
        if self._checking[source] >= limits.HASH_QUEUE_PER_ADDRESS and not is_loopback(host):
            raise Busy(f"too many logins from {source}")
        self._checking[source] += 1
        try:
            yield
        finally:
            self._checking[source] -= 1
            if not self._checking[source]:
                del self._checking[source]

    async def _verified(self, name: bytes, password: bytes) -> Account | None:
        readings = _prepared(name, password)
        if not readings:
            return None  # no such password can be: nothing is said of the name
        found = await self._store.read(lambda accounts: [_row(accounts, name) for name, _ in readings])
        candidates = [self._candidate(row, octets) for row, (_, octets) in zip(found, readings, strict=True)]
        right = await self._pool.run(self._first_right, candidates)
        if right is None:
            return None
        account, phc, octets = candidates[right]
        if account is None:
            return None  # the dummy's hash is random: not in this universe
        return await self._admit(account, phc, octets)

    def _candidate(self, row: tuple[Account, str] | None, password: bytes) -> _Candidate:
        if row is None or not row[0].active:
            return None, self._hasher.dummy, password
        return row[0], row[1], password

    def _first_right(self, candidates: list[_Candidate]) -> int | None:
        """In a thread: which candidate's password is right."""
        for index, (_, phc, password) in enumerate(candidates):
            if self._hasher.verify(phc, password):
                return index
        return None

    async def _admit(self, account: Account, phc: str, password: bytes) -> Account | None:
        """Note the visit, unless the account has changed while its password was hashed."""
        renewed = None
        if self._hasher.outdated(phc):
            renewed = await self._pool.run(self._hasher.hash, password)
        now = self._clock.seconds()

        def work(accounts: Accounts) -> Account | None:
            current = accounts.get(account.id)
            if current is None or not current.active or current.generation != account.generation:
                return None
            if renewed is not None:
                accounts.rehash(account.id, phc, renewed)
            accounts.saw(account.id, now)
            return accounts.get(account.id)

        return await self._store.write(work)


def _octets(word: str | bytes) -> bytes:
    return word if isinstance(word, bytes) else word.encode("utf-8", "surrogatepass")


def _prepared(name: bytes, password: bytes) -> list[tuple[str | None, bytes]]:
    """Mapped names, None for what can be no name, with the password's octets to hash."""
    found = []
    for shown, secret in rules.readings(name, password):
        try:
            found.append((names.mapped_or_none(shown), rules.prepared(secret)))
        except Refused:
            continue
    return found


def _row(accounts: Accounts, name: str | None) -> tuple[Account, str] | None:
    account = accounts.find(name) if name is not None else None
    phc = accounts.password(account.id) if account is not None else None
    return (account, phc) if account is not None and phc is not None else None
