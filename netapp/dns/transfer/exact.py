"""The differences that a primary sends, as one change of the very zone that we have."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from netapp.errors import NetappError
from netapp.names.changing.changes import Change, framed
from netapp.names.model import RRSIG, Record
from netapp.names.naming import shown
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
    names: dict[bytes, _Name] = {}
    for change in changes:
        for record in change.removed[1:]:
            if not _named(names, zone, record).remove(record):
                raise Inexact(f"the differences take from {shown(record.owner)} what is not there")
        for record in change.added[1:]:
            _named(names, zone, record).add(record)
    removed: list[Record] = []
    added: list[Record] = []
    for name in names.values():
        name.tell(removed, added)
    return framed(first.removed[0], last.added[0], removed, added)


class _Name:
    """The records of one name, before the changes and now, by what tells them apart."""

    __slots__ = ("_before", "_now", "_ttls")

    def __init__(self, records: Iterable[Record]) -> None:
        self._before = {_key(each): each for each in records}
        self._now = dict(self._before)
        self._ttls: dict[int, int] = {}  # by type: a set takes that of the last record added

    def remove(self, record: Record) -> bool:
        """Whether it was there."""
        return self._now.pop(_key(record), None) is not None

    def add(self, record: Record) -> None:
        self._now.setdefault(_key(record), record)
        if record.rdtype != RRSIG:  # it has that of what it covers
            self._ttls[record.rdtype] = record.ttl

    def tell(self, removed: list[Record], added: list[Record]) -> None:
        """What has gone of it and what has come."""
        for key, record in self._now.items():
            ttl = self._ttls.get(record.rdtype, record.ttl)
            if ttl != record.ttl:
                self._now[key] = replace(record, ttl=ttl)
        removed.extend(each for key, each in self._before.items() if self._now.get(key) != each)
        added.extend(each for key, each in self._now.items() if self._before.get(key) != each)


def _named(names: dict[bytes, _Name], zone: Zone, record: Record) -> _Name:
    found = names.get(record.owner)
    if found is None:
        found = names[record.owner] = _Name(records_of(zone.nodes.get(record.owner, ())))
    return found


def _key(record: Record) -> tuple[int, bytes]:
    return record.rdtype, record.rdata
