"""What the owner has edited in a zone's file, and the zone that comes of it."""

from dataclasses import dataclass

from netapp.names.changing.changes import Change, difference, soa_record, with_serial
from netapp.names.model import SOA
from netapp.names.naming import shown
from netapp.names.serial import after, newer
from netapp.names.zone import BadZone, Zone


@dataclass(frozen=True, slots=True)
class Edit:
    """The owner has edited the file.

    :ivar old: what the file held before; None if we have not seen it.
    :ivar change: from ``old`` to ``file``; None if that is nothing.
    """

    file: Zone
    old: Zone | None = None
    change: Change | None = None

    @classmethod
    def of(cls, old: Zone | None, file: Zone) -> "Edit":
        """It takes a while with large zones."""
        return cls(file, old, difference(old, file) if old is not None else None)


def edited(now: Zone, edit: Edit) -> Zone:
    """A zone with an edit of its file in it; the file's own zone if that is all there is.

    ==========================  ==========================================================
    the zone, the file          becomes
    ==========================  ==========================================================
    as the file was; newer      the file
    as the file was; not newer  the file with the next serial; if that is signed, the file
    updated; not signed         both together, with the file's serial if newer, or the next
    updated; signed             the file, if it has all updates
    ==========================  ==========================================================

    A signed file is never served with another serial or other records than it has: the signatures
    would not be theirs.

    :param edit: with a change.
    :raises BadZone: the edit and the updates do not go together.
    """
    file = edit.file
    if now is edit.old and (file.signed or newer(file.serial, now.serial)):
        return file
    zone = _merged(now, edit)
    if zone is not file and file.signed:
        beside = difference(zone, file)
        if beside is not None and len(beside) > _SOAS:
            raise BadZone(
                f"{shown(file.origin)}: its file is signed and has not all updates of the zone:"
                " write the zone by netapp zone dump, and sign that"
            )
        return file
    return zone


#: Records of a change by which nothing changes but the SOA.
_SOAS = 2


def _merged(now: Zone, edit: Edit) -> Zone:
    """The serial is the file's where that comes after ours, else the next if anything changes.

    What an update has added and the owner adds too is spelt as in the file: else the two would never
    be one again.
    """
    assert edit.change is not None
    file, removed, added = edit.file, edit.change.removed, edit.change.added
    merged = now.changed(
        [each for each in (*removed, *added) if each.rdtype != SOA],
        [each for each in added if each.rdtype != SOA],
    )
    another = with_serial(removed[0], 0) != with_serial(added[0], 0)
    soa = soa_record(file if another else now)
    if newer(file.serial, now.serial):
        serial = file.serial
    elif another or difference(now, merged, edit.change.owners()) is not None:
        serial = after(now.serial)
    else:
        serial = now.serial
    soa = with_serial(soa, serial)
    if soa != soa_record(merged):
        merged = merged.changed([soa_record(merged)], [soa])
    return file if merged.soa == file.soa and difference(merged, file) is None else merged
