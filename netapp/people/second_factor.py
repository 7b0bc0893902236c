"""Second factors: one-time codes (TOTP, RFC 6238) and recovery codes."""

import math
from dataclasses import dataclass, field

from netapp.core import limits
from netapp.people import admin, codes, rules, totp
from netapp.people.ground import Ground
from netapp.people.model import Account, Refused
from netapp.people.rows import Rows
from netapp.people.rules import Policy
from netapp.people.standing import see_standing


@dataclass(frozen=True, slots=True)
class FactorState:
    on: bool
    recovery_left: int  # recovery codes that have not been used


@dataclass(frozen=True, slots=True)
class Setup:
    """A secret that its owner puts into an authenticator, and shows a code of before it counts."""

    secret: str = field(repr=False)  # base32
    uri: str = field(repr=False)  # otpauth:, for a QR code


class SecondFactor:
    """The second factors of all accounts."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._key = ground.key_for("totp")

    async def wanted(self, name: bytes) -> bool:
        """Whether a code must be asked for, for one of the names that may have been typed."""
        names = sorted(rules.tried_names(name) - {""})

        def work(rows: Rows) -> bool:
            accounts = [rows.accounts.find(each) for each in names]
            ids = [account.id if account is not None else "" for account in accounts]
            on = [is_on(rows, each) for each in ids]  # all are looked up, those of nobody too
            return any(on)

        return await self._ground.store.read(work)

    async def state(self, account_id: str) -> FactorState:
        def work(rows: Rows) -> FactorState:
            return FactorState(is_on(rows, account_id), rows.factors.recovery_left(account_id))

        return await self._ground.store.read(work)

    async def begin(self, account: Account, *, by: str | None = None) -> Setup:
        """A new secret, which counts once a code of it was shown.

        :param by: the id of the session that asks, here and below: see :mod:`netapp.people.standing`.
        :raises Refused: one is in force.
        """
        secret, now = totp.new_secret(), self._ground.now()
        sealed = totp.seal(secret, self._key, account.id)

        def work(rows: Rows) -> None:
            see_standing(rows, account.id, by, now, by_password=True)
            if is_on(rows, account.id):
                raise Refused("factor on")
            if rows.accounts.get(account.id) is None:
                raise Refused("gone")
            rows.factors.begin(account.id, sealed, now)

        await self._ground.store.write(work)
        return Setup(secret, totp.uri(secret, account.name))

    async def confirm(self, account_id: str, code: str, *, by: str | None = None) -> list[str]:
        """A code shows that the authenticator has the secret: from now on it is asked for.

        :returns: the recovery codes, to be shown once.
        :raises Refused: the code is wrong, too many were, or nothing was begun.
        """
        now, moment = self._ground.wall(), self._ground.now()
        recovery = codes.new_recovery_codes(limits.RECOVERY_CODES)

        def work(rows: Rows) -> Account | None:
            see_standing(rows, account_id, by, moment, by_password=True)
            factor = rows.factors.get(account_id)
            if factor is None or factor.confirmed:
                raise Refused("factor not begun")
            if not self.accepted(rows, account_id, code, now):
                return None  # the failure is stored, not undone
            account = rows.accounts.get(account_id)
            assert account is not None  # its factor goes with it
            return admin.confirm_factor(rows, account, filter(None, map(codes.recovery_digest, recovery)))

        account = await self._ground.change(work)
        if account is None:
            raise Refused("code wrong")
        self._ground.audit.record("factor on", account=account)
        return recovery

    async def end(
        self, account_id: str, code: str, *, policy: Policy = "basic", by: str | None = None
    ) -> None:
        """:raises Refused: the code is wrong, or the password may not stand alone."""
        now, moment = self._ground.wall(), self._ground.now()

        def work(rows: Rows) -> Account | None:
            see_standing(rows, account_id, by, moment, by_password=True)
            if not is_on(rows, account_id):
                raise Refused("factor off")
            password = rows.accounts.password(account_id)
            if policy == "nist" and password is not None and not password.alone:
                raise Refused("password not alone", least=limits.PASSWORD_ALONE)
            if not self.accepted(rows, account_id, code, now):
                return None
            account = rows.accounts.get(account_id)
            assert account is not None
            return admin.end_factor(rows, account)

        account = await self._ground.change(work)
        if account is None:
            raise Refused("code wrong")
        self._ground.audit.record("factor off", account=account)

    def accepted(self, rows: Rows, account_id: str, code: str, now: float, *, spend: bool = True) -> bool:
        """Within a transaction: whether a code is right, which uses it up, or else count it.

        The count is stored before the answer, and so is what was used: a code opens one door once.

        :param now: the system's clock, which authenticators go by.
        :param spend: False beside a wrong password: the same work, of which nothing remains.
        """
        factor = rows.factors.get(account_id)
        if factor is None:
            return False
        failures = factor.failures if 0 <= now - factor.since < limits.CODE_SPAN else 0
        digest = codes.recovery_digest(code) if factor.confirmed else None
        if failures >= limits.CODE_TRIES:  # but nobody guesses a recovery code: that one comes in
            return spend and digest is not None and rows.factors.take_recovery(account_id, digest)
        secret = totp.unseal(factor.secret, self._key, account_id)
        step = totp.accepted_step(secret, code, now, factor.step)
        if not spend:
            # as they were, but for what SQLite takes for a change: what stays the same is not written
            rows.factors.failed(account_id, factor.failures, math.nextafter(factor.since, math.inf))
            return False
        if step is not None and rows.factors.take_step(account_id, step):
            return True
        if digest is not None and rows.factors.take_recovery(account_id, digest):
            return True
        rows.factors.failed(account_id, failures + 1, now if not failures else factor.since)
        return False


def is_on(rows: Rows, account_id: str) -> bool:
    """Whether an account has a second factor in force."""
    factor = rows.factors.get(account_id)
    return factor is not None and factor.confirmed
