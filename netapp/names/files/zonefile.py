"""One zone's master file: read when its content is another, and only then.

A look costs a ``stat`` of each of its files.  Where that has changed, or somebody says that the file
has moved, its content is hashed; where the hash has changed it is parsed.  What an included file has
counts as content.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from netapp.core import bulk, limits
from netapp.core.files import open_regular
from netapp.names.files.origins import FileRead, identity
from netapp.names.lookup.denial import prepare
from netapp.names.lookup.nsec3 import iterations_of
from netapp.names.sharing import sharing
from netapp.names.zone import Zone

_PIECE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a zone's file."""

    path: Path  # absolute
    shown: str
    records: int  # of the newest that could be read
    loaded: float | None  # that one, in seconds since 1970; None: never yet
    fault: str  # the newest reading's first fault; "" if there is none


class ZoneFile:
    """:param origin: folded wire name; None: as the file says.
    :param shown: the file's name in what is said of it.
    :param clock: gives seconds since 1970.
    """

    _log = Logger()

    def __init__(self, path: Path, origin: bytes | None, shown: str, clock: Callable[[], float]) -> None:
        self.path, self.shown = path, shown
        self._origin, self._clock = origin, clock
        self.zone: Zone | None = None
        self.fault = ""
        self.files: tuple[FileRead, ...] = ()
        self._records = 0
        self._loaded: float | None = None

    def told(self) -> Told:
        return Told(self.path, self.shown, self._records, self._loaded, self.fault)

    def look(self, moved: frozenset[str] = frozenset()) -> None:
        """Read the file if it is another.

        :param moved: files that have moved: their content is looked at whatever ``stat`` says.
        """
        if self.files and (not self.touched(moved) or self._same_content()):
            return
        now = [_now(each) for each in self.files or (FileRead(self.path),)]
        much = sum(each.identity[2] for each in now if each.identity is not None) > limits.ZONE_BULK
        with bulk.work() if much else nullcontext():
            self._read()

    def touched(self, moved: frozenset[str] = frozenset()) -> bool:
        """Whether any of the files may be another."""
        for each in self.files:
            try:
                about = os.stat(each.path)
            except OSError:
                if each.identity is not None:
                    return True
            else:
                if identity(about) != each.identity:
                    return True
        return bool(moved) and any(str(each.path) in moved for each in self.files)

    def _same_content(self) -> bool:
        """Whether a file was only touched; then that is remembered."""
        fresh = []
        for each in self.files:
            now = _now(each)
            if not each.digest or now.identity is None or each.identity is None:
                return False
            size = each.identity[2]
            if now.identity[2] != size or _digest(each.path, size) != each.digest:
                return False
            fresh.append(replace(now, digest=each.digest))
        self.files = tuple(fresh)
        return True

    def _read(self) -> None:
        from netapp.names import master  # with dnspython, which who serves no zone need not wait for

        try:
            read = master.read_zone(self.path, self._origin, self.shown)
        except master.Unreadable as error:
            self.fault, self.files = str(error), error.files
            return
        if self.fault:
            self._log.info("names: mended: {fault}", fault=self.fault)
        self.fault, self.files, self._records = "", read.files, read.records
        self._loaded = self._clock()
        self.zone = prepare(read.zone if self.zone is None else sharing(self.zone, read.zone))
        if (count := iterations_of(self.zone)) > limits.NSEC3_ITERATIONS:
            self._log.warn(
                "names: {file}: NSEC3 with {count} iterations: served without proofs, as if it were not"
                " signed; sign it with 0 (RFC 9276)",
                file=self.shown,
                count=count,
            )


def _now(read: FileRead) -> FileRead:
    try:
        return FileRead(read.path, identity(os.stat(read.path)))
    except OSError:
        return FileRead(read.path)


def _digest(path: Path, size: int) -> bytes:
    """The hash of a file's content; b"" where it cannot be read, is no file any more, or is longer."""
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while piece := file.read(_PIECE):
                size -= len(piece)
                if size < 0:
                    return b""
                digest.update(piece)
    except OSError:
        return b""
    return digest.digest()
