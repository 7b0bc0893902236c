"""Application passwords."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from netapp.people.model import Application
from netapp.people.tables import account, application


class ApplicationRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Application, *, generation: int, digest: str) -> None:
        self._connection.execute(
            sa.insert(application).values(
                id=new.id,
                account=new.account,
                label=new.label,
                scopes=" ".join(sorted(new.scopes)),
                digest=digest,
                generation=generation,
                created=new.created,
                seen=new.seen,
            )
        )

    def of(self, account_id: str) -> Sequence[Application]:
        """Those that are still good, the oldest first."""
        return self._some(application.c.account == account_id)

    def find(self, account_id: str, digest: str) -> Application | None:
        found = self._some(application.c.account == account_id, application.c.digest == digest)
        return found[0] if found else None

    def saw(self, application_id: str, now: float) -> None:
        self._connection.execute(
            sa.update(application).where(application.c.id == application_id).values(seen=now)
        )

    def remove(self, application_id: str) -> None:
        self._connection.execute(sa.delete(application).where(application.c.id == application_id))

    def _some(self, *conditions: sa.ColumnElement[bool]) -> Sequence[Application]:
        c = application.c
        good = sa.select(account.c.id).where(account.c.id == c.account, account.c.generation == c.generation)
        rows = self._connection.execute(
            sa.select(c.id, c.account, c.label, c.scopes, c.created, c.seen)
            .where(sa.exists(good), *conditions)
            .order_by(c.created)
        )
        return [
            Application(row.id, row.account, row.label, frozenset(row.scopes.split()), row.created, row.seen)
            for row in rows
        ]
