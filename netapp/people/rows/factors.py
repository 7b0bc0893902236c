"""Second factors: sealed TOTP secrets, and the digests of recovery codes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from netapp.people.tables import recovery_code, totp


@dataclass(frozen=True, slots=True)
class Factor:
    """An account's second factor; it counts once it is confirmed."""

    secret: str  # sealed
    step: int  # the last time step that was taken: RFC 6238 section 5.2
    confirmed: bool
    failures: int
    since: float  # when the first of them was


#: Every try asks it; to put a statement together takes longer than to run it.
_OF: Final = sa.select(totp.c.secret, totp.c.step, totp.c.confirmed, totp.c.failures, totp.c.since).where(
    totp.c.account == sa.bindparam("wanted")
)


class FactorRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, account_id: str) -> Factor | None:
        row = self._connection.execute(_OF, {"wanted": account_id}).one_or_none()
        return None if row is None else Factor(*row)

    def all(self) -> frozenset[str]:
        """The ids of the accounts that have one in force."""
        return frozenset(self._connection.scalars(sa.select(totp.c.account).where(totp.c.confirmed)))

    def sealed(self) -> bool:
        """Whether there is any secret at all, in force or not."""
        return self._connection.scalar(sa.select(totp.c.account).limit(1)) is not None

    def begin(self, account_id: str, secret: str, now: float) -> None:
        """A secret that its owner has not shown a code of yet."""
        self.end(account_id)
        values = {"secret": secret, "step": 0, "confirmed": False, "failures": 0, "since": now}
        self._connection.execute(sa.insert(totp).values(account=account_id, **values))

    def confirm(self, account_id: str) -> None:
        self._connection.execute(sa.update(totp).where(totp.c.account == account_id).values(confirmed=True))

    def end(self, account_id: str) -> None:
        for table in (totp, recovery_code):
            self._connection.execute(sa.delete(table).where(table.c.account == account_id))

    def take_step(self, account_id: str, step: int) -> bool:
        """Use a time step up: true for one caller only, and never again for it or an earlier one."""
        done = self._connection.execute(
            sa.update(totp)
            .where(totp.c.account == account_id, totp.c.step < step)
            .values(step=step, failures=0)
        )
        return done.rowcount == 1

    def failed(self, account_id: str, failures: int, since: float) -> None:
        self._connection.execute(
            sa.update(totp).where(totp.c.account == account_id).values(failures=failures, since=since)
        )

    # Recovery codes --------------------------------------------------------------------------

    def set_recovery(self, account_id: str, digests: Iterable[str]) -> None:
        self._connection.execute(sa.delete(recovery_code).where(recovery_code.c.account == account_id))
        for digest in digests:
            self._connection.execute(sa.insert(recovery_code).values(account=account_id, digest=digest))

    def recovery(self, account_id: str) -> Sequence[str]:
        """The digests of those that are left."""
        wanted = sa.select(recovery_code.c.digest).where(recovery_code.c.account == account_id)
        return list(self._connection.scalars(wanted.order_by(recovery_code.c.digest)))

    def take_recovery(self, account_id: str, digest: str) -> bool:
        """Use a recovery code up: true once."""
        done = self._connection.execute(
            sa.delete(recovery_code).where(
                recovery_code.c.account == account_id, recovery_code.c.digest == digest
            )
        )
        return done.rowcount == 1

    def recovery_left(self, account_id: str) -> int:
        counted = sa.select(sa.func.count()).where(recovery_code.c.account == account_id)
        return self._connection.scalar(counted) or 0
