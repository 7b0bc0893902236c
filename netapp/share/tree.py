"""Opens files and folders beneath one directory handle, so that no name can leave it.

Linux does this in one call, ``openat2`` with ``RESOLVE_BENEATH`` (since 5.6); elsewhere we walk,
one component at a time, each opened without following a link and below the handle of the one before.
Links are followed in both ways as long as they stay inside; an absolute link leaves by definition.
Nothing is checked first and opened later, so nothing can be changed in between.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netapp.core import platform
from netapp.core.platform import O_CLOEXEC, O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK
from netapp.errors import Busy, ConfigError
from netapp.share.model import Missing
from netapp.share.paths import Paths

_FILE: Final = os.O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC  # a FIFO must not wait for its writer
_FOLDER: Final = os.O_RDONLY | O_DIRECTORY | O_CLOEXEC
_LINKS: Final = 40  # links on the way to one file, as many as Linux follows

#: What the kernel says when a name cannot be had, as against a machine that cannot open files now.
_MISSING: Final = frozenset(
    {
        errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EXDEV, errno.ELOOP, errno.EACCES, errno.EPERM,
        errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO, errno.ENODEV, errno.EILSEQ, errno.EWOULDBLOCK,
        errno.ESTALE, errno.EOVERFLOW,
    }
)  # fmt: skip
_BUSY: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class Tree:
    """A folder and what is beneath it.

    :param by_kernel: whether to use ``openat2``; None for where there is one.
    :raises ConfigError: the root is no folder that can be read.
    """

    def __init__(self, root: Path, *, by_kernel: bool | None = None) -> None:
        try:
            self._root = os.open(root, _FOLDER)
        except OSError as error:
            raise ConfigError(
                f"the shared folder {root} cannot be read ({error.strerror}): choose another with --root"
            ) from None
        self._by_kernel = _has_openat2(self._root) if by_kernel is None else by_kernel

    def close(self) -> None:
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def open_file(self, parts: Sequence[bytes]) -> tuple[int, os.stat_result]:
        """A regular file's descriptor and what it is.

        :raises Missing: there is none.
        :raises Busy: this machine has too many files open; so do all that open one.
        """
        opened = self._open(parts, _FILE)
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            os.close(opened)
            raise Missing("not a regular file")
        return opened, status

    def open_folder(self, parts: Sequence[bytes]) -> int:
        """A folder's descriptor; the root's when there are no parts.  :raises Missing: there is none."""
        return self._open(parts, _FOLDER)

    def status(self, parts: Sequence[bytes]) -> os.stat_result:
        """What a name stands for: a file or a folder.  :raises Missing: neither."""
        try:
            opened, status = self.open_file(parts)
        except Missing:
            opened = self.open_folder(parts)
            status = os.fstat(opened)
        os.close(opened)
        return status

    @contextmanager
    def scan(self, parts: Sequence[bytes]) -> Iterator[Iterator["os.DirEntry[str]"]]:
        """A folder's entries.  :raises Missing: there is no such folder."""
        folder = self.open_folder(parts)
        try:
            with os.scandir(folder) as entries:
                yield entries
        finally:
            os.close(folder)

    def _open(self, parts: Sequence[bytes], flags: int) -> int:
        try:
            if self._by_kernel:
                return _openat2(self._root, b"/".join(parts) or b".", flags)
            return _walk(self._root, parts, flags)
        except OSError as error:
            if error.errno in _MISSING:
                raise Missing(error.strerror or "cannot be opened") from None
            if error.errno in _BUSY:
                raise Busy(error.strerror or "too many open files") from None
            raise


def open_tree(root: Path) -> Tree | Paths:
    """The safest that this system has.  :raises ConfigError: the root is no folder that can be read."""
    return Tree(root) if platform.OPENS_FOLDERS else Paths(root)


# openat2: Linux ------------------------------------------------------------------------------

_NUMBER: Final = 437  # of the system call, the same on every machine Linux runs on
_NO_MAGICLINKS, _BENEATH = 0x02, 0x08  # linux/openat2.h


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_call: Final = platform.system_call()
if _call is not None:
    _call.restype = ctypes.c_long
    _call.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(_How), ctypes.c_size_t)


def _openat2(folder: int, name: bytes, flags: int) -> int:
    how = _How(flags, 0, _BENEATH | _NO_MAGICLINKS)
    for _ in range(4):  # EAGAIN: somebody has moved a folder meanwhile
        opened = int(_call(_NUMBER, folder, name, ctypes.byref(how), ctypes.sizeof(how)))
        if opened >= 0:
            return opened
        problem = ctypes.get_errno()
        if problem not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(problem, os.strerror(problem))


def _has_openat2(folder: int) -> bool:
    if _call is None:
        return False
    try:
        os.close(_openat2(folder, b".", _FOLDER))
    except OSError:
        return False
    return True


# The walk: everywhere else -------------------------------------------------------------------


def _walk(root: int, parts: Sequence[bytes], flags: int) -> int:
    """Open what the parts name below ``root``.  :raises OSError: as ``openat2`` would."""
    held = [os.dup(root)]
    ahead = list(reversed(parts or (b".",)))
    links = 0
    try:
        while True:
            part = ahead.pop()
            if part == b"..":
                if len(held) == 1:
                    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
                os.close(held.pop())
                part = b"."
            try:
                opened = os.open(part, (_FOLDER if ahead else flags) | O_NOFOLLOW, dir_fd=held[-1])
            except OSError as error:
                links += 1
                if links > _LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
                ahead.extend(reversed(_target(part, held[-1], error)))
                continue
            if not ahead:
                return opened
            if part == b".":
                os.close(opened)
            else:
                held.append(opened)
    finally:
        for each in held:
            os.close(each)


def _target(part: bytes, folder: int, problem: OSError) -> list[bytes]:
    """Where a link leads.  :raises OSError: ``problem``, if it is none; EXDEV, if it leaves."""
    if problem.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
        raise problem
    try:
        target = os.readlink(part, dir_fd=folder)
    except OSError:
        raise problem from None
    if target.startswith(b"/"):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    return [step for step in target.split(b"/") if step] or [b"."]
