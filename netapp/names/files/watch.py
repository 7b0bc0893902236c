"""Tells when files in some folders have changed, once whoever writes there has come to rest.

An editor writes a file in several steps (a copy, an empty file, a rename); something that is copied
over a network comes bit by bit.  So each movement is waited out: a change is told after
``limits.ZONE_SETTLE`` of quiet, at the latest after ``limits.ZONE_SETTLE_MOST``.

Folders that inotify cannot watch, since there is none or they are not there, are looked at every
``limits.ZONE_POLL``; all are at the start, when a folder has gone, and every ``limits.ZONE_LOOK``, for
what inotify does not tell: a link on the way that leads elsewhere now, what did not fit into its queue,
what another machine does on a network's file system.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits, watching

_ITSELF = watching.GONE | watching.MOVED_AWAY
_MASK = (
    watching.MODIFIED
    | watching.WRITTEN
    | watching.MOVED
    | watching.CREATED
    | watching.DELETED
    | watching.ATTRIBUTES
    | watching.MOVED_AWAY
)
#: What tells a folder from another in its place.
_Place = tuple[int, int]


class FolderWatch:
    """Calls ``changed(paths)`` in the reactor's thread; paths are what is known to have moved.

    :param reactor: its ``callLater``, and for inotify its readers.
    :param wanted: whether a path is any concern of ours.
    :param look: whether there is anything new in some folders; one look after another.
    :param aside: looks at the disk, which takes a while, where it holds up nobody.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        wanted: Callable[[str], bool],
        changed: Callable[[frozenset[str]], object],
        look: "Callable[[frozenset[str]], defer.Deferred[bool]]",
        aside: "Callable[[Callable[[], Any]], defer.Deferred[Any]]" = defer.execute,
    ) -> None:
        self._reactor, self._wanted, self._changed, self._look = reactor, wanted, changed, look
        self._aside = aside
        self._notifier: Any = None
        self._folders: frozenset[str] = frozenset()
        self._watched: dict[str, _Place | None] = {}
        self._moved: set[str] = set()
        self._since = 0.0  # when the first of those has moved
        self._settling: Any = None
        self._polling: Any = None
        self._next_round: Any = None
        self._unseen: frozenset[str] = frozenset()  # folders that are to be looked at
        self._looking = False
        self._running = False

    def start(self) -> None:
        self._running = True
        self._notifier = watching.notifier(self._reactor)
        self._watch()
        self._look_at(self._folders)  # since they were read
        self._round_later()

    def stop(self) -> None:
        self._running = False
        if self._notifier is not None:
            self._notifier.loseConnection()
            self._notifier = None
        for timer in (self._settling, self._polling, self._next_round):
            if timer is not None and timer.active():
                timer.cancel()
        self._settling = self._polling = None
        self._watched.clear()

    def follow(self, folders: Iterable[str]) -> None:
        """Watch these folders from now on, and no others."""
        self._folders = frozenset(folders)
        if self._running:
            self._watch()

    def _watch(self) -> None:
        if self._notifier is not None:
            from twisted.python.filepath import FilePath

            for folder in self._watched.keys() - self._folders:
                del self._watched[folder]
                with suppress(Exception):  # the folder has gone, and with it the watch
                    self._notifier.ignore(FilePath(folder))
            for folder in self._folders - self._watched.keys():
                before = place(folder)  # if it is another by then a round sees that
                if watching.watch(self._notifier, folder, _MASK, self._heard):
                    self._watched[folder] = before
        if self._polling is None and self._folders - self._watched.keys():
            self._polling = self._reactor.callLater(limits.ZONE_POLL, self._poll)

    def _heard(self, _: object, path: Any, mask: int) -> None:
        where = os.fsdecode(path.path)
        if mask & _ITSELF:
            self._begin_anew()
        elif where not in self._folders and not self._wanted(where):
            return
        else:
            self._moved.add(where)
        self._settle_later()

    def _begin_anew(self) -> None:
        """All of it: when a folder has gone Twisted gives up the others too."""
        if self._notifier is not None:
            self._notifier.loseConnection()
        self._notifier, self._watched = None, {}
        self._reactor.callLater(0, self._again)

    def _again(self) -> None:
        if self._running and self._notifier is None:
            self._notifier = watching.notifier(self._reactor)
            self._watch()

    def _settle_later(self) -> None:
        now = self._reactor.seconds()
        if self._settling is None:
            self._since = now
        elif self._settling.active():
            self._settling.cancel()
        wait = min(limits.ZONE_SETTLE, max(0.0, self._since + limits.ZONE_SETTLE_MOST - now))
        self._settling = self._reactor.callLater(wait, self._settle)

    def _settle(self) -> None:
        self._settling = None
        moved, self._moved = frozenset(self._moved), set()
        self._watch()  # a folder may have come back
        if moved:
            self._changed(moved)
        else:  # one has gone, and nothing was heard meanwhile
            self._look_at(self._folders)

    def _poll(self) -> None:
        self._polling = None
        unwatched = self._folders - self._watched.keys()
        self._watch()  # from now on, so that the look is not too early
        if self._settling is None:
            self._look_at(unwatched)

    def _round_later(self) -> None:
        if self._running:
            self._next_round = self._reactor.callLater(limits.ZONE_LOOK, self._round)

    def _round(self) -> None:
        watched = tuple(self._watched)
        there = self._aside(lambda: {folder: place(folder) for folder in watched})
        there.addCallback(self._compare).addErrback(self._blind).addCallback(lambda _: self._round_later())

    def _compare(self, there: dict[str, _Place | None]) -> None:
        if not self._running:
            return
        if any(there.get(folder, now) != now for folder, now in self._watched.items()):
            self._begin_anew()
            self._settle_later()
        elif self._settling is None:
            self._look_at(frozenset(self._watched))

    def _look_at(self, folders: frozenset[str]) -> None:
        self._unseen |= folders
        if self._looking or not self._unseen:
            return
        folders, self._unseen = self._unseen, frozenset()
        self._looking = True
        self._look(folders).addErrback(self._blind).addCallback(self._seen)

    def _blind(self, failure: Failure) -> bool:
        self._log.failure("names: folders of zones cannot be looked at", failure)
        return False

    def _seen(self, another: bool) -> None:
        self._looking = False
        if not self._running:
            return
        if another:
            self._changed(frozenset())
        self._look_at(frozenset())


def place(folder: str) -> _Place | None:
    """Which folder there is; None if there is none."""
    try:
        about = os.stat(folder)
    except OSError:
        return None
    return about.st_dev, about.st_ino
