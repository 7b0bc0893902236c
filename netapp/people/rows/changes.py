"""What has happened to accounts, in order, for every process on the state directory."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from netapp.core import limits
from netapp.people.model import Account, AccountChanged, ChangeKind
from netapp.people.tables import account, change

_FIELDS: Final = [account.c[name] for name in Account.__dataclass_fields__]


class ChangeRows:
    """A feed whose numbers only rise."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, kind: ChangeKind, subject: Account, *, session: str | None = None) -> None:
        """Say what has happened; a removed account is kept as it was."""
        was = json.dumps(asdict(subject)) if kind == "removed" else None
        values = {"kind": kind, "account": subject.id, "session": session, "was": was}
        number = self._connection.execute(sa.insert(change).values(**values)).inserted_primary_key[0]  # type: ignore[index]
        self._connection.execute(sa.delete(change).where(change.c.number <= number - limits.ACCOUNT_CHANGES))

    def last(self) -> int:
        """The number of the newest one; 0 before the first."""
        return self._connection.scalar(sa.select(sa.func.max(change.c.number))) or 0

    def since(self, number: int) -> Sequence[tuple[int, AccountChanged]]:
        """Those after a number, in order, each with its own."""
        joined = sa.outerjoin(change, account, change.c.account == account.c.id)
        wanted = [change.c.number, change.c.kind, change.c.session, change.c.was, *_FIELDS]
        rows = self._connection.execute(
            sa.select(*wanted).select_from(joined).where(change.c.number > number).order_by(change.c.number)
        )
        found = []
        for at, kind, session, was, *fields in rows:
            if was is not None:
                subject = Account(**json.loads(was))
            elif fields[0] is not None:
                subject = Account(*fields)
            else:
                continue  # removed since: its own row says so
            found.append((at, AccountChanged(kind, subject, session)))
        return found
