"""Tells the service manager how the process is: systemd's sd_notify, a datagram of ``KEY=value`` lines.

Source: sd_notify(3) and sd_watchdog_enabled(3).  Nothing is told where ``$NOTIFY_SOCKET`` is not set.
"""

import os
import socket
from collections.abc import Callable, MutableMapping
from typing import Final

from twisted.application import service
from twisted.internet import interfaces, task
from twisted.logger import Logger

#: What is taken out of the environment: a child that had it would speak for us.
_VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Manager:
    """The way to the service manager; without ``$NOTIFY_SOCKET`` one that leads nowhere.

    :param environ: where the variables are, and are taken out.
    """

    _log = Logger()

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        place, told, pid = (environ.pop(name, "") for name in _VARIABLES)
        self._socket = _connected(place) if place else None
        ours = self._socket is not None and pid in ("", str(os.getpid()))
        #: Seconds that the manager waits for a sign of life; None for ever.
        self.patience = int(told) / 1e6 if ours and told.isascii() and told.isdigit() and int(told) else None

    def tell(self, **fields: object) -> None:
        """Tell the manager, who may be busy or gone: nothing here waits for it."""
        if self._socket is None:
            return
        lines = "".join(f"{key}={value}\n" for key, value in fields.items())
        try:
            self._socket.send(lines.encode())
        except OSError as error:
            self._log.warn("the service manager was not told: {reason}", reason=error.strerror)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _connected(place: str) -> socket.socket | None:
    """A socket to the manager's path, or abstract name after an ``@``."""
    if not place.startswith(("/", "@")):
        return None  # vsock: of another machine, whose manager has its own ways
    to_manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        to_manager.setblocking(False)
        to_manager.connect("\0" + place[1:] if place.startswith("@") else place)
    except (OSError, ValueError) as error:
        to_manager.close()
        Manager._log.warn("there is no service manager at {place}: {error}", place=place, error=error)
        return None
    return to_manager


class Notifier(service.Service):
    """Tells the manager that the process is ready, reads again, is alive, stops.

    It starts last, when everything serves, and so is the first to hear of the stop.  The signs of
    life come out of the reactor: where it hangs they do not come, and the manager starts us anew.

    :param clock: the reactor.
    :param monotonic: nanoseconds of CLOCK_MONOTONIC, with which the manager compares.
    """

    def __init__(
        self, manager: Manager, clock: interfaces.IReactorTime, monotonic: Callable[[], int], plugin: str
    ) -> None:
        self._manager, self._monotonic, self._plugin = manager, monotonic, plugin
        self._alive: task.LoopingCall = task.LoopingCall(manager.tell, WATCHDOG=1)
        self._alive.clock = clock

    def startService(self) -> None:
        super().startService()
        self._manager.tell(READY=1, STATUS=f"{self._plugin}: ready")
        if self._manager.patience is not None:
            self._alive.start(self._manager.patience / 2, now=False)

    def reading(self, begins: bool) -> None:
        """Configuration and data are read again, or were."""
        if not self.running:
            return
        if begins:
            now = self._monotonic() // 1000
            self._manager.tell(
                RELOADING=1, MONOTONIC_USEC=now, STATUS=f"{self._plugin}: reads its configuration again"
            )
        else:
            self._manager.tell(READY=1, STATUS=f"{self._plugin}: ready")

    def stopService(self) -> None:
        super().stopService()
        self._manager.tell(STOPPING=1, STATUS=f"{self._plugin}: stops, transfers may finish")
