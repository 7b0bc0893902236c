"""What an account may do behind this service's doors: be a visitor, whose session is written down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.cred import error, portal
from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import Attribute, Interface, implementer

from netapp.core.detached import detached
from netapp.people.checkers import AvatarId
from netapp.people.directory import People
from netapp.people.model import Account, Refused, Session


class IVisitor(Interface):
    """Somebody who was let in."""

    account = Attribute("The account, a netapp.people.model.Account.")
    session = Attribute("What People keeps of the visit: its id, door, source and times.")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Cred's *mind*: by which door somebody comes, and from where."""

    door: str  # "login", "ssh"
    source: str  # the peer's address


@implementer(IVisitor)
@dataclass(frozen=True, slots=True)
class Visitor:
    account: Account
    session: Session


@implementer(portal.IRealm)
class LoginRealm:
    """Visitors of this service."""

    _log = Logger()

    def __init__(self, people: People) -> None:
        self._people = people
        self._inside: dict[str, tuple[str, str]] = {}  # by the session's id

    @property
    def present(self) -> int:
        """How many sessions stand."""
        return len(self._inside)

    def whereabouts(self) -> list[tuple[str, str]]:
        """(name, door) of each."""
        return list(self._inside.values())

    def requestAvatar(
        self, avatarId: bytes | tuple[()], mind: object, *interfaces: Any
    ) -> defer.Deferred[tuple[Any, Any, Callable[[], None]]]:
        """An :class:`IVisitor`; fails with ``UnauthorizedLogin`` when the account is not what was judged.

        :param avatarId: an :class:`AvatarId`; another one is nobody's.
        :param mind: an :class:`Arrival`.

        The session is open from then on, and closed by the logout that comes with the visitor.
        """
        return defer.ensureDeferred(self._request(avatarId, mind, interfaces))

    async def _request(
        self, avatar_id: bytes | tuple[()], mind: object, interfaces: tuple[Any, ...]
    ) -> tuple[Any, Any, Callable[[], None]]:
        if IVisitor not in interfaces:
            raise NotImplementedError("this realm has visitors only")
        if not isinstance(avatar_id, AvatarId) or not isinstance(mind, Arrival):
            raise error.UnauthorizedLogin  # cred's anonymous
        try:
            session = await self._opened(avatar_id, mind)
        except Refused as refused:
            if refused.key == "gone":
                raise error.UnauthorizedLogin from None
            raise
        self._inside[session.id] = avatar_id.account.shown, mind.door
        return IVisitor, Visitor(avatar_id.account, session), self._logout(session.id)

    def _opened(self, who: AvatarId, arrival: Arrival) -> "defer.Deferred[Any]":
        """A session that is open is somebody's, or is closed: also when nobody waits for it any more."""
        opening = self._people.sessions.open(
            who.account, door=arrival.door, source=arrival.source, opener=who.opener
        )
        return detached(defer.ensureDeferred(opening), self._unwanted)

    def _unwanted(self, outcome: Session | Failure) -> None:
        if isinstance(outcome, Session):
            self._close(outcome.id)

    def _close(self, session_id: str) -> None:
        closed = defer.ensureDeferred(self._people.sessions.close(session_id))
        closed.addErrback(lambda failure: self._log.failure("a session could not be closed", failure))

    def _logout(self, session_id: str) -> Callable[[], None]:
        """Takes the visitor out of the house; a second call does nothing."""

        def logout() -> None:
            if self._inside.pop(session_id, None) is not None:
                self._close(session_id)

        return logout
