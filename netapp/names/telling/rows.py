"""What a process tells of its zones, to ``netapp zone list``: plain values that JSON can carry."""

from collections.abc import Iterator
from typing import Any, Final

from netapp.core import limits
from netapp.core.text import visible
from netapp.names.changing.zones import ZoneStatus
from netapp.names.files.zonefile import Told
from netapp.names.naming import shown
from netapp.names.store import Names

#: Files that could not be loaded at all, as far as they are told of.
_BROKEN: Final = 20


def told(names: Names, socket: str) -> dict[str, Any]:
    """For the status: where zones are told, and what is wrong with files of which there is no zone."""
    broken = names.files.broken() if names.files is not None else []
    return {"zones_broken": [_short(each) for each in broken[:_BROKEN]], "zones_told": socket}


def rows(names: Names, asked: str) -> Iterator[dict[str, Any]]:
    """What there is to tell of a zone, or of all for ``*``, by origin."""
    files = names.files.told() if names.files is not None else {}
    followed = names.followed()
    for each in names.zone_statuses():
        if asked in ("*", shown(each.origin)):
            yield _row(each, files.get(each.origin)) | followed.get(each.origin, {})


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
        "file": _short(file.shown) if file is not None else None,
        "url": file.path.as_uri() if file is not None else None,
        "fault": _short(file.fault) if file is not None else "",
    }


def _short(text: str) -> str:
    return visible(text)[: limits.STATUS_LINE]
