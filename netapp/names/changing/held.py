"""One zone as it is held: what is served, what is on its way to the disk, and what its file says.

Pure decisions: what must be stored comes back as a value (:mod:`netapp.names.changing.storing`); whoever
stores it says how that went.

What must be stored depends on what the disk has by then, and makes that another:

=========  ==================  ==================  ====================
the disk   a change            another whole zone  all is in its file
=========  ==================  ==================  ====================
NOTHING    Whole, then BASED   Whole, then BASED   -
UNSURE     Whole, then BASED   Whole, then BASED   Forget, then NOTHING
BASED      Step, stays BASED   Whole, stays BASED  Forget, then NOTHING
=========  ==================  ==================  ====================

If storing fails all is as it was before; if it is not known then what the disk has, that is UNSURE.
"""

import dataclasses
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from netapp.core import limits
from netapp.names.changing.changes import Change, History, difference, soa_record, with_serial
from netapp.names.changing.editing import Edit, edited
from netapp.names.changing.storing import Begin, Entry, Forget, Step, Stored, Whole
from netapp.names.serial import newer
from netapp.names.zone import Zone


class Disk(Enum):
    """What the disk has of a zone."""

    NOTHING = auto()
    UNSURE = auto()  # perhaps something, to which no step can be added
    BASED = auto()  # a whole zone, to which steps are added


