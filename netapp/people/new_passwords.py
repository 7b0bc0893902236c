"""Passwords that are chosen: against the rules or not, hashed, in an older one's place."""

from collections.abc import Callable

from netapp.people import admin, rules
from netapp.people.authentication import Attempt, Authentication, octets_of
from netapp.people.ground import Ground
from netapp.people.model import Account, Password, Refused
from netapp.people.rows import Rows
from netapp.people.rules import Policy
from netapp.people.second_factor import is_on
from netapp.people.standing import see_standing
from netapp.people.tries import Tries


class NewPasswords:
    """:param policy: tells the rules of now."""

    def __init__(
        self, ground: Ground, authentication: Authentication, tries: Tries, policy: Callable[[], Policy]
    ) -> None:
        self._ground, self._authentication, self._tries, self._policy = ground, authentication, tries, policy

    async def hashed(self, password: str, name: str, *, allow_weak: bool = False) -> Password:
        """What is kept of a password.  :raises Refused: the rules do."""
        return await self._hashed(self._chosen(password, name=name, allow_weak=allow_weak))

    async def change(
        self, account_id: str, old: str | bytes, new: str, *, source: str, door: str, keep: str | None
    ) -> Account:
        """As :meth:`netapp.people.directory.People.change_password` has it."""
        account = await self._asked(account_id, new, keep)
        attempt = Attempt(account.name.encode(), octets_of(old), source, door)
        verdict = await self._tries.judged(attempt, lambda it: self._authentication.judge_own(it, account))
        if (judged := verdict.account) is None:
            raise Refused("password wrong")
        kept, now = await self._hashed(rules.prepared(new)), self._ground.now()

        def work(rows: Rows) -> Account:
            current = rows.accounts.get(account_id)
            if current is None or not current.active:
                raise Refused("gone")
            if current.generation != judged.generation:
                raise Refused("password wrong")  # another one since, or everything was revoked
            see_standing(rows, account_id, keep, now)
            self._see(rows, current, new)
            return admin.set_password(rows, current, kept, now, keep=keep)

        changed = await self._ground.change(work)
        self._ground.audit.record("password", account=changed, source=source, door=door)
        return changed

    async def _asked(self, account_id: str, new: str, keep: str | None) -> Account:
        """Whose password it is.  :raises Refused: it must not be that one, or not any more."""
        now = self._ground.now()

        def see(rows: Rows) -> Account:
            account = rows.accounts.get(account_id)
            if account is None or not account.active:
                raise Refused("gone")
            see_standing(rows, account_id, keep, now)
            self._see(rows, account, new)
            return account

        return await self._ground.store.read(see)

    def _see(self, rows: Rows, account: Account, new: str) -> None:
        """:raises Refused: it is against the rules for who has, or has not, a second factor now."""
        self._chosen(new, name=account.name, second_factor=is_on(rows, account.id))

    def _chosen(
        self, password: str, *, name: str, second_factor: bool = False, allow_weak: bool = False
    ) -> bytes:
        return rules.new_password(
            password, policy=self._policy(), second_factor=second_factor, name=name, allow_weak=allow_weak
        )

    async def _hashed(self, octets: bytes) -> Password:
        return await self._ground.hashed(octets, alone=rules.stands_alone(octets))
