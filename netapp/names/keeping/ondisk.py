"""Files of ours that zones are in: opened so that nothing in their place can hold us up."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from netapp.core import limits
from netapp.core.files import open_regular
from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK, sync_folder


def put_aside(path: Path, *, copied: bool) -> Path:
    """Keep a damaged file beside its place, where it is on the disk then.

    :param copied: it stays in its place too.
    :returns: where it is now; after ``limits.ZONE_ASIDE`` of them the last makes room.
    :raises OSError: there is no room for it.
    """
    places = [path.with_name(f"{path.name}.damaged-{each + 1}") for each in range(limits.ZONE_ASIDE)]
    aside = next((each for each in places if not each.exists()), places[-1])
    if copied:
        _copy(path, aside)
    else:
        with suppress(FileNotFoundError):
            path.replace(aside)
    sync_folder(path.parent)
    return aside


#: Inode, time in nanoseconds, octets.
Identity = tuple[int, int, int]


def identity(path: Path) -> Identity | None:
    """What tells a file from what it becomes and from what takes its place; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def to_write(path: Path, flags: int = 0) -> int:
    """Open a file of ours; with a pipe in its place that fails, and does not wait."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | flags, 0o600)


def _copy(path: Path, to: Path) -> None:
    with open_regular(path, O_NOFOLLOW) as source, open(to_write(to, os.O_TRUNC), "wb") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())


def octets_of(path: Path) -> bytes | None:
    """A file's octets; None where there is none.  :raises OSError: it cannot be read."""
    try:
        with open_regular(path, O_NOFOLLOW) as file:
            return file.read()
    except FileNotFoundError:
        return None


def write_all(descriptor: int, octets: bytes) -> None:
    """:raises OSError: not all of it is written."""
    view = memoryview(octets)
    while view:
        view = view[os.write(descriptor, view) :]
