"""What an account may do behind the login prompt: so far, be told that it is let in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.cred import error, portal
from twisted.internet import defer
from zope.interface import Attribute, Interface, implementer

from netapp.people.directory import People
from netapp.people.model import Account


class IVisitor(Interface):
    """Somebody who was let in at the prompt."""

    account = Attribute("The account, a netapp.people.model.Account.")


@implementer(IVisitor)
@dataclass(frozen=True, slots=True)
class Visitor:
    account: Account


@implementer(portal.IRealm)
class LoginRealm:
    """Visitors of this door."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.present = 0

    def requestAvatar(
        self, avatarId: bytes | tuple[()], mind: object, *interfaces: Any
    ) -> defer.Deferred[tuple[Any, Any, Callable[[], None]]]:
        """An :class:`IVisitor` for an account's id; fails with ``UnauthorizedLogin`` when it is gone."""
        return defer.ensureDeferred(self._request(avatarId, interfaces))

    async def _request(
        self, avatar_id: bytes | tuple[()], interfaces: tuple[Any, ...]
    ) -> tuple[Any, Any, Callable[[], None]]:
        if IVisitor not in interfaces:
            raise NotImplementedError("this realm has visitors only")
        if not isinstance(avatar_id, bytes):
            raise error.UnauthorizedLogin  # cred's anonymous
        account = await self._people.get(avatar_id.decode("ascii", "replace"))
        if account is None or not account.active:
            raise error.UnauthorizedLogin
        self.present += 1
        return IVisitor, Visitor(account), self._left

    def _left(self) -> None:
        self.present -= 1
