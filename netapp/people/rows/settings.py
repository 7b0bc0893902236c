"""What all processes on one state directory agree on."""

import sqlalchemy as sa
from sqlalchemy import Connection

from netapp.people.tables import setting


class SettingRows:
    """Text by key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> str | None:
        return self._connection.scalar(sa.select(setting.c.value).where(setting.c.key == key))

    def put(self, key: str, value: str | None) -> None:
        """Store a value; None forgets the key."""
        self._connection.execute(sa.delete(setting).where(setting.c.key == key))
        if value is not None:
            self._connection.execute(sa.insert(setting).values(key=key, value=value))

    def rising(self, key: str, first: int) -> int:
        """The next of numbers that are never given twice."""
        number = int(self.get(key) or first)
        self.put(key, str(number + 1))
        return number
