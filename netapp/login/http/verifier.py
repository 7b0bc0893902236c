"""Who can tell whose credentials these are: so far, People."""

from typing import Protocol

from netapp.core import limits
from netapp.login.http.session import Person
from netapp.login.http.wire import Basic, Bearer, Credentials
from netapp.people import codes
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.throttling.turns import Throttled

#: This door, as the scope of an application password names it.
DOOR = "http"


class Verifier(Protocol):
    """Tells whose credentials are.  Another one may know tokens that are signed elsewhere."""

    async def verify(self, credentials: Credentials, source: str) -> Person | None:
        """None for every refusal alike; what it raises means that nobody can know now.

        It logs nothing of what was offered, and stops when it is cancelled.
        """

    def is_random(self, credentials: Credentials) -> bool:
        """Whether nobody can guess such credentials."""


class PeopleVerifier:
    """Accounts: passwords, application passwords for this door, and tokens.

    A try that earlier failures would hold back for long is not looked at, and not counted: the
    connection is a proxy's, and somebody waits in front of it.  Nobody knows then, so that no browser
    takes its right password for a wrong one.
    """

    def __init__(self, people: People) -> None:
        self._people = people
        self._groups: dict[str, frozenset[str]] = {}  # by account, as long as nothing changes
        self._changes = 0
        self.held = 0  # tries that were refused unseen

    def forget(self) -> None:
        """An account has changed."""
        self._changes += 1
        self._groups.clear()

    async def verify(self, credentials: Credentials, source: str) -> Person | None:
        if isinstance(credentials, Bearer) and not codes.looks_like_token(credentials.token):
            return None
        account = await self._account(credentials, source)
        if account is None or not account.active:
            return None
        groups = await self._groups_of(account.id)
        return Person(account.id, account.name, account.shown, account.role, groups)

    def is_random(self, credentials: Credentials) -> bool:
        if isinstance(credentials, Bearer):
            return True
        word = credentials.password
        return codes.looks_like_token(word) or codes.application_digest(word) is not None

    async def _groups_of(self, account_id: str) -> frozenset[str]:
        if (known := self._groups.get(account_id)) is not None:
            return known
        changes = self._changes
        groups = await self._people.groups_of(account_id)
        if changes == self._changes:
            if len(self._groups) >= limits.HTTP_GROUPS:
                self._groups.clear()
            self._groups[account_id] = groups
        return groups

    async def _account(self, credentials: Credentials, source: str) -> Account | None:
        if isinstance(credentials, Basic):
            name, secret = credentials.name, credentials.password
        else:
            name, secret = b"", credentials.token  # it says by itself whose it is
        try:
            return await self._people.authenticate(
                name, secret, source, door=DOOR, remember=True, patience=limits.HTTP_HELD
            )
        except Throttled:
            self.held += 1
            raise
