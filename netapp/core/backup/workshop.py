"""A folder beside the place where something is to appear: what is in it is nobody's until it is done.

Whoever is killed leaves one behind; the next who works there takes it away.  A workshop is told from
one that is left behind by a lock, which dies with its process.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netapp.core.platform import sync_folder, user
from netapp.core.state import unused


def discard(folder: Path) -> None:
    """Take a folder away, as far as that can be done."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def workshop(beside: Path, prefix: str) -> Iterator[Path]:
    """A folder of mode 0700 in the folder ``beside``, until the block ends.

    :param prefix: of its name.
    :raises OSError: it cannot be made.
    """
    while True:
        folder = beside / f"{prefix}{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):  # somebody who sweeps was faster
            if (handle := unused(folder)) is not None:
                break
    try:
        yield folder
    finally:
        discard(folder)
        os.close(handle)


def publish(draft: Path, path: Path, *, replace: bool) -> None:
    """Give a file that is on the disk its name.

    :raises FileExistsError: the name is taken, and what has it is not to be replaced.
    """
    if replace:
        os.replace(draft, path)
    else:
        try:
            os.link(draft, path)  # fails if somebody was faster
        except FileExistsError:
            raise
        except OSError:  # a memory stick's file system has no links
            if path.exists():
                raise FileExistsError(path) from None
            os.rename(draft, path)
    sync_folder(path.parent)


def sweep(beside: Path, prefix: str, tidy: Callable[[Path], object] = discard) -> None:
    """Take away the workshops of this prefix that were left behind.

    :param tidy: what is done with each.
    """
    for folder in beside.iterdir():
        if not folder.name.startswith(prefix) or folder.is_symlink() or not folder.is_dir():
            continue
        with suppress(OSError):
            if folder.stat().st_uid == user() and (handle := unused(folder, surely=True)) is not None:
                tidy(folder)
                os.close(handle)
