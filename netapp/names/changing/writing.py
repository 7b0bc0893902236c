"""What of one zone the disk has before it, and who waits for that."""

from collections.abc import Iterable
from dataclasses import dataclass

from twisted.internet import defer

from netapp.names.changing.held import Held, Point
from netapp.names.changing.storing import Entry
from netapp.names.zone import Zone

#: What is to be stored, if anything, and who is told then.
Waiter = tuple[Entry | None, "defer.Deferred[Zone]"]


@dataclass(frozen=True, slots=True)
class Writing:
    """What of one zone the disk has before it.

    :ivar held: the zone that it is of; another may have come by its name since.
    :ivar waiters: who is to be told; they are taken out where they were told something else.
    """

    held: Held
    point: Point
    entries: list[Entry]
    waiters: "list[defer.Deferred[Zone]]"

    @classmethod
    def of(cls, held: Held, waiting: Iterable[Waiter]) -> "Writing":
        entries = [entry for entry, _ in waiting if entry is not None]
        return cls(held, held.point(), entries, [waiter for _, waiter in waiting])

    def taken(self) -> "list[defer.Deferred[Zone]]":
        """The waiters, who are told by whoever takes them, and by nobody else."""
        waiters = list(self.waiters)
        self.waiters.clear()
        return waiters
