"""Who may come in by SSH, as cred and people say."""

from collections.abc import Callable
from typing import Any, Final

from twisted.conch.ssh.service import SSHService
from twisted.cred import error
from twisted.cred.portal import Portal

from netapp.core.languages import Lang, Phrases
from netapp.core.ssh.auth import Told
from netapp.login.realm import Arrival, IVisitor, Visitor
from netapp.people.checkers import AccountKey, AccountPassword
from netapp.people.directory import People
from netapp.people.model import Refused

#: "Password" stands in the Chinese too: sshpass and other programs wait for that word.
PHRASES: Final = Phrases(
    {
        "password": ("密码 Password: ", "Password: "),
        "code": ("验证码或恢复码 Code: ", "One-time or recovery code: "),
        "busy": ("服务器正忙,请稍后再试\n", "Too many log in at once, try again later\n"),
        "unavailable": ("暂时无法登录,请稍后再试\n", "Logging in does not work now, try again later\n"),
        "refused": ("无法登录:{reason}\n", "Logging in is not possible: {reason}\n"),
    }
)


class Guest:
    """Somebody who is in, with all sessions of their connection."""

    def __init__(
        self, visitor: Visitor, logout: Callable[[], object], serve: Callable[[Visitor], SSHService]
    ) -> None:
        self._visitor, self._logout, self._serve = visitor, logout, serve

    def begin(self) -> SSHService:
        return self._serve(self._visitor)

    def leave(self) -> None:
        self._logout()


class LoginGate:
    """One connection's gate.  :param source: the address of who comes."""

    def __init__(
        self,
        people: People,
        portal: Portal,
        source: str,
        lang: Lang,
        serve: Callable[[Visitor], SSHService],
    ) -> None:
        self._people, self._portal, self._source = people, portal, source
        self._lang, self._serve = lang, serve

    async def password(self, name: bytes, password: bytes, code: bytes | None) -> Guest | None:
        return await self._come(AccountPassword(name, password, self._source, "ssh", code))

    async def key(self, name: bytes, blob: bytes) -> Guest | None:
        return await self._come(AccountKey(name, blob, self._source))

    async def wants_code(self, name: bytes) -> bool:
        return await self._people.wants_code(name)

    async def offered(self, name: bytes, blob: bytes) -> bool:
        return await self._people.keys.offered(name, blob)

    def say(self, key: str) -> str:
        return PHRASES.say(self._lang, key)

    async def _come(self, credentials: Any) -> Guest | None:
        try:
            avatar: Any = await self._portal.login(credentials, Arrival("ssh", self._source), IVisitor)
        except error.UnauthorizedLogin:
            return None
        except Refused as refused:
            reason = refused.say(self._lang)
            raise Told(PHRASES.say(self._lang, "refused", reason=reason)) from None
        _, visitor, logout = avatar
        return Guest(visitor, logout, self._serve)
