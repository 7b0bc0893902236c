"""How one comes in: as a guest under a free name, or by an account's name and password."""

from typing import Any

from twisted.internet import task
from twisted.logger import Logger

from netapp.chat.asks import WrongPassword
from netapp.chat.config import PLUGIN
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.rules import tried_names
from netapp.talk import Member, Proof, tidy_nickname
from netapp.talk.presence import Presence
from netapp.talk.talk import Talk


class Entrance:
    """:param people: None where nobody has an account."""

    _log = Logger()

    def __init__(self, talk: Talk, people: People | None, clock: Any) -> None:
        self._talk, self._people, self._clock = talk, people, clock
        self._told = False

    async def prove(self, name: str, password: str | None, source: str) -> Account | None:
        """The account whose password it is; None to come as a guest.  May be cancelled.

        :raises WrongPassword: it is not the account's.
        """
        if password is None or self._people is None:
            return None
        if await self._people.find(name) is None:
            return None  # an IRC client sends its password everywhere
        throttle = self._people.throttle.at(source)
        now = self._clock.seconds()
        wait = max(throttle.wait(now), throttle.account_wait(tried_names(name.encode()), now))
        if wait:
            await task.deferLater(self._clock, wait, lambda: None)
        self._tell()
        account = await self._people.authenticate(name, password, source)
        if account is None:
            # For fail2ban, as netapp-login's: this line stays as it is.
            self._log.info("netapp-chat: authentication failure rhost={rhost}", rhost=source)
            raise WrongPassword(f"not the password of {name!r}")
        return account

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
