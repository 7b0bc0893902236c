"""Sources that cannot be read at all: why is told in the log, and for as long as it is so to who asks."""

from collections.abc import Collection

from twisted.logger import Logger

from netapp.core import limits
from netapp.errors import ConfigError
from netapp.names.sources.hosts import BrokenHosts


class Broken:
    """The reasons, by source."""

    _log = Logger()

    def __init__(self) -> None:
        self._why: dict[object, str] = {}

    @property
    def reasons(self) -> Collection[str]:
        return self._why.values()

    def put(self, source: object, error: ConfigError, told: set[str]) -> None:
        """:param told: what this reading has told, and tells no more: several sources may be in one file."""
        self._why[source] = why = str(error)
        if why in told:
            return
        told.add(why)
        if not isinstance(error, BrokenHosts):
            self._log.error("names: {error}", error=why, standing=True)
            return
        for fault in error.faults[: limits.FAULTS_LOGGED]:
            where = {"where": error.where, "line": fault.line, "reason": fault.reason}
            self._log.error("names: {where}:{line}: {reason}", **where, standing=True)

    def mended(self, source: object) -> None:
        """It could be read."""
        why = self._why.pop(source, None)
        if why is not None and why not in self._why.values():
            self._log.info("names: mended: {fault}", fault=why)
