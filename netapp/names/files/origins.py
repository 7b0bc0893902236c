"""The files that zones are in: what tells one from its next version, and what it is named after."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from netapp.names.naming import BadName, wire_name

#: What tells a file from its next version without reading it.
Identity = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that was read for a zone.  ``identity`` and ``digest`` are empty where it could not be."""

    path: Path
    identity: Identity | None = None
    digest: bytes = b""


def identity(about: os.stat_result) -> Identity:
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


def origin_of(file_name: str) -> bytes | None:
    """The origin that a file is named after, ``%2F`` in it being ``/``; None if it is no name.

    ``.zone`` at its end is not part of it, nor is the ``.signed`` of signing tools; ``root`` is the root's.
    """
    text = unquote(file_name.removesuffix(".signed").removesuffix(".zone"), errors="surrogateescape")
    if text == "root":
        return b"\0"
    try:
        return wire_name(text)
    except BadName:
        pass
    if " " in text or not text.isprintable():
        return None
    from netapp.names.master.faults import Malformed
    from netapp.names.master.fields import name  # with dnspython: for what has escapes alone

    try:
        return name(text.encode("utf-8"), b"\0").lower()
    except Malformed:
        return None
