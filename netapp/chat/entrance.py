"""How one comes in: as a guest under a free name, or by an account's name and password."""

from collections.abc import Callable
from typing import Final

from twisted.logger import Logger

from netapp.chat.asks import WrongPassword
from netapp.chat.config import PLUGIN
from netapp.people.authentication import Verdict
from netapp.people.directory import People
from netapp.people.model import Account, AccountChanged
from netapp.talk import Member, Proof, tidy_nickname
from netapp.talk.presence import Presence
from netapp.talk.talk import Talk

#: What ends the sessions of an account, and what those that it has let in.
_ENDING: Final = frozenset({"password", "disabled", "locked", "removed", "revoked"})
_OPENING: Final = frozenset({"session", "application"})


class Entrance:
    """:param people: None where nobody has an account."""

    _log = Logger()

    def __init__(self, talk: Talk, people: People | None) -> None:
        self._talk, self._people = talk, people
        self._told = False

    async def prove(self, name: str, password: str | None, source: str) -> Verdict | None:
        """Whose password it is, and what let them in; None to come as a guest.  May be cancelled.

        :raises WrongPassword: it is not the account's.
        """
        if password is None or self._people is None:
            return None
        if await self._people.find(name) is None:
            return None  # an IRC client sends its password everywhere
        self._tell()
        verdict = await self._people.judge(name, password, source, door="chat")
        if verdict.account is None:
            raise WrongPassword(f"not the password of {name!r}")
        return verdict

    def watch(self, verdict: Verdict, over: Callable[[], object]) -> Callable[[], None]:
        """Have ``over()`` called when an account opens no doors any more, or not by what it was proved with.

        :returns: call it to end that.
        """
        people, account, opener = self._people, verdict.account, verdict.opener
        if people is None or account is None:
            return lambda: None

        def changed(change: AccountChanged) -> None:
            by_this = change.kind in _OPENING and opener is not None and change.session == opener
            if change.account.id == account.id and (by_this or change.kind in _ENDING):
                over()

        return people.changes.subscribe(changed)

    async def see_still(self, verdict: Verdict) -> None:
        """To be called once it is watched.  :raises WrongPassword: it was revoked before that."""
        people, account = self._people, verdict.account
        if people is not None and account is not None and not await people.still(account, verdict.opener):
            raise WrongPassword("revoked meanwhile")

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
                "{owner}: passwords travel in clear here: for a network that you trust; for others "
                "--irc ssl:6697:privateKey=chat.key:certKey=chat.crt, and --listen likewise",
                owner=PLUGIN,
            )
