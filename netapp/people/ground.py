"""What all parts of :class:`netapp.people.directory.People` stand on."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet import defer
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.events import Topic
from netapp.core.threads import Pool
from netapp.people import codes
from netapp.people.model import AccountChanged, Password
from netapp.people.passwords import Hasher
from netapp.people.rows import Rows
from netapp.people.store import Store

T = TypeVar("T")


class Ground:
    """Rows, the threads that hash, the time, the audit trail, and the news of changes.

    :param clock: the reactor; its ``seconds`` stamp rows and measure throttles.
    :param secret: 32 octets that belong to the state directory.
    """

    _log = Logger()

    def __init__(self, store: Store, hasher: Hasher, clock: Any, audit: Any, secret: bytes) -> None:
        self.store, self.hasher, self.clock, self.audit = store, hasher, clock, audit
        self.changes: Topic[AccountChanged] = Topic()
        self._secret = secret
        self._seen = 0  # the number of the last change that was published
        self._reading: defer.DeferredLock = defer.DeferredLock()
        threads = min(os.cpu_count() or 1, limits.HASH_THREADS)
        self.pool = Pool("passwords", clock, threads=threads, waiting=limits.HASH_QUEUE, nice=10)
        #: Called with the settings' rows when something may have changed them.
        self.settings_changed: Callable[[Rows], object] = lambda rows: None
        store.watch(self._others_changed)

    def start(self) -> None:
        self.store.start()
        self.pool.start()

    async def stop(self) -> None:
        await self.pool.stop()
        await self.store.stop()

    def now(self) -> float:
        seconds: float = self.clock.seconds()
        return seconds

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for each purpose: :func:`netapp.people.codes.derived`."""
        return codes.derived(self._secret, purpose)

    async def hashed(self, octets: bytes, *, alone: bool = False) -> Password:
        """What to keep of a password.  :raises Busy: too many wait for the threads."""
        hasher = self.hasher
        return Password(await self.pool.run(hasher.hash, octets), getattr(hasher, "current", None), alone)

    async def change(self, work: Callable[[Rows], T]) -> T:
        """Write, and publish what :meth:`ChangeRows.note` was told, to this process at once."""
        outcome: T = await self.store.write(work)
        await self.catch_up()
        return outcome

    async def catch_up(self) -> None:
        """Publish what has happened, here or elsewhere, each once and in order."""
        await self._reading.acquire()
        try:
            for number, happened in await self.store.read(self._news):
                self._seen = number
                self.changes.publish(happened)
        finally:
            self._reading.release()

    def begin_reading(self, rows: Rows) -> None:
        """What has happened so far is no news."""
        self._seen = rows.changes.last()

    def _news(self, rows: Rows) -> list[tuple[int, AccountChanged]]:
        self.settings_changed(rows)
        return list(rows.changes.since(self._seen))

    def _others_changed(self) -> None:
        defer.ensureDeferred(self.catch_up()).addErrback(self._cannot_read)

    def _cannot_read(self, failure: Any) -> None:
        self._log.failure("what has happened to accounts cannot be read", failure)


class NoAudit:
    def record(self, *args: object, **fields: object) -> None: ...
