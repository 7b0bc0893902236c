"""The serial that each file's zone was served with last, and what the file held then: one list for all.

By it a file that was edited while nobody looked is told from the one that was served, and no serial
stands for two zones.  What is new is added, a chunk each (:mod:`netapp.names.keeping.chunks`): serial
(4 octets), digest (16), whether it is sure (1), origin.  It is on the disk before it is served.  A
chunk without anything says that what is not in the list was never served, or that this is no longer so.

One process at a time has the list; another says in it that it serves what the list does not know.  Where
it cannot be had, or is damaged, nothing is known: then a file is served as it is, and whoever follows it
takes the next one whole.

Everything here waits for the disk.
"""

import hashlib
import os
import stat
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Final, NamedTuple

from twisted.logger import Logger

from netapp.core import bulk, limits
from netapp.core.files import NotRegular
from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK, fcntl
from netapp.names.changing.storing import Begin
from netapp.names.keeping import chunks
from netapp.names.keeping.ondisk import write_all
from netapp.names.model import RecordSet
from netapp.names.serial import after, newer
from netapp.names.zone import Zone

#: Kinds of chunks.
_VERSION, _COMPLETE, _PARTLY = b"V", b"C", b"P"
_HEAD: Final = struct.Struct("!I16s?")


class Version(NamedTuple):
    """What a zone was served with: the highest serial, and what the file held that had it.

    :ivar sure: nothing else had it.
    """

    serial: int
    digest: bytes
    sure: bool


class ServedList:
    """The list.

    :param path: in a folder that need not be there yet; if it is, this is not the first start.
    """

    _log = Logger()

    def __init__(self, path: Path) -> None:
        self._path, self._is_first = path, not os.path.exists(path.parent)
        self._missed = False  # files were served that are not in it
        self._file: int | None = None
        self._versions: dict[bytes, Version] = {}
        self._complete = False  # what is not in it was never served
        self._chunks = 0  # in the file

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def note(self, files: Mapping[bytes, Zone]) -> dict[bytes, Begin]:
        """These files are about to be served.

        :returns: how each begins, if nothing is kept of its zone; nothing where the list cannot be had.
        :raises OSError: it cannot be had, and it is not another process that has it.
        """
        if not files or not (self.is_open or self._open()):
            return {}
        begins: dict[bytes, Begin] = {}
        new: dict[bytes, Version] = {}
        for origin, file in files.items():
            known, digest = self._versions.get(origin), digest_of(file)
            version = follows(known, file, digest, self._complete)
            if version != known:
                new[origin] = version
            begins[origin] = Begin(version.serial, version.sure)
        if new:
            self._add(new)
        return begins

    def miss(self) -> None:
        """Something is served that was not noted."""
        self._missed = True

    def _open(self) -> bool:
        """:returns: whether it could be had.  :raises OSError: for another reason than another process."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC
        file = os.open(self._path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise NotRegular(self._path)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with open(file, "rb", closefd=False) as reading:
                self._read(reading.read())
        except BlockingIOError:
            with os.fdopen(file, "ab", 0) as other:
                if not self._missed:
                    other.write(chunks.chunk(_PARTLY, b""))
            self.miss()
            return False
        except OSError:
            os.close(file)
            raise
        self._file = file
        if self._missed:
            self._forget()
        return True

    def _read(self, octets: bytes) -> None:
        self._versions, self._chunks, end = {}, 0, 0
        self._complete = self._is_first and not octets
        try:
            for kind, data, at in chunks.chunks(octets):
                if kind in (_COMPLETE, _PARTLY):
                    self._complete = kind == _COMPLETE
                else:
                    self._take(data[_HEAD.size :], Version(*_HEAD.unpack_from(data)))
                end = at
                self._chunks += 1
        except (chunks.Damaged, struct.error):
            self._chunks = _FULL  # it is written anew before anything is added
            if not chunks.cut(octets, end):  # what is known might be older than what is lost
                self._versions, self._complete = {}, False

    def _take(self, origin: bytes, version: Version) -> None:
        self._versions.pop(origin, None)
        self._versions[origin] = version
        if len(self._versions) > limits.ZONE_SERVED:
            del self._versions[next(iter(self._versions))]
            self._complete = False

    def _add(self, new: Mapping[bytes, Version]) -> None:
        for origin, version in new.items():
            self._take(origin, version)
        try:
            if self._chunks + len(new) > 2 * len(self._versions) + _SPARE:
                self._write(self._versions, anew=True)
            else:
                self._write(new, anew=False)
        except OSError as error:
            self._log.warn(
                "names: {path}: which serials zones were served with cannot be kept: {error}",
                path=str(self._path),
                error=error,
            )
            self._forget()

    def _write(self, versions: Mapping[bytes, Version], *, anew: bool) -> None:
        """:raises OSError: some of it may not be there."""
        assert self._file is not None
        if anew:
            os.ftruncate(self._file, 0)
            self._chunks = 0
        octets = b"".join(_packed(versions.items()))
        if self._complete and not self._chunks:
            octets += chunks.chunk(_COMPLETE, b"")  # behind all that must be there for it
        write_all(self._file, octets)
        os.fsync(self._file)
        self._chunks += len(versions) + 1

    def _forget(self) -> None:
        """An old list is worse than none: what was served since is not in it."""
        self._versions, self._complete = {}, False
        with suppress(OSError):
            self._write({}, anew=True)


def follows(known: Version | None, file: Zone, digest: bytes, complete: bool = True) -> Version:
    """With what a file is to be served, after what was served before it.

    =======================  ==================================================================
    the file                 is served with
    =======================  ==================================================================
    is the first             its serial
    is what it was           the serial that it had
    is another, newer        its serial
    is another, not newer    the serial after the one before
    is so, and is signed     its own serial all the same: the signatures are over it
    =======================  ==================================================================

    :param complete: whether one that is not known was never served.
    """
    if known is None:
        return Version(file.serial, digest, complete)
    if known.digest == digest:
        return known
    if newer(file.serial, known.serial):
        return Version(file.serial, digest, sure=True)
    if file.signed:
        return Version(known.serial, digest, sure=False)
    return Version(after(known.serial), digest, sure=True)


def digest_of(zone: Zone) -> bytes:
    """Of all records, in whatever order they stand: 1 µs a name."""
    total, blake, number = 0, hashlib.blake2b, int.from_bytes
    with bulk.work() if len(zone) > limits.ZONE_BULK_NAMES else nullcontext():
        for owner, node in zone.nodes.items():
            parts = [owner]
            for each in sorted(node, key=_rdtype) if len(node) > 1 else node:
                parts.append(b"%d %d %d" % (each.rdtype, each.ttl, len(each.rdatas)))
                parts += sorted(each.rdatas)
                parts += sorted(each.signatures)
            total += number(blake(b"\n".join(parts), digest_size=16).digest(), "big")
    return (total & _ALL).to_bytes(16, "big")


def _rdtype(each: RecordSet) -> int:
    return each.rdtype


def _packed(versions: Iterable[tuple[bytes, Version]]) -> Iterator[bytes]:
    for origin, version in versions:
        yield chunks.chunk(_VERSION, _HEAD.pack(*version) + origin)


_ALL: Final = (1 << 128) - 1
#: Chunks beyond two for each zone before the list is written anew.
_SPARE: Final = 1000
_FULL: Final = 1 << 62
