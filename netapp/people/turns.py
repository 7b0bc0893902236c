"""Whose turn it is to try a password: tries that share a count go one after another.

So many connections guess no faster than one: each try waits for the verdict of the one before it,
and then for what that one's failure costs.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from twisted.internet import defer, task

from netapp.core import limits
from netapp.errors import Busy
from netapp.people.throttle import Key, Throttle


class Turns:
    """:param clock: the reactor; its ``seconds`` are the throttle's."""

    def __init__(self, throttle: Throttle, clock: Any) -> None:
        self._throttle, self._clock = throttle, clock
        self._locks: dict[Key, defer.DeferredLock] = {}

    @asynccontextmanager
    async def turn(self, host: str, names: Iterable[str]) -> AsyncIterator[None]:
        """Within it a try may be made; its outcome is told to the throttle before it is left.

        :raises Busy: too many wait for these names.
        """
        names = frozenset(names)
        async with AsyncExitStack() as stack:  # always in one order: no two wait for each other
            for key in self._throttle.own_keys(host, names):
                await stack.enter_async_context(self._held(key))
            for key in self._throttle.guarded_keys(host, names, self._clock.seconds()):
                await stack.enter_async_context(self._held(key))
            yield

    @asynccontextmanager
    async def _held(self, key: Key) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, defer.DeferredLock())
        if len(lock.waiting) >= limits.HASH_QUEUE_PER_ADDRESS:
            raise Busy("too many logins by one account")
        await lock.acquire()
        try:
            while wait := self._throttle.wait(key, self._clock.seconds()):
                await task.deferLater(self._clock, wait)
            yield
        finally:
            lock.release()
            if not lock.locked and self._locks.get(key) is lock:
                del self._locks[key]
