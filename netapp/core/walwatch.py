"""Tells when a SQLite file's write-ahead log has moved: somebody may have committed something.

inotify says it where there is one; elsewhere we look four times a second.  What was committed, and
by whom, the database itself is asked (``PRAGMA data_version``).

The log moves before its commit can be seen: the disk is waited for in between, and what makes the
commit visible is written through a mapping, which inotify does not tell.  So one movement is
looked at several times, later and later.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from netapp.core import limits, watching


class WalWatch:
    """Calls ``moved()`` after each of ``limits.DATABASE_LOOKS`` once the log has moved.

    :param path: the database's own file.
    """

    def __init__(self, path: Path, reactor: Any, moved: Callable[[], object]) -> None:
        self._log_name = f"{path.name}-wal".encode()
        self._folder, self._reactor, self._moved = path.parent, reactor, moved
        self._notifier: Any = None
        self._timer: Any = None
        self._looks = 0  # since the log last moved

    def start(self) -> None:
        self._notifier = watching.notifier(self._reactor)
        if self._notifier is None:
            self._poll()
        elif not watching.watch(self._notifier, str(self._folder), watching.MODIFIED, self._heard):
            self._notifier.loseConnection()
            self._notifier = None
            self._poll()

    def stop(self) -> None:
        if self._notifier is not None:
            self._notifier.loseConnection()
            self._notifier = None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _heard(self, _: object, path: Any, mask: int) -> None:
        if path.basename() != self._log_name or (self._timer is not None and not self._looks):
            return  # another file's, or the first look is due already
        if self._timer is not None:
            self._timer.cancel()
        self._looks = 0
        self._look_later()

    def _look_later(self) -> None:
        self._timer = self._reactor.callLater(limits.DATABASE_LOOKS[self._looks], self._look)

    def _look(self) -> None:
        self._timer = None
        self._looks += 1
        if self._looks < len(limits.DATABASE_LOOKS):
            self._look_later()
        self._moved()

    def _poll(self) -> None:
        self._timer = self._reactor.callLater(limits.DATABASE_POLL, self._poll)
        self._moved()
