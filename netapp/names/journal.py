"""A zone on the disk: ``base``, the whole of it at some moment, and ``journal``, what came after.

The base is written aside and renamed, so that it is the old or the new; it holds the zone, how its
file differs from it, the changes that led to it, and steps that came with it.  The journal is only
appended to, and what is in it counts once it is synced.  Steps are numbered; the base says up to
which it has them, so that a crash between a new base and the emptied journal does no harm.  A tail
that is torn was never acknowledged, and is cut off.

Everything here waits for the disk.
"""

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from netapp.core import bulk, limits, state
from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, sync_folder
from netapp.errors import ConfigError
from netapp.names import chunks
from netapp.names.changes import Change, condensed, difference
from netapp.names.chunks import Damaged
from netapp.names.denial import prepare
from netapp.names.model import Record
from netapp.names.naming import shown
from netapp.names.steps import Entry, Step, Stored, Whole
from netapp.names.zone import BadZone, Zone, build_zone
from netapp.names.zonefile import sharing

_MAGIC: Final = b"netapp zone 1\n"
_HEAD: Final = struct.Struct("!QB")
_FLAGS: Final = O_NOFOLLOW | O_CLOEXEC


class ZoneFolder:
    """The folder of one zone; one process at a time writes to it.

    :param path: need not be there.
    """

    _log = Logger()

    def __init__(self, path: Path, origin: bytes) -> None:
        self._path, self._origin = path, origin
        self._base, self._journal = path / "base", path / "journal"
        self._number = 0  # of the last step that was ever written
        self._length = 0  # octets of the journal that count
        self._base_length = 0

    # Reading -----------------------------------------------------------------------------------------

    def load(self, like: Zone | None = None) -> Whole | None:
        """The zone as it is here.

        :param like: another of which most is the same, such as its file's; what is, is shared.
        :raises ConfigError: it cannot be read, or is damaged; the text names cause and cure.
        """
        try:
            base, journal = self._both()
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be read: {error.strerror}") from None
        if base is None:
            return None
        try:
            with bulk.work() if len(base) > limits.ZONE_BULK else nullcontext():
                whole, steps = self._read_base(base, like)
                steps += self._read_journal(journal)
                whole = _replayed(whole, steps)
                prepare(whole.zone)
                return whole
        except (Damaged, BadZone, struct.error, IndexError):
            raise ConfigError(
                f"{self._base} is damaged: put it back from a backup, or remove {self._path} "
                "to go on without the updates in it"
            ) from None

    def _both(self) -> tuple[bytes | None, bytes]:
        """Base and journal that belong together: a process may be writing them.

        :raises OSError: they cannot be read.
        """
        while True:
            before = _identity(self._base)
            base, journal = _octets(self._base), _octets(self._journal)
            if _identity(self._base) == before:
                return base, journal or b""

    def _read_base(self, octets: bytes, like: Zone | None) -> tuple[Whole, list[Step]]:
        if not octets.startswith(_MAGIC):
            raise Damaged
        found: dict[bytes, list[bytes]] = {}
        for kind, data, _ in chunks.chunks(octets, len(_MAGIC)):
            found.setdefault(kind, []).append(data)
        if chunks.END not in found:
            raise Damaged
        self._number, has_file = _HEAD.unpack_from(found[chunks.HEAD][0])
        self._base_length = len(octets)
        zone = build_zone(self._origin, _records(found.get(chunks.RECORDS, ())))
        zone = sharing(like, zone) if like is not None else zone
        file = None
        if has_file:
            less, more = (list(_records(found.get(kind, ()))) for kind in (chunks.LESS, chunks.MORE))
            file = zone.changed(less, more) if less or more else zone
        past = tuple(chunks.read_change(data)[0] for data in found.get(chunks.PAST, ()))
        numbered = [chunks.read_step(data) for data in found.get(chunks.STEP, ())]
        self._number = max([self._number, *(number for number, _ in numbered)])
        return Whole(zone, file, past), [step for _, step in numbered]

    def _read_journal(self, octets: bytes) -> list[Step]:
        """The steps that the base has not; where they end is where the next will stand."""
        steps: list[Step] = []
        self._length = 0
        try:
            for _, data, end in chunks.chunks(octets):
                number, step = chunks.read_step(data)
                if number > self._number:
                    steps.append(step)
                    self._number = number
                self._length = end
        except Damaged:
            self._log.warn(
                "names: {path}: the last {count} octets were not written to their end, and are cut off",
                path=str(self._journal),
                count=len(octets) - self._length,
            )
        return steps

    # Writing -----------------------------------------------------------------------------------------

    def keep(self, entries: Sequence[Entry]) -> Stored:
        """Store entries, all or none.

        An error with ``rebase`` leaves it open what is here now: a Whole must come next.
        """
        last = max((at for at, each in enumerate(entries) if not isinstance(each, Step)), default=-1)
        steps = [each for each in entries[last + 1 :] if isinstance(each, Step)]
        begin = entries[last] if last >= 0 else None
        try:
            if begin is None:
                return self._append(steps)
            if not isinstance(begin, Whole):
                return self._remove()
            written = self._write_base(begin, steps)
            if written.error is None or not begin.anew:
                return written
            self._log.warn(
                "names: {path} goes on growing: {error}", path=str(self._journal), error=written.error
            )
            return self._append(steps)
        except OSError as error:
            return Stored(error, rebase=True)

    def _numbered(self, steps: Iterable[Step]) -> Iterator[bytes]:
        for step in steps:
            self._number += 1
            yield chunks.pack_step(self._number, step)

    def _append(self, steps: Sequence[Step]) -> Stored:
        """:raises OSError: it is not stored, and what is here is not known either."""
        octets = b"".join(self._numbered(steps))
        with open(os.open(self._journal, os.O_WRONLY | os.O_CREAT | _FLAGS, 0o600), "wb", 0) as file:
            try:
                file.truncate(self._length)
                file.seek(self._length)
                _write_all(file.fileno(), octets)
                os.fsync(file.fileno())
            except OSError as error:
                file.truncate(self._length)
                os.fsync(file.fileno())
                return Stored(error)
        self._length += len(octets)
        return Stored(journal=self._length, base=self._base_length)

    def _write_base(self, whole: Whole, steps: Sequence[Step]) -> Stored:
        """:raises OSError: it is not stored; the old base may be there, or the new."""
        new = self._path / "base.new"
        try:
            state.make(self._path)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o600), "wb") as file:
                with bulk.work() if len(whole.zone) > limits.TRANSFER_BULK else nullcontext():
                    for octets in self._base_chunks(whole, steps):
                        file.write(octets)
                file.flush()
                os.fsync(file.fileno())
                length = file.tell()
            new.replace(self._base)
        except OSError as error:  # what was there is there still
            new.unlink(missing_ok=True)
            return Stored(error)
        with open(os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o600), "wb"):
            self._length, self._base_length = 0, length
        sync_folder(self._path)
        return Stored(base=length)

    def _base_chunks(self, whole: Whole, steps: Sequence[Step]) -> Iterator[bytes]:
        yield _MAGIC
        yield chunks.chunk(chunks.HEAD, _HEAD.pack(self._number, whole.file is not None))
        yield from chunks.record_chunks(chunks.RECORDS, whole.zone.records())
        if whole.file is not None and whole.file is not whole.zone:
            edit = difference(whole.zone, whole.file)
            yield from chunks.record_chunks(chunks.LESS, edit.removed if edit is not None else ())
            yield from chunks.record_chunks(chunks.MORE, edit.added if edit is not None else ())
        for change in whole.history:
            yield chunks.chunk(chunks.PAST, chunks.pack_change(change))
        yield from self._numbered(steps)
        yield chunks.chunk(chunks.END, b"")

    def _remove(self) -> Stored:
        """Without a base a journal is nothing.  :raises OSError: some of it may be there."""
        self._length = self._base_length = 0
        if not self._path.exists():
            return Stored()
        for each in (self._base, self._journal):
            each.unlink(missing_ok=True)
            sync_folder(self._path)
        self._path.rmdir()
        return Stored()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _octets(path: Path) -> bytes | None:
    """A file's octets; None where there is none.  :raises OSError: it cannot be read."""
    try:
        with open(os.open(path, os.O_RDONLY | _FLAGS), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _records(data: Iterable[bytes]) -> Iterator[Record]:
    for each in data:
        yield from chunks.read_records(each)[0]


def _replayed(whole: Whole, steps: Sequence[Step]) -> Whole:
    """:raises Damaged: the steps do not belong to the zone.  :raises BadZone: they make none."""
    if not steps:
        return whole
    changes = [step.change for step in steps]
    for serial, change in zip(
        (whole.zone.serial, *(each.new_serial for each in changes)), changes, strict=False
    ):
        if change.old_serial != serial:  # a base and a journal of different days
            raise Damaged
    zone, file = _after(whole.zone, changes), whole.file
    if file is not None and (edits := [step.edit for step in steps if step.edit is not None]):
        file = _after(file, edits)
    return Whole(zone, file, (*whole.history, *changes))


def _after(zone: Zone, changes: Sequence[Change]) -> Zone:
    all_in_all = condensed(changes)
    return zone.changed(all_in_all.removed, all_in_all.added)


def _write_all(descriptor: int, octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(descriptor, view) :]


def folder_name(origin: bytes) -> str:
    """A zone's folder: the origin as text, what no file system minds; the root is ``@``."""
    text = shown(origin)
    plain = "".join(
        char if char.isascii() and (char.isalnum() or char in "-_.") else f"%{ord(char):02X}" for char in text
    )
    if text == ".":
        return "@"
    if len(plain) > _LONGEST or plain.startswith("."):
        return f"%{hashlib.sha256(origin).hexdigest()}"
    return plain


_LONGEST: Final = 240
