"""One timer for a session that knows its deadline: it fires when something is due, else never."""

import math
from collections.abc import Callable

from twisted.internet import interfaces


def _nobody() -> None:
    """Whom an alarm wakes that has ended."""


class Alarm:
    """Calls ``wake`` at the time last set, or never while that is infinity.

    :param clock: its seconds may be others than those its calls go by, if no slower.
    """

    __slots__ = ("_at", "_call", "_clock", "_due", "_wake")

    def __init__(self, clock: interfaces.IReactorTime, wake: Callable[[], object]) -> None:
        self._clock, self._wake = clock, wake
        self._call: interfaces.IDelayedCall | None = None
        self._due = self._at = math.inf  # the second is when the call comes

    def set(self, due: float) -> None:
        """A later time than before needs no new timer: it is seen to when the old one fires."""
        self._due = due
        if due == math.inf:
            return
        delay = max(0.0, due - self._clock.seconds())
        if self._call is None or not self._call.active():
            self._call = self._clock.callLater(delay, self._fire)
            self._at = due
        elif due < self._at:
            self._call.reset(delay)
            self._at = due

    def end(self) -> None:
        """It wakes nobody any more, and lets go of whom it would have: often that holds the alarm."""
        self._due, self._wake = math.inf, _nobody
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None

    def _fire(self) -> None:
        if self._due > self._clock.seconds():
            self.set(self._due)
        else:
            self._wake()
