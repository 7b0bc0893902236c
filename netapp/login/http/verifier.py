"""Who can tell whose credentials these are: so far, People."""

from typing import Any, Protocol

from netapp.core import limits
from netapp.login.http.session import Person
from netapp.login.http.wire import Basic, Bearer, Credentials
from netapp.people import codes
from netapp.people.authentication import Attempt
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.rules import tried_names
from netapp.people.turns import Throttled

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

    A try that earlier failures would hold back for long is refused at once, and not counted: the
    connection is a proxy's, and somebody waits in front of it.  Credentials that were right a moment
    ago are not held back by what others do meanwhile.

    :param clock: the reactor; its ``seconds`` are the throttle's.
    """

    def __init__(self, people: People, clock: Any) -> None:
        self._people, self._clock = people, clock
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
        account = await self._account(_attempt(credentials, source))
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

    async def _account(self, attempt: Attempt) -> Account | None:
        people = self._people
        if (known := await people.authentication.remembered(attempt)) is not None:
            return known
        if self._wait(attempt) > limits.HTTP_HELD:
            self.held += 1
            people.refuse(attempt)
            return None
        try:
            return await people.authenticate(
                attempt.name, attempt.password, attempt.source, door=attempt.door, remember=True
            )
        except Throttled:
            self.held += 1
            return None

    def _wait(self, attempt: Attempt) -> float:
        """Seconds that a try would have to wait for what earlier ones have done."""
        throttle, now = self._people.throttle.at(attempt.source), self._clock.seconds()
        return max(throttle.wait(now), throttle.account_wait(tried_names(attempt.name), now))


def _attempt(credentials: Credentials, source: str) -> Attempt:
    if isinstance(credentials, Basic):
        return Attempt(credentials.name, credentials.password, source, DOOR, remember=True)
    return Attempt(b"", credentials.token, source, DOOR, remember=True)  # it says by itself whose it is
