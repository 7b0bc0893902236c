"""The socket at which a process tells its status: ``STATE/run/PLUGIN-PID.sock``, for its owner alone.

Whoever connects is sent one JSON object and the end of the stream, in one turn of the reactor: a client
that is slow or silent has nothing of ours to hold.
"""

import errno
import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from twisted.application.service import IService
from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from zope.interface import implementer

from netapp.core import limits
from netapp.core.listen import Listener
from netapp.core.services import Part, parts
from netapp.core.state import open_state
from netapp.core.status import neighbours
from netapp.core.status.readings import Status
from netapp.errors import ConfigError


def status_door(plugin: str, state: Path, status: Status, house: IService, reactor: Any) -> Part:
    """The door of a process; its listeners learn who else of the state directory may have their port."""
    door = StatusDoor(plugin, state, partial(status.snapshot, plugin, house), reactor)
    for each in parts(house):
        if isinstance(each, Listener):
            each.holder = lambda *which: neighbours.holder(state, reactor.seconds(), *which)
    return Part(door.start, door.stop)


@implementer(IReadDescriptor)
class StatusDoor:
    """:param tell: gives the object, as JSON can carry it."""

    _log = Logger()

    def __init__(self, plugin: str, state: Path, tell: Callable[[], dict[str, Any]], reactor: Any) -> None:
        self._plugin, self._state, self._tell, self._reactor = plugin, state, tell, reactor
        self._socket: socket.socket | None = None
        self._path: Path | None = None

    def start(self) -> None:
        """Open it; a process that cannot serves all the same, unseen by ``netapp status``."""
        if not hasattr(socket, "AF_UNIX"):  # Windows: there is nothing to listen on
            return
        try:
            self._socket, self._path = _bound(self._folder(), self._plugin)
        except (OSError, ConfigError) as error:
            self._log.info(
                "{plugin}: netapp status will not see this process: {reason}",
                plugin=self._plugin,
                reason=str(error),
            )
            return
        self._reactor.addReader(self)

    def stop(self) -> None:
        if self._socket is None or self._path is None:
            return
        self._reactor.removeReader(self)
        with suppress(OSError):
            self._path.unlink()
        self._socket.close()
        self._socket = None

    def _folder(self) -> Path:
        folder = open_state(self._state) / neighbours.FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        for each in neighbours.sockets(self._state):
            neighbours.sweep(each, self._reactor.seconds())
        return folder

    # What Twisted calls ----------------------------------------------------------------------

    def fileno(self) -> int:
        return self._socket.fileno() if self._socket is not None else -1

    def logPrefix(self) -> str:
        return "status"

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
                client.send(self._octets())

    def _pause(self) -> None:
        """No descriptor is left for a client: it waits, and the reactor must not spin for it."""
        self._reactor.removeReader(self)
        self._reactor.callLater(limits.STATUS_PAUSE, self._go_on)

    def _go_on(self) -> None:
        if self._socket is not None:
            self._reactor.addReader(self)

    def _octets(self) -> bytes:
        try:
            return json.dumps(self._tell(), ensure_ascii=False).encode("utf-8", "replace")
        except Exception:
            self._log.failure("the status cannot be told")
            return b""


def _bound(folder: Path, plugin: str) -> tuple[socket.socket, Path]:
    """A listening socket under the first name of ours that is free."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        door.setblocking(False)
        for path in neighbours.names(folder, plugin, os.getpid()):
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
