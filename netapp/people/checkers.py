"""People as ``twisted.cred`` sees them.

An avatar's id is the account's id, which never changes, and not its name.
"""

from dataclasses import dataclass, field

from twisted.cred import credentials, error
from twisted.cred.checkers import ICredentialsChecker
from twisted.internet import defer
from zope.interface import implementer

from netapp.people.directory import People


@implementer(credentials.IUsernamePassword)
@dataclass(frozen=True, slots=True)
class AccountPassword:
    """A name and a password as typed, with where they come from; neither shows in a log."""

    username: bytes = field(repr=False)
    password: bytes = field(repr=False)
    source: str = ""

    def checkPassword(self, password: bytes) -> bool:
        """Nobody has a password to compare with: what is kept is a hash."""
        return False


@implementer(ICredentialsChecker)
class AccountChecker:
    """Checks a name and a password against the accounts.

    A success is never anything but the id of an account that is there: cred takes whatever a
    checker gives, ``None`` too, for somebody.
    """

    credentialInterfaces = (credentials.IUsernamePassword,)

    def __init__(self, people: People) -> None:
        self._people = people

    def requestAvatarId(
        self, credentials: credentials.IUsernamePassword
    ) -> defer.Deferred[bytes | tuple[()]]:
        """The account's id, as 32 octets of ASCII.

        Fails with ``UnauthorizedLogin``, or with :class:`netapp.errors.Busy`.
        """
        return defer.ensureDeferred(self._check(credentials))

    async def _check(self, credentials: credentials.IUsernamePassword) -> bytes | tuple[()]:
        source = credentials.source if isinstance(credentials, AccountPassword) else ""
        account = await self._people.authenticate(credentials.username, credentials.password, source)
        if account is None:
            raise error.UnauthorizedLogin
        return account.id.encode("ascii")
