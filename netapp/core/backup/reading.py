"""Verifies an archive: whole, unchanged, of a format that we know, and without a way out of its folder.

Nothing in it is believed before that: names, kinds and sizes are checked as they come, what is read at
once is bounded, and nothing is written.
"""

import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from netapp.core import limits, settingsfile
from netapp.core.backup import FORMAT, HEAD, MANIFEST, TOP, Unfit
from netapp.core.backup.manifest import Listed, shown
from netapp.core.backup.members import is_odd, left_out
from netapp.core.platform import O_CLOEXEC, O_NONBLOCK
from netapp.core.text import visible

#: Called with octets of the file read so far, and all.
Advance = Callable[[int, int], object]
_SHOWN: Final = 80
_PATH: Final = 4095  # octets of a path of Linux


@dataclass
class Contents:
    """What a verified archive holds."""

    netapp: str  # the version that wrote it
    created: str
    files: bool  # whether the share is in it
    databases: dict[str, str] = field(default_factory=dict)
    octets: int = 0
    members: int = 0  # files
    settings: bool = False  # whether a file of settings is in it
    mark: bytes = b""  # of all members


#: Called with each member below the state directory, its name there, and where its octets are.
Take = Callable[[tarfile.TarInfo, str, "Octets"], object]


class Octets:
    """One member's octets: read once, in pieces, hashed as they come."""

    def __init__(self, file: IO[bytes] | None, read_on: Callable[[], object]) -> None:
        self._file, self._read_on = file, read_on
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        while self._file is not None and (octets := self._file.read(limits.BACKUP_READ)):
            self._digest.update(octets)
            yield octets
            self._read_on()

    def sha256(self) -> str:
        """Of all of them; reads what is left."""
        for _ in self:
            pass
        return self._digest.hexdigest()


