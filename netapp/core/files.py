"""Files that are there whole, or not at all; and files that are what they seem."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK, sync_folder


class NotRegular(OSError):
    """A pipe, a device, a folder or a socket, where a file should be."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, "it is no regular file", str(path))


def open_regular(path: Path, flags: int = 0) -> BinaryIO:
    """Open a file to read it; a pipe would block that, a device might never end, or do something.

    :param flags: more of them, such as ``O_NOFOLLOW``.
    :raises NotRegular: it is no regular file.
    :raises OSError: it cannot be opened.
    """
    found = os.lstat(path) if flags & O_NOFOLLOW else os.stat(path)
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISLNK(found.st_mode):
        raise NotRegular(path)
    file = open(os.open(path, os.O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags), "rb")  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # it was replaced between the two
        file.close()
        raise NotRegular(path)
    return file


def write_new(path: Path, octets: bytes, mode: int = 0o600) -> None:
    """Write a file where there is none: beside its place, then linked there; it is on the disk then.

    Where somebody was faster, theirs stays.

    :raises OSError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(mode)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
