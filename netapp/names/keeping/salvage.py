"""What is sound of a journal, and the zone that comes of it.

A journal that a crash has cut ends within a chunk: that one was never acknowledged.  Anything else that
is no sound chunk is damage.  What stands behind it was acknowledged too, and is found again: its chunks
have their own checks, and its steps their numbers, which tell how many are lost.

A step behind a lost one counts where it fits: what it takes away is there, what it adds is not.  One that
does not hangs on what is lost, and is left out.  The zone that comes of that never was, so it gets a
serial of its own, and its history begins anew: whoever follows it takes it whole.

Nothing here reads, waits or logs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netapp.names.changing.changes import Change, condensed, soa_record, with_serial
from netapp.names.changing.storing import Step, Whole
from netapp.names.keeping import chunks
from netapp.names.keeping.chunks import Damaged
from netapp.names.model import Record
from netapp.names.serial import after
from netapp.names.zone import BadZone, Zone, records_of

#: Steps, each with its number.
Numbered = list[tuple[int, Step]]


@dataclass(frozen=True, slots=True)
class Journal:
    """What is in a journal.

    :ivar steps: up to the first damage, if there is any.
    :ivar sound: the octets that they take.
    :ivar later: what is sound behind it.
    :ivar torn: what follows them is the beginning of a chunk, and nothing else.
    :ivar behind: octets behind all that is sound.
    """

    steps: Numbered
    sound: int
    later: Numbered
    torn: bool
    behind: int


def read_journal(octets: bytes) -> Journal:
    """:raises struct.error, IndexError: a sound chunk holds no step."""
    steps: Numbered = []
    sound = _gather(octets, 0, steps)
    later: Numbered = []
    at = sound
    while (begin := chunks.following(octets, at)) is not None:
        at = _gather(octets, begin, later)
    return Journal(steps, sound, later, not later and chunks.cut(octets, sound), len(octets) - at)


def _gather(octets: bytes, at: int, into: Numbered) -> int:
    """Steps up to what is none.  :returns: where they end."""
    try:
        for _, data, end in chunks.chunks(octets, at):
            into.append(chunks.read_step(data))
            at = end
    except Damaged:
        pass
    return at


def rising(steps: Numbered, number: int) -> Numbered:
    """Those that come after a number, each after the one before it; the others are known."""
    found: Numbered = []
    for each in steps:
        if each[0] > number:
            found.append(each)
            number = each[0]
    return found


@dataclass(frozen=True, slots=True)
class Mended:
    """:ivar lost: steps that are damaged.  :ivar left_out: sound ones that hang on those."""

    whole: Whole
    lost: int
    left_out: int


def mended(whole: Whole, number: int, later: Numbered, behind: int = 0) -> Mended:
    """A zone with what is sound behind damage.

    :param number: of the last step that the zone has.
    :param later: at least one; their numbers come after that.
    :param behind: octets of damage behind them.
    :raises Damaged: none is lost, and they are not this zone's all the same.
    """
    lost = later[-1][0] - number - len(later)
    steps = [step for _, step in later]
    if not lost:
        made = replace(replayed(whole, steps), mended=True)
        return Mended(beyond(made, most(behind)) if behind else made, 0, 0)
    serial = _on(steps[-1].change.new_serial, most(behind))
    zone, file = _Salvaged(whole.zone), _Salvaged(whole.file or whole.zone)
    fitting = 0
    for step in steps:
        if zone.take(step.change):
            fitting += 1
            if step.edit is not None:
                file.take(step.edit)
    try:
        found = zone.made(serial)
        own = file.made() if whole.file is not None else None
    except BadZone:  # each of them fits, and together they do not
        fitting, found, own = 0, _Salvaged(whole.zone).made(serial), whole.file
    return Mended(Whole(found, own, mended=True), lost, len(steps) - fitting)


def beyond(whole: Whole, lost: int) -> Whole:
    """A zone that goes back, with a serial that none of so many lost steps gave it, one after another.

    One that comes from a primary, or is signed, keeps its serial.
    """
    if whole.file is None or whole.zone.signed:
        return whole
    return Whole(_Salvaged(whole.zone).made(_on(whole.zone.serial, lost)), whole.file, mended=True)


def most(octets: int) -> int:
    """How many steps they may have been."""
    return octets // _SMALLEST


def _on(serial: int, steps: int) -> int:
    return after((serial + steps) % 2**32)


#: Octets that no step is smaller than: of its two SOA records alone it has more.
_SMALLEST = 64


class _Salvaged:
    """A zone, and what of later changes fits into it, one after another."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._soa = soa_record(zone)
        self._now: dict[Record, bool] = {}  # whether it is there, of each record that was touched

    def take(self, change: Change) -> bool:
        """Take a change in if it fits."""
        less, more = change.removed[1:], change.added[1:]
        if not all(map(self._has, less)) or any(map(self._has, more)):
            return False
        self._now |= dict.fromkeys(less, False) | dict.fromkeys(more, True)
        self._soa = change.added[0]
        return True

    def _has(self, record: Record) -> bool:
        there = self._now.get(record)
        return self._had(record) if there is None else there

    def _had(self, record: Record) -> bool:
        return record in records_of(self._zone.nodes.get(record.owner, ()))

    def made(self, serial: int | None = None) -> Zone:
        """:param serial: None: as the last change has it.  :raises BadZone: they make none."""
        soa = self._soa if serial is None else with_serial(self._soa, serial)
        return self._zone.changed(
            [soa_record(self._zone), *(each for each, there in self._now.items() if not there)],
            [soa, *(each for each, there in self._now.items() if there and not self._had(each))],
        )


def replayed(whole: Whole, steps: Sequence[Step]) -> Whole:
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