class Archive:
    """One that is open, and read as often as is wanted: by somebody too who may not open it.

    :param advance: called with octets of the file read so far, and all.
    """

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file

    def verify(self, room: int, advance: Advance = lambda done, total: None) -> Contents:
        """Read the whole archive and hold it against its manifest.

        :param room: octets that there is space for.
        :raises Unfit: it is no backup, is cut, damaged, too large, of a newer netapp, or leads outside.
        :raises OSError: the file cannot be read.
        """
        return self._read(room, advance, lambda info, name, octets: None)

    def extract(self, verified: Contents, take: Take, advance: Advance = lambda done, total: None) -> None:
        """Give each member of a verified archive to ``take``, which may iterate over its octets.

        :raises Unfit: the file is no longer what was verified.
        """
        if self._read(verified.octets, advance, take).mark != verified.mark:
            raise Unfit("damaged", path=self._path, name=MANIFEST)

    def _read(self, room: int, advance: Advance, take: Take) -> Contents:
        file, path = self._file, self._path
        file.seek(0)
        total = os.fstat(file.fileno()).st_size
        packed: Any
        with _understood(path), gzip.GzipFile(fileobj=file) as packed:
            bounded = _Bounded(packed, path)
            tar: Any
            with tarfile.open(fileobj=bounded, mode="r:", errors="surrogateescape") as tar:
                reader = _Reader(path, room, take)

                def read_on() -> None:
                    advance(file.tell(), total)

                while (info := tar.next()) is not None:
                    tar.members = []  # else it keeps all of them
                    reader.member(info, Octets(tar.extractfile(info) if info.isreg() else None, read_on))
            bounded.drain()
        advance(total, total)
        return reader.end()


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive.  :raises Unfit: it is no file.  :raises OSError: it cannot be opened."""
    with open(path, "rb", opener=_unwaiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # it is read twice
            raise Unfit("pipe", path=path)
        yield Archive(path, file)


def verify(path: Path, room: int, advance: Advance = lambda done, total: None) -> Contents:
    """Open and verify.  :raises Unfit: as :meth:`Archive.verify`."""
    with opened(path) as archive:
        return archive.verify(room, advance)


def _unwaiting(path: str, flags: int) -> int:
    return os.open(path, flags | O_NONBLOCK | O_CLOEXEC)  # a FIFO must not wait for its writer


class _Reader:
    """Takes the members in order."""

    def __init__(self, path: Path, room: int, take: Take) -> None:
        self._path, self._room, self._take = path, room, take
        self._contents: Contents | None = None
        self._whole = False
        self._listed = Listed(path)
        self._count = 0

    def member(self, info: tarfile.TarInfo, octets: Octets) -> None:
        self._see(info)
        if self._contents is None:
            self._contents = self._head(info, octets)
        elif info.name == MANIFEST:
            self._manifest(info, octets, self._contents)
        else:
            self._member(info, octets, self._contents)

    def end(self) -> Contents:
        if self._contents is None:
            raise Unfit("other", path=self._path)
        if not self._whole:
            raise Unfit("cut", path=self._path)
        self._contents.members, self._contents.mark = self._listed.files, self._listed.mark()
        return self._contents

    def _see(self, info: tarfile.TarInfo) -> None:
        """Of each: its kind, that nothing follows the manifest, and that there are not too many."""
        self._count += 1
        if self._count > limits.BACKUP_MEMBERS:
            raise Unfit("many", path=self._path)
        plain = info.type in (tarfile.REGTYPE, tarfile.DIRTYPE) and info.sparse is None and info.size >= 0
        if self._contents is None:
            if info.name != HEAD or not plain or not info.isreg():
                raise Unfit("other", path=self._path)
        elif self._whole or not plain or (info.isdir() and info.size):
            raise self._outside(info.name)

    def _head(self, info: tarfile.TarInfo, octets: Octets) -> Contents:
        head = self._json(info, octets, 4096)
        if head.get("program") != "netapp" or not isinstance(head.get("format"), int):
            raise Unfit("other", path=self._path)
        version = visible(str(head.get("netapp")))[:_SHOWN]
        if head["format"] > FORMAT:
            raise Unfit("newer", path=self._path, version=version)
        return Contents(version, visible(str(head.get("created")))[:_SHOWN], head.get("files") is True)

    def _member(self, info: tarfile.TarInfo, octets: Octets, contents: Contents) -> None:
        name = self._name_of(info)
        contents.octets += info.size
        if contents.octets > self._room:
            raise Unfit("large", path=self._path, room=self._room // 10**6)
        self._take(info, name, octets)
        entry: dict[str, object] = {"name": info.name, "folder": True}
        if info.isreg():
            entry = {"name": info.name, "size": info.size, "sha256": octets.sha256()}
        self._listed.add(entry)
        contents.settings = contents.settings or name == settingsfile.NAME

    def _name_of(self, info: tarfile.TarInfo) -> str:
        """Below the state directory; ``""`` for itself.  A file may come again: its earlier copy is void."""
        known, name = self._listed, info.name
        if len(octets := name.encode("utf-8", "surrogateescape")) > _PATH:
            raise self._outside(name)
        if name == TOP and info.isdir() and not known.kind(TOP):
            known.name(name, is_folder=True)
            return ""
        top, _, below = name.partition("/")
        odd = any(
            part in (b"", b".", b"..") or b"\0" in part or len(part) > 255 for part in octets.split(b"/")
        )
        if top != TOP or odd or left_out(below) or is_odd(below, is_folder=info.isdir()):
            raise self._outside(name)
        if not known.kind(name.rpartition("/")[0]):  # no folder, or none yet
            raise self._outside(name)
        if (there := known.kind(name)) is not None and (there or info.isdir()):
            raise self._outside(name)
        known.name(name, is_folder=info.isdir())
        return below

    def _manifest(self, info: tarfile.TarInfo, octets: Octets, contents: Contents) -> None:
        if info.size > self._listed.most:
            raise Unfit("damaged", path=self._path, name=MANIFEST)
        contents.databases = self._listed.databases(b"".join(octets))
        self._whole = True

    def _json(self, info: tarfile.TarInfo, octets: Octets, most: int) -> dict[str, Any]:
        if info.size > most:
            raise Unfit("damaged", path=self._path, name=shown(info.name))
        try:
            value = json.loads(b"".join(octets))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Unfit("damaged", path=self._path, name=shown(info.name))
        return value

    def _outside(self, name: str) -> Unfit:
        return Unfit("outside", path=self._path, name=shown(name))


class _Bounded(io.RawIOBase):
    """What ``tarfile`` reads at once by an archive's own word is bounded, such as a name's length."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path

    def read(self, count: int = -1) -> bytes:
        if not 0 <= count <= limits.BACKUP_READ:
            raise Unfit("damaged", path=self._path, name="tar")
        return self._file.read(count)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def drain(self) -> None:
        """Read to the end, which has the checksum; ``tar`` fills its last block with zeros."""
        left = limits.BACKUP_READ
        while octets := self._file.read(65536):
            left -= len(octets)
            if left < 0 or octets.strip(b"\0"):
                raise Unfit("damaged", path=self._path, name="tar")


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """What is wrong with the octets, as ours."""
    try:
        yield
    except EOFError:
        raise Unfit("cut", path=path) from None
    except gzip.BadGzipFile as error:
        raise Unfit("damaged" if "CRC" in str(error) else "other", path=path, name="gzip") from None
    except zlib.error:
        raise Unfit("damaged", path=path, name="gzip") from None
    except (tarfile.TarError, ValueError, OverflowError, KeyError, IndexError, RecursionError, TypeError):
        raise Unfit("other", path=path) from None
