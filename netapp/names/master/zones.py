"""A master file to a zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from netapp.names.files.origins import FileRead
from netapp.names.master.conflicts import conflicts
from netapp.names.master.faults import BrokenZone, Fault
from netapp.names.master.reading import Reader
from netapp.names.zone import BadZone, Zone, build_zone


@dataclass(frozen=True, slots=True)
class Read:
    """A zone, and the files that it is in, the first one first."""

    zone: Zone
    files: tuple[FileRead, ...]
    records: int


class Unreadable(BrokenZone):
    """As :class:`BrokenZone`, with the files that were read: what is broken is watched too."""

    def __init__(self, faults: list[Fault], files: Iterable[FileRead]) -> None:
        super().__init__(faults)
        self.files = tuple(files)


def read_zone(path: Path, origin: bytes | None = None, where: str | None = None) -> Read:
    """A master file to a zone.

    :param origin: folded wire name; None: that of the first SOA record.
    :param where: the file's name in what is said of it.
    :raises Unreadable: it is broken; every fault is named.
    """
    reader = Reader(path, origin, where)
    try:
        zone = build_zone(reader.origin, reader.records())
    except BadZone as error:
        faults = reader.faults or list(conflicts(Reader(path, reader.origin, where)))
        raise Unreadable(
            faults or [Fault(reader.where, 0, "bad data", {"word": "zone", "reason": error})], reader.files
        ) from None
    if reader.faults:
        raise Unreadable(reader.faults, reader.files)
    return Read(zone, tuple(reader.files), reader.count)
