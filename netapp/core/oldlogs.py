"""twistd sets its log file aside at every million octets, and keeps them all; we keep the newest.

It names them LOGFILE.1, the newest, LOGFILE.2 and so on, without a gap; a number that does not follow
such a row is somebody else's: LOGFILE.20261120 is logrotate's.
"""

import itertools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.application import service
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from netapp.core import limits


def log_file(twistd: Mapping[str, Any] | None) -> Path | None:
    """The file that twistd writes its log to, by its own options; None for none."""
    if twistd is None or twistd.get("syslog"):
        return None
    name = twistd.get("logfile") or (None if twistd.get("nodaemon") else "twistd.log")
    return None if name in (None, "-") else Path(os.path.abspath(str(name)))


class OldLogs(service.Service):
    """Deletes old log files beyond the limit: at the start, and as often as is needed."""

    _log = Logger()
    _next: IDelayedCall | None = None

    def __init__(self, path: Path, clock: IReactorTime) -> None:
        self._path, self._clock = path, clock

    def startService(self) -> None:
        super().startService()
        self._look()

    def stopService(self) -> None:
        super().stopService()
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _look(self) -> None:
        self._next = self._clock.callLater(limits.LOG_LOOK, self._look)
        try:
            names = {each.name for each in self._path.parent.iterdir()}
            row = itertools.takewhile(
                names.__contains__, (f"{self._path.name}.{number}" for number in itertools.count(1))
            )
            for name in reversed(list(row)[limits.LOG_OLD :]):  # one that is cut leaves no gap
                self._path.with_name(name).unlink(missing_ok=True)
        except OSError as error:
            self._log.warn("old logs are not deleted: {reason}", reason=str(error))
