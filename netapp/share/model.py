"""What is true of a shared file, and which octets a name from the network may mean."""

import os
import unicodedata
from dataclasses import dataclass
from typing import Final

from netapp.core import limits, text
from netapp.errors import NetappError


class Missing(NetappError):
    """Nothing of this name is shared, or it may not be read: the peer is not told which."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder of the tree, as it was when it was looked at."""

    name: str  # the last component; octets of no encoding are lone surrogates (PEP 383)
    size: int  # octets; 0 for a folder
    mtime_ns: int  # last change, nanoseconds since 1970
    etag: str  # strong, without its quotes: RFC 9110 section 8.8.3
    is_folder: bool = False

    @property
    def octets(self) -> bytes:
        """The name as the disk has it."""
        return self.name.encode("utf-8", "surrogateescape")

    @property
    def shown(self) -> str:
        """The name for people: a GBK name in Hanzi, control characters visible."""
        return text.visible_octets(self.octets)

    @property
    def mtime(self) -> int:
        """Last change in whole seconds, as HTTP counts."""
        return self.mtime_ns // 1_000_000_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder's entries, by name; ``complete`` is false when the rest was left out."""

    entries: tuple[Entry, ...]
    complete: bool = True


def entry_of(name: bytes, status: os.stat_result, *, is_folder: bool = False) -> Entry:
    """An entry from what the kernel says of it.

    :param name: the whole name or its last component.
    """
    etag = f"{status.st_dev:x}-{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"
    last = name.rpartition(b"/")[2].decode("utf-8", "surrogateescape")
    return Entry(last, 0 if is_folder else status.st_size, status.st_mtime_ns, etag, is_folder)


_FORMS: Final = ("NFC", "NFD")


def candidates(name: bytes) -> tuple[bytes, ...]:
    """The names on the disk that a name from the network may mean, the likeliest first.

    The text is read as UTF-8, then as GB18030; each reading is tried as it is and in both of
    Unicode's forms, and then as a name that was written in another encoding.
    """
    if name.isascii():
        return (name,)
    found: dict[bytes, None] = {}
    readings = [reading for codec in ("utf-8", "gb18030") if (reading := _strictly(name, codec)) is not None]
    for reading in readings:
        for form in (reading, *(unicodedata.normalize(form, reading) for form in _FORMS)):
            found[form.encode("utf-8")] = None
    found[name] = None
    for reading in readings[:1]:
        found[reading.encode("gb18030", "replace")] = None
    return tuple(found)


def components(name: bytes) -> tuple[bytes, ...]:
    """A name's components.  A leading slash is the root of the share, repeated ones are one.

    :raises Missing: a name that no shared file can have.
    """
    if len(name) > limits.FILE_NAME or b"\x00" in name:
        raise Missing("no such name")
    parts = tuple(part for part in name.split(b"/") if part)
    if any(part.startswith(b".") for part in parts):  # "." and ".." among them
        raise Missing("names that begin with a dot are not shared")
    return parts


def _strictly(octets: bytes, codec: str) -> str | None:
    try:
        return octets.decode(codec)
    except UnicodeDecodeError:
        return None
