"""People as ``twisted.cred`` sees them: one checker for each kind of credentials, and no second.

An avatar's id is the account's id, which never changes, and not its name.  Cred takes whatever a
checker gives for somebody, ``None`` and ``b""`` and ``()`` too; and a portal that is given a second
checker for one kind of credentials forgets the first.  Hence the chain: ours is asked first, then
the others, and only an account that is here comes out of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from twisted.cred import credentials, error
from twisted.cred.checkers import ICredentialsChecker
from twisted.internet import defer
from twisted.python.failure import Failure
from zope.interface import Attribute, implementer

from netapp.core.faults import Faults
from netapp.people.authentication import Verdict, octets_of
from netapp.people.directory import People
from netapp.people.model import Account


@implementer(credentials.IUsernamePassword)
@dataclass(frozen=True, slots=True)
class AccountPassword:
    """A name and a password as typed, with where they come from; neither shows in a log.

    :param code: of the second factor, for an account that has one.
    :param remember: the protocol sends the password with every request.
    """

    username: bytes = field(repr=False)
    password: bytes = field(repr=False)
    source: str = ""
    door: str = "login"
    code: bytes | None = field(default=None, repr=False)
    remember: bool = False

    def checkPassword(self, password: bytes) -> bool:
        """Nobody has a password to compare with: what is kept is a hash."""
        return False


class IAccountKey(credentials.ICredentials):
    """A name and a public key, whose signature was verified."""

    username = Attribute("The name, octets as sent.")
    blob = Attribute("The public key: RFC 4253 section 6.6.")
    source = Attribute("The address of who holds it.")


@implementer(IAccountKey)
@dataclass(frozen=True, slots=True)
class AccountKey:
    """What an SSH client has proved to hold: to be made only once its signature was verified."""

    username: bytes = field(repr=False)
    blob: bytes = field(repr=False)
    source: str = ""
    door: str = "ssh"


class AvatarId(bytes):
    """An account's id, with the account as it was judged: what was revoked since then opens nothing.

    :param opener: the id of the token that has let it in.
    """

    account: Account
    opener: str | None

    def __new__(cls, account: Account, opener: str | None = None) -> "AvatarId":
        made = super().__new__(cls, account.id.encode("ascii"))
        made.account, made.opener = account, opener
        return made


@implementer(ICredentialsChecker)
class ChainChecker:
    """Checks credentials against the accounts, and passwords by other checkers after them.

    A success elsewhere counts only for an account that is here and has no password of its own: it
    makes no accounts and opens no others.

    :param others: cred checkers for ``IUsernamePassword``: directories elsewhere.  People asks them
        within the one try, so that what they refuse is counted, held back and told like any other.
    """

    credentialInterfaces = (credentials.IUsernamePassword, IAccountKey)

    def __init__(self, people: People, *others: Any) -> None:
        self._people = people
        if others:
            people.authentication.external = Elsewhere(others, people.faults)

    def requestAvatarId(self, credentials: Any) -> defer.Deferred[bytes | tuple[()]]:
        """The account's id, as 32 octets of ASCII.

        Fails with ``UnauthorizedLogin``, or with :class:`netapp.errors.Busy`, or with whatever kept
        us from finding out.
        """
        return defer.ensureDeferred(self._check(credentials))

    async def _check(self, offered: Any) -> "AvatarId":
        opener = None
        if IAccountKey.providedBy(offered):
            account = await self._people.keys.admit(offered.username, offered.blob, offered.source)
        else:
            verdict = await self._password(_as_ours(offered))
            account, opener = verdict.account, verdict.opener
        if not isinstance(account, Account) or not account.active:
            raise error.UnauthorizedLogin
        return AvatarId(account, opener)

    async def _password(self, offered: AccountPassword) -> Verdict:
        return await self._people.judge(
            offered.username,
            offered.password,
            offered.source,
            door=offered.door,
            code=offered.code,
            remember=offered.remember,
        )


class Elsewhere:
    """Other checkers, asked one after another until one knows the password.

    :param faults: tells of those that cannot say.
    """

    def __init__(self, checkers: Iterable[Any], faults: Faults) -> None:
        self._faults = faults
        self._checkers = [
            each for each in checkers if credentials.IUsernamePassword in each.credentialInterfaces
        ]

    def check(self, name: str, password: bytes) -> defer.Deferred[bool]:
        """Whether one of them knows the password.  Who cannot answer has said no."""
        return defer.ensureDeferred(self._check(name.encode(), password))

    async def _check(self, name: bytes, password: bytes) -> bool:
        if not password:  # which some directories take for a wish to be nobody: RFC 4513 section 5.1.2
            return False
        for checker in self._checkers:
            try:
                offered = _for(checker, name, password)
                avatar_id = await defer.maybeDeferred(checker.requestAvatarId, offered)
            except error.LoginFailed:
                continue
            except defer.CancelledError:  # nobody waits for it any more
                raise
            except Exception:
                kind = type(checker).__name__
                self._faults.tell(f"{kind} does not say whether a password is right", Failure())
                continue
            if isinstance(avatar_id, bytes | str) and avatar_id:
                return True
        return False


def _for(checker: Any, name: bytes, password: bytes) -> credentials.UsernamePassword:
    """Cred's words are octets, but for strcred's "unix" and "memory", which know text alone."""
    text = type(checker).__name__ == "UNIXChecker" or any(
        isinstance(each, str) for each in getattr(checker, "users", ())
    )
    if not text:
        return credentials.UsernamePassword(name, password)
    return credentials.UsernamePassword(name.decode(), password.decode())  # type: ignore[arg-type]


def _as_ours(offered: Any) -> AccountPassword:
    if isinstance(offered, AccountPassword):
        return offered
    return AccountPassword(octets_of(offered.username), octets_of(offered.password))
