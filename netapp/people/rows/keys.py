"""SSH public keys."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from netapp.people.model import Key
from netapp.people.tables import ssh_key

_FIELDS: Final = [ssh_key.c[name] for name in Key.__dataclass_fields__]


class KeyRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Key) -> None:
        values = {name: getattr(new, name) for name in Key.__dataclass_fields__}
        self._connection.execute(sa.insert(ssh_key).values(**values))

    def of(self, account_id: str) -> Sequence[Key]:
        """The oldest first."""
        return self._some(ssh_key.c.account == account_id)

    def find(self, account_id: str, blob: str) -> Key | None:
        """:param blob: in base64."""
        found = self._some(ssh_key.c.account == account_id, ssh_key.c.blob == blob)
        return found[0] if found else None

    def saw(self, key_id: str, now: float) -> None:
        self._connection.execute(sa.update(ssh_key).where(ssh_key.c.id == key_id).values(seen=now))

    def remove(self, key_id: str) -> None:
        self._connection.execute(sa.delete(ssh_key).where(ssh_key.c.id == key_id))

    def _some(self, *conditions: sa.ColumnElement[bool]) -> Sequence[Key]:
        rows = self._connection.execute(sa.select(*_FIELDS).where(*conditions).order_by(ssh_key.c.created))
        return [Key(**row._mapping) for row in rows]
