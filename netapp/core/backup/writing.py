"""Makes the archive of a state directory that may be in use.

Files are read once, while they are written into the archive.  One that has changed meanwhile is read
again and stands in the archive twice; its earlier copy is void, and ``tar`` too takes the later one.
One that has vanished is left out.
"""

import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from netapp.core import limits
from netapp.core.backup import FORMAT, HEAD, MANIFEST, TOP, Unfit, members, rows
from netapp.core.backup.manifest import entry_size
from netapp.core.backup.members import Member
from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK

#: Called with octets done so far, and about how many there are.
Advance = Callable[[int, int], object]
_BESIDE: Final = 3  # members beside those found: head, folder, manifest
_READ: Final = os.O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC


@dataclass
class Written:
    """What an archive holds."""

    files: int = 0
    octets: int = 0
    databases: dict[str, str] = field(default_factory=dict)  # name to revision
    strange: list[str] = field(default_factory=list)  # links and the like, which are left out
    unsteady: list[str] = field(default_factory=list)  # changed each time that they were read


def write(
    state: Path,
    out: IO[bytes],
    spool: Path,
    *,
    netapp: str,
    created: str,
    files: bool = True,
    advance: Advance = lambda done, total: None,
) -> Written:
    """Write the backup of a state directory.

    :param out: takes the archive; nothing is sought.
    :param spool: a folder for copies of databases, one at a time.
    :param netapp: the version that writes.
    :param created: the time, RFC 3339.
    :param files: whether the share's files are wanted.
    :raises Unfit: a database is damaged, or none.
    :raises OSError: something cannot be read or written; so does :class:`sqlite3.OperationalError`.
    """
    found, strange = members.found(state, files=files)
    _see_how_many(found, state)
    with (
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=out, mtime=0) as packed,
        tarfile.TarFile(
            fileobj=packed,
            mode="w",
            format=tarfile.PAX_FORMAT,
            errors="surrogateescape",
            copybufsize=limits.BACKUP_READ,
        ) as tar,
    ):
        writer = _Writer(state, tar, spool, advance, sum(member.size for member in found))
        writer.written.strange = strange
        head = {"program": "netapp", "format": FORMAT, "netapp": netapp, "created": created, "files": files}
        writer.text(HEAD, head)
        writer.folder(TOP, state)
        for member in found:
            writer.member(member)
        writer.text(MANIFEST, {"databases": writer.written.databases, "members": writer.listed})
    return writer.written


def _see_how_many(found: Sequence[Member], state: Path) -> None:
    """:raises Unfit: too many for a backup that can be put back."""
    if len(found) + _BESIDE > limits.BACKUP_MEMBERS // limits.BACKUP_TRIES:  # each may stand there again
        raise Unfit("too many", path=state, most=limits.BACKUP_MEMBERS // limits.BACKUP_TRIES - _BESIDE)
    if sum(entry_size(f"{TOP}/{member.name}") for member in found) > limits.BACKUP_MANIFEST:
        raise Unfit("long names", path=state)


class _Writer:
    def __init__(self, state: Path, tar: Any, spool: Path, advance: Advance, total: int) -> None:
        self._state, self._tar, self._spool = state, tar, spool
        self._advance, self._total, self._done = advance, total, 0
        self.written = Written()
        self.listed: list[dict[str, object]] = []

    def text(self, name: str, value: object) -> None:
        octets = json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(octets), 0o600
        self._tar.addfile(info, io.BytesIO(octets))

    def member(self, member: Member) -> None:
        path = self._state / member.name
        try:
            if member.is_folder:
                self.folder(f"{TOP}/{member.name}", path)
            elif member.is_database:
                self._database(member, path)
            else:
                self._file(member, path)
        except FileNotFoundError:
            return  # it has vanished meanwhile
        self._tar.members = []  # else it keeps all of them

    def _read_on(self, count: int) -> None:
        self._done = min(self._done + count, self._total)  # what has grown counts as it was
        self._advance(self._done, self._total)

    def folder(self, name: str, path: Path) -> None:
        status = path.stat(follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode):
            return
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.mtime = tarfile.DIRTYPE, stat.S_IMODE(status.st_mode), int(status.st_mtime)
        self._tar.addfile(info)
        self.listed.append({"name": name, "folder": True})

    def _database(self, member: Member, path: Path) -> None:
        if not path.exists():
            return
        copied = self._spool / member.name
        rows.copy(path, copied)
        if (revision := rows.revision(copied)) is not None:
            self.written.databases[member.name] = revision
        with open(copied, "rb") as file:
            self._add(f"{TOP}/{member.name}", file)
        copied.unlink()

    def _file(self, member: Member, path: Path) -> None:
        """:raises FileNotFoundError: it has vanished, and nothing was written of it."""
        name = f"{TOP}/{member.name}"
        for attempt in range(limits.BACKUP_TRIES):
            try:
                handle = os.open(path, _READ)
            except OSError:
                if attempt or not path.exists():
                    break
                raise
            with open(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    return
                if self._add(name, file, only_grows=member.only_grows):
                    return
            self.listed[-1]["void"] = True
        if self.listed and self.listed[-1].pop("void", False):  # the last one is as good as we have it
            self.written.unsteady.append(member.name)

    def _add(self, name: str, file: IO[bytes], *, only_grows: bool = False) -> bool:
        """:returns: whether the file stayed as it was while it was read."""
        before = os.fstat(file.fileno())
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = before.st_size, stat.S_IMODE(before.st_mode), int(before.st_mtime)
        reading = _Reading(file, self._read_on)
        self._tar.addfile(info, reading)
        digest = reading.digest.hexdigest()
        self.listed.append({"name": name, "size": info.size, "sha256": digest})
        self.written.files += 1
        self.written.octets += info.size
        after = os.fstat(file.fileno())
        if only_grows:
            return after.st_size >= before.st_size
        return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


class _Reading:
    """A file for ``tarfile``, which asks for as many octets as it had; zeros where they are gone."""

    def __init__(self, file: IO[bytes], read_on: Callable[[int], object]) -> None:
        self._file, self._read_on = file, read_on
        self.digest = hashlib.sha256()

    def read(self, count: int) -> bytes:
        octets = self._file.read(count).ljust(count, b"\0")
        self.digest.update(octets)
        self._read_on(count)
        return octets
