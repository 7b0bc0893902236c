"""Opens files below a folder by their paths, where a folder cannot be opened and walked from: Windows.

Links are refused altogether: what a path means when all links are followed must be the path itself.
Between the look and the opening somebody who can write here could put a link: such a share is for a
classroom's laptop, not for a server.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netapp.core.platform import O_CLOEXEC
from netapp.errors import Busy, ConfigError
from netapp.share.model import Missing

#: A drive, another stream of a file, and the other slash: none may stand in a name.
_STRANGE: Final = frozenset(b':\\|<>"?*')
_BUSY: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class Paths:
    """A folder and what is beneath it; as :class:`netapp.share.tree.Tree`.

    :raises ConfigError: the root is no folder that can be read.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        try:
            with os.scandir(self._root):
                pass
        except OSError as error:
            raise ConfigError(
                f"the shared folder {root} cannot be read ({error.strerror}): choose another with --root"
            ) from None

    def close(self) -> None:
        """Nothing is held."""

    def open_file(self, parts: Sequence[bytes]) -> tuple[int, os.stat_result]:
        """A regular file's descriptor and what it is.  :raises Missing: there is none."""
        path = self._path(parts)
        try:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise Missing("not a regular file")
            opened = os.open(path, os.O_RDONLY | O_CLOEXEC)
        except OSError as error:
            raise _told(error) from None
        return opened, os.fstat(opened)

    def status(self, parts: Sequence[bytes]) -> os.stat_result:
        """What a name stands for.  :raises Missing: nothing."""
        try:
            return os.lstat(self._path(parts))
        except OSError as error:
            raise _told(error) from None

    @contextmanager
    def scan(self, parts: Sequence[bytes]) -> Iterator[Iterator["os.DirEntry[str]"]]:
        """A folder's entries.  :raises Missing: there is no such folder."""
        try:
            entries = os.scandir(self._path(parts))
        except OSError as error:
            raise _told(error) from None
        with entries:
            yield entries

    def _path(self, parts: Sequence[bytes]) -> str:
        if any(not _STRANGE.isdisjoint(part) or part == b".." for part in parts):
            raise Missing("no such name")
        try:
            path = os.path.join(self._root, *(part.decode("utf-8") for part in parts))
        except UnicodeDecodeError:
            raise Missing("no such name") from None
        if os.path.normcase(os.path.realpath(path)) != os.path.normcase(path):
            raise Missing("a link")
        return path


def _told(error: OSError) -> Missing | Busy:
    if error.errno in _BUSY:
        return Busy(error.strerror or "too many open files")
    return Missing(error.strerror or "cannot be opened")
