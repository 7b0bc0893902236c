"""Zones of master files: those that ``--zone`` names, and all in the folders of ``--zones``."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet import defer
from twisted.logger import Logger

from netapp.core import limits, text
from netapp.errors import ConfigError
from netapp.names.config import Config, origin_and_file
from netapp.names.files.folders import passed_over, read_folder
from netapp.names.files.origins import origin_of
from netapp.names.files.watch import FolderWatch
from netapp.names.files.zonefile import Told, ZoneFile
from netapp.names.naming import shown
from netapp.names.sources.source import ZonesRead


@dataclass(frozen=True, slots=True)
class _Wanted:
    path: Path
    origin: bytes | None
    shown: str
    #: Named by itself, not one of many in a folder.
    own: bool = False


#: Runs a look at the disk where it holds up nobody.
Aside = Callable[[Callable[[], Any]], "defer.Deferred[Any]"]


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the files are; made anew with each read, and looked at by other threads.

    :ivar paths: of all files; of links, where they lead too.
    :ivar folders: those files by the folders that they, or a part of them, are in.
    """

    paths: frozenset[str] = frozenset()
    folders: dict[str, set[ZoneFile]] = field(default_factory=dict)


class ZoneFiles:
    """A source of zones.

    :param declared: gives what is asked for, as the command line and the configuration file have it now.
    :param wall: seconds since 1970, for times that are told; the reactor's own by default.
    :param aside: looks at the disk, which takes a while, where it holds up nobody.
    """

    slow = True
    _log = Logger()

    def __init__(
        self,
        declared: Callable[[], Config],
        reactor: Any,
        wall: Callable[[], float] | None = None,
        aside: Aside = defer.execute,
    ) -> None:
        self._declared, self._reactor, self._wall = declared, reactor, wall or reactor.seconds
        self._aside = aside
        self._here = Path.cwd()  # a daemon changes its directory
        self._files: dict[_Wanted, ZoneFile] = {}
        self._zones: dict[bytes, ZoneFile] = {}
        self._folders: tuple[Path, ...] = ()
        self._watch: FolderWatch | None = None
        self._places = _Places()
        self._heard: deque[frozenset[str]] = deque()  # from our own watch; a read in its thread takes it
        self._misnamed: list[str] = []
        self._passed: set[tuple[str, str]] = set()  # folder and name of what the log was told of

    def read(self) -> ZonesRead:
        """All zones; of a broken file the old one.  Files that have not changed are not read again.

        :raises ConfigError: an option that cannot be, or a folder that cannot be read.
        """
        heard = [self._heard.popleft() for _ in range(len(self._heard))]
        moved = frozenset[str]().union(*heard)
        declared = self._declared()
        self._misnamed.clear()
        wanted = list(self._wanted(declared))
        if len(wanted) > limits.ZONES:
            raise ConfigError(
                f"--zone and --zones: more than {limits.ZONES} zones: serve them by several processes"
            )
        self._folders = tuple(self._here / each for each in declared.zones)
        files: dict[_Wanted, ZoneFile] = {}
        for each in wanted:
            file = self._files.get(each) or ZoneFile(each.path, each.origin, each.shown, self._wall)
            file.look(moved)
            files[each] = file
        self._files = files  # at once: the reactor's thread looks at it too
        self._zones, faults, bearable = self._gathered()
        self._places = self._found_places()
        if self._watch is not None:
            self._reactor.callFromThread(self._watch.follow, self._places.folders)
        zones = {origin: file.zone for origin, file in self._zones.items() if file.zone is not None}
        many = frozenset(each.origin for each in files if each.origin is not None and not each.own)
        waiting = frozenset(each.origin for each in files if each.origin is not None) - zones.keys()
        return ZonesRead(zones, tuple(faults), bearable, many, waiting, asked=not heard)

    def told(self, origin: bytes) -> Told | None:
        """What is known of a zone's file."""
        file = self._zones.get(origin)
        return file.told() if file is not None else None

    def broken(self) -> list[str]:
        """The faults of files that have no zone yet."""
        return [file.fault for file in list(self._files.values()) if file.zone is None and file.fault]

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        """As :class:`netapp.names.sources.source.ZoneSource` has it; the folders of all files are watched."""

        def moved(paths: frozenset[str]) -> None:
            self._heard.append(paths)
            changed()

        self._watch = FolderWatch(self._reactor, self._concerns, moved, self._look, self._aside)
        self._watch.follow(self._places.folders)
        self._watch.start()
        return self._watch.stop

    def _look(self, folders: frozenset[str]) -> "defer.Deferred[bool]":
        return self._aside(lambda: self._another(folders))

    def _another(self, folders: frozenset[str]) -> bool:
        """Whether a read would find other files in these folders, or one that was touched."""
        there = self._places.folders
        files = set[ZoneFile]().union(*(there.get(each, ()) for each in folders))
        return any(file.touched() for file in files) or any(
            self._come_or_gone(place) for place in self._folders if str(place) in folders
        )

    def _come_or_gone(self, place: Path) -> bool:
        """Whether a folder of ``--zones`` has a file that it had not, or has one no more."""
        try:
            found = {place / name for name, _ in read_folder(place, str(place)).zones}
        except ConfigError:
            return False
        known = {each.path for each in self._files}
        return not found <= known or any(path.parent == place for path in known - found)

    # What there is -------------------------------------------------------------------------------

    def _wanted(self, declared: Config) -> Iterator[_Wanted]:
        for value in declared.zone:
            origin, path = parse_zone(value)
            yield _Wanted(self._here / path, origin, path, own=True)
        for folder in declared.zones:
            yield from self._in_folder(folder)

    def _in_folder(self, folder: str) -> Iterator[_Wanted]:
        """:raises ConfigError: it cannot be read."""
        found = read_folder(self._here / folder, folder)
        self._misnamed += [
            f"{text.visible(os.path.join(folder, name))}: a file in --zones is named after its"
            " origin, such as example.com.zone; what is no zone ends in .inc or begins with a dot"
            for name in found.misnamed
        ]
        self._tell_passed_over(folder, found.passed_over)
        for name, origin in found.zones:
            yield _Wanted(self._here / folder / name, origin, os.path.join(folder, name))

    def _tell_passed_over(self, folder: str, names: tuple[str, ...]) -> None:
        """Say once of each file that it is not taken for a zone: somebody may have meant it."""
        new = [name for name in names if (folder, name) not in self._passed]
        if not new or len(self._passed) >= limits.ZONES_PASSED_OVER:
            return
        self._passed.update((folder, name) for name in new[: limits.ZONES_PASSED_OVER])
        more = len(new) - limits.FAULTS_LOGGED
        self._log.info(
            "names: {folder}: no zones, by their names: {names}{more}; a zone's file is named after its"
            " origin, with a dot: lan.zone for lan",
            folder=text.visible(folder),
            names=", ".join(map(text.visible, new[: limits.FAULTS_LOGGED])),
            more=f" and {more} more" if more > 0 else "",
        )

    def _gathered(self) -> tuple[dict[bytes, ZoneFile], list[str], frozenset[str]]:
        """Zones by origin; of two files for one zone the first has it.  And what is wrong; and what
        of that is one file's of many."""
        zones: dict[bytes, ZoneFile] = {}
        faults = list(self._misnamed)
        bearable = set(faults)
        for wanted, file in self._files.items():
            wrong = [file.fault] if file.fault else []
            first = zones.setdefault(file.zone.origin, file) if file.zone is not None else file
            if first is not file and file.zone is not None:
                origin = shown(file.zone.origin)
                wrong.append(f"{file.shown}: the zone {origin} is in {first.shown} too: keep one of the two")
            faults += wrong
            if not wanted.own:
                bearable.update(wrong)
        return zones, faults, frozenset(bearable)

    # Watching ------------------------------------------------------------------------------------

    def _found_places(self) -> _Places:
        folders: dict[str, set[ZoneFile]] = {str(each): set() for each in self._folders}
        paths: set[str] = set()
        for file in self._files.values():
            for each in file.files:
                own = [str(each.path)]
                if os.path.islink(each.path):
                    own.append(os.path.realpath(each.path))
                paths.update(own)
                for path in own:
                    folders.setdefault(os.path.dirname(path), set()).add(file)
        return _Places(frozenset(paths), folders)

    def _concerns(self, path: str) -> bool:
        folder, name = os.path.split(path)
        if path in self._places.paths or name.startswith(".."):  # Kubernetes swaps ..data
            return True
        return Path(folder) in self._folders and not passed_over(name)


def parse_zone(value: str) -> tuple[bytes | None, str]:
    """``[ORIGIN=]FILE``.  :raises ConfigError: it is not of that form."""
    before, path = origin_and_file(value)
    if not path:
        raise ConfigError("--zone takes [ORIGIN=]FILE, such as example.com=/etc/zones/example.com.zone")
    if not before:
        return None, path
    origin = origin_of(before)
    if origin is None:
        raise ConfigError(
            f"--zone {text.visible(value)}: {text.visible(before)} is no name; write ORIGIN=FILE, such as"
            " example.com=/etc/zones/example.com.zone"
        )
    return origin, path
