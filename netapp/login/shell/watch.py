"""Ends a session within a second of what takes its right away: a change of the account, made anywhere."""

from collections.abc import Callable
from typing import Any, Final

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.login.realm import Visitor
from netapp.people.directory import People
from netapp.people.model import AccountChanged

#: Changes that may end sessions; which they do end, People knows.
_ENDING: Final = frozenset({"password", "disabled", "locked", "removed", "session", "revoked"})


class Watch:
    """Looks after one visitor's session.

    :param ended: called once, with the phrase of why, when the session is over.
    """

    _log = Logger()

    def __init__(self, people: People, visitor: Visitor, ended: Callable[[str], object]) -> None:
        self._people, self._visitor, self._ended = people, visitor, ended
        self._unsubscribe = people.changes.subscribe(self._changed)
        self._looking: defer.Deferred[Any] | None = None
        self._again = False
        self._look()  # for what has happened since the login

    def stop(self) -> None:
        """The visitor has left."""
        self._unsubscribe()
        self._again = False
        if self._looking is not None:
            self._looking.cancel()

    def _changed(self, change: AccountChanged) -> None:
        if change.account.id == self._visitor.account.id and change.kind in _ENDING:
            self._look()

    def _look(self) -> None:
        if self._looking is not None:
            self._again = True
            return
        self._again = False
        self._looking = looking = defer.ensureDeferred(self._over())
        looking.addErrback(self._cannot_see).addCallback(self._looked)

    def _looked(self, why: str | None) -> None:
        self._looking = None
        if why is not None:
            self._unsubscribe()
            self._ended(why)
        elif self._again:
            self._look()

    async def _over(self) -> str | None:
        """Why it is over; None when it is not."""
        account = await self._people.get(self._visitor.account.id)
        if account is None or not account.active:
            return "disabled"
        sessions = await self._people.sessions.of(account.id)
        return None if self._visitor.session.id in {each.id for each in sessions} else "revoked"

    def _cannot_see(self, failure: Failure) -> None:
        """What is not known does not end a session: that would be one more fault."""
        if not failure.check(defer.CancelledError):
            self._log.failure("whether a session goes on cannot be read", failure)
