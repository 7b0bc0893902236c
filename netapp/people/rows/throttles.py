"""What failed tries have cost so far, and where accounts have been let in from."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from netapp.people.tables import place, throttle
from netapp.people.throttling.counts import Changes

# After every failed try; to put a statement together takes longer than to run it.
_NEW: Final = insert(throttle)
_PUT: Final = _NEW.on_conflict_do_update(
    index_elements=[throttle.c.key],
    set_={"failures": _NEW.excluded.failures, "last": _NEW.excluded.last},
)
_NEW_PLACE: Final = insert(place)
_PUT_PLACE: Final = _NEW_PLACE.on_conflict_do_update(
    index_elements=[place.c.source, place.c.key], set_={"last": _NEW_PLACE.excluded.last}
)
_DROP: Final = sa.delete(throttle).where(throttle.c.key == sa.bindparam("gone"))
_DROP_PLACE: Final = sa.delete(place).where(
    place.c.source == sa.bindparam("gone_from"), place.c.key == sa.bindparam("gone")
)


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
        for statement, names, values in (
            (_PUT, ("key", "failures", "last"), changes.rows),
            (_PUT_PLACE, ("source", "key", "last"), changes.places),
            (_DROP, ("gone",), [(key,) for key in changes.gone]),
            (_DROP_PLACE, ("gone_from", "gone"), changes.gone_places),
        ):
            if values:
                self._connection.execute(statement, [dict(zip(names, row, strict=True)) for row in values])
