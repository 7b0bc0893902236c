"""One timer for a session that knows its deadline: it fires when something is due, else never."""

import math
from collections.abc import Callable

from twisted.internet import interfaces


def _nobody() -> None:
    """Whom an alarm wakes that has ended."""


class Alarm:
    """Calls ``wake`` at the time last set, or never while that is infinity.

    :param clock: its seconds may be others than those its calls go by.
    :param look: it looks at the clock at least this often: where calls may come late, as a machine's that
        has slept do.
    """

    __slots__ = ("_at", "_call", "_clock", "_due", "_look", "_wake")

    def __init__(
        self, clock: interfaces.IReactorTime, wake: Callable[[], object], look: float = math.inf
    ) -> None:
        self._clock, self._wake, self._look = clock, wake, look
        self._call: interfaces.IDelayedCall | None = None
        self._due = self._at = math.inf  # the second is when the call comes

    def set(self, due: float) -> None:
        """A later time than before needs no new timer: it is seen to when the old one fires."""
        self._due = due
        if due == math.inf:
            return
        now = self._clock.seconds()
        at = min(due, now + self._look)
        if self._call is None or not self._call.active():
            self._call = self._clock.callLater(max(0.0, at - now), self._fire)
            self._at = at
        elif at < self._at:
            self._call.reset(max(0.0, at - now))
            self._at = at

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
