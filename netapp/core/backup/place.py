"""Whose a place is: root works in another user's place with that user's rights alone.

Whoever may rename a folder, or a link on the way to it, can lead a path of root's elsewhere at any
moment.  With the rights of that user nothing is reached that he could not reach himself.
"""

import os
import stat
from pathlib import Path
from typing import Final

from netapp.core.backup import Unfit
from netapp.core.platform import pwd, user
from netapp.core.state import User

_LINKS: Final = 40  # that Linux follows in one path


def master(path: Path) -> User:
    """The first user but root who can lead a path elsewhere; None where nobody can, or we are not root.

    Every folder and link on the way is looked at, but for a folder at its end: who has that alone
    cannot rename it.

    :raises Unfit: everybody could.
    """
    if user() != 0:
        return None
    parts, here, links = list(path.absolute().parts[1:]), Path("/"), 0
    while parts:
        if (owner := _owner(here.lstat())) is not None:
            return owner
        _see_alone(here, path)
        name = parts.pop(0)
        if name == "..":
            here = here.parent
            continue
        there = here / name
        try:
            status = there.lstat()
        except FileNotFoundError:
            return None  # made by us, below what is root's
        if not stat.S_ISLNK(status.st_mode):
            here = there
            continue
        if (owner := _owner(status)) is not None:
            return owner
        links += 1
        if links > _LINKS:
            raise Unfit("no folder", path=path)
        target = Path(os.readlink(there))
        parts[:0] = target.parts[1:] if target.is_absolute() else target.parts
        here = Path("/") if target.is_absolute() else here
    return None


def _owner(status: os.stat_result) -> User:
    if status.st_uid == 0:
        return None
    try:
        return status.st_uid, pwd.getpwuid(status.st_uid).pw_gid
    except KeyError:
        return status.st_uid, status.st_gid


def _see_alone(folder: Path, path: Path) -> None:
    """Root's own folder in which others rename what is root's is nobody's place in particular."""
    status = folder.lstat()
    others = status.st_mode & (stat.S_IWOTH | (stat.S_IWGRP if status.st_gid != 0 else 0))
    if others and not status.st_mode & stat.S_ISVTX:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        raise Unfit("anybody's", path=path, folder=folder, mode=mode)
