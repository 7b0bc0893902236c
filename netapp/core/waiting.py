"""Settings that were changed in the file and are not taken until the next start."""

from twisted.logger import Logger

from netapp.core.config import SHARED_KEYS, SharedOptions
from netapp.errors import ConfigError


class Waiting:
    """Says after a SIGHUP which they are: whoever has just written one should not look for its effect."""

    _log = Logger()

    def __init__(self) -> None:
        self._options: list[SharedOptions] = []

    def add(self, options: SharedOptions) -> None:
        """Options that this process was started with."""
        self._options.append(options)

    def tell(self, plugin: str) -> None:
        try:
            changed = [(each, key) for each in self._options for key in sorted(each.changed() - each.reread)]
        except ConfigError as error:
            if not any(each.reread for each in self._options):  # else whoever read again has said so
                self._log.error(
                    "{plugin}: the settings are not read again: {reason}", plugin=plugin, reason=error
                )
            return
        names = dict.fromkeys(key if key in SHARED_KEYS else f"[{own.table}] {key}" for own, key in changed)
        if names:
            self._log.warn(
                "{plugin}: changed settings that wait for a restart: {names}",
                plugin=plugin,
                names=", ".join(names),
            )
