"""Tells when a SQLite file's write-ahead log has moved: somebody may have committed something.

inotify says it where there is one; elsewhere we look four times a second.  What was committed, and
by whom, the database itself is asked (``PRAGMA data_version``).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.logger import Logger
from twisted.python.filepath import FilePath

from netapp.core import limits


class WalWatch:
    """Calls ``moved()`` soon after the log has moved, and at most once in ``limits.DATABASE_LOOK``.

    :param path: the database's own file.
    """

    _log = Logger()

    def __init__(self, path: Path, reactor: Any, moved: Callable[[], object]) -> None:
        self._log_name = f"{path.name}-wal".encode()
        self._folder, self._reactor, self._moved = path.parent, reactor, moved
        self._notifier: Any = None
        self._timer: Any = None

    def start(self) -> None:
        try:
            from twisted.internet import inotify

            notifier = inotify.INotify(self._reactor)
            notifier.startReading()
            notifier.watch(FilePath(str(self._folder)), inotify.IN_MODIFY, callbacks=[self._heard])
        except Exception as problem:  # not Linux, or no watch is left: inotify's own errors differ
            self._log.debug("no inotify for {folder}: {problem}", folder=str(self._folder), problem=problem)
            self._poll()
        else:
            self._notifier = notifier

    def stop(self) -> None:
        if self._notifier is not None:
            self._notifier.loseConnection()
            self._notifier = None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _heard(self, _: object, path: Any, mask: int) -> None:
        if self._timer is None and path.basename() == self._log_name:
            self._timer = self._reactor.callLater(limits.DATABASE_LOOK, self._look)

    def _look(self) -> None:
        self._timer = None
        self._moved()

    def _poll(self) -> None:
        self._timer = self._reactor.callLater(limits.DATABASE_POLL, self._poll)
        self._moved()
