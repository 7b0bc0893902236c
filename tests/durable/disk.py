"""A disk that forgets: what a journal of ``shim.c`` leaves of a folder when the power goes.

Strictly after POSIX: a file's octets are there once it was synced, a name once its folder was.  What
was written since may be there, all of it or a part, in any order: ``survivors`` decides.
"""

import os
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_HEADER = struct.Struct("<IIIIQQ")
_SECTOR = 512


@dataclass(frozen=True)
class Record:
    kind: str
    inode: int
    offset: int
    one: bytes
    two: bytes


def records(journal: Path) -> list[Record]:
    octets, place, found = journal.read_bytes(), 0, []
    while place + _HEADER.size <= len(octets):
        kind, first, second, _, inode, offset = _HEADER.unpack_from(octets, place)
        place += _HEADER.size
        one, two = octets[place : place + first], octets[place + first : place + first + second]
        place += first + second
        found.append(Record(chr(kind), inode, offset, one, two))
    return found


def sent(journal: list[Record], words: bytes) -> int:
    """How many records there are up to the first that tells a peer these words."""
    for number, record in enumerate(journal):
        if record.kind == "S" and words in record.one:
            return number
    raise AssertionError(f"{words!r} was never sent")


@dataclass
class File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class Naming:
    """A change of one folder: ``gone`` is a name that goes, ``come`` one that comes, for what."""

    gone: str = ""
    come: str = ""
    what: "File | None" = None  # None: a folder


class Disk:
    """A folder at one moment.  :param root: as it was before, all of it on the disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[int, File] = {}
        self._names: dict[str, File | None] = {str(root): None}
        for path in root.rglob("*"):
            self._names[str(path)] = None if path.is_dir() else self._there(path)
        self._now = dict(self._names)
        self._namings: dict[str, list[Naming]] = {}

    def _there(self, path: Path) -> File:
        return self._files.setdefault(path.stat().st_ino, File(bytearray(path.read_bytes())))

    def apply(self, record: Record) -> None:
        one, two = (str(Path(os.fsdecode(each))) if each else "" for each in (record.one, record.two))
        match record.kind:
            case "W" | "T" if record.inode in self._files:
                self._files[record.inode].pending.append(record)
            case "F" if one:
                for naming in self._namings.pop(one, []):
                    _name(self._names, naming)
            case "F" if record.inode in self._files:
                file = self._files[record.inode]
                for each in file.pending:
                    _write(file.durable, each)
                file.pending.clear()
            case "C":
                self._files[record.inode] = File()
                self._named(Naming(come=one, what=self._files[record.inode]))
            case "L":
                self._named(Naming(come=two, what=self._now[one]))
            case "R":
                assert Path(one).parent == Path(two).parent
                self._named(Naming(one, two, self._now[one]))
            case "U":
                self._named(Naming(gone=one))
            case "M":
                self._named(Naming(come=one))

    def _named(self, naming: Naming) -> None:
        _name(self._now, naming)
        self._namings.setdefault(str(Path(naming.come or naming.gone).parent), []).append(naming)

    def rebuild(self, into: Path, survivors: random.Random | None = None) -> None:
        """Make the folder as a start finds it.

        :param survivors: which unsynced writes and names are there all the same; None for none.
        """
        names = dict(self._names)
        if survivors is not None:
            for namings in self._namings.values():  # a folder's own changes stay in order
                for naming in namings[: survivors.randint(0, len(namings))]:
                    _name(names, naming)
        for name in sorted(names):
            place, file = into / Path(name).relative_to(self._root), names[name]
            if not place.parent.is_dir() and name != str(self._root):
                continue  # its folder's own name was never synced
            if file is None:
                place.mkdir(mode=0o700, exist_ok=True)
            elif not name.endswith("-shm"):  # memory that processes share
                place.write_bytes(_octets(file, survivors))
                place.chmod(0o600)


def _name(names: dict[str, "File | None"], naming: Naming) -> None:
    if naming.gone:
        names.pop(naming.gone, None)
    if naming.come:
        names[naming.come] = naming.what


def _write(octets: bytearray, record: Record) -> None:
    if record.kind == "T":
        del octets[record.offset :]
        octets.extend(bytes(record.offset - len(octets)))
        return
    octets.extend(bytes(max(0, record.offset - len(octets))))
    octets[record.offset : record.offset + len(record.one)] = record.one


def _octets(file: File, survivors: random.Random | None) -> bytes:
    octets = bytearray(file.durable)
    if survivors is not None:
        chance = survivors.choice((0.0, 0.5, 0.9, 1.0))
        for record in file.pending:
            if survivors.random() < chance:
                for piece in _pieces(record, survivors):
                    _write(octets, piece)
    return bytes(octets)


def _pieces(record: Record, survivors: random.Random) -> Iterator[Record]:
    """A write, whole or torn between two sectors."""
    if record.kind == "T" or survivors.random() < 0.7:
        yield record
        return
    kept = survivors.randrange(0, len(record.one) + 1) // _SECTOR * _SECTOR
    yield Record("W", record.inode, record.offset, record.one[:kept], b"")
