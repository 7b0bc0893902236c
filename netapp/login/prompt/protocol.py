"""Carries the login prompt's octets, and asks cred who somebody is."""

from collections.abc import Callable
from typing import Any

from twisted.cred import error
from twisted.cred.portal import Portal
from twisted.internet import defer, interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core.sessions import Effect
from netapp.core.streams import Peer, SessionProtocol
from netapp.core.text import visible
from netapp.errors import Busy
from netapp.login.prompt.session import LoginSession, Outcome, Verify
from netapp.login.realm import Arrival, IVisitor
from netapp.people.checkers import AccountPassword
from netapp.people.directory import People


class LoginProtocol(SessionProtocol):
    """One connection at the login prompt."""

    _log = Logger()
    session: LoginSession

    def __init__(
        self,
        session: LoginSession,
        clock: interfaces.IReactorTime,
        peer: Peer,
        portal: Portal,
        people: People,
    ) -> None:
        super().__init__(session, clock)
        self._host, self._portal, self._people = peer[0], portal, people
        self._check: defer.Deferred[Any] | None = None
        self._logout: Callable[[], object] | None = None

    def perform(self, effect: Effect) -> None:
        if not isinstance(effect, Verify):
            super().perform(effect)
            return
        words = AccountPassword(effect.name, effect.password, self._host)
        self._check = self._portal.login(words, Arrival("login", self._host), IVisitor)
        self._check.addCallbacks(self._admitted, self._refused)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        super().connectionLost(reason)
        if self._check is not None:
            self._check.cancel()  # nobody waits for it any more: its place in the queue is free
        if self._logout is not None:
            logout, self._logout = self._logout, None
            logout()

    def _admitted(self, avatar: tuple[Any, Any, Callable[[], object]]) -> None:
        self._check = None
        _, visitor, self._logout = avatar
        self._log.info(
            "netapp-login: {name} has logged in rhost={rhost}",
            name=visible(visitor.account.name),
            rhost=self._host,
        )
        self.run(self.session.judged, Outcome.ADMITTED)

    def _refused(self, failure: Failure) -> None:
        self._check = None
        if failure.check(defer.CancelledError):
            return
        if failure.check(error.UnauthorizedLogin):
            # For fail2ban: this line stays as it is.  No name: people type passwords there.
            self._log.info("netapp-login: authentication failure rhost={rhost}", rhost=self._host)
            outcome = Outcome.WRONG
        elif failure.check(Busy):
            outcome = Outcome.BUSY
        else:
            self._log.failure("netapp-login: a password could not be checked", failure)
            outcome = Outcome.UNAVAILABLE
        self.run(self.session.judged, outcome)
