"""A zone on the disk: ``base``, the whole of it at some moment, and ``journal``, what came after.

The base (:mod:`netapp.names.keeping.base`) is written aside and renamed, so that it is the old or
the new.  The journal is only appended to, and what is in it counts once it is synced.  Steps are
numbered; the base says up to which it has them, so that a crash between a new base and the emptied
journal does no harm.  A tail that is torn was never acknowledged, and is cut off.

What is damaged is told of, what is sound of it is used (:mod:`netapp.names.keeping.salvage`), and
before anything is written in its place it is put aside, as ``journal.damaged-1`` or ``base.damaged-1``.

Everything here waits for the disk.
"""

import hashlib
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from netapp.core import bulk, limits, state
from netapp.core.platform import sync_folder
from netapp.errors import ConfigError
from netapp.names.changing.storing import DamagedZone, Entry, Step, Stored, Whole
from netapp.names.keeping import chunks
from netapp.names.keeping.base import pack_base, read_base
from netapp.names.keeping.chunks import Damaged
from netapp.names.keeping.ondisk import Identity, identity, octets_of, put_aside, to_write, write_all
from netapp.names.keeping.salvage import Journal, beyond, mended, most, read_journal, replayed, rising
from netapp.names.lookup.denial import prepare
from netapp.names.naming import shown
from netapp.names.zone import BadZone, Zone


