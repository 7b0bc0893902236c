"""The differences that a primary sends, as one change of the very zone that we have."""

from collections.abc import Sequence
from dataclasses import replace

from netapp.errors import NetappError
from netapp.names.changing.changes import Change, framed
from netapp.names.model import RRSIG, SOA, Record
from netapp.names.naming import shown
from netapp.names.rdata import folded
from netapp.names.zone import Zone, records_of


class Inexact(NetappError):
    """The differences are not ones of the zone that we have: all of it is needed."""


def as_one(zone: Zone, changes: Sequence[Change]) -> Change:
    """What the changes make of a zone, one after another: what was between was never ours.

    They begin at its serial, and all that goes is there by then.  What comes may be there already:
    NSD sends such, and takes it away by a later change as any other.

    :param changes: at least one, each beginning where the one before ended.
    :raises Inexact: it is not so.

    Source: RFC 1995 section 4.
    """
    first, last = changes[0], changes[-1]
    if first.old_serial != zone.serial:
        raise Inexact(f"the differences begin at serial {first.old_serial}, ours is {zone.serial}")
    if folded(SOA, first.removed[0].rdata) != folded(SOA, zone.soa.rdatas[0]):
        raise Inexact("the differences begin at another SOA than ours, though with its serial")
    touched = _Touched(zone)
    for change in changes:
        for record in change.removed[1:]:
            if not touched.remove(record):
                raise Inexact(f"the differences take from {shown(record.owner)} what is not there")
        for record in change.added[1:]:
            touched.add(record)
    removed, added = touched.difference()
    return framed(first.removed[0], last.added[0], removed, added)


Key = tuple[bytes, int, bytes]


class _Touched:
    """All records of the names that are touched, as they were and as they are now."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._names: set[bytes] = set()
        self._before: dict[Key, Record] = {}
        self._now: dict[Key, Record] = {}
        self._ttls: dict[tuple[bytes, int], int] = {}  # a set takes that of the last record added

    def remove(self, record: Record) -> bool:
        """Whether it was there."""
        return self._now.pop(self._key(record), None) is not None

    def add(self, record: Record) -> None:
        self._now.setdefault(self._key(record), record)
        if record.rdtype != RRSIG:  # it has that of what it covers
            self._ttls[record.owner, record.rdtype] = record.ttl

    def difference(self) -> tuple[list[Record], list[Record]]:
        """What has gone and what has come."""
        before, now = self._before, self._now
        removed = [each for key, each in before.items() if key not in now]
        added: list[Record] = []
        for key, record in now.items():
            was = before.get(key)
            ttl = self._ttls.get(key[:2], record.ttl)
            if was is None or was.ttl != ttl or was.rdata != record.rdata:
                added.append(record if record.ttl == ttl else replace(record, ttl=ttl))
                if was is not None:
                    removed.append(was)
        return removed, added

    def _key(self, record: Record) -> Key:
        owner = record.owner
        if owner not in self._names:
            self._names.add(owner)
            there = {_key(each): each for each in records_of(self._zone.nodes.get(owner, ()))}
            self._before |= there
            self._now |= there
        return _key(record)


def _key(record: Record) -> Key:
    return record.owner, record.rdtype, folded(record.rdtype, record.rdata)
