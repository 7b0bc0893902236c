"""What a process tells of its zones, to ``netapp zone list``: plain values that JSON can carry."""

from collections.abc import Iterator
from typing import Any, Final

from netapp.core import limits
from netapp.core.text import visible
from netapp.names.changing.status import ZoneStatus
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
    """What there is to tell to a question: of one zone, or of all in order.

    Each is looked at when it is asked for; one that has gone by then is left out.
    """
    for origin in names.zone_origins() if asked == "*" else _asked(asked):
        status = names.zone_status(origin)
        if status is not None:
            files = names.files if status.source == "file" else None
            file = files.told(origin) if files is not None else None
            yield _row(status, file) | names.followed(origin)


def _asked(question: str) -> list[bytes]:
    try:
        return [bytes.fromhex(question)]
    except ValueError:
        return []


def _row(each: ZoneStatus, file: Told | None) -> dict[str, Any]:
    of_file = "updated" if each.journal else "file"
    served = file if not each.fault else None
    return {
        "origin": shown(each.origin),
        "serial": each.serial,
        "kind": of_file if each.source == "file" else "secondary",
        "names": each.names,
        "updates": each.updates,
        "expired": each.expired,
        "records": served.records if served is not None else None,
        "loaded": served.loaded if served is not None else None,
        "file": _short(file.shown) if file is not None else None,
        "url": file.path.as_uri() if file is not None else None,
        "fault": _short(file.fault if file is not None and file.fault else each.fault),
    }


def _short(text: str) -> str:
    return visible(text)[: limits.STATUS_LINE]
