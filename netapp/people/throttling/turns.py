"""Whose turn it is to try a password: tries that share a count go one after another.

So many connections guess no faster than one: each try waits for the verdict of the one before it,
and then for what that one's failure costs.  A try that waits is a few objects, no thread.

What a source has done itself it waits out first, and with nobody else's turn in hand.  In a line that
all sources share, an account's that strangers have guessed at, there is one try of each: who has a
hundred connections stands there once, and the turn is theirs for a try, never for a wait of their own.

One from a known place has no count in common with strangers, and waits for none of them: of those
only so many are looked at together as keep the threads that hash at work, and the others wait here,
not in the queue for the threads.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from twisted.internet import defer, task

from netapp.core import limits
from netapp.errors import Busy
from netapp.people.throttling.ledger import SHARED, Key
from netapp.people.throttling.throttle import STEPS, Throttle


class Throttled(Busy):
    """Earlier failures hold this try back for longer than anybody waits: it was not looked at."""


class Turns:
    """:param clock: the reactor.
    :param seconds: the throttle's time; the reactor's unless given.
    :param queue: how many tries wait for the threads that hash.
    :param strangers: how many from places that are not known are looked at together.
    """

    def __init__(
        self,
        throttle: Throttle,
        clock: Any,
        *,
        seconds: Callable[[], float] | None = None,
        queue: Callable[[], int] = lambda: 0,
        strangers: int = min(os.cpu_count() or 1, limits.HASH_THREADS) + 1,
    ) -> None:
        self._throttle, self._clock, self._queue = throttle, clock, queue
        self._seconds: Callable[[], float] = seconds or clock.seconds
        self._locks: dict[Key, defer.DeferredLock] = {}
        self._strangers = defer.DeferredSemaphore(strangers)
        self._under_way: Counter[str] = Counter()  # by source
        self._crowd = 0  # strangers that wait for one another, or for the threads to have less to do
        self.waiting = 0  #: tries that wait now, for their turn or for what failures cost

    @asynccontextmanager
    async def turn(
        self, host: str, names: Iterable[str], *, patience: float = limits.THROTTLE_PATIENCE
    ) -> AsyncIterator[None]:
        """Within it a try may be made; its outcome is told to the throttle before it is left.

        May be cancelled while it waits.

        :param patience: seconds that it waits at most for one count's cost.
        :raises Throttled: it would have to wait longer.
        :raises Busy: too many wait.
        """
        names = frozenset(names)
        share = self._throttle.share(host, names, self._seconds())
        while True:
            async with AsyncExitStack() as stack:
                stack.enter_context(self._one_of(share))
                keys = self._keys(host, names)
                if not await self._come_up(stack, keys, share, patience) or self._is_new(keys, host, names):
                    continue  # others' failures meanwhile: in line with them, from the first count on
                if not self._throttle.knows(host, names, self._seconds()):
                    await stack.enter_async_context(self._among_strangers())
                    if self._is_new(keys, host, names):
                        continue
                yield
                return

    @asynccontextmanager
    async def pass_by(self, host: str, names: Iterable[str]) -> AsyncIterator[None]:
        """As :meth:`turn` for who need not wait: bounded by source alone, apart from those who wait.

        :raises Busy: too many of the same source are looked at.
        """
        share = self._throttle.share(host, names, self._seconds())
        with self._one_of(f"by {share}" if share else ""):
            yield

    @asynccontextmanager
    async def one_by_one(self, host: str, what: str) -> AsyncIterator[None]:
        """Within it nobody else is at the same thing; nothing is counted.  :raises Busy: too many are."""
        with self._one_of(self._throttle.share(host, (), self._seconds())):
            async with self._locked(f"one {what}"):
                yield

    async def _come_up(self, stack: AsyncExitStack, keys: list[Key], share: str, patience: float) -> bool:
        """Wait for all of a try's counts.  No two tries wait for each other: what is waited for is
        taken in one order, and nobody waits for a count of their own who holds one that is shared.

        :returns: False when it is to begin again.
        """
        own = [key for key in keys if key[:1] not in SHARED]
        shared = [key for key in keys if key[:1] in SHARED]
        for key in own:
            await stack.enter_async_context(self._held(key, patience))
        if shared and not all(map(self._is_free, shared)):
            # neither keep the neighbours of one's own address waiting meanwhile
            await stack.aclose()
            stack.enter_context(self._one_of(share))
            if share:
                await stack.enter_async_context(self._locked(f"one of {share}"))
            for key in shared:
                await stack.enter_async_context(self._held(key, patience))
            if not all(map(self._is_free, own)):
                return False
            shared = own
        for key in shared:
            await stack.enter_async_context(self._held(key, patience))  # it is free
        return True

    def _is_free(self, key: Key) -> bool:
        """Whether a count can be taken at this moment."""
        lock = self._locks.get(key)
        return (lock is None or not lock.locked) and not self._throttle.wait(key, self._seconds())

    def _keys(self, host: str, names: frozenset[str]) -> list[Key]:
        return self._throttle.keys(host, names, self._seconds())

    def _is_new(self, keys: list[Key], host: str, names: frozenset[str]) -> bool:
        """Whether a try has come under more counts than these."""
        return not set(keys).issuperset(self._keys(host, names))

    @contextmanager
    def _one_of(self, share: str) -> Iterator[None]:
        """One source does not take all the room there is for those who wait."""
        if share and self._under_way[share] >= limits.HASH_QUEUE_PER_ADDRESS:
            raise Busy(f"too many logins from {share}")
        self._under_way[share] += 1
        try:
            yield
        finally:
            self._under_way[share] -= 1
            if not self._under_way[share]:
                del self._under_way[share]

    @asynccontextmanager
    async def _held(self, key: Key, patience: float) -> AsyncIterator[None]:
        """A count, once its cost is waited out."""
        async with self._locked(key):
            while wait := self._throttle.wait(key, self._seconds()):
                if wait > patience:
                    raise Throttled(f"held back for {wait:.0f} s")
                await self._sleep(wait)
            yield

    @asynccontextmanager
    async def _locked(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, defer.DeferredLock())
        if len(lock.waiting) >= limits.HASH_QUEUE_PER_ADDRESS:
            raise Busy("too many logins by one account")
        if waits := bool(lock.locked):
            with self._waits():
                await lock.acquire()
        else:
            await lock.acquire()
        try:
            if waits:
                await self._unwound()
            yield
        finally:
            lock.release()
            if not lock.locked and self._locks.get(key) is lock:
                del self._locks[key]

    @asynccontextmanager
    async def _among_strangers(self) -> AsyncIterator[None]:
        if self._queue() + self._crowd >= limits.HASH_QUEUE:
            raise Busy("too many logins from new places")  # who waits here is in the queue as well
        with self._crowds():
            if waits := not self._strangers.tokens:
                with self._waits():
                    await self._strangers.acquire()
            else:
                await self._strangers.acquire()
        try:
            with self._crowds():
                if waits:
                    await self._unwound()
                await self._let_others_first()
            yield
        finally:
            self._strangers.release()

    async def _let_others_first(self) -> None:
        """When the threads have nearly all that they can take, strangers are the ones to wait."""
        for wait in filter(None, STEPS):
            if self._queue() < limits.HASH_CROWDED:
                return
            await self._sleep(wait)
        raise Busy("the threads that hash have too much to do")

    def _unwound(self) -> defer.Deferred[None]:
        """Who has let us go is still on the stack: the next of many must not come on top of us."""
        return task.deferLater(self._clock, 0)

    @contextmanager
    def _crowds(self) -> Iterator[None]:
        self._crowd += 1
        try:
            yield
        finally:
            self._crowd -= 1

    async def _sleep(self, seconds: float) -> None:
        with self._waits():
            await task.deferLater(self._clock, seconds)

    @contextmanager
    def _waits(self) -> Iterator[None]:
        if self.waiting >= limits.THROTTLE_WAITING:
            raise Busy("too many logins wait")
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
