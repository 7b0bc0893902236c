"""Packet numbers that rise for ever: iptux throws away a message whose number does not (IPMSG 7.7)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core.state import locked, put
from netapp.errors import ConfigError

T = TypeVar("T")

#: Numbers taken from the file at once, so that it is written seldom.
BLOCK: Final = 4096
#: Largest number; some clients keep it signed: IPMSG 2.4.
MOST: Final = 2**31 - 1


#: Has work done where it holds up nobody.
Aside = Callable[[Callable[[], T]], defer.Deferred[T]]


class Numbers:
    """Gives the greater of the clock and the last number plus one.

    The file holds a number that none given is above; :meth:`reserve` must be called before the
    first is taken.  Half a block before one ends, or when the clock has left it behind, the next is
    taken aside; only when it does not come in time it is waited for.

    :param clock: seconds since 1970 UTC.
    """

    _log = Logger()

    def __init__(self, path: Path, clock: Callable[[], float], aside: Aside[range] = defer.execute) -> None:
        self._path, self._clock, self._aside = path, clock, aside
        self._last = self._end = 0
        self._next: range | None = None
        self._asked = False

    def reserve(self) -> None:
        """Take a block from the file and wait for it.  :raises ConfigError: it cannot be read or written."""
        self._begin(self._take(self._end))

    def __call__(self) -> int:
        now = min(int(self._clock()), MOST - BLOCK)
        if self._last >= self._end or (self._next is not None and now > self._end):
            self._go_on()
        self._last = max(self._last + 1, now if now <= self._end else 0)
        if not self._asked and max(now, self._last + BLOCK // 2) > self._end:
            self._asked = True
            end = self._end
            self._aside(lambda: self._take(end)).addCallbacks(self._taken, self._not_taken)
        return self._last

    def _begin(self, block: range) -> None:
        self._last, self._end = block.start, block.stop
        self._next, self._asked = None, False

    def _go_on(self) -> None:
        if self._next is not None:
            self._begin(self._next)
            return
        try:
            self.reserve()
        except ConfigError as error:  # a full disk: go on, they still rise until a restart
            self._log.error("packet numbers: {reason}", reason=str(error))
            self._begin(range(self._last, self._last + BLOCK))

    def _taken(self, block: range) -> None:
        if block.start == self._end:
            self._end, self._asked = block.stop, False
        elif block.start > self._end:  # else it came too late, and another was waited for
            self._next = block

    def _not_taken(self, failure: Failure) -> None:
        if not failure.check(ConfigError):  # else it is said when this block has ended
            self._log.failure("packet numbers", failure)

    # In a thread -----------------------------------------------------------------------------

    def _take(self, least: int) -> range:
        """A block that nobody else has; its start is the number before the first."""
        try:
            with locked(self._path.parent):
                last = max(least, self._read(), min(int(self._clock()), MOST - BLOCK))
                if last > MOST - BLOCK:
                    last = 0  # after 2038, or a clock that was there: nothing better can be done
                put(self._path, f"{last + BLOCK}\n")
        except OSError as error:
            raise ConfigError(
                f"{self._path} cannot be kept ({error.strerror}): choose another directory with --state"
            ) from None
        return range(last, last + BLOCK)

    def _read(self) -> int:
        try:
            text = self._path.read_text("ascii", "replace").strip()
        except FileNotFoundError:
            return 0
        if re.fullmatch("[0-9]{1,10}", text) is None:
            raise ConfigError(f"{self._path} holds no number: remove it if nothing else wants it")
        return int(text)
