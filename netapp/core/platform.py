"""What not every system has: the thing itself where there is one, else what does instead.

Servers run on Linux.  Clients and the plain services also run where there is no ``openat2``,
``sendfile``, inotify or epoll (a Mac), and where POSIX is missing altogether (Windows).  Whoever
needs something of that kind asks here, so that nothing fails by being imported.
"""

import ctypes
import os
import selectors
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

#: Whether a folder can be opened, and what is in it named from there.
OPENS_FOLDERS: Final = bool(O_DIRECTORY) and os.open in os.supports_dir_fd


def user() -> int:
    """The number of the user that we act as; 0, who may do anything, where users have none."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


_one_reads: Final = threading.Lock()


def pread(descriptor: int, count: int, offset: int) -> bytes:
    """Octets of a file at a place, wherever others read it meanwhile."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, offset)
    with _one_reads:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, count)


def selector() -> selectors.BaseSelector:
    """One that takes a redirected file too, as epoll does not; on Windows, sockets alone."""
    kind = getattr(selectors, "PollSelector", selectors.DefaultSelector)
    made: selectors.BaseSelector = kind()
    return made


#: Whether a selector can wait for whatever has a descriptor; on Windows, for sockets alone.
_WAITS_FOR_FILES: Final = hasattr(selectors, "PollSelector")


class Input:
    """Standard input that a selector can wait for, read in pieces as they come.

    Where only sockets can be waited for, a thread reads it and passes it on through one.
    """

    _socket: socket.socket | None = None

    def fileno(self) -> int:
        if not _WAITS_FOR_FILES and self._socket is None:
            self._socket, far = socket.socketpair()
            threading.Thread(target=_pass_on, args=(sys.stdin.fileno(), far), daemon=True).start()
        return sys.stdin.fileno() if self._socket is None else self._socket.fileno()

    def read(self, most: int) -> bytes:
        """What has come; nothing at the end."""
        descriptor = self.fileno()
        return os.read(descriptor, most) if self._socket is None else self._socket.recv(most)


def _pass_on(source: int, far: socket.socket) -> None:
    with far, suppress(OSError):
        while octets := os.read(source, 65536):
            far.sendall(octets)


@contextmanager
def echo(descriptor: int, *, on: bool) -> Iterator[None]:
    """Have a terminal show what is typed, or not, while the block runs."""
    change = _echo_by_termios if termios is not None else _echo_by_console
    with change(descriptor, on):
        yield


@contextmanager
def _echo_by_termios(descriptor: int, on: bool) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    flags = before[3] | termios.ECHO if on else before[3] & ~termios.ECHO
    try:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, [*before[:3], flags, *before[4:]])
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def _echo_by_console(descriptor: int, on: bool) -> Iterator[None]:
    """Windows: GetConsoleMode, SetConsoleMode; ENABLE_ECHO_INPUT is 4."""
    kernel: Any = getattr(ctypes, "windll", SimpleNamespace(kernel32=None)).kernel32
    mode = ctypes.c_ulong()
    if kernel is None or not kernel.GetConsoleMode(handle := kernel.GetStdHandle(-10), ctypes.byref(mode)):
        yield
        return
    try:
        kernel.SetConsoleMode(handle, mode.value | 4 if on else mode.value & ~4)
        yield
    finally:
        kernel.SetConsoleMode(handle, mode.value)


def system_call() -> Any:
    """libc's ``syscall``, on Linux; None elsewhere."""
    if not hasattr(os, "uname") or os.uname().sysname != "Linux":
        return None
    try:
        return ctypes.CDLL(None, use_errno=True).syscall
    except (AttributeError, OSError, TypeError):
        return None
