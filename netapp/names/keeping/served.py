"""The serial that each file's zone was served with last, and what the file held then: one list for all.

By it a file that was edited while nobody looked is told from the one that was served, and no serial
stands for two zones.  Each zone has one chunk (:mod:`netapp.names.keeping.chunks`) in a place of its own:
serial (4 octets), digest (16), whether it is sure (1) and kept (1), origin.  What changes is written over,
which needs no room on the disk; what is new comes behind.  It is on the disk before it is served.

So the list need never be complete: of a zone that is not in it nothing is known.  Its file is served as it
is, and whoever follows it takes the next one whole.  Whatever is not sound is cut off with all behind it.

A zone that has more than its file is kept in its folder: the list says so, and no more of it.  If nothing
is there then, its changes are lost, and it goes on with a serial that none of them can have had.

One process at a time has the list.  Another empties it before it serves a zone that is in it.

Everything here waits for the disk.
"""

import os
import stat
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Final

from twisted.logger import Logger

from netapp.core import limits
from netapp.core.files import NotRegular
from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK, fcntl
from netapp.names.changing.storing import Begin
from netapp.names.keeping import chunks
from netapp.names.keeping.ondisk import write_all
from netapp.names.keeping.version import Version, digest_of, follows, lost
from netapp.names.zone import Zone

#: The kind of its chunks.
_VERSION: Final = b"O"
_HEAD: Final = struct.Struct("!I16s??")


@dataclass(slots=True)
class _Content:
    """What the list holds.

    :ivar at: where each zone's chunk begins.
    :ivar end: of what is sound, in octets.
    """

    versions: dict[bytes, Version] = field(default_factory=dict)
    at: dict[bytes, int] = field(default_factory=dict)
    end: int = 0

    @classmethod
    def of(cls, octets: bytes) -> "_Content":
        """Up to the first that is not sound; a zone that comes twice is not."""
        found = cls()
        with suppress(chunks.Damaged, struct.error):
            for kind, data, end in chunks.chunks(octets):
                origin = data[_HEAD.size :]
                if kind != _VERSION or origin in found.versions:
                    break
                found.versions[origin] = Version(*_HEAD.unpack_from(data))
                found.at[origin] = found.end
                found.end = end
        return found


class ServedList:
    """The list.

    Of its methods one at a time runs, in whatever thread.

    :param path: in a folder that need not be there yet.
    """

    _log = Logger()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._missed = False  # files were served that are not in it
        self._file: int | None = None
        self._content = _Content()
        self._turn = Lock()

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def note(self, files: Mapping[bytes, Zone]) -> dict[bytes, Begin]:
        """These files are about to be served.

        :returns: how each begins, if nothing is kept of its zone; nothing where the list cannot be had.
        :raises OSError: it cannot be had, and it is not another process that has it.
        """
        with self._turn:
            if not files or not (self._is_ours() or self._open(files)):
                return {}
            begins: dict[bytes, Begin] = {}
            new: dict[bytes, Version] = {}
            for origin, file in files.items():
                known = self._content.versions.get(origin)
                if known is not None and known.kept:
                    version = lost(known, file)
                else:
                    version = new[origin] = follows(known, file, digest_of(file))
                begins[origin] = Begin(version.serial, version.sure)
            self._put(new)
            return begins

    def keep(self, serials: Mapping[bytes, int], *, again: bool = True) -> None:
        """These zones are kept in their folders, with these serials or later ones.

        :param again: write it of those too of which it is known.
        """
        with self._turn:
            if not again:
                known = self._content.versions
                serials = {
                    origin: each
                    for origin, each in serials.items()
                    if not (origin in known and known[origin].kept)
                }
            self._put({origin: Version(each, bytes(16), False, True) for origin, each in serials.items()})

    def let_go(self, file: Zone, *, sure: bool) -> None:
        """A zone is going to be kept in its folder no more: its file has it all.

        :param sure: nothing else was served with its serial.
        """
        with self._turn:
            self._put({file.origin: Version(file.serial, digest_of(file), sure)})

    def lose(self, file: Zone) -> int | None:
        """Nothing is kept of a zone.

        :returns: the serial that it goes on with if there was something.
        """
        with self._turn:
            known = self._content.versions.get(file.origin)
            if known is None or not known.kept:
                return None
            version = lost(known, file)
            self._put({file.origin: version})
            return version.serial

    def miss(self) -> None:
        """Something is served that was not noted."""
        self._missed = True

    def _is_ours(self) -> bool:
        """Whether we have the list; if another has emptied it nothing in it is known."""
        if self._file is not None and os.fstat(self._file).st_size != self._content.end:
            self._forget()
        return self._file is not None

    def _open(self, files: Iterable[bytes]) -> bool:
        """:returns: whether it could be had.  :raises OSError: for another reason than another process."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise NotRegular(self._path)
            ours = _locked(file)
            with open(file, "rb", closefd=False) as reading:
                octets = reading.read()
            content = _Content.of(octets)
            sound = content.end == len(octets)
            if ours:
                os.ftruncate(file, content.end)
            elif not sound or not content.versions.keys().isdisjoint(files):
                os.ftruncate(file, 0)
        except OSError:
            os.close(file)
            raise
        if not ours:
            os.close(file)
            self.miss()
            return False
        self._file, self._content = file, content
        if self._missed:
            self._forget()
        return True

    def _put(self, versions: Mapping[bytes, Version]) -> None:
        if not self._is_ours():
            return
        versions_now = self._content.versions
        new = {origin: each for origin, each in versions.items() if versions_now.get(origin) != each}
        if len(self._content.versions.keys() | new.keys()) > limits.ZONE_SERVED:
            self._forget()
        try:
            if new:
                self._write(dict(islice(new.items(), limits.ZONE_SERVED)))
        except OSError as error:  # what it has of them may be older than what is served
            self._complain(error)
            self._forget()

    def _write(self, new: Mapping[bytes, Version]) -> None:
        """:raises OSError: it is not known what the disk has of them."""
        assert self._file is not None
        content, fresh, end = self._content, list[bytes](), self._content.end
        places: dict[bytes, int] = {}
        for origin, version in new.items():
            octets = chunks.chunk(_VERSION, _HEAD.pack(*version) + origin)
            if origin in content.at:
                content.versions[origin] = version
                _write_at(self._file, content.at[origin], octets)
            else:
                places[origin] = end
                fresh.append(octets)
                end += len(octets)
        try:
            _write_at(self._file, content.end, b"".join(fresh))
        except OSError as error:  # of these nothing was known before
            self._complain(error)
            os.ftruncate(self._file, content.end)
        else:
            content.versions |= {origin: new[origin] for origin in places}
            content.at |= places
            content.end = end
        os.fsync(self._file)

    def _complain(self, error: OSError) -> None:
        self._log.warn(
            "names: {path}: which serials zones were served with cannot be kept: {error}",
            path=str(self._path),
            error=error,
        )

    def _forget(self) -> None:
        """An old list is worse than none."""
        assert self._file is not None
        self._content = _Content()
        with suppress(OSError):
            os.ftruncate(self._file, 0)
            os.fsync(self._file)


def _locked(file: int) -> bool:
    """Whether nobody else has it.  :raises OSError: it cannot be locked."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_at(file: int, at: int, octets: bytes) -> None:
    """:raises OSError: not all of it is written."""
    os.lseek(file, at, os.SEEK_SET)
    write_all(file, octets)
