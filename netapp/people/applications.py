"""Application passwords: one for each client that cannot ask for a second factor."""

from collections.abc import Collection, Sequence
from secrets import token_hex
from typing import Final

from netapp.core import limits
from netapp.core.text import visible
from netapp.people import admin, codes, words
from netapp.people.ground import Ground
from netapp.people.model import SCOPES, Account, Application, Refused
from netapp.people.rows import Rows
from netapp.people.standing import see_standing

#: Doors where a person is asked, so that no such password is needed.
_INTERACTIVE: Final = frozenset({"login", "ssh"})


class Applications:
    """The application passwords of all accounts."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def of(self, account_id: str) -> Sequence[Application]:
        return await self._ground.store.read(lambda rows: rows.applications.of(account_id))

    async def add(
        self, account_id: str, label: str, scopes: Collection[str], *, by: str | None = None
    ) -> str:
        """A new one, to be shown once.

        :param scopes: the doors that it opens, as "http" or "file:read"; at least one.
        :param by: the id of the session that asks: see :mod:`netapp.people.standing`.
        :raises Refused: a scope that there is not, or one password too many.
        """
        now = self._ground.now()
        new, text = made(account_id, label, scopes, now)

        def work(rows: Rows) -> None:
            see_standing(rows, account_id, by, now, by_password=True)
            admin.add_application(rows, new, text)

        await self._ground.change(work)
        self._ground.audit.record("application added", about=account_id, scopes=" ".join(sorted(scopes)))
        return text

    async def remove(self, account_id: str, application_id: str, *, by: str | None = None) -> None:
        """:raises Refused: there is none of this id."""
        now = self._ground.now()

        def work(rows: Rows) -> None:
            see_standing(rows, account_id, by, now)
            account = rows.accounts.get(account_id)
            there = rows.applications.of(account_id)
            found = next((each for each in there if each.id == application_id), None)
            if account is None or found is None:
                raise Refused("no application")
            admin.remove_application(rows, account, found)

        await self._ground.change(work)
        self._ground.audit.record("application removed", about=account_id)


def made(account_id: str, label: str, scopes: Collection[str], now: float) -> tuple[Application, str]:
    """A new application password, with the text to show once.

    :raises Refused: a scope is none of ``SCOPES``, or there are none; the label cannot be shown.
    """
    for scope in scopes:
        if scope not in SCOPES:
            raise Refused("scope", scope=visible(scope[: limits.SCOPE]), scopes=", ".join(SCOPES))
    if not scopes:
        raise Refused("no scope")
    new = Application(token_hex(8), account_id, words.label(label), frozenset(scopes), now, None)
    return new, codes.new_application_password()


def covers(scopes: Collection[str], door: str) -> bool:
    """Whether one of the scopes opens a door: "file" opens "file:read" too."""
    return door in scopes or door.partition(":")[0] in scopes


def owner(rows: Rows, account: Account, text: str, door: str, now: float) -> Application | None:
    """The application password of this account for this door that a text is; its use is noted."""
    digest = codes.application_digest(text)
    if digest is None or door.partition(":")[0] in _INTERACTIVE:
        return None
    found = rows.applications.find(account.id, digest)
    if found is None or not covers(found.scopes, door):
        return None
    if found.seen is None or not 0 <= now - found.seen < limits.TOKEN_NOTED:
        rows.applications.saw(found.id, now)
    return found
