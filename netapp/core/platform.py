"""What not every system has: the thing itself where there is one, else what does instead.

Servers run on Linux.  Clients and the plain services also run where there is no ``openat2``,
``sendfile``, inotify or epoll (a Mac), and where POSIX is missing altogether (Windows).  Whoever
needs something of that kind asks here, so that nothing fails by being imported.
"""

import ctypes
import errno
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

try:
    import fcntl as fcntl
except ImportError:
    #: No locks: two netapps on one state directory are not kept apart there.
    fcntl = SimpleNamespace(  # type: ignore[assignment]
        LOCK_SH=1, LOCK_EX=2, LOCK_NB=4, LOCK_UN=8, flock=lambda file, operation: None
    )
try:
    import pwd as pwd
except ImportError:

    def _nobody(number: object) -> Any:
        raise KeyError(number)

    pwd = SimpleNamespace(getpwuid=_nobody, getpwnam=_nobody)  # type: ignore[assignment]
try:
    import termios as termios
except ImportError:
    termios = None  # type: ignore[assignment]

# Flags of open(2); one that a system lacks asks for nothing there.  Windows has its own: files are
# opened as text unless it is told otherwise.
O_CLOEXEC: Final[int] = getattr(os, "O_CLOEXEC", getattr(os, "O_NOINHERIT", 0)) | getattr(os, "O_BINARY", 0)
O_DIRECTORY: Final[int] = getattr(os, "O_DIRECTORY", 0)
O_NOCTTY: Final[int] = getattr(os, "O_NOCTTY", 0)
O_NOFOLLOW: Final[int] = getattr(os, "O_NOFOLLOW", 0)
O_NONBLOCK: Final[int] = getattr(os, "O_NONBLOCK", 0)

#: Seconds since any moment, by a clock that nobody sets; it goes on while the machine sleeps, where the
#: system has such a one.
elapsed: Final[Callable[[], float]] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)

#: Whether a folder can be opened, and what is in it named from there.
OPENS_FOLDERS: Final = bool(O_DIRECTORY) and os.open in os.supports_dir_fd


def user() -> int:
    """The number of the user that we act as; 0, who may do anything, where users have none."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def pread(descriptor: int, count: int, offset: int) -> bytes:
    """Octets of a file at a place; on Windows, of a descriptor that one thread has for itself."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, count)


def sync_folder(path: Path) -> None:
    """Put a folder's names on the disk: what was made, renamed or removed in it."""
    if not OPENS_FOLDERS:
        return
    handle = os.open(path, os.O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_linux() -> bool:
    return hasattr(os, "uname") and os.uname().sysname == "Linux"


def _of_libc(*names: str) -> tuple[Any, ...] | None:
    """Functions of libc, each of which leaves an errno; None where it is not Linux', or lacks one."""
    if not _is_linux():
        return None
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return tuple(getattr(libc, name) for name in names)
    except (AttributeError, OSError, TypeError):
        return None


def system_call() -> Any:
    """libc's ``syscall``, on Linux; None elsewhere."""
    found = _of_libc("syscall")
    return found[0] if found is not None else None


def shares_ports() -> bool:
    """Whether the system divides a port's clients among several sockets: Linux does; a Mac, which has
    ``SO_REUSEPORT`` too, gives all of them to one."""
    return _is_linux()


def batch_calls() -> tuple[Any, Any] | None:
    """``recvmmsg`` and ``sendmmsg``, on Linux; None elsewhere, and where a sandbox forbids them."""
    found = _of_libc("recvmmsg", "sendmmsg")
    if found is None:
        return None
    receive, send = found
    receive.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    send.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    for call, none in ((receive, (-1, None, 0, 0, None)), (send, (-1, None, 0, 0))):
        if call(*none) != -1 or ctypes.get_errno() != errno.EBADF:  # what a kernel that has it says
            return None
    return receive, send


def timer_calls() -> tuple[Any, Any] | None:
    """``timerfd_create`` and ``timerfd_settime``, on Linux of 64 bits; None elsewhere.

    (With 32 bits it is the C library's to say how large a time is.)
    """
    found = _of_libc("timerfd_create", "timerfd_settime")
    if found is None or ctypes.sizeof(ctypes.c_long) != 8:
        return None
    create, set_time = found
    create.argtypes = (ctypes.c_int, ctypes.c_int)
    set_time.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    return create, set_time
