"""The people of one place, as services and commands ask for them."""

import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from twisted.internet import defer

from netapp.core.clock import Steady
from netapp.people import admin, names
from netapp.people.applications import Applications
from netapp.people.authentication import Attempt, Authentication, Verdict, octets_of
from netapp.people.ground import Ground, NoAudit
from netapp.people.invitations import Invitations
from netapp.people.keys import Keys
from netapp.people.model import Account, Refused, Role
from netapp.people.new_passwords import NewPasswords
from netapp.people.passwords import Hasher
from netapp.people.rows import Rows
from netapp.people.rules import Policy
from netapp.people.second_factor import SecondFactor
from netapp.people.sessions import Sessions
from netapp.people.settings import Settings
from netapp.people.standing import see_opener
from netapp.people.store import Store
from netapp.people.throttling.turns import Turns
from netapp.people.trail.audit import Audit
from netapp.people.tries import Tries


class People:
    """Accounts, and whether somebody is who they say.

    Rows are read each time, so what ``netapp user`` changes is true for the next question;
    ``changes`` tells of it.

    :param clock: the reactor.
    :param audit: where events are written; nowhere unless given.
    :param secret: 32 octets of the state directory; random unless given.
    :param time: the time that rows are stamped with and throttles measured; the clock's unless given.
    :param settings: what is stored, as it was read; it is followed when it changes.
    """

    def __init__(
        self,
        store: Store,
        hasher: Hasher,
        clock: Any,
        *,
        audit: Audit | None = None,
        secret: bytes | None = None,
        time: Steady | None = None,
        settings: Settings | None = None,
    ) -> None:
        secret = secret or secrets.token_bytes(32)
        time = time or Steady(clock.seconds, clock.seconds)
        self._ground = ground = Ground(store, hasher, clock, time, audit or NoAudit(), secret)
        #: :class:`AccountChanged` values, for changes of this process and, soon, of others.
        self.changes = ground.changes
        ground.settings = settings
        self.audit, self.throttle, self.faults = ground.audit, ground.throttle, ground.faults
        #: Of new passwords, where a service has one of its own; else it is as stored.
        self.chosen_policy: Policy | None = None
        self.sessions, self.keys = Sessions(ground), Keys(ground)
        self.second_factor = SecondFactor(ground)
        self.applications = Applications(ground)
        self.authentication = Authentication(ground, self.second_factor)
        self._turns = Turns(self.throttle, clock, seconds=ground.now, queue=lambda: ground.pool.waiting)
        self.invitations = Invitations(ground, self._turns)
        self._tries = Tries(ground, self._turns, self.authentication)
        self._new_passwords = NewPasswords(ground, self.authentication, self._tries, lambda: self.policy)

    def begin(self, rows: Rows) -> None:
        """Take what is stored, so that a restart forgives nothing; ``start`` does it where nobody has."""
        self.sessions.start(rows)
        self._ground.begin(rows)

    def start(self) -> defer.Deferred[None]:
        self._ground.start()
        return defer.succeed(None) if self._ground.begun else self._ground.store.write(self.begin)

    def stop(self) -> defer.Deferred[None]:
        return defer.ensureDeferred(self._ground.stop())

    @property
    def refused(self) -> int:
        """Tries so far that were wrong, or held back."""
        return self._tries.refused

    @property
    def admitted(self) -> int:
        """Tries so far that were right."""
        return self._tries.admitted

    @property
    def policy(self) -> Policy:
        """The rules of new passwords."""
        stored = self._ground.settings
        return self.chosen_policy or (stored.policy if stored is not None else "basic")

    # Questions -------------------------------------------------------------------------------

    def find(self, name: str) -> defer.Deferred[Account | None]:
        """The account of a name, in whatever case or width; disabled ones too."""
        mapped = names.mapped_or_none(name)
        if mapped is None:
            return defer.succeed(None)
        return self._ground.store.read(lambda rows: rows.accounts.find(mapped))

    def get(self, account_id: str) -> defer.Deferred[Account | None]:
        return self._ground.store.read(lambda rows: rows.accounts.get(account_id))

    def all(self) -> defer.Deferred[Iterable[Account]]:
        """All accounts, by name."""
        return self._ground.store.read(lambda rows: rows.accounts.all())

    def groups_of(self, account_id: str) -> defer.Deferred[frozenset[str]]:
        return self._ground.store.read(lambda rows: rows.accounts.groups(account_id))

    def members(self) -> defer.Deferred[Mapping[str, frozenset[str]]]:
        """Groups to the ids of the accounts in them."""
        return self._ground.store.read(lambda rows: rows.accounts.members())

    def wants_code(self, name: bytes) -> defer.Deferred[bool]:
        """Whether a code must be asked for as well, whether the password is right or not."""
        work = self.second_factor.wanted(name)
        return defer.ensureDeferred(self._ground.for_strangers("codes cannot be asked for", work))

    def authenticate(
        self,
        name: str | bytes,
        password: str | bytes,
        source: str,
        *,
        door: str = "login",
        code: bytes | None = None,
        remember: bool = False,
        patience: float | None = None,
    ) -> defer.Deferred[Account | None]:
        """The account, when it may come in and what was typed is its own; else None.

        Octets are read as UTF-8 and as GB18030 within the one try.  The same work is done for
        unknown and disabled names as for others.  A try that earlier ones hold back waits here, and
        so does one beside another by the same account.  Cancelling takes it out of the queue.

        :param password: the account's own, a token, or an application password for this door.
        :param source: the address of who tries; "" when there is none.
        :param code: of the second factor, for accounts that have one; without it their password
            alone is not enough.
        :param remember: the same password comes with every request: a right one is known again for
            a while without the work of hashing it.
        :param patience: seconds to be held back at most; who must wait longer fails unseen, with
            :class:`Throttled`, a kind of Busy.  None: as anybody, and is then refused as any.

        Fails with :class:`netapp.errors.Busy` when too many wait, which is no failed try, and with
        :class:`netapp.errors.Unavailable` when it cannot be found out.
        """
        judged = self.judge(
            name, password, source, door=door, code=code, remember=remember, patience=patience
        )
        return judged.addCallback(lambda verdict: verdict.account)

    def judge(
        self,
        name: str | bytes,
        password: str | bytes,
        source: str,
        *,
        door: str = "login",
        code: bytes | None = None,
        remember: bool = False,
        patience: float | None = None,
    ) -> defer.Deferred[Verdict]:
        """As :meth:`authenticate`, for a door that keeps who is let in: with what has let them in."""
        attempt = Attempt(octets_of(name), octets_of(password), source, door, code, remember, patience)
        work = self._authenticate(attempt)
        return defer.ensureDeferred(self._ground.for_strangers("a password cannot be checked", work))

    async def still(self, account: Account, opener: str | None = None) -> bool:
        """Whether nothing has been revoked of what let an account in.

        A door that keeps connections asks once it sees changes: from then on they tell.

        :param account: as it was judged.
        :param opener: the id of the token or application password that was shown.
        """
        now = self._ground.now()

        def work(rows: Rows) -> bool:
            try:
                see_opener(rows, account, opener, now)
            except Refused:
                return False
            return True

        return await self._ground.for_strangers("an account cannot be read", self._ground.store.read(work))

    # Changes ---------------------------------------------------------------------------------

    async def add(
        self,
        name: str,
        password: str,
        *,
        role: Role = "member",
        groups: Collection[str] = (),
        allow_weak: bool = False,
    ) -> Account:
        """A new account.  :raises Refused: the name or the password, or it is taken."""
        kept = await self._new_passwords.hashed(password, name, allow_weak=allow_weak)
        now = self._ground.now()
        return await self._ground.change(
            lambda rows: admin.add(rows, name, kept, now, role=role, groups=groups)
        )

    async def change_password(
        self,
        account_id: str,
        old: str | bytes,
        new: str,
        *,
        source: str,
        door: str,
        keep: str | None = None,
    ) -> Account:
        """Another password, which ends what the old one opened; a wrong old one is a failed try.

        :param keep: the id of the session that asks, and goes on.
        :raises Refused: the old one is wrong, or the new one is against the rules.
        :raises Busy: too many wait for the threads that hash.
        """
        return await self._new_passwords.change(account_id, old, new, source=source, door=door, keep=keep)

    async def set_password(self, name: str, password: str, *, allow_weak: bool = False) -> Account:
        """Another password, by who may give it.  :raises Refused: the name or the password."""
        kept = await self._new_passwords.hashed(password, name, allow_weak=allow_weak)
        now = self._ground.now()
        return await self._ground.change(
            lambda rows: admin.set_password(rows, admin.find(rows, name), kept, now)
        )

    async def disable(self, name: str) -> Account:
        """Nobody comes in by this account.  :raises Refused: there is none, or it is the last admin."""
        return await self._ground.change(
            lambda rows: admin.set_state(rows, admin.find(rows, name), "disabled")
        )

    async def enable(self, name: str) -> Account:
        """:raises Refused: there is none of this name."""
        return await self._ground.change(lambda rows: admin.set_state(rows, admin.find(rows, name), "active"))

    async def remove(self, name: str) -> Account:
        """:raises Refused: there is none of this name, or it is the last admin."""
        return await self._ground.change(lambda rows: admin.remove(rows, admin.find(rows, name)))

    async def _authenticate(self, attempt: Attempt) -> Verdict:
        found = await self.authentication.by_random_secret(attempt)
        if found is not None:
            return await self._tries.found(attempt, found)
        if attempt.remember and (known := await self.authentication.remembered(attempt)) is not None:
            return Verdict(known, "password")
        return await self._tries.login(attempt)
