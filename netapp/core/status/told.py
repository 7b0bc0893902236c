"""What a process tells of itself, read: a socket in a state directory is whoever's has put it there.

Whoever shows a status need not doubt its shape: what has a known name has its kind, or is not there.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Numbers beyond it are none of ours: years, octets and counts all fit.
_MOST: Final = 2**53
_PORTS: Final = 65536
Kind = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value < _MOST


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _is_port(value: Any) -> bool:
    return type(value) is int and 0 <= value < _PORTS


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are(kinds: Mapping[str, Kind]) -> Kind:
    return lambda value: isinstance(value, list) and all(_fits(each, kinds) for each in value)


def _fits(value: Any, kinds: Mapping[str, Kind]) -> bool:
    """What may be missing may be null too: another version's."""
    if not isinstance(value, dict):
        return False
    return all(value.get(key) is None or fits(value[key]) for key, fits in kinds.items())


_COUNTS: Final = ("connections", "accepted", "received", "answered", "refused", "malformed", "unsent")
_LISTENER: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("owner", "description", "transport", "host", "hint"), _is_text),
    **dict.fromkeys(_COUNTS, _is_count),
    "port": _is_port,
    "reach": _are_texts,
}
_KEPT: Final = ("talk_days", "talk_room_messages", "audit_files", "audit_octets", "log_files")
_DNS: Final = ("zones", "answered", "limited")
_STATUS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("plugin", "version", "begin", "state", "settings"), _is_text),
    **dict.fromkeys(("started", "uptime"), _is_number),
    **dict.fromkeys(("pid", "present_count"), _is_count),
    "addresses": _are_texts,
    "faults": _are_texts,
    "listeners": _are(_LISTENER),
    "present": _are({"name": _is_text, "door": _is_text}),
    "errors": lambda value: _fits(value, {"count": _is_count, "last": _is_text, "time": _is_number}),
    "retention": lambda value: _fits(value, dict.fromkeys(_KEPT, _is_count)),
    "dns": lambda value: _fits(value, dict.fromkeys(_DNS, _is_count)),
}


def parse(octets: bytes | bytearray) -> dict[str, Any]:
    """A process's status.  :raises ValueError: it is none."""
    try:
        told = json.loads(octets)
    except RecursionError:
        raise ValueError("a status that is too deep") from None
    if not _fits(told, _STATUS) or not isinstance(told.get("listeners"), list):
        raise ValueError("no status")
    listeners = [_without_null(each) for each in told["listeners"]]
    return _without_null(told) | {"listeners": listeners}


def _without_null(told: Mapping[str, Any]) -> dict[str, Any]:
    """So that a default stands in its place."""
    return {key: value for key, value in told.items() if value is not None}
