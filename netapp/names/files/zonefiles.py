"""Zones of master files: those that ``--zone`` names, and all in the folders of ``--zones``."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from netapp.core import limits, text
from netapp.errors import ConfigError
from netapp.names.config import Config
from netapp.names.files.folders import passed_over, read_folder
from netapp.names.files.watch import FolderWatch
from netapp.names.files.zonefile import Told, ZoneFile
from netapp.names.master import origin_of
from netapp.names.naming import shown
from netapp.names.sources import ZonesRead


@dataclass(frozen=True, slots=True)
class _Wanted:
    path: Path
    origin: bytes | None
    shown: str
    #: Named by itself, not one of many in a folder.
    own: bool = False


class ZoneFiles:
    """A source of zones.

    :param declared: gives what is asked for, as the command line and the configuration file have it now.
    :param wall: seconds since 1970, for times that are told; the reactor's own by default.
    """

    slow = True
    _log = Logger()

    def __init__(
        self, declared: Callable[[], Config], reactor: Any, wall: Callable[[], float] | None = None
    ) -> None:
        self._declared, self._reactor, self._wall = declared, reactor, wall or reactor.seconds
        self._here = Path.cwd()  # a daemon changes its directory
        self._files: dict[_Wanted, ZoneFile] = {}
        self._zones: dict[bytes, ZoneFile] = {}
        self._folders: tuple[Path, ...] = ()
        self._watch: FolderWatch | None = None
        self._watched: frozenset[str] = frozenset()
        self._moved: frozenset[str] | None = None  # what our own watch has told; None: somebody else asks
        self._told: frozenset[str] = frozenset()
        self._misnamed: list[str] = []
        self._passed: set[tuple[str, str]] = set()  # folder and name of what the log was told of

    def read(self) -> ZonesRead:
        """All zones; of a broken file the old one.  Files that have not changed are not read again.

        A fault is told when it is new, or when somebody other than our own watch asks.

        :raises ConfigError: an option that cannot be, or a folder that cannot be read.
        """
        moved, self._moved = self._moved, None
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
            file.look(moved or frozenset())
            files[each] = file
        self._files = files  # at once: the reactor's thread looks at it too
        self._zones, faults, bearable = self._gathered()
        told, self._told = self._told, frozenset(faults)
        if moved is not None:
            faults = [each for each in faults if each not in told]
        self._follow()
        zones = {origin: file.zone for origin, file in self._zones.items() if file.zone is not None}
        many = frozenset(each.origin for each in files if each.origin is not None and not each.own)
        waiting = frozenset(each.origin for each in files if each.origin is not None) - zones.keys()
        return ZonesRead(zones, tuple(faults), bearable, many, waiting)

    def told(self) -> dict[bytes, Told]:
        """What is known of each zone's file, by origin."""
        return {origin: file.told() for origin, file in self._zones.items()}

    def broken(self) -> list[str]:
        """The faults of files that have no zone yet."""
        return [file.fault for file in list(self._files.values()) if file.zone is None and file.fault]

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        """As :class:`netapp.names.sources.ZoneSource` has it; the folders of all files are watched."""

        def moved(paths: frozenset[str]) -> None:
            if paths or self._another():
                self._moved = (self._moved or frozenset()) | paths
                changed()

        self._watch = FolderWatch(self._reactor, self._concerns, moved)
        self._watch.follow(self._places())
        self._watch.start()
        moved(frozenset())  # since it was read
        return self._watch.stop

    def _another(self) -> bool:
        """Whether a read would find other files than there are, or one that was touched."""
        if any(file.touched() for file in list(self._files.values())):
            return True
        try:
            found = {
                place / name for place in self._folders for name, _ in read_folder(place, str(place)).zones
            }
        except ConfigError:
            return False
        return bool(found - {each.path for each in self._files}) or any(
            each.path.parent in self._folders and each.path not in found for each in self._files
        )

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

    def _follow(self) -> None:
        if self._watch is not None:
            self._reactor.callFromThread(self._watch.follow, self._places())

    def _places(self) -> set[str]:
        """The folders of all files; of links, where they lead too."""
        places = {str(each) for each in self._folders}
        paths = [str(each.path) for file in self._files.values() for each in file.files]
        links = [os.path.realpath(path) for path in paths if os.path.islink(path)]
        self._watched = frozenset((*paths, *links))
        return places | {os.path.dirname(path) for path in self._watched}

    def _concerns(self, path: str) -> bool:
        folder, name = os.path.split(path)
        if path in self._watched or name.startswith(".."):  # Kubernetes swaps ..data
            return True
        return Path(folder) in self._folders and not passed_over(name)


def parse_zone(value: str) -> tuple[bytes | None, str]:
    """``[ORIGIN=]FILE``.  :raises ConfigError: it is not of that form."""
    before, equals, path = value.partition("=")
    if not equals or os.path.exists(value):
        before, path = "", value
    if not path:
        raise ConfigError("--zone takes [ORIGIN=]FILE, such as example.com=/etc/zones/example.com.zone")
    if not before:
        return None, path
    origin = origin_of(text.decode(os.fsencode(before))[0])
    if origin is None:
        raise ConfigError(
            f"--zone {text.visible(value)}: {text.visible(before)} is no name; write ORIGIN=FILE, such as"
            " example.com=/etc/zones/example.com.zone"
        )
    return origin, path
