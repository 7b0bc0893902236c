"""The zones' folders in the state directory, written by a thread of their own."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet import defer
from twisted.logger import Logger

from netapp.core import state
from netapp.core.platform import O_CLOEXEC, fcntl
from netapp.core.threads import Pool
from netapp.errors import ConfigError, Unavailable
from netapp.names.changing.storing import Entry, Stored, Whole
from netapp.names.keeping.journal import ZoneFolder, folder_name
from netapp.names.naming import shown
from netapp.names.zone import Zone


def zones_path(state_path: Path) -> Path:
    """Where the zones' folders are."""
    return state_path / "dns" / "zones"


class DiskKeeper:
    """Keeps zones below a state directory, which is made when the first has to be.

    Before :meth:`start` it works at once, for a start may take its time; then in its thread, one
    batch after another.
    """

    _log = Logger()

    def __init__(self, state_path: Path, reactor: Any) -> None:
        self._state, self._path = state_path, zones_path(state_path)
        self._folders: dict[bytes, ZoneFolder] = {}
        self._pool = Pool("zones", reactor, threads=1, waiting=1)
        self._started = self._stopped = False
        self._lock: int | None = None

    def begin(self) -> None:
        """See now that zones can be written.

        :raises ConfigError: they cannot; the text names cause and cure.
        """
        try:
            self._hold()
        except (Unavailable, OSError) as error:
            raise ConfigError(
                f"zones cannot be changed: {error}; choose another directory with --state"
            ) from None

    def load(self, origin: bytes, like: Zone | None = None) -> Whole | None:
        """As :meth:`netapp.names.keeping.journal.ZoneFolder.load`."""
        return self._folder(origin).load(like)

    def keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> "defer.Deferred[dict[bytes, Stored]]":
        if self._stopped:
            return defer.fail(Unavailable("netapp ends"))
        if not self._started:
            return defer.execute(self._keep, batch)
        return self._pool.run(self._keep, batch)

    def start(self) -> None:
        self._pool.start()
        self._started = True

    def stop(self) -> "defer.Deferred[None]":
        """What is on its way is stored first."""
        self._stopped = True
        if not self._started:
            return defer.succeed(None)
        return self._pool.stop()

    def _folder(self, origin: bytes) -> ZoneFolder:
        if origin not in self._folders:
            self._folders[origin] = ZoneFolder(self._path / folder_name(origin), origin)
        return self._folders[origin]

    def _keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> dict[bytes, Stored]:
        self._hold()
        return {origin: self._keep_zone(origin, entries) for origin, entries in batch.items()}

    def _keep_zone(self, origin: bytes, entries: Sequence[Entry]) -> Stored:
        try:
            return self._folder(origin).keep(entries)
        except Exception as error:  # a bug: it must not undo what is stored of the others
            self._log.failure("names: {zone} is not stored", zone=shown(origin))
            return Stored(error, rebase=True)

    def _hold(self) -> None:
        """See that no other process writes here, as long as this one lives.

        :raises ConfigError: the state directory cannot be had.
        :raises Unavailable: another does.
        """
        if self._lock is not None:
            return
        state.open_state(self._state)
        state.make(self._path)
        lock = os.open(self._path / ".lock", os.O_RDWR | os.O_CREAT | O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise Unavailable(f"another process writes to {self._path}") from None
        except OSError:  # a file system without locks
            pass
        self._lock = lock
