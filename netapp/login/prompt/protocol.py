"""Carries the login prompt's octets, asks cred who somebody is, and then carries their shell."""

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.cred import error
from twisted.cred.portal import Portal
from twisted.internet import defer, interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core.languages import Speaker
from netapp.core.sessions import Effect
from netapp.core.streams import Peer, SessionProtocol
from netapp.errors import Busy, Unavailable
from netapp.login.prompt.effects import Enter, Outcome, ReadInvitation, SeeName, Verify, Welcome
from netapp.login.prompt.inside import Inside
from netapp.login.prompt.newcomer import Redeem
from netapp.login.prompt.session import LoginSession
from netapp.login.realm import Arrival, IVisitor, Visitor
from netapp.login.shell.desk import Desk
from netapp.login.shell.effects import Do
from netapp.login.shell.operations import Operation
from netapp.login.shell.session import Shell
from netapp.login.shell.watch import Watch
from netapp.people.checkers import AccountPassword, AvatarId
from netapp.people.directory import People
from netapp.people.model import Refused

DOOR = "login"
#: What the session is told: one of its methods, and arguments.
_Step = tuple[Any, ...]


class LoginProtocol(SessionProtocol):
    """One connection at the login prompt, and in the shell.

    :param say: speaks the shell's phrases.
    """

    _log = Logger()
    session: LoginSession | Inside

    def __init__(
        self,
        session: LoginSession,
        clock: interfaces.IReactorTime,
        peer: Peer,
        portal: Portal,
        people: People,
        say: Speaker,
    ) -> None:
        super().__init__(session, clock)
        self._prompt, self._say = session, say
        self._arrival, self._portal, self._people = Arrival(DOOR, peer[0]), portal, people
        self._under_way: defer.Deferred[Any] | None = None
        self._visitor: Visitor | None = None
        self._logout: Callable[[], object] | None = None
        self._desk: Desk | None = None
        self._watch: Watch | None = None

    def perform(self, effect: Effect) -> None:
        if isinstance(effect, Verify):
            self._begin(self._verify(effect))
        elif isinstance(effect, ReadInvitation):
            self._begin(self._read(effect))
        elif isinstance(effect, SeeName):
            self._begin(self._see_name(effect))
        elif isinstance(effect, Redeem):
            self._begin(self._redeem(effect))
        elif isinstance(effect, Enter):
            self._enter()
        elif isinstance(effect, Do):
            self._begin(self._do(effect.operation))
        else:
            super().perform(effect)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        super().connectionLost(reason)
        if self._watch is not None:
            self._watch.stop()
        if self._under_way is not None:
            self._under_way.cancel()  # nobody waits for it any more: its place in the queue is free
        self._leave()

    def _begin(self, work: Coroutine[Any, Any, _Step]) -> None:
        """One thing at a time: the session takes no line until it has its answer."""
        self._under_way = defer.ensureDeferred(work)
        self._under_way.addErrback(self._failed).addCallback(self._go_on)

    def _go_on(self, step: _Step) -> None:
        self._under_way = None
        self.run(*step)

    # At the prompt ---------------------------------------------------------------------------

    async def _verify(self, words: Verify) -> _Step:
        if words.code is None and await self._people.wants_code(words.name):
            return (self._prompt.code_wanted,)
        source, code = self._arrival.source, words.code
        offered = AccountPassword(words.name, words.password, source, DOOR, code)
        return self._admitted(await self._portal.login(offered, self._arrival, IVisitor))

    async def _read(self, wish: ReadInvitation) -> _Step:
        found = await self._people.invitations.read(wish.code, self._arrival.source)
        if found is None:
            return self._prompt.invited, None
        name = found.account.shown if found.account is not None else None
        return self._prompt.invited, Welcome(name, self._people.policy, found.second_factor)

    async def _see_name(self, wish: SeeName) -> _Step:
        try:
            await self._people.invitations.see_name(wish.code, wish.name, self._arrival.source)
        except Refused as refused:
            return self._prompt.refused, refused
        return (self._prompt.name_free,)

    async def _redeem(self, wish: Redeem) -> _Step:
        try:
            account = await self._people.invitations.redeem(
                wish.code,
                wish.name,
                wish.password,
                source=self._arrival.source,
                door=DOOR,
                policy=self._people.policy,
            )
        except Refused as refused:
            return self._prompt.refused, refused
        # The code was the proof, and is used up: cred's checkers have nothing to find out.
        realm: Any = self._portal.realm
        return self._admitted(await realm.requestAvatar(AvatarId(account), self._arrival, IVisitor))

    def _admitted(self, admission: Any) -> _Step:
        _, self._visitor, self._logout = admission
        if self.closing:
            self._leave()
        return self._prompt.judged, Outcome.ADMITTED

    def _failed(self, failure: Failure) -> _Step:
        """What People logs and counts by itself is only told here."""
        outcome = Outcome.UNAVAILABLE
        if failure.check(error.UnauthorizedLogin):
            outcome = Outcome.WRONG
        elif failure.check(Busy):
            outcome = Outcome.BUSY
        elif failure.check(Refused):
            outcome = Outcome.FULL
        elif not failure.check(defer.CancelledError, Unavailable):  # gone, or told of already
            self._log.failure("netapp-login: a password could not be checked", failure)
        return self._prompt.judged, outcome

    # In the shell ----------------------------------------------------------------------------

    def _enter(self) -> None:
        assert self._visitor is not None
        self._desk = Desk(self._people, self._visitor)
        shell = Shell(self._say, self._visitor.account.shown)
        self.session = session = Inside(shell, self._prompt.tongue, self._prompt.left)
        self.run(session.open)
        if not self.closing:
            self._watch = Watch(self._people, self._visitor, lambda why: self.run(session.end, why))

    async def _do(self, operation: Operation) -> _Step:
        assert self._desk is not None
        assert isinstance(self.session, Inside)
        return self.session.done, await self._desk.perform(operation)

    def _leave(self) -> None:
        if self._logout is not None:
            logout, self._logout = self._logout, None
            logout()
