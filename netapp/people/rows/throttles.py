"""What failed tries have cost so far, and where accounts have been let in from."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from netapp.people.tables import place, throttle


class ThrottleRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def failures(self, since: float = 0.0) -> Sequence[tuple[str, int, float]]:
        """Rows of (key, failures, the last one's time), of those after a time."""
        columns = throttle.c.key, throttle.c.failures, throttle.c.last
        rows = self._connection.execute(sa.select(*columns).where(throttle.c.last >= since))
        return [(key, failures, last) for key, failures, last in rows]

    def put_failures(self, rows: Iterable[tuple[str, int, float]]) -> None:
        """Store rows; one of no failures is deleted."""
        for key, failures, last in rows:
            if not failures:
                self._connection.execute(sa.delete(throttle).where(throttle.c.key == key))
                continue
            new = insert(throttle).values(key=key, failures=failures, last=last)
            self._connection.execute(
                new.on_conflict_do_update(
                    index_elements=[throttle.c.key], set_={"failures": failures, "last": last}
                )
            )

    def places(self, since: float = 0.0) -> Sequence[tuple[str, str, float]]:
        """Rows of (source, key of the account, when it was last let in from there)."""
        rows = self._connection.execute(
            sa.select(place.c.source, place.c.key, place.c.last).where(place.c.last >= since)
        )
        return [(source, key, last) for source, key, last in rows]

    def put_places(self, rows: Iterable[tuple[str, str, float]]) -> None:
        for source, key, last in rows:
            new = insert(place).values(source=source, key=key, last=last)
            self._connection.execute(
                new.on_conflict_do_update(index_elements=[place.c.source, place.c.key], set_={"last": last})
            )

    def clear(self, keys: Iterable[str]) -> None:
        """Forget what stands under these keys."""
        self._connection.execute(sa.delete(throttle).where(throttle.c.key.in_(list(keys))))

    def forget(self, failures_before: float, places_before: float) -> None:
        """Delete what is too old to count."""
        self._connection.execute(sa.delete(throttle).where(throttle.c.last < failures_before))
        self._connection.execute(sa.delete(place).where(place.c.last < places_before))
