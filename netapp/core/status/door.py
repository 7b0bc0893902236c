"""The socket at which a process tells its status: ``STATE/run/PLUGIN-PID.sock``, for its owner alone.

Whoever connects is sent one JSON object and the end of the stream, in one turn of the reactor: a client
that is slow or silent has nothing of ours to hold.
"""

import json
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from twisted.application.service import IService
from twisted.logger import Logger

from netapp.core.listen import Listener
from netapp.core.services import Part, parts
from netapp.core.status import neighbours
from netapp.core.status.doorway import Doorway
from netapp.core.status.readings import Status
from netapp.errors import ConfigError


def status_door(plugin: str, state: Path, status: Status, house: IService, reactor: Any) -> Part:
    """The door of a process; its listeners learn who else of the state directory may have their port."""
    door = StatusDoor(plugin, state, partial(status.snapshot, plugin, house), reactor)
    for each in parts(house):
        if isinstance(each, Listener):
            each.holder = lambda *which: neighbours.holder(state, reactor.seconds(), *which)
    return Part(door.start, door.stop)


class StatusDoor:
    """:param tell: gives the object, as JSON can carry it."""

    _log = Logger()

    def __init__(self, plugin: str, state: Path, tell: Callable[[], dict[str, Any]], reactor: Any) -> None:
        self._plugin, self._tell = plugin, tell
        self._doorway = Doorway(plugin, state, self._answer, reactor)

    def start(self) -> None:
        """Open it; a process that cannot serves all the same, unseen by ``netapp status``."""
        try:
            self._doorway.open()
        except (OSError, ConfigError) as error:
            self._log.info(
                "{plugin}: netapp status will not see this process: {reason}",
                plugin=self._plugin,
                reason=str(error),
            )

    def stop(self) -> None:
        self._doorway.close()

    def _answer(self, client: socket.socket) -> None:
        client.send(self._octets())

    def _octets(self) -> bytes:
        try:
            return json.dumps(self._tell(), ensure_ascii=False).encode("utf-8", "replace")
        except Exception:
            self._log.failure("the status cannot be told")
            return b""
