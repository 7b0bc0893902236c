"""Frames and header dictionaries (tutorial rows T12 and T13): octets to values and back.

A frame is a length of 4 octets in either order, then that many octets.  A client's frame holds a
file's name, or a dictionary in JSON; the answer has the same order, and after a dictionary's answer
the file's octets follow without a length of their own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn

from netapp.core import limits
from netapp.errors import WireError

Order = Literal["little", "big"]
LENGTH: Final = 4  # octets
#: The largest length that a tutorial's ``struct.unpack("i")`` can read.
LENGTH_MAX: Final = 2**31 - 1
_SOURCE: Final = "tutorial rows T12 and T13"
#: What the tutorials' programs call a file's name, and its size.
NAME_KEYS: Final = ("filename", "file_name", "name", "file")
SIZE_KEYS: Final = ("filesize", "file_size", "size", "total_size", "data_size")


@dataclass(frozen=True, slots=True)
class Header:
    """What a client's dictionary asks for.  With a size it announces an upload of that many octets."""

    name: str
    size: int | None = None


def split_frame(octets: bytes, order: Order) -> tuple[bytes, bytes] | None:
    """The first frame's octets and what follows it; None while it is not complete.

    :raises WireError: a length of 0, or of more than a frame may have.
    """
    if len(octets) < LENGTH:
        return None
    length = int.from_bytes(octets[:LENGTH], order)
    if not 1 <= length <= limits.FRAME:
        raise WireError(f"a frame of {length} octets", source=_SOURCE)
    if len(octets) < LENGTH + length:
        return None
    return octets[LENGTH : LENGTH + length], octets[LENGTH + length :]


def length_of(count: int, order: Order) -> bytes:
    """A length as a frame begins with it."""
    return count.to_bytes(LENGTH, order)


def parse_header(payload: bytes) -> Header | None:
    """The dictionary in a frame; None if it is a file's name.

    :raises WireError: it begins as a dictionary and is none that asks for a file.
    """
    if not payload.lstrip().startswith(b"{"):
        return None
    try:
        value = json.loads(_decoded(payload), object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WireError(f"no dictionary: {error}", source=_SOURCE) from None
    if not isinstance(value, dict):  # pragma: no cover  (a brace begins a dictionary)
        raise WireError("no dictionary", source=_SOURCE)
    name = _only(value, NAME_KEYS, str)
    if not name:
        raise WireError("a header without a name", source=_SOURCE)
    size = _only(value, SIZE_KEYS, int)
    if size is not None and not 0 <= size < 2**63:
        raise WireError(f"a size of {size}", source=_SOURCE)
    return Header(name, size)


def write_header(name: str, size: int, order: Order, **more: str) -> bytes:
    """An answer's dictionary, framed.  Names and sizes stand under every key that programs look for."""
    fields: dict[str, Any] = dict.fromkeys(NAME_KEYS[:2], name)
    fields |= dict.fromkeys(SIZE_KEYS[:4], size)
    octets = json.dumps(fields | more).encode("ascii")
    return length_of(len(octets), order) + octets


def _only(fields: Mapping[str, Any], keys: tuple[str, ...], kind: type) -> Any:
    """The one value under any of several keys; None if there is none.  :raises WireError: wrong, or two."""
    values = [fields[key] for key in keys if key in fields]
    if any(type(value) is not kind or value != values[0] for value in values):
        raise WireError(f"a header's {keys[0]} is wrong", source=_SOURCE)
    return values[0] if values else None


def _decoded(payload: bytes) -> str:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return payload.decode("gb18030")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice")
    return fields


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
