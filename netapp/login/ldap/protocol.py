"""Carries a client's octets, and asks People whose a password is."""

from typing import Any, Final

from twisted.internet import defer, interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.sessions import Effect
from netapp.core.streams import Peer, SessionProtocol
from netapp.errors import Busy, Unavailable
from netapp.login.ldap.directory import Directory
from netapp.login.ldap.session import LdapSession, Malformed, Outcome, Verify
from netapp.login.ldap.tree import Places
from netapp.people.authentication import Verdict
from netapp.people.model import Account, AccountChanged

#: Changes that may take away what somebody is bound by; the others do so where they raise the generation.
_REVOKING: Final = frozenset({"removed", "factor", "application", "session"})


class LdapProtocol(SessionProtocol):
    """One connection to the directory."""

    _log = Logger()
    session: LdapSession

    def __init__(
        self, people: Any, directory: Directory, places: Places, clock: interfaces.IReactorTime, peer: Peer
    ) -> None:
        super().__init__(LdapSession(directory.snapshot, places), clock)
        self._people, self._directory, self._host = people, directory, peer[0]
        self._check: defer.Deferred[Account | None] | None = None
        self._bound: Account | None = None

    def connectionMade(self) -> None:
        self.session.secure = interfaces.ISSLTransport.providedBy(self.transport)
        super().connectionMade()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        super().connectionLost(reason)
        self._bound = None
        if self._check is not None:
            self._check.cancel()  # nobody waits for it any more: its place in the queue is free

    def perform(self, effect: Effect) -> None:
        if isinstance(effect, Verify):
            self._bound = None
            self._check = defer.ensureDeferred(self._verified(effect))
            self._check.addCallbacks(self._admitted, self._failed)
        elif isinstance(effect, Malformed):
            self.malformed()
        else:
            super().perform(effect)

    def changed(self, change: AccountChanged) -> None:
        """An account has changed; if it is the one that is bound here, it may have to bind again."""
        if self._bound is not None and _revokes(change, self._bound):
            self._bound = None
            if self._check is None:
                self.run(self.session.revoked)

    async def _verified(self, effect: Verify) -> Account | None:
        verdict: Verdict = await self._people.judge(
            effect.name,
            effect.password,
            self._host,
            door="ldap",
            remember=True,
            patience=limits.THROTTLE_PATIENCE,  # beyond it a client is told that nobody has looked
        )
        account = verdict.account
        if account is None:
            return None
        self._bound = account  # from here on a change is seen; those before are looked for
        await self._directory.ready()
        return account if await self._people.still(account, verdict.opener) else None

    def _admitted(self, account: Account | None) -> None:
        self._check = None
        if account is None or self._bound is None:
            self._bound = None
            self.run(self.session.judged, Outcome.WRONG, "")
        else:
            self.run(self.session.judged, Outcome.ADMITTED, account.name)

    def _failed(self, failure: Failure) -> None:
        self._check = self._bound = None
        if failure.check(defer.CancelledError):
            return
        if failure.check(Busy):
            outcome = Outcome.BUSY
        else:
            if not failure.check(Unavailable):  # then the log has it already
                self._log.failure("netapp-login: a password could not be checked", failure)
            outcome = Outcome.UNAVAILABLE
        self.run(self.session.judged, outcome, "")


def _revokes(change: AccountChanged, account: Account) -> bool:
    """Whether what somebody was let in by may be good no more.  :param account: as it was then."""
    now = change.account
    if now.id != account.id:
        return False
    return change.kind in _REVOKING or not now.active or now.generation > account.generation
