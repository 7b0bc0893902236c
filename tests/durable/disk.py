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


@dataclass(eq=False)
class File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)


@dataclass(eq=False)
class Folder:
    durable: "dict[str, File | Folder]" = field(default_factory=dict)
    now: "dict[str, File | Folder]" = field(default_factory=dict)
    pending: "list[Change]" = field(default_factory=list)


#: A change of names, in one folder or two: all of it is there, or nothing.  None for a name that goes.
Change = list[tuple[Folder, str, "File | Folder | None"]]
#: What is in each folder, by its ``id``.
Names = dict[int, "dict[str, File | Folder]"]


class Disk:
    """A folder at one moment.  :param root: as it was before, all of it on the disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[int, File] = {}
        self._top = self._there(root)

    def _there(self, path: Path) -> Folder:
        found: dict[str, File | Folder] = {}
        for each in path.iterdir():
            if each.is_dir():
                found[each.name] = self._there(each)
            else:
                found[each.name] = self._files.setdefault(
                    each.stat().st_ino, File(bytearray(each.read_bytes()))
                )
        return Folder(found, dict(found))

    def apply(self, record: Record) -> None:
        one, two = (os.fsdecode(each) for each in (record.one, record.two))
        match record.kind:
            case "W" | "T" if record.inode in self._files:
                self._files[record.inode].pending.append(record)
            case "F" if one:
                self._sync(self._folder(Path(one)))
            case "F" if record.inode in self._files:
                file = self._files[record.inode]
                for each in file.pending:
                    _write(file.durable, each)
                file.pending.clear()
            case "C":
                self._files[record.inode] = File()
                self._change((one, self._files[record.inode]))
            case "L":
                self._change((two, self._node(one)))
            case "R":
                self._change((two, self._node(one)), (one, None))
            case "X":
                self._change((two, self._node(one)), (one, self._node(two)))
            case "U":
                self._change((one, None))
            case "M":
                self._change((one, Folder()))

    def _folder(self, path: Path) -> Folder:
        folder = self._top
        for part in path.relative_to(self._root).parts:
            below = folder.now[part]
            assert isinstance(below, Folder)
            folder = below
        return folder

    def _node(self, name: str) -> "File | Folder":
        return self._folder(Path(name).parent).now[Path(name).name]

    def _change(self, *names: "tuple[str, File | Folder | None]") -> None:
        change = [(self._folder(Path(name).parent), Path(name).name, node) for name, node in names]
        for folder, name, node in change:
            _set(folder.now, name, node)
        for folder in {id(folder): folder for folder, _, _ in change}.values():
            folder.pending.append(change)

    def _sync(self, folder: Folder) -> None:
        for change in list(folder.pending):
            for other, name, node in change:
                _set(other.durable, name, node)
                if change in other.pending:
                    other.pending.remove(change)

    def rebuild(self, into: Path, survivors: random.Random | None = None) -> None:
        """Make the folder as a start finds it.

        :param survivors: which unsynced writes and names are there all the same; None for none.
        """
        names = {id(folder): dict(folder.durable) for folder in _folders(self._top)}
        if survivors is not None:
            for folder in list(_folders(self._top)):  # a folder's own changes stay in order
                for change in folder.pending[: survivors.randint(0, len(folder.pending))]:
                    for other, name, node in change:
                        _set(names.setdefault(id(other), dict(other.durable)), name, node)
        _make(self._top, names, into, survivors)


def _set(names: "dict[str, File | Folder]", name: str, node: "File | Folder | None") -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _folders(top: Folder) -> Iterator[Folder]:
    yield top
    for below in top.now.values():
        if isinstance(below, Folder):
            yield from _folders(below)


def _make(folder: Folder, names: Names, place: Path, survivors: random.Random | None) -> None:
    place.mkdir(mode=0o700, exist_ok=True)
    for name, node in sorted(names.get(id(folder), folder.durable).items()):
        if isinstance(node, Folder):
            _make(node, names, place / name, survivors)
        elif not name.endswith("-shm"):  # memory that processes share
            (place / name).write_bytes(_octets(node, survivors))
            (place / name).chmod(0o600)


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