@dataclass(frozen=True, slots=True)
class State:
    """A zone at one moment.

    :ivar zone: None for a secondary that has had nothing from its primary.
    :ivar file: what the owner's file held when it was last taken in.
    :ivar highest: a serial; none that was ever served is newer.
    :ivar sure: that serial is the zone's, and stood for no other zone.
    """

    zone: Zone | None
    file: Zone | None
    disk: Disk
    highest: int | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A state that is on its way to the disk, and how many of the changes on their way lead there."""

    state: State
    coming: int


class Held:
    """One zone.

    :ivar updates: how many changes there were since the start.
    """

    def __init__(
        self,
        origin: bytes,
        kept: Whole | None = None,
        *,
        secondary: bool = False,
        begin: Begin | None = None,
    ) -> None:
        """:param kept: what was stored of it.  :param begin: what is known where nothing was."""
        self.origin: Final = origin
        self._begin = begin
        self.secondary = secondary
        self.expired = False
        self.history = History(kept.history if kept is not None else ())
        self.updates = 0
        if kept is None:
            self._stored = State(None, None, Disk.NOTHING)
        else:
            file = None if secondary else kept.file  # what comes from its primary is no update of a file
            # where it was a primary's and is a file's, or was a file's, what is kept must say so first
            sound = (kept.file is None) == secondary and not kept.mended
            disk = Disk.BASED if sound else Disk.UNSURE
            self._stored = State(kept.zone, file, disk, kept.zone.serial, sure=True)
        self._newest = self._stored
        self._coming: list[Change | None] = []  # what is to join the history; None for a break in it
        self._journal = _Journal()

    @property
    def served(self) -> Zone | None:
        """What readers see."""
        return self._stored.zone

    @property
    def newest(self) -> Zone | None:
        """With what is not on the disk yet."""
        return self._newest.zone

    @property
    def file(self) -> Zone | None:
        """What the newest is made of, beside updates."""
        return self._newest.file

    # What happens to a zone; each gives what must be stored before it counts -------------------------

    def change(self, change: Change) -> Entry | None:
        """An update; None if nothing changes by it.  :raises BadZone: no zone would be left of it."""
        assert self.newest is not None
        zone = self.newest.changed(change.removed, change.added)
        exact = difference(self.newest, zone, change.owners())
        if exact is None:
            return None
        self._newest = dataclasses.replace(self._newest, zone=zone)
        return self._step(Step(exact))

    def replace(self, zone: Zone) -> Entry:
        """The whole zone is another: it came by AXFR."""
        self._newest = dataclasses.replace(self._newest, zone=zone)
        self._coming.append(None)
        self._count_serial(zone.serial)
        return self._whole()

    def edit(self, edit: Edit) -> Entry | None:
        """The owner's edit, taken into the zone with its updates.

        :returns: None where nothing need be stored: the zone is what its file says, or nothing has
            changed in it.
        :raises BadZone: the edit and the updates do not go together; nothing is taken in.
        """
        now, file = self.newest, edit.file
        if now is None:
            self._newest = _first(file, self._newest.disk, self._begin)
            return None
        base = self.file or now
        if edit.old is not base:
            edit = Edit.of(base, file)
        if edit.change is None:
            taken = self.file is not None
            self._newest = dataclasses.replace(self._newest, zone=file if now is base else now, file=file)
            return None if taken else self._forget()
        zone = edited(now, edit)
        direct = zone is file and now is base
        step = edit.change if direct else difference(now, zone, edit.change.owners())
        self._newest = dataclasses.replace(self._newest, zone=zone, file=file)
        if zone is file:
            if step is not None:
                self._join(step)
            return self._forget()
        return self._step(Step(step, edit.change)) if step is not None else self._whole()

    def _step(self, step: Step) -> Entry:
        self._join(step.change)
        return step if self._newest.disk is Disk.BASED else self._whole()

    def _whole(self) -> Whole:
        self._newest = dataclasses.replace(self._newest, disk=Disk.BASED)
        assert self._newest.zone is not None
        return Whole(self._newest.zone, self._newest.file, self._past())

    def _forget(self) -> Entry | None:
        if self._newest.disk is Disk.NOTHING:
            return None
        self._newest = dataclasses.replace(self._newest, disk=Disk.NOTHING)
        return Forget(self._newest.zone, self._newest.sure)

    def _join(self, change: Change) -> None:
        """It joins the history, unless serials do not say from which zone to which it leads."""
        risen = newer(change.new_serial, change.old_serial)
        self._coming.append(change if risen and self._newest.sure else None)
        self._count_serial(change.new_serial)

    def _count_serial(self, serial: int) -> None:
        """The newest zone has it."""
        highest = self._newest.highest
        sure = highest is None or newer(serial, highest)
        self._newest = dataclasses.replace(self._newest, highest=serial if sure else highest, sure=sure)

    def _past(self) -> tuple[Change, ...]:
        """The history that leads to the newest."""
        past = list(self.history.all())
        for change in self._coming:
            if change is None:
                past.clear()
            else:
                past.append(change)
        return tuple(past)

    # How storing went -----------------------------------------------------------------------------

    def point(self) -> Point:
        """Where the zone is when all that was given so far is stored."""
        return Point(self._newest, len(self._coming))

    def stored(self, point: Point, how: Stored | None) -> None:
        """What was given up to that point counts now.  :param how: None if it had to be stored nowhere."""
        self.expired = self.expired and point.state.zone is self.served
        self._stored = point.state
        if how is not None:
            self._journal.note(how)
        for change in self._coming[: point.coming]:
            if change is None:
                self.history.clear()
            else:
                self.history.add(change)
        self.updates += point.coming
        del self._coming[: point.coming]

    def failed(self, *, rebase: bool = False) -> None:
        """Nothing that was given since counts.  :param rebase: it is not known what the disk has now."""
        if rebase:
            self._stored = dataclasses.replace(self._stored, disk=Disk.UNSURE)
        self._newest = self._stored
        self._coming.clear()

    def compacted(self) -> Entry | None:
        """What is stored, put together, if its journal has become long; it goes before all that waits."""
        zone, file, disk = self._stored.zone, self._stored.file, self._stored.disk
        if zone is None or disk is not Disk.BASED or not self._journal.is_long:
            return None
        self._journal.put_off()
        return Whole(zone, file, self.history.all(), anew=True)


def _first(file: Zone, disk: Disk, begin: Begin | None) -> State:
    """A file's zone, of which nothing is kept."""
    if begin is None:  # anything may have been served with its serial
        return State(file, file, disk, file.serial, sure=False)
    zone = file
    if file.serial != begin.serial and not file.signed:
        soa = soa_record(file)
        zone = file.changed([soa], [with_serial(soa, begin.serial)])
    return State(zone, file, disk, begin.serial, begin.sure)


class _Journal:
    """How many octets a journal has, and how many are enough for the whole zone to be stored anew."""

    def __init__(self) -> None:
        self._length, self._enough = 0, limits.ZONE_JOURNAL

    @property
    def is_long(self) -> bool:
        return self._length > self._enough

    def note(self, how: Stored) -> None:
        if how.journal < self._length or not self._length:
            self._enough = max(limits.ZONE_JOURNAL, how.base)
        self._length = how.journal

    def put_off(self) -> None:
        """If the disk has no room it is not tried at once again."""
        self._enough = self._length + limits.ZONE_JOURNAL
