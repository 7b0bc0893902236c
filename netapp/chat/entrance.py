"""How one comes in: as a guest under a free name, or by an account's name and password."""

from collections.abc import Callable
from typing import Final

from twisted.logger import Logger

from netapp.chat.asks import WrongPassword
from netapp.chat.config import PLUGIN
from netapp.people.directory import People
from netapp.people.model import Account, AccountChanged
from netapp.talk import Member, Proof, tidy_nickname
from netapp.talk.presence import Presence
from netapp.talk.talk import Talk

#: What ends the sessions of an account.
_ENDING: Final = frozenset({"password", "disabled", "locked", "removed", "revoked"})


class Entrance:
    """:param people: None where nobody has an account."""

    _log = Logger()

    def __init__(self, talk: Talk, people: People | None) -> None:
        self._talk, self._people = talk, people
        self._told = False

    async def prove(self, name: str, password: str | None, source: str) -> Account | None:
        """The account whose password it is; None to come as a guest.  May be cancelled.

        :raises WrongPassword: it is not the account's.
        """
        if password is None or self._people is None:
            return None
        if await self._people.find(name) is None:
            return None  # an IRC client sends its password everywhere
        self._tell()
        account = await self._people.authenticate(name, password, source, door="chat")
        if account is None:
            raise WrongPassword(f"not the password of {name!r}")
        return account

    def watch(self, account: str, over: Callable[[], object]) -> Callable[[], None]:
        """Have ``over()`` called when an account opens no doors any more, or not by what it was proved with.

        :param account: its id.
        :returns: call it to end that.
        """
        if self._people is None:
            return lambda: None

        def changed(change: AccountChanged) -> None:
            if change.account.id == account and change.kind in _ENDING:
                over()

        return self._people.changes.subscribe(changed)

    async def arrive(self, name: str, account: Account | None, member: Member) -> Presence:
        """:raises NameTaken: it is somebody's; with ``by_account`` a password is wanted.
        :raises BadName: it cannot be a name.
        """
        if account is None:
            return await self._talk.arrive(name, member)
        shown = tidy_nickname(account.shown)
        return await self._talk.arrive(shown, member, proof=Proof.ACCOUNT, account=account.id)

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._log.info(
                "{owner}: passwords travel in clear here: for a network that you trust", owner=PLUGIN
            )
