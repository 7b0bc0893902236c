"""Verifications under way: what many requests ask at once is asked once.

A browser fetches a page's pictures side by side, each with the same name and password.  Requests
from one address with the same credentials share one try, so a wrong password that comes ten times
at once is one failure.  Tokens and application passwords that were right count for a moment more:
to look one up is noted each time, and nobody can find one by asking whether somebody else has just
come in with it.  Passwords could be guessed so; People knows those again, within bounds of its own.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from twisted.internet import defer, interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.errors import Busy, Unavailable
from netapp.login.http.session import Person
from netapp.login.http.verifier import Verifier
from netapp.login.http.wire import Credentials, digest


@dataclass(slots=True, eq=False)
class _Try:
    waiting: list["defer.Deferred[Person | None]"] = field(default_factory=list)
    work: "defer.Deferred[Person | None] | None" = None


class Tries:
    """:param clock: bounds how long a try may take."""

    _log = Logger()

    def __init__(self, verifier: Verifier, clock: interfaces.IReactorTime) -> None:
        self._verifier, self._clock = verifier, clock
        self._key = secrets.token_bytes(32)
        self._under_way: dict[bytes, _Try] = {}
        self._right: OrderedDict[bytes, tuple[Person, float]] = OrderedDict()  # until when
        self._changes = 0

    def forget(self) -> None:
        """An account has changed: nothing that was true before need be."""
        self._changes += 1
        self._right.clear()

    def ask(self, credentials: Credentials, source: str) -> "defer.Deferred[Person | None]":
        """Whose they are; cancelling it takes the try out of the queue when nobody else waits for it.

        Fails with :exc:`Unavailable`.
        """
        key = digest(self._key, source, credentials)
        if (person := self._known(key)) is not None:
            return defer.succeed(person)
        under_way = self._under_way.get(key)
        waiting: defer.Deferred[Person | None] = defer.Deferred(lambda gone: self._left(key, gone))
        if under_way is not None:
            under_way.waiting.append(waiting)
        else:
            self._begin(key, _Try([waiting]), credentials, source)
        return waiting

    def _begin(self, key: bytes, new: _Try, credentials: Credentials, source: str) -> None:
        self._under_way[key] = new
        new.work = defer.Deferred.fromCoroutine(self._verifier.verify(credentials, source))
        new.work.addTimeout(limits.HTTP_VERIFY, self._clock)
        kept = self._changes if self._verifier.is_random(credentials) else None
        new.work.addBoth(self._ended, key, new, kept)

    def _ended(self, outcome: Person | Failure | None, key: bytes, ended: _Try, changes: int | None) -> None:
        if self._under_way.get(key) is ended:
            del self._under_way[key]
        if isinstance(outcome, Person) and changes == self._changes:
            self._right[key] = outcome, self._clock.seconds() + limits.HTTP_RIGHT
            self._right.move_to_end(key)
        if isinstance(outcome, Failure):
            if not outcome.check(Busy, Unavailable, defer.TimeoutError, defer.CancelledError):
                self._log.failure("credentials cannot be verified", outcome)
            outcome = Failure(Unavailable())
        waiting, ended.waiting = ended.waiting, []
        for each in waiting:
            each.callback(outcome)

    def _left(self, key: bytes, gone: "defer.Deferred[Person | None]") -> None:
        left = self._under_way.get(key)
        if left is None or gone not in left.waiting:
            return
        left.waiting.remove(gone)
        if not left.waiting:
            del self._under_way[key]  # who comes now begins anew
            if left.work is not None:
                left.work.cancel()

    def _known(self, key: bytes) -> Person | None:
        now = self._clock.seconds()
        while self._right:
            _, until = next(iter(self._right.values()))
            if now < until <= now + limits.HTTP_RIGHT and len(self._right) <= limits.HTTP_RIGHT_MOST:
                break
            self._right.popitem(last=False)
        person, until = self._right.get(key, (None, 0.0))
        return person if now < until <= now + limits.HTTP_RIGHT else None
