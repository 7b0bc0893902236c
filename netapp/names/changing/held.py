"""One zone as it is held: what is served, what is on its way to the disk, and what its file says.

Pure decisions: what must be stored comes back as a value (:mod:`netapp.names.changing.storing`); whoever
stores it says how that went.
"""

from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.names.changing.changes import Change, History, difference
from netapp.names.changing.editing import Edit, edited
from netapp.names.changing.storing import Entry, Forget, Step, Stored, Whole
from netapp.names.serial import newer
from netapp.names.zone import Zone


@dataclass(frozen=True, slots=True)
class Point:
    """A state of a zone that is on its way to the disk."""

    zone: Zone | None
    file: Zone | None
    based: bool
    coming: int  # how many of the changes on their way lead there


class Held:
    """One zone.

    :ivar served: what readers see; None for a secondary that has had nothing from its primary.
    :ivar newest: with what is not on the disk yet.
    :ivar file: what the owner's file held when it was last taken in.
    :ivar updates: how many changes there were since the start.
    """

    def __init__(self, origin: bytes, kept: Whole | None = None, *, secondary: bool = False) -> None:
        """:param kept: what was stored of it."""
        self.origin: Final = origin
        self.secondary = secondary
        self.expired = False
        self.served = self.newest = kept.zone if kept is not None else None
        self.file = self._file_stored = kept.file if kept is not None else None
        self.history = History(kept.history if kept is not None else ())
        self.updates = self._journal = 0
        self._enough = limits.ZONE_JOURNAL  # octets of the journal until the whole zone is stored anew
        self._coming: list[Change | None] = []  # what is to join the history; None for a break in it
        self._based = self._base_stored = kept is not None and not kept.mended
        self._twice: int | None = None  # a serial that two zones were served with
        self._left = kept is not None  # whether something of it may be on the disk

    # What happens to a zone; each gives what must be stored before it counts -------------------------

    def change(self, change: Change) -> Entry | None:
        """An update; None if nothing changes by it.  :raises BadZone: no zone would be left of it."""
        assert self.newest is not None
        zone = self.newest.changed(change.removed, change.added)
        exact = difference(self.newest, zone, change.owners())
        if exact is None:
            return None
        self.newest = zone
        return self._step(Step(exact))

    def replace(self, zone: Zone) -> Entry:
        """The whole zone is another: it came by AXFR."""
        self.newest, self._based, self._left = zone, True, True
        self._coming.append(None)
        return Whole(zone, self.file)

    def edit(self, edit: Edit) -> Entry | None:
        """The owner's edit, taken into the zone with its updates.

        :returns: None where nothing need be stored: the zone is what its file says, or nothing has
            changed in it.
        :raises BadZone: the edit and the updates do not go together; nothing is taken in.
        """
        now, file = self.newest, edit.file
        if now is None:
            self.newest = self.file = file
            return None
        base = self.file or now
        if edit.old is not base:
            edit = Edit.of(base, file)
        if edit.change is None:
            self.newest, self.file = file if now is base else now, file
            return None
        zone = edited(now, edit)
        direct = zone is file and now is base
        step = edit.change if direct else difference(now, zone, edit.change.owners())
        self.newest, self.file = zone, file
        if zone is not file:
            if step is not None:
                return self._step(Step(step, edit.change))
            return Whole(zone, file, self.history.all())  # all of it was there already
        if step is not None:
            self._join(step)
        return self._forget()

    def _join(self, change: Change) -> None:
        """It joins the history, unless serials do not say from which zone to which it leads."""
        risen = newer(change.new_serial, change.old_serial)
        self._coming.append(change if risen and change.old_serial != self._twice else None)
        if not risen:
            self._twice = change.new_serial

    def _step(self, step: Step) -> Entry:
        self._join(step.change)
        if self._based:
            return step
        self._based = self._left = True
        assert self.newest is not None
        coming = [each for each in self._coming if each is not None]
        return Whole(self.newest, self.file, (*self.history.all(), *coming))

    def _forget(self) -> Entry | None:
        if not self._left:
            return None
        self._based = False
        return Forget()

    # How storing went -----------------------------------------------------------------------------

    def point(self) -> Point:
        """Where the zone is when all that was given so far is stored."""
        return Point(self.newest, self.file, self._based, len(self._coming))

    def stored(self, point: Point, how: Stored | None) -> None:
        """What was given up to that point counts now.  :param how: None if it had to be stored nowhere."""
        self.expired = self.expired and point.zone is self.served
        self.served, self._file_stored, self._base_stored = point.zone, point.file, point.based
        if how is not None:
            self._left = self._left and (point.based or self._based)
            if how.journal < self._journal or not self._journal:
                self._enough = max(limits.ZONE_JOURNAL, how.base)
            self._journal = how.journal
        for change in self._coming[: point.coming]:
            if change is None:
                self.history.clear()
            else:
                self.history.add(change)
        self.updates += point.coming
        del self._coming[: point.coming]

    def failed(self, *, rebase: bool = False) -> None:
        """Nothing that was given since counts.  :param rebase: the next must be stored whole."""
        self._base_stored = self._base_stored and not rebase
        self.newest, self.file, self._based = self.served, self._file_stored, self._base_stored
        self._coming.clear()

    def compacted(self) -> Entry | None:
        """What is stored, put together, if its journal has become long; it goes before all that waits."""
        if not self._base_stored or self.served is None or self._journal <= self._enough:
            return None
        self._enough = self._journal + limits.ZONE_JOURNAL  # if the disk has no room: not at once again
        return Whole(self.served, self._file_stored, self.history.all(), anew=True)