class ZoneFolder:
    """The folder of one zone; one process at a time writes to it.

    :param path: need not be there.
    :param complain: is told what is lost, in a line each; the log is by default.
    """

    _log = Logger()

    def __init__(self, path: Path, origin: bytes, complain: Callable[[str], object] | None = None) -> None:
        self._complain = complain or self._tell_log
        self._path, self._origin = path, origin
        self._base, self._journal = path / "base", path / "journal"
        self._gone = path / "base.gone"  # as long as it is there without a base the zone is forgotten
        self._number = 0  # of the last step that was ever written
        self._length = 0  # octets of the journal that count
        self._base_length = 0
        self._known = True  # whether what can be read here is on the disk too
        self._spoiled: tuple[Path, ...] = ()  # what is to be put aside before anything is written
        self._loaded: tuple[Identity | None, Identity | None] = None, None

    def _tell_log(self, lost: str) -> None:
        self._log.error("names: {lost}", lost=lost)

    # Reading --------------------------------------------------------------------------------------

    def load(self, like: Zone | None = None) -> Whole | None:
        """The zone as it is here.

        :param like: another of which most is the same, such as its file's; what is, is shared.
        :raises DamagedZone: its base is damaged, and is put aside when the zone is stored whole.
        :raises ConfigError: it cannot be read.  The texts name cause and cure.
        """
        try:
            base, journal = self._both()
        except OSError as error:
            raise ConfigError(
                f"{error.filename or self._path} cannot be read: {error.strerror}: see who may read it,"
                " or put it back from a backup"
            ) from None
        self._spoiled = ()
        if base is None:
            self._see_no_base(journal)
            return None
        try:
            with bulk.work() if len(base) > limits.ZONE_BULK else nullcontext():
                whole, steps, self._number = read_base(base, self._origin, like)
                self._base_length = len(base)
                whole = self._with_journal(whole, steps, journal)
                prepare(whole.zone)
                return whole if self._known else replace(whole, mended=True)
        except (Damaged, BadZone, struct.error, LookupError):
            self._spoiled = (self._base, self._journal)
            raise DamagedZone(
                self._base,
                f"put it back from a backup, or remove {self._path} to go on without the updates in it",
            ) from None

    def _both(self) -> tuple[bytes | None, bytes | None]:
        """Base and journal that belong together: a process may be writing them.

        :raises OSError: they cannot be read.
        """
        while True:
            self._loaded = before = self._identities()
            base, journal = octets_of(self._base), octets_of(self._journal)
            if identity(self._base) == before[0]:
                return base, journal

    def _identities(self) -> tuple[Identity | None, Identity | None]:
        return identity(self._base), identity(self._journal)

    def is_as_loaded(self) -> bool:
        """Whether nobody has written here since it was loaded.  :raises OSError: that cannot be seen."""
        return self._identities() == self._loaded

    def _see_no_base(self, journal: bytes | None) -> None:
        self._number = self._length = self._base_length = 0
        if journal and not self._gone.exists():
            self._spoiled = (self._journal,)
            self._complain(
                f"{self._journal}: {len(journal)} octets of changes, and the base that they belong to is not"
                " there: they are lost unless it is put back from a backup"
            )

    def _with_journal(self, whole: Whole, steps: list[Step], octets: bytes | None) -> Whole:
        """What the base has not, joined to it; where that ends is where the next will stand."""
        if octets is None:
            self._length = 0
            whole = beyond(replayed(whole, steps), limits.ZONE_LOST_SERIALS)
            self._complain(
                f"{self._journal} is not there: changes since {self._base} was written are lost, if there"
                f" were any, and the serial is {whole.zone.serial} now"
            )
            return whole
        found = read_journal(octets)
        fresh = rising(found.steps, self._number)
        self._number = fresh[-1][0] if fresh else self._number
        self._length = found.sound
        whole = replayed(whole, [*steps, *(step for _, step in fresh)])
        if found.torn and found.sound < len(octets):
            cut = "names: {path}: the last {count} octets were not written to their end, and are cut off"
            self._log.warn(cut, path=str(self._journal), count=len(octets) - found.sound)
        elif found.sound < len(octets):
            whole = self._salvaged(whole, found, len(octets))
        return whole

    def _salvaged(self, whole: Whole, found: Journal, length: int) -> Whole:
        """A damaged journal's zone; one that comes from a primary gets the rest from there.

        A signed one gets none: another serial would not be what its signatures are over.
        """
        later = rising(found.later, self._number)
        if found.later and not later:
            return whole  # the base has all of it
        self._spoiled = (self._journal,)
        if not later or whole.file is None or whole.zone.signed:
            whole = beyond(whole, most(length - found.sound))
            self._complain(
                f"{self._journal} is damaged from octet {found.sound} of {length} on: the zone is as it was"
                f" before that, its serial is {whole.zone.serial} now; the damaged journal is put aside with"
                " the next change"
            )
            return whole
        made = mended(whole, self._number, later, found.behind)
        self._number = later[-1][0]
        behind = f" and what the last {found.behind} octets held" if found.behind else ""
        self._complain(
            f"{self._journal} is damaged at octet {found.sound} of {length}: {made.lost} changes are lost"
            f"{behind}, {made.left_out} that hang on them are left out, {len(later) - made.left_out} behind"
            f" them are kept, and the serial is {made.whole.zone.serial} now; the damaged journal is put"
            " aside with the next change"
        )
        return made.whole

    # Writing -----------------------------------------------------------------------------------------

    def keep(self, entries: Sequence[Entry]) -> Stored:
        """Store entries, all or none.

        An error with ``rebase`` leaves it open what is here now: a Whole must come next.
        """
        known, self._known = self._known, False
        try:
            stored = self._store(entries)
        except OSError as error:
            return Stored(error, rebase=True)
        self._known = known or stored.error is None
        return stored

    def _store(self, entries: Sequence[Entry]) -> Stored:
        """:raises OSError: it is not stored, and what is here is not known either."""
        last = max((at for at, each in enumerate(entries) if not isinstance(each, Step)), default=-1)
        steps = [each for each in entries[last + 1 :] if isinstance(each, Step)]
        begin = entries[last] if last >= 0 else None
        self._put_aside()
        if begin is None:
            return self._append(steps)
        if not isinstance(begin, Whole):
            return self._remove()
        written = self._write_base(begin, steps)
        if written.error is None or not begin.anew:
            return written
        self._log.warn("names: {path} goes on growing: {error}", path=str(self._journal), error=written.error)
        return self._append(steps)

    def _put_aside(self) -> None:
        """Keep what is damaged, which what is written next takes the place of.

        :raises OSError: there is no room for it.
        """
        for path in self._spoiled:
            # with a sound base, what comes before the damage is needed until the new one is there
            needed = self._base not in self._spoiled and self._base.exists()
            aside = put_aside(path, copied=needed)
            self._log.warn(
                "names: {path} is damaged, and stands in {aside}", path=path.name, aside=str(aside)
            )
        self._spoiled = ()

    def _numbered(self, steps: Iterable[Step]) -> Iterator[bytes]:
        for step in steps:
            self._number += 1
            yield chunks.pack_step(self._number, step)

    def _append(self, steps: Sequence[Step]) -> Stored:
        """:raises OSError: it is not stored, and what is here is not known either."""
        before = self._number
        octets = b"".join(self._numbered(steps))
        with open(to_write(self._journal), "wb", 0) as file:
            try:
                file.truncate(self._length)
                file.seek(self._length)
                write_all(file.fileno(), octets)
                os.fsync(file.fileno())
            except OSError as error:
                file.truncate(self._length)
                os.fsync(file.fileno())
                self._number = before  # a gap is a sign of loss
                return Stored(error)
        self._length += len(octets)
        return Stored(journal=self._length, base=self._base_length)

    def _write_base(self, whole: Whole, steps: Sequence[Step]) -> Stored:
        """:raises OSError: it is not stored; the old base may be there, or the new."""
        new, before = self._path / "base.new", self._number
        try:
            state.make(self._path)
            if self._gone.exists():
                self._remove_rest()
            with open(to_write(new, os.O_TRUNC), "wb") as file:
                with bulk.work() if len(whole.zone) > limits.TRANSFER_BULK else nullcontext():
                    for octets in pack_base(whole, self._number, self._numbered(steps)):
                        file.write(octets)
                file.flush()
                os.fsync(file.fileno())
                length = file.tell()
            os.close(to_write(self._journal))  # a base without one is a sign of loss
        except OSError as error:  # what was there is there still
            new.unlink(missing_ok=True)
            self._number = before
            return Stored(error)
        new.replace(self._base)
        sync_folder(self._path)  # before the journal is empty: the old base goes with it
        os.close(to_write(self._journal, os.O_TRUNC))
        self._length, self._base_length = 0, length
        return Stored(base=length)

    def _remove(self) -> Stored:
        """Without a base a journal is nothing.  :raises OSError: some of it may be there."""
        self._length = self._base_length = 0
        if not self._path.exists():
            return Stored()
        with suppress(FileNotFoundError):
            self._base.replace(self._gone)
            sync_folder(self._path)
        self._remove_rest()
        with suppress(OSError):  # what was put aside stays
            self._path.rmdir()
        return Stored()

    def _remove_rest(self) -> None:
        for each in (self._journal, self._gone):
            each.unlink(missing_ok=True)
            sync_folder(self._path)


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
