"""What failed tries have cost so far, and where accounts have been let in from."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from netapp.people.counts import Changes
from netapp.people.tables import place, throttle


class ThrottleRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def failures(self, since: float = 0.0) -> Sequence[tuple[str, int, float]]:
        """Rows of (key, failures, the last one's time), of those after a time."""
        columns = throttle.c.key, throttle.c.failures, throttle.c.last
        rows = self._connection.execute(sa.select(*columns).where(throttle.c.last >= since))
        return [(key, failures, last) for key, failures, last in rows]

    def places(self, since: float = 0.0) -> Sequence[tuple[str, str, float]]:
        """Rows of (source, key of the account, when it was last let in from there)."""
        rows = self._connection.execute(
            sa.select(place.c.source, place.c.key, place.c.last).where(place.c.last >= since)
        )
        return [(source, key, last) for source, key, last in rows]

    def store(self, changes: Changes) -> None:
        """Store what has changed, and delete what is gone."""
        for key, failures, last in changes.rows:
            values = {"failures": failures, "last": last}
            new = insert(throttle).values(key=key, **values)
            self._connection.execute(new.on_conflict_do_update(index_elements=[throttle.c.key], set_=values))
        for source, key, last in changes.places:
            new = insert(place).values(source=source, key=key, last=last)
            keys = [place.c.source, place.c.key]
            self._connection.execute(new.on_conflict_do_update(index_elements=keys, set_={"last": last}))
        for key in changes.gone:
            self._connection.execute(sa.delete(throttle).where(throttle.c.key == key))
        for source, key in changes.gone_places:
            self._connection.execute(sa.delete(place).where(place.c.source == source, place.c.key == key))
