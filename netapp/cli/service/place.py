"""What keeps a service's own user from running the environment that this command belongs to."""

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netapp.core.platform import pwd

#: What ProtectHome= hides.
_HOMES: Final = tuple(map(Path, ("/home", "/root", "/run/user")))
#: What PrivateTmp= hides.
_TEMPORARY: Final = tuple(map(Path, ("/tmp", "/var/tmp")))  # noqa: S108  (compared, not written)


@dataclass(frozen=True)
class Place:
    """An environment.  :param needs: folders out of which the process is made."""

    bin: Path
    needs: tuple[Path, ...]

    @property
    def protect_home(self) -> str:
        """What ProtectHome= may be."""
        return "read-only" if self.below(_HOMES) else "yes"

    @property
    def in_home(self) -> Path | None:
        return self.below(_HOMES)

    @property
    def in_temporary(self) -> Path | None:
        return self.below(_TEMPORARY)

    def below(self, folders: tuple[Path, ...]) -> Path | None:
        return next((each for each in self.needs if any(each.is_relative_to(top) for top in folders)), None)

    def closed_to(self, user: str) -> Path | None:
        """The first folder that this user cannot go through."""
        for need in self.needs:
            for each in (*reversed(need.parents), need):
                if not _goes_through(user, each):
                    return each
        return None


def here() -> Place:
    """The environment of this very command."""
    binaries = Path(sys.executable).parent
    found = (binaries, Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent)
    return Place(binaries.absolute(), tuple(dict.fromkeys(each.absolute() for each in found)))


def exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _goes_through(user: str, folder: Path) -> bool:
    """Whether a user, who may not be made yet, has the right to search a folder."""
    try:
        about = folder.stat()
    except OSError:
        return False
    mode = about.st_mode
    if not stat.S_ISDIR(mode) or mode & stat.S_IXOTH:
        return True
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return False
    if entry.pw_uid in (0, about.st_uid):
        return bool(mode & stat.S_IXUSR) or entry.pw_uid == 0
    groups = os.getgrouplist(user, entry.pw_gid)
    return about.st_gid in groups and bool(mode & stat.S_IXGRP)
