"""What has changed in a zone, from one serial to the next, and chains of that.

A change is what IXFR sends (RFC 1995 section 4): the records that went, the old SOA first, and
those that came, the new SOA first.  Nothing here reads, waits or logs.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from netapp.core import limits
from netapp.names.model import SOA, Record
from netapp.names.zone import Zone, records_of, serial_of


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a zone.  ``removed[0]`` is the old SOA, ``added[0]`` the new one."""

    removed: tuple[Record, ...]
    added: tuple[Record, ...]

    @property
    def old_serial(self) -> int:
        return serial_of(self.removed[0].rdata)

    @property
    def new_serial(self) -> int:
        return serial_of(self.added[0].rdata)

    def __len__(self) -> int:
        """How many records it names."""
        return len(self.removed) + len(self.added)

    def owners(self) -> set[bytes]:
        """The names that it touches."""
        return {record.owner for records in (self.removed, self.added) for record in records}


def soa_record(zone: Zone) -> Record:
    """A zone's SOA as a record."""
    return Record(zone.origin, SOA, zone.soa.rdatas[0], zone.soa.ttl)


def with_serial(soa: Record, serial: int) -> Record:
    """An SOA record with another serial."""
    rdata = soa.rdata[:-20] + serial.to_bytes(4, "big") + soa.rdata[-16:]
    return Record(soa.owner, SOA, rdata, soa.ttl)


def difference(old: Zone, new: Zone, owners: Iterable[bytes] | None = None) -> Change | None:
    """What makes ``new`` of ``old``; None if they hold the same.

    The SOA counts too; whether its serial has risen is the caller's to see to.  2 µs a name.

    :param owners: the names that may have changed, where that is known.
    """
    removed: list[Record] = []
    added: list[Record] = []
    if owners is None:
        owners = chain(new.nodes, (owner for owner in old.nodes if owner not in new.nodes))
    for owner in owners:
        was, node = old.nodes.get(owner, ()), new.nodes.get(owner, ())
        if was is not node and was != node:
            before, now = dict.fromkeys(records_of(was)), dict.fromkeys(records_of(node))
            removed.extend(each for each in before if each not in now)
            added.extend(each for each in now if each not in before)
    if not removed and not added:
        return None
    return framed(soa_record(old), soa_record(new), removed, added)


def framed(old: Record, new: Record, removed: Iterable[Record], added: Iterable[Record]) -> Change:
    """A change with its SOAs in their places, whether or not they are among the records."""
    return Change(
        (old, *(each for each in removed if each.rdtype != SOA)),
        (new, *(each for each in added if each.rdtype != SOA)),
    )


def condensed(changes: Sequence[Change]) -> Change:
    """A chain as one change, without what came and went again.

    :param changes: at least one, each beginning where the one before ended, and exact: what one
        takes was there, and what it adds was not.

    Source: RFC 1995 section 5.
    """
    removed: dict[Record, None] = {}
    added: dict[Record, None] = {}
    for change in changes:
        _fold(change.removed[1:], added, removed)
        _fold(change.added[1:], removed, added)
    return framed(changes[0].removed[0], changes[-1].added[0], removed, added)


def _fold(records: Iterable[Record], undone: dict[Record, None], done: dict[Record, None]) -> None:
    for record in records:
        if record in undone:
            del undone[record]
        else:
            done[record] = None


class History:
    """The changes of a zone up to now, the oldest forgotten when there are too many.

    :param changes: oldest first.
    """

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._changes: deque[Change] = deque()
        self._records = 0
        for change in changes:
            self.add(change)

    def add(self, change: Change) -> None:
        """Note a change that begins where the newest ended; after a gap the older are of no use."""
        if self._changes and self._changes[-1].new_serial != change.old_serial:
            self.clear()
        self._changes.append(change)
        self._records += len(change)
        while self._records > limits.ZONE_HISTORY_RECORDS or len(self._changes) > limits.ZONE_HISTORY:
            self._records -= len(self._changes.popleft())

    def clear(self) -> None:
        self._changes.clear()
        self._records = 0

    def all(self) -> tuple[Change, ...]:
        return tuple(self._changes)

    def since(self, serial: int) -> tuple[Change, ...] | None:
        """The changes from that serial on, oldest first; None if it is not known any more."""
        changes = list(self._changes)
        for at in range(len(changes) - 1, -1, -1):
            if changes[at].old_serial == serial:
                return tuple(changes[at:])
        return None
