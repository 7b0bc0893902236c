"""What is typed, on every system: a selector that waits for it, and a terminal that shows it or not."""

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

from netapp.core.platform import termios


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
