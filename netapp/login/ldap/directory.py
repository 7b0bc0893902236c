"""Keeps a snapshot of people and groups that is never far behind them.

It is made when it is first needed, and again a moment after accounts have changed, in small steps,
so that nobody waits for it.
"""

from collections.abc import Callable
from typing import Any, Final

from twisted.internet import defer, task
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.errors import Unavailable
from netapp.login.ldap.entries import Snapshot
from netapp.login.ldap.tree import Places, roots, shadowed, snapshot_steps
from netapp.people.model import AccountChanged

#: Changes that nobody sees in the directory.
_UNSEEN: Final = frozenset({"password", "factor", "keys", "application", "session", "revoked"})
#: A place that changes all the time spends at most one part in so many of its time on this.
_SHARE: Final = 5


class Directory:
    """:param clock: the reactor."""

    _log = Logger()

    def __init__(self, people: Any, places: Places, clock: Any) -> None:
        self._people, self._places, self._clock = people, places, clock
        self._snapshot = Snapshot((), roots(places))
        self._made = self._making = self._stale = self._broken = False
        self._took = 0.0  # seconds, the last time
        self._again: Any = None
        self._waiting: list[defer.Deferred[None]] = []
        self._told: set[str] = set()  # groups of which it was said that they are not shown
        self._unsubscribe = people.changes.subscribe(self._changed)

    def snapshot(self) -> Snapshot:
        """As things stand; before :meth:`ready` it holds no people."""
        return self._snapshot

    def ready(self) -> "defer.Deferred[None]":
        """Fires when people are in the snapshot; fails with ``Unavailable`` when they cannot be read."""
        if self._made:
            return defer.succeed(None)
        waiting: defer.Deferred[None] = defer.Deferred(self._give_up)
        self._waiting.append(waiting)
        self._make()
        return waiting

    def stop(self) -> None:
        """Make no more of them."""
        self._unsubscribe()
        if self._again is not None and self._again.active():
            self._again.cancel()

    def _changed(self, change: AccountChanged) -> None:
        if change.kind not in _UNSEEN and (self._made or self._making):
            self._stale = True
            self._later(max(limits.LDAP_SETTLE, self._took * (_SHARE - 1)))

    def _later(self, seconds: float) -> None:
        if not self._making and (self._again is None or not self._again.active()):
            self._again = self._clock.callLater(seconds, self._make)

    def _make(self) -> None:
        if not self._making:
            self._making, self._stale = True, False
            defer.ensureDeferred(self._read()).addCallbacks(self._through, self._failed)

    async def _read(self) -> None:
        accounts = await self._people.all()
        members = await self._people.members()
        began = self._clock.seconds()
        self._tell_of(shadowed(members))
        for made in snapshot_steps(self._places, list(accounts), members, limits.LDAP_STEP):
            if made is not None:
                self._snapshot = made
            else:
                await task.deferLater(self._clock, 0)
        self._took = self._clock.seconds() - began

    def _through(self, _: None) -> None:
        self._making, self._made, self._broken = False, True, False
        self._tell(lambda each: each.callback(None))
        if self._stale:
            self._later(limits.LDAP_SETTLE)

    def _failed(self, failure: Failure) -> None:
        self._making = False
        if not self._broken:
            self._broken = True
            self._log.failure("netapp-login: accounts cannot be read for LDAP", failure)
        self._tell(lambda each: each.errback(Unavailable("accounts cannot be read")))
        if self._made:  # what there is goes on being shown, until accounts can be read again
            self._later(limits.LDAP_AGAIN)

    def _tell(self, outcome: "Callable[[defer.Deferred[None]], object]") -> None:
        while self._waiting:
            outcome(self._waiting.pop(0))

    def _give_up(self, waiting: "defer.Deferred[None]") -> None:
        """Somebody does not wait any more."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def _tell_of(self, names: list[str]) -> None:
        for name in names:
            if name not in self._told:
                self._told.add(name)
                self._log.warn(
                    "netapp-login: the group {name} is not in LDAP: its name is a role's, or another's",
                    name=name,
                )
