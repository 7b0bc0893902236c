"""Edits that could not be taken in are tried again, as long as there are some."""

from collections.abc import Callable
from typing import Any

from twisted.internet import defer, interfaces
from twisted.logger import Logger

from netapp.core import limits


class Again:
    """:param work: what is done again; it asks by :meth:`later` for another time."""

    _log = Logger()

    def __init__(self, clock: interfaces.IReactorTime, work: "Callable[[], defer.Deferred[Any]]") -> None:
        self._clock, self._work = clock, work
        self._timer: interfaces.IDelayedCall | None = None
        self._wanted = self._running = False

    def start(self) -> None:
        self._running = True
        if self._wanted:
            self.later()

    def stop(self) -> None:
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def later(self) -> None:
        """Do it after a while; if that is not begun yet, when it begins."""
        self._wanted = True
        if self._running and (self._timer is None or not self._timer.active()):
            self._timer = self._clock.callLater(limits.ZONE_EDIT_AGAIN, self._now)

    def _now(self) -> None:
        self._wanted = False
        self._work().addErrback(
            lambda failure: self._log.failure("names: edits could not be tried again", failure)
        )
