"""What a process tells of its zones, to ``netapp zone list``: plain values that JSON can carry."""

from itertools import islice
from typing import Any, Final

from netapp.core import limits
from netapp.core.text import visible
from netapp.names.naming import shown
from netapp.names.store import Names
from netapp.names.zonefile import Told
from netapp.names.zones import ZoneStatus

#: Files that could not be loaded at all, as far as they are told of.
_BROKEN: Final = 20


def told(names: Names) -> dict[str, Any]:
    """``zones``: the first of them by name; ``zones_count``: how many there are; ``zones_broken``: what is
    wrong with files of which there is no zone.
    """
    files = names.files.told() if names.files is not None else {}
    statuses = names.zone_statuses()
    return {
        "zones": [_row(each, files.get(each.origin)) for each in islice(statuses, limits.STATUS_ZONES)],
        "zones_count": len(statuses),
        "zones_broken": [_short(each) for each in names.files.broken()[:_BROKEN]] if names.files else [],
    }


def _row(each: ZoneStatus, file: Told | None) -> dict[str, Any]:
    of_file = "updated" if each.journal else "file"
    return {
        "origin": shown(each.origin),
        "serial": each.serial,
        "kind": of_file if each.source == "file" else "secondary",
        "names": each.names,
        "updates": each.updates,
        "expired": each.expired,
        "records": file.records if file is not None else None,
        "loaded": file.loaded if file is not None else None,
        "file": _short(file.path) if file is not None else None,
        "fault": _short(file.fault) if file is not None else "",
    }


def _short(text: str) -> str:
    return visible(text)[: limits.STATUS_LINE]
