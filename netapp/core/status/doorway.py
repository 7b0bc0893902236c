"""A socket in ``STATE/run`` at which other processes of the same owner ask something."""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from netapp.core import limits
from netapp.core.state import open_state
from netapp.core.status import neighbours


@implementer(IReadDescriptor)
class Doorway:
    """``KIND-PID.sock``, for its owner alone; with a number behind the PID where another container has it.

    :param kind: what is told there: a plugin's name for its status.
    :param met: is handed each client, which does not block, and is closed afterwards; its OSErrors are
        the client's end.
    """

    def __init__(self, kind: str, state: Path, met: Callable[[socket.socket], object], reactor: Any) -> None:
        self._kind, self._state, self._met, self._reactor = kind, state, met, reactor
        self._socket: socket.socket | None = None
        self._path: Path | None = None

    @property
    def name(self) -> str:
        """The socket's in its folder; "" while there is none."""
        return self._path.name if self._path is not None else ""

    def open(self) -> None:
        """:raises OSError, ConfigError: it cannot be."""
        if not hasattr(socket, "AF_UNIX"):  # Windows: there is nothing to listen on
            return
        self._socket, self._path = _bound(self._folder(), self._kind)
        self._reactor.addReader(self)

    def close(self) -> None:
        if self._socket is None or self._path is None:
            return
        self._reactor.removeReader(self)
        with suppress(OSError):
            self._path.unlink()
        self._socket.close()
        self._socket = self._path = None

    def _folder(self) -> Path:
        folder = open_state(self._state) / neighbours.FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        for each in neighbours.sockets(self._state, ""):
            neighbours.sweep(each, self._reactor.seconds())
        return folder

    # What Twisted calls ----------------------------------------------------------------------

    def fileno(self) -> int:
        return self._socket.fileno() if self._socket is not None else -1

    def logPrefix(self) -> str:
        return self._kind

    def connectionLost(self, reason: object) -> None:
        """The reactor gives up: at its end."""

    def doRead(self) -> None:
        for _ in range(limits.STATUS_AT_ONCE):
            try:
                if self._socket is None:
                    return
                client, _ = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self._pause()
                return
            with client, suppress(OSError):
                client.setblocking(False)
                self._met(client)

    def _pause(self) -> None:
        """No descriptor is left for a client: it waits, and the reactor must not spin for it."""
        self._reactor.removeReader(self)
        self._reactor.callLater(limits.STATUS_PAUSE, self._go_on)

    def _go_on(self) -> None:
        if self._socket is not None:
            self._reactor.addReader(self)


def _bound(folder: Path, kind: str) -> tuple[socket.socket, Path]:
    """A listening socket under the first name of ours that is free."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        door.setblocking(False)
        for path in neighbours.names(folder, kind, os.getpid()):
            try:
                with neighbours.short(path) as name:
                    door.bind(name)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue  # of a process with this number in another container
                raise
            path.chmod(0o600)
            door.listen(limits.STATUS_WAITING)
            return door, path
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(folder))
    except BaseException:
        door.close()
        raise
