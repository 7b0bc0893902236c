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
from netapp.names.changing.storing import Begin, Entry, Forget, Step, Stored, Whole
from netapp.names.keeping.journal import ZoneFolder, folder_name
from netapp.names.keeping.served import ServedList
from netapp.names.naming import shown
from netapp.names.zone import Zone


def zones_path(state_path: Path) -> Path:
    """Where the zones' folders are."""
    return state_path / "dns" / "zones"


class DiskKeeper:
    """Keeps zones below a state directory, which is made when the first has to be.

    Before :meth:`start` it works at once, for a start may take its time; then in its thread, one
    batch after another.

    A process that only serves files takes the lock when it first has something to store.  What another
    has written since a zone was loaded here is never written over.
    """

    _log = Logger()

    def __init__(self, state_path: Path, reactor: Any) -> None:
        self._state, self._path = state_path, zones_path(state_path)
        self._folders: dict[bytes, ZoneFolder] = {}
        self._served, self._unnoted = ServedList(self._path.with_name("served")), False
        self._pool = Pool("zones", reactor, threads=1, waiting=1)
        self._started = self._stopped = False
        self._lock: int | None = None
        self._unheld: set[bytes] = set()  # zones that were loaded when others might write them
        self._writes = False  # or is going to: it keeps the lock

    def begin(self) -> None:
        """See now that zones can be written.

        :raises ConfigError: they cannot; the text names cause and cure.
        """
        self._writes = True
        try:
            self._hold()
        except (Unavailable, OSError) as error:
            raise ConfigError(
                f"zones cannot be changed: {error}; choose another directory with --state"
            ) from None

    def load(self, origin: bytes, like: Zone | None = None) -> Whole | None:
        """As :meth:`netapp.names.keeping.journal.ZoneFolder.load`."""
        folder = self._folder(origin)
        if self._lock is None:
            self._unheld.add(origin)
        found = folder.load(like)
        if found is not None and found.file is not None:
            self._served.keep({origin: found.zone.serial}, again=False)
        elif found is None and like is not None and (serial := self._served.lose(like)) is not None:
            self._log.error(
                "names: {zone}: what was kept of it is not there: its updates are lost, and it goes on with"
                " serial {serial}, which none of them had",
                zone=shown(origin),
                serial=serial,
            )
        return found

    def note(self, files: Mapping[bytes, Zone]) -> Mapping[bytes, Begin]:
        """As :meth:`netapp.names.keeping.served.ServedList.note`; what cannot be noted is not in the way."""
        try:
            if files and not self._served.is_open:
                state.open_state(self._state)
                state.make(self._path.parent)
            return self._served.note(files)
        except (ConfigError, OSError) as error:
            if not self._unnoted:
                self._log.warn("names: which serials zones are served with is not kept: {error}", error=error)
            self._unnoted = True
            self._served.miss()
            return {}

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
        stored = {origin: self._keep_zone(origin, entries) for origin, entries in batch.items()}
        wholes = {origin: _begun(entries) for origin, entries in batch.items() if not stored[origin].error}
        self._served.keep(
            {
                origin: each.zone.serial
                for origin, each in wholes.items()
                if isinstance(each, Whole) and each.file is not None
            }
        )
        if not self._writes:
            self._release()
        return stored

    def _keep_zone(self, origin: bytes, entries: Sequence[Entry]) -> Stored:
        try:
            self._see_unchanged(origin)
        except (Unavailable, OSError) as error:
            return Stored(error)
        self._writes = True
        begun = _begun(entries)
        if isinstance(begun, Forget) and begun.file is not None:
            self._served.let_go(
                begun.file, sure=begun.sure
            )  # before nothing is there: that is a sign of loss
        try:
            return self._folder(origin).keep(entries)
        except Exception as error:  # a bug: it must not undo what is stored of the others
            self._log.failure("names: {zone} is not stored", zone=shown(origin))
            return Stored(error, rebase=True)

    def _see_unchanged(self, origin: bytes) -> None:
        """See, with the lock, that a zone is still what was loaded without it.

        :raises Unavailable: another process has changed it.
        :raises OSError: that cannot be seen.
        """
        if origin in self._unheld:
            if not self._folder(origin).is_as_loaded():
                raise Unavailable(
                    "another process has changed what is kept of it since it was read: start this one again"
                )
            self._unheld.discard(origin)

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

    def _release(self) -> None:
        """Who may write nothing is in nobody's way."""
        assert self._lock is not None
        os.close(self._lock)
        self._lock = None
        self._unheld.update(self._folders)


def _begun(entries: Sequence[Entry]) -> Entry | None:
    """What all that comes behind it is added to; None if that is there already."""
    return next((each for each in reversed(entries) if not isinstance(each, Step)), None)
