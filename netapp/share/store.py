"""Where shared files are: a tree on a disk, or memory for tests.  An S3 store has the same shape."""

import os
import stat
from collections.abc import Mapping
from typing import Protocol

from netapp.core import limits, platform
from netapp.share.model import Entry, Listing, Missing, components, entry_of
from netapp.share.paths import Paths
from netapp.share.tree import Tree


class Reader(Protocol):
    """An open file.  Its octets are those of the file that was opened, whatever its name means later."""

    entry: Entry

    def pread(self, count: int, offset: int) -> bytes:
        """Up to ``count`` octets; fewer only at the end of the file."""

    def fileno(self) -> int | None:
        """A descriptor that ``sendfile`` can read, if there is one."""

    def close(self) -> None:
        """Let go of it; a second call does nothing."""


class Store(Protocol):
    """Reads one tree.  Names are the disk's octets, ``/`` between components."""

    def open(self, name: bytes) -> Reader:
        """A regular file.  :raises Missing: there is none, or it may not be read."""

    def list(self, name: bytes) -> Listing:
        """A folder's files and folders; ``b""`` is the root.  :raises Missing: no folder."""

    def close(self) -> None: ...


class Files(Protocol):
    """A share as the doors' rules see it; :class:`netapp.share.share.Share` is one.

    Names come from the network: octets in UTF-8 or GB18030, in either of Unicode's forms.
    """

    def open(self, name: bytes) -> Reader:
        """The first regular file that can be read under one of a name's readings; close it.

        :raises Missing: there is none.
        """

    def list(self, name: bytes) -> Listing:
        """A folder's entries; ``b""`` is the root.  :raises Missing: no such folder."""

    def sha256(self, reader: Reader) -> bytes | None:
        """An open file's SHA-256, if it is known by now."""

    def want_sha256(self, reader: Reader, name: bytes) -> object:
        """Somebody would like to know it: it is computed meanwhile.  :param name: what was opened."""


class DiskReader:
    """A file on the disk."""

    __slots__ = ("_descriptor", "entry")

    def __init__(self, descriptor: int, entry: Entry) -> None:
        self._descriptor, self.entry = descriptor, entry

    def pread(self, count: int, offset: int) -> bytes:
        return platform.pread(self._descriptor, count, offset)

    def fileno(self) -> int | None:
        return self._descriptor

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class DiskStore:
    """A tree on a disk."""

    def __init__(self, tree: Tree | Paths) -> None:
        self._tree = tree

    def open(self, name: bytes) -> DiskReader:
        descriptor, status = self._tree.open_file(components(name))
        return DiskReader(descriptor, entry_of(name, status))

    def list(self, name: bytes) -> Listing:
        parts = components(name)
        found: list[Entry] = []
        try:
            with self._tree.scan(parts) as entries:
                for each in entries:
                    if len(found) >= limits.LISTING:
                        return _sorted(found, complete=False)
                    octets = os.fsencode(each.name)
                    if not octets.startswith(b".") and (entry := self._entry(parts, octets, each)):
                        found.append(entry)
        except OSError as error:
            raise Missing(error.strerror or "cannot be read") from None
        return _sorted(found, complete=True)

    def close(self) -> None:
        self._tree.close()

    def _entry(self, parts: tuple[bytes, ...], name: bytes, found: "os.DirEntry[str]") -> Entry | None:
        """What is listed of one name: regular files and folders, and links to them that stay inside."""
        try:
            if found.is_symlink():
                return self._behind((*parts, name))
            status = found.stat(follow_symlinks=False)
        except (OSError, Missing):
            return None
        return _listed(name, status)

    def _behind(self, parts: tuple[bytes, ...]) -> Entry | None:
        return _listed(parts[-1], self._tree.status(parts))


class MemoryReader:
    """A file in memory: no descriptor, so it is sent by reading."""

    def __init__(self, octets: bytes, entry: Entry) -> None:
        self._octets, self.entry = octets, entry
        self.closed = False

    def pread(self, count: int, offset: int) -> bytes:
        return self._octets[offset : offset + count]

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        self.closed = True


class MemoryStore:
    """Files in memory, and every reader that was given out.  :param files: name to octets."""

    def __init__(self, files: Mapping[bytes, bytes]) -> None:
        self.files = dict(files)
        self.readers: list[MemoryReader] = []

    def open(self, name: bytes) -> MemoryReader:
        key = b"/".join(components(name))
        if key not in self.files:
            raise Missing("no such file")
        reader = MemoryReader(self.files[key], self._entry(key))
        self.readers.append(reader)
        return reader

    def list(self, name: bytes) -> Listing:
        prefix = b"".join(part + b"/" for part in components(name))
        inside = [key[len(prefix) :] for key in self.files if key.startswith(prefix)]
        if prefix and not inside:
            raise Missing("no such folder")
        folders = {key.split(b"/")[0] for key in inside if b"/" in key}
        found = [self._entry(prefix + key) for key in inside if b"/" not in key]
        found += [Entry(each.decode("utf-8", "surrogateescape"), 0, 0, "", True) for each in folders]
        return _sorted(found[: limits.LISTING], complete=len(found) <= limits.LISTING)

    def close(self) -> None:
        """Nothing is held."""

    def _entry(self, key: bytes) -> Entry:
        name, octets = key.rpartition(b"/")[2], self.files[key]
        return Entry(
            name.decode("utf-8", "surrogateescape"), len(octets), 0, f"{hash(octets) & 0xFFFFFFFF:x}"
        )


def _listed(name: bytes, status: os.stat_result) -> Entry | None:
    if stat.S_ISREG(status.st_mode):
        return entry_of(name, status)
    return entry_of(name, status, is_folder=True) if stat.S_ISDIR(status.st_mode) else None


def _sorted(found: list[Entry], *, complete: bool) -> Listing:
    return Listing(tuple(sorted(found, key=lambda entry: (not entry.is_folder, entry.name))), complete)
