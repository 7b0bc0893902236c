"""Faults of ours that come again and again: told of in full once, and then counted for a while.

A full disk fails every login, and whoever likes can try to log in: the log must not fill with it.
"""

import math
import sqlite3
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.text import visible


class Faults:
    """:param clock: the reactor."""

    def __init__(self, clock: Any, log: Logger) -> None:
        self._clock, self._log = clock, log
        self._told: dict[str, tuple[float, int]] = {}  # when, and how many since

    def tell(self, what: str, failure: Failure) -> None:
        """Log it, unless the same was not long ago: what a disk or a database says, else a traceback.

        :param what: our own words for what could not be done: there are only so many of them.
        """
        kind, now = f"{what}: {type(failure.value).__qualname__}", self._clock.seconds()
        told, more = self._told.get(kind, (-math.inf, 0))
        if now - told < limits.FAULT_AGAIN:
            self._told[kind] = told, more + 1
            return
        self._told[kind] = now, 0
        text = "{what}; {more} times more since that was told last" if more else "{what}"
        cause = getattr(failure.value, "orig", failure.value)  # SQLAlchemy's own has all of the statement
        if isinstance(cause, OSError | sqlite3.Error):
            self._log.error(text + ": {reason}", what=what, more=more, reason=visible(str(cause)))
        else:
            self._log.failure(text, failure, what=what, more=more)
