"""Invitations: one-use codes by which a newcomer makes an account, or chooses its first password."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from netapp.core import limits
from netapp.people import admin, codes, first, rules
from netapp.people.first import FirstCode
from netapp.people.ground import Ground
from netapp.people.model import Account, Invitation, Refused, Role
from netapp.people.rows import Rows
from netapp.people.rules import Policy
from netapp.people.second_factor import is_on
from netapp.people.throttling.turns import Turns


@dataclass(frozen=True, slots=True)
class Invited:
    """What a code is good for."""

    invitation: Invitation
    account: Account | None  # whose password it sets; None when it makes an account
    second_factor: bool = False  # that account has one, which a code does not stand for


class Invitations:
    """The invitations of a state directory."""

    def __init__(self, ground: Ground, turns: Turns) -> None:
        self._ground, self._turns = ground, turns
        self._key = ground.key_for("invitation")

    async def read(self, code: str | bytes, source: str) -> Invited | None:
        """What a code is good for; None when it is not ours, used, or over.

        A code that is not ours is found out by its signature alone, whatever is stored.
        """
        text = code if isinstance(code, str) else code.decode("utf-8", "replace")
        invitation_id = codes.read(text, self._key)
        if invitation_id is None:
            return None
        now = self._ground.now()

        def work(rows: Rows) -> Invited | None:
            found = rows.invitations.get(invitation_id, now)
            if found is None:
                return None
            if first.is_late(rows, found):
                return None
            account = rows.accounts.get(found.account) if found.account is not None else None
            if found.account is not None and (account is None or not account.active):
                return None
            return Invited(found, account, account is not None and is_on(rows, account.id))

        return await self._ground.for_strangers("invitations cannot be read", self._ground.store.read(work))

    async def see_name(self, code: str | bytes, name: str, source: str) -> None:
        """Whether a code could make an account of this name now.

        :raises Refused: the name is taken or cannot be, or the code is good no more.
        """
        if await self.read(code, source) is None:
            raise Refused("code used")
        looked = self._ground.store.read(lambda rows: admin.see_free(rows, name))
        await self._ground.for_strangers("invitations cannot be read", looked)

    async def redeem(
        self,
        code: str | bytes,
        name: str | None,
        password: str,
        *,
        source: str,
        door: str,
        policy: Policy = "basic",
    ) -> Account:
        """Use a code up: the account that it made, or whose password it has set.

        One code is redeemed by one at a time: who shares it has the threads hash once, not a hundred times.

        :param name: of the new account; not looked at for a code that is for one.
        :raises Refused: the name, the password, or the code is good no more.  With the key "password
            set" it was used: the account has a second factor, which a code does not stand for.
        :raises Busy: too many wait for the threads that hash, or redeem from one source, or by one code.
        """
        invited = await self.read(code, source)
        if invited is None:
            raise Refused("code used")
        async with self._turns.one_by_one(source, invited.invitation.id):
            account, is_in = await self._redeem(code, name, password, source, policy)
        self._ground.audit.record("code used", account=account, source=source, door=door)
        if not is_in:
            raise Refused("password set")
        return account

    async def _redeem(
        self, code: str | bytes, name: str | None, password: str, source: str, policy: Policy
    ) -> tuple[Account, bool]:
        """:returns: also whether its owner is let in."""
        invited = await self.read(code, source)  # somebody else may have used it meanwhile
        if invited is None:
            raise Refused("code used")
        if invited.account is None:
            await self._ground.store.read(lambda rows: admin.see_free(rows, name or ""))
        owner = invited.account.name if invited.account is not None else name or ""
        factor = invited.second_factor
        octets = rules.new_password(password, policy=policy, second_factor=factor, name=owner)
        kept = await self._ground.hashed(octets, alone=rules.stands_alone(octets))
        now = self._ground.now()

        def work(rows: Rows) -> tuple[Account, bool]:
            if first.is_late(rows, invited.invitation):
                raise Refused("code used")
            account = admin.redeem(rows, invited.invitation, name, kept, now)
            if is_on(rows, account.id):
                return account, False
            rows.accounts.saw(account.id, now)
            return rows.accounts.get(account.id) or account, True

        changing = self._ground.change(work)
        return await self._ground.for_strangers("an invitation cannot be used", changing)

    async def invite(
        self,
        *,
        account: Account | None = None,
        role: Role = "member",
        groups: Collection[str] = (),
        seconds: float = limits.INVITATION,
    ) -> str:
        """A new code.  :param account: whose password it sets; None to make an account."""
        now = self._ground.now()
        new, text = made(self._key, now, account=account, role=role, groups=groups, span=seconds)
        await self._ground.store.write(lambda rows: admin.invite(rows, new, now))
        self._ground.audit.record("invited", account=account, role=role)
        return text

    async def first(self) -> FirstCode | None:
        """The code by which the first administrator's account is made; None once somebody has one."""
        now = self._ground.now()
        code = await self._ground.store.write(lambda rows: first.given_out(rows, self._key, now))
        if code is not None and code.new:
            self._ground.audit.record("invited", role="admin")
        return code

    async def all(self) -> Sequence[Invitation]:
        now = self._ground.now()
        return await self._ground.store.read(lambda rows: rows.invitations.all(now))


def made(
    key: bytes,
    now: float,
    *,
    account: Account | None = None,
    role: Role = "member",
    groups: Collection[str] = (),
    span: float = limits.INVITATION,
) -> tuple[Invitation, str]:
    """A new invitation, with the code to show once."""
    invitation_id = codes.new_invitation_id()
    owner = account.id if account is not None else None
    new = Invitation(invitation_id, owner, role, frozenset(groups), now, now + span)
    return new, codes.invitation(invitation_id, key)
