"""One-use codes that were given out."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from netapp.people.model import Invitation
from netapp.people.tables import invitation


class InvitationRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Invitation) -> None:
        self._connection.execute(
            sa.insert(invitation).values(
                id=new.id,
                account=new.account,
                role=new.role,
                groups=json.dumps(sorted(new.groups)),
                created=new.created,
                expires=new.expires,
            )
        )

    def get(self, invitation_id: str, now: float) -> Invitation | None:
        """One that has not been used and is not over."""
        found = self._some(invitation.c.id == invitation_id, invitation.c.expires > now)
        return found[0] if found else None

    def all(self, now: float) -> Sequence[Invitation]:
        """Those that can be used, the oldest first."""
        return self._some(invitation.c.expires > now)

    def take(self, invitation_id: str, now: float) -> bool:
        """Use one up: true once."""
        done = self._connection.execute(
            sa.delete(invitation).where(invitation.c.id == invitation_id, invitation.c.expires > now)
        )
        return done.rowcount == 1

    def forget(self, account_id: str) -> None:
        """An account's codes are no longer good."""
        self._connection.execute(sa.delete(invitation).where(invitation.c.account == account_id))

    def drop_dead(self, now: float) -> None:
        self._connection.execute(sa.delete(invitation).where(invitation.c.expires <= now))

    def _some(self, *conditions: sa.ColumnElement[bool]) -> Sequence[Invitation]:
        c = invitation.c
        rows = self._connection.execute(
            sa.select(c.id, c.account, c.role, c.groups, c.created, c.expires)
            .where(*conditions)
            .order_by(c.created)
        )
        return [
            Invitation(
                row.id, row.account, row.role, frozenset(json.loads(row.groups)), row.created, row.expires
            )
            for row in rows
        ]
