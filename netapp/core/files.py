"""Files that are there whole, or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from netapp.core.platform import O_CLOEXEC, sync_folder


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
