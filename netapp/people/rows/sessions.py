"""Sessions: connections that are logged in, and tokens that were given out."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from netapp.core import limits
from netapp.people.model import Session
from netapp.people.tables import account, session

_FIELDS: Final = [session.c[name] for name in Session.__dataclass_fields__]


class SessionRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, new: Session, *, generation: int, digest: str | None = None, process: int | None = None
    ) -> None:
        values = {name: getattr(new, name) for name in Session.__dataclass_fields__}
        self._connection.execute(
            sa.insert(session).values(generation=generation, digest=digest, process=process, **values)
        )

    def of(self, account_id: str, now: float) -> Sequence[Session]:
        """Those that are still good, the oldest first."""
        return self._some(session.c.account == account_id, _good(now))

    def get(self, session_id: str, now: float) -> Session | None:
        """The one of this id, if it is good."""
        found = self._some(session.c.id == session_id, _good(now))
        return found[0] if found else None

    def all(self, now: float) -> Sequence[Session]:
        return self._some(_good(now))

    def token(self, digest: str, now: float) -> Session | None:
        """The token of this digest, if it is good."""
        found = self._some(session.c.digest == digest, _good(now))
        return found[0] if found else None

    def saw(self, session_id: str, now: float, expires: float) -> None:
        self._connection.execute(
            sa.update(session).where(session.c.id == session_id).values(seen=now, expires=expires)
        )

    def renew(self, session_id: str, account_id: str) -> None:
        """Have one outlive what has just revoked the others."""
        now = sa.select(account.c.generation).where(account.c.id == account_id).scalar_subquery()
        self._connection.execute(
            sa.update(session)
            .where(session.c.id == session_id, session.c.account == account_id)
            .values(generation=now)
        )

    def remove(self, session_id: str) -> None:
        self._connection.execute(sa.delete(session).where(session.c.id == session_id))

    def remove_opened(self, opener: str) -> int:
        """Delete what a token has opened.  :returns: how many."""
        return self._connection.execute(sa.delete(session).where(session.c.opener == opener)).rowcount

    def processes(self) -> frozenset[int]:
        """The processes that say they have connections."""
        rows = self._connection.scalars(sa.select(session.c.process).distinct())
        return frozenset(number for number in rows if number is not None)

    def forget(self, process: int) -> None:
        """A process has ended, and its connections with it."""
        self._connection.execute(sa.delete(session).where(session.c.process == process))

    def drop_dead(self, now: float, account_id: str | None = None) -> None:
        """Delete those that are over, or revoked; of one account, or of all."""
        self._connection.execute(sa.delete(session).where(_whose(account_id), session.c.expires <= now))
        self.drop_revoked(account_id)

    def drop_revoked(self, account_id: str | None = None) -> None:
        """Delete those that the account's generation has revoked; of one account, or of all."""
        self._connection.execute(sa.delete(session).where(_whose(account_id), ~_of_now()))

    def _some(self, *conditions: sa.ColumnElement[bool]) -> Sequence[Session]:
        rows = self._connection.execute(sa.select(*_FIELDS).where(*conditions).order_by(session.c.created))
        return [Session(**row._mapping) for row in rows]


def _whose(account_id: str | None) -> sa.ColumnElement[bool]:
    return sa.true() if account_id is None else session.c.account == account_id


def _good(now: float) -> sa.ColumnElement[bool]:
    """Not over, not of a clock's future, and not revoked: as :func:`netapp.core.clock.is_alive`."""
    begun = session.c.created <= now + limits.CLOCK_STEP
    return sa.and_(session.c.expires > now, begun, _of_now())


def _of_now() -> sa.ColumnElement[bool]:
    """Not revoked by the account's generation."""
    return sa.exists(
        sa.select(account.c.id).where(
            account.c.id == session.c.account, account.c.generation == session.c.generation
        )
    )
