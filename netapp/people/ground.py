"""What all parts of :class:`netapp.people.directory.People` stand on."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.clock import Steady
from netapp.core.detached import detached
from netapp.core.events import Topic
from netapp.core.faults import Faults
from netapp.core.threads import Pool
from netapp.errors import Busy, ConfigError, Unavailable
from netapp.people import codes, settings
from netapp.people.model import AccountChanged, Password, Refused
from netapp.people.passwords import Hasher
from netapp.people.rows import Rows
from netapp.people.settings import Settings
from netapp.people.store import Store
from netapp.people.throttling.throttle import Throttle
from netapp.people.trail.audit import Audit

T = TypeVar("T")


class Ground:
    """Rows, the threads that hash, the time, the audit trail, and the news of changes.

    :param clock: the reactor.
    :param time: seconds since 1970 that never go back: rows are stamped with it, throttles measured.
    :param secret: 32 octets that belong to the state directory.
    """

    _log = Logger()

    def __init__(
        self, store: Store, hasher: Hasher, clock: Any, time: Steady, audit: "Audit | NoAudit", secret: bytes
    ) -> None:
        self.store, self.hasher, self.clock, self.audit = store, hasher, clock, audit
        self.now, self.wall = time.seconds, time.wall
        self.changes: Topic[AccountChanged] = Topic()
        self._secret = secret
        self._seen: int | None = None  # the number of the last change that was published
        self._merged = 0.0  # when throttles were last read
        self._again: Any = None  # the call that reads what could not be read
        self._running = False
        self._reading: defer.DeferredLock = defer.DeferredLock()
        threads = min(os.cpu_count() or 1, limits.HASH_THREADS)
        self.pool = Pool("passwords", clock, threads=threads, waiting=limits.HASH_QUEUE, nice=10)
        #: What is stored, as this process knows it; not looked at unless it was read at the start.
        self.settings: Settings | None = None
        self.throttle = Throttle(self.key_for("throttle"))
        self.faults = Faults(clock, self._log)
        store.watch(self._others_changed)

    def start(self) -> None:
        self._running = True
        self.store.start()
        self.pool.start()

    async def stop(self) -> None:
        self._running = False
        if self._again is not None and self._again.active():
            self._again.cancel()
        await self.pool.stop()
        await self.store.stop()
        self.audit.close()

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for each purpose: :func:`netapp.people.codes.derived`."""
        return codes.derived(self._secret, purpose)

    async def hashed(self, octets: bytes, *, alone: bool = False) -> Password:
        """What to keep of a password.  :raises Busy: too many wait for the threads."""
        hasher = self.hasher
        return Password(await self.pool.run(hasher.hash, octets), hasher.current, alone)

    async def for_strangers(self, what: str, work: Awaitable[T]) -> T:
        """Do what anybody can ask for.  What keeps us from it is told here, and not once for each of them.

        :param what: what cannot be done then.
        :raises Busy: too many wait.
        :raises Refused: it is against the rules.
        :raises Unavailable: whatever else went wrong.
        """
        try:
            return await work
        except (Busy, Refused, defer.CancelledError):
            raise
        except Exception:
            self.faults.tell(what, Failure())
            raise Unavailable(what) from None

    async def change(self, work: Callable[[Rows], T]) -> T:
        """Write, and publish what :meth:`ChangeRows.note` was told, to this process at once.

        It is told of also when nobody waits for it any more: a write cannot be taken back.
        """
        return await detached(defer.ensureDeferred(self._change(work)), self._unheard)

    def _unheard(self, outcome: object) -> None:
        if isinstance(outcome, Failure) and not outcome.check(Refused):
            self.faults.tell("a change cannot be written down", outcome)

    async def _change(self, work: Callable[[Rows], T]) -> T:
        outcome: T = await self.store.write(work)
        try:
            await self._publish_changes()  # what others have stored, the store's watch tells
        except Exception:  # it is stored: who asked for it is told so
            self._cannot_read(Failure())
        return outcome

    async def catch_up(self) -> None:
        """Publish what has happened, here or elsewhere, each once and in order."""
        await self._reading.acquire()
        try:
            news = await self.store.read(self._everything)
            self._take_settings(news.settings)
            self._take_throttles(news)
            await self._publish(news.changes)
        finally:
            self._reading.release()

    async def _publish_changes(self) -> None:
        await self._reading.acquire()
        try:
            await self._publish(await self.store.read(self._news))
        finally:
            self._reading.release()

    async def _publish(self, changes: Sequence[tuple[int, AccountChanged]]) -> None:
        for number, happened in changes:
            self._seen = number
            if happened.kind == "removed":  # whoever gets the name begins anew
                self.throttle.forget(happened.account.name, self.now())
            self.changes.publish(happened)
        if any(happened.kind == "removed" for _, happened in changes):
            await self.store_throttle()

    @property
    def begun(self) -> bool:
        """Whether what is stored was taken."""
        return self._seen is not None

    def begin(self, rows: Rows) -> None:
        """Take what is stored, once; what has happened to accounts so far is no news."""
        self._seen = rows.changes.last()
        self._take_throttles(_News([], rows.throttles.failures(), rows.throttles.places(), None))

    async def store_throttle(self) -> None:
        """Put what failed tries cost on the disk."""
        changes = self.throttle.changed(self.now())
        if changes:
            try:
                await self.store.write(lambda rows: rows.throttles.store(changes))
            except Exception:
                self.throttle.put_back(changes)
                raise

    def _news(self, rows: Rows) -> Sequence[tuple[int, AccountChanged]]:
        """What has happened to accounts since we last looked, in a thread."""
        return rows.changes.since(self._seen or 0)

    def _everything(self, rows: Rows) -> "_News":
        """Whatever others may have written since then, in a thread."""
        since = self._merged - limits.CLOCK_STEP  # another process's clock may be as much behind
        return _News(
            self._news(rows),
            rows.throttles.failures(since),
            rows.throttles.places(since),
            settings.read(rows) if self.settings is not None else None,
        )

    def _take_settings(self, stored: Settings | None) -> None:
        """Hash as is agreed on now; where that cannot be, go on as before, and say so."""
        if stored is None or stored == self.settings:
            return
        self.settings = stored
        try:
            self.hasher = stored.hasher()
        except ConfigError as error:
            self._log.error("passwords are hashed as before: {reason}", reason=error)

    def _take_throttles(self, news: "_News") -> None:
        now = self.now()
        self.throttle.restore(news.failures, news.places, now)
        self._merged = now

    def _others_changed(self) -> None:
        if not self._reading.waiting:  # else who waits will read this too
            defer.ensureDeferred(self.catch_up()).addErrback(self._cannot_read)

    def _cannot_read(self, failure: Failure) -> None:
        if not self._running:
            return
        if self._again is None or not self._again.active():
            self._again = self.clock.callLater(limits.CHANGES_AGAIN, self._others_changed)
        if not failure.check(defer.CancelledError):
            self.faults.tell("what has happened to accounts cannot be read", failure)


@dataclass(frozen=True, slots=True)
class _News:
    changes: Sequence[tuple[int, AccountChanged]]
    failures: Sequence[tuple[str, int, float]]
    places: Sequence[tuple[str, str, float]]
    settings: Settings | None


class NoAudit:
    """For programs without a state directory: nothing is kept."""

    def record(self, event: str, /, **fields: object) -> None:
        """Nothing happens."""

    def close(self) -> None:
        """Nothing to close."""
