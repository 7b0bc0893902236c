"""Each source of names or zones, and the last that could be read of it."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from twisted.internet import defer
from twisted.logger import Logger

from netapp.core import bulk, limits
from netapp.errors import ConfigError
from netapp.names.changing.editing import Edit
from netapp.names.changing.held import Held
from netapp.names.changing.storing import Begin, Keeper
from netapp.names.changing.zones import Zones
from netapp.names.model import Node, nodes_of
from netapp.names.naming import shown
from netapp.names.sources.declared import DeclaredRecords
from netapp.names.sources.source import Source, ZoneSource, ZonesRead
from netapp.names.zone import Zone

Found = TypeVar("Found")
#: Runs a read and gives its outcome.
Aside = Callable[[Callable[[], Any]], "defer.Deferred[Any]"]


class _Place(Generic[Found]):
    """What a source is read to: in two steps, of which the first may run in a thread."""

    source: Source | ZoneSource

    def __init__(self) -> None:
        self.end: Callable[[], None] = lambda: None

    def read_at_once(self) -> None:
        """:raises ConfigError: the source cannot be read, or what it has cannot be put here."""
        self._put(self._reader()())

    async def read(self, aside: Aside) -> bool:
        """:returns: whether all of it is sound.  :raises ConfigError: the source cannot be read."""
        return await self._put(await (aside if self.source.slow else defer.execute)(self._reader()))

    def _reader(self) -> Callable[[], Found]:
        """What may run in a thread.  It raises ConfigError if the source cannot be read."""
        raise NotImplementedError

    def _put(self, found: Found) -> "defer.Deferred[bool]":
        """Put what was read in its place.  :returns: gives whether all of it is sound."""
        raise NotImplementedError


class Shelf(_Place[dict[bytes, Node]]):
    """A source of little names.

    :ivar strong: the operator's own records beat what a zone has.
    """

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source: Source = source
        self.strong = isinstance(source, DeclaredRecords)
        self.nodes: dict[bytes, Node] = {}

    def _reader(self) -> Callable[[], dict[bytes, Node]]:
        return lambda: nodes_of(self.source.read())

    def _put(self, found: dict[bytes, Node]) -> "defer.Deferred[bool]":
        self.nodes = found
        return defer.succeed(True)


@dataclass(frozen=True, slots=True)
class _Look:
    """What has become of a zone's file; ``held`` where the zone is new to us."""

    edit: Edit
    held: Held | None


@dataclass(frozen=True, slots=True)
class _Looks:
    """What was read, the zones of it that have changed, and those that cannot be taken, with the reasons."""

    read: ZonesRead
    changes: Mapping[bytes, _Look]
    lost: Mapping[bytes, str]


@dataclass(slots=True)
class _Refusal:
    """What a file holds, and could not be taken in.

    :ivar against: the zone that it does not go together with; None where the disk did not take it.
    :ivar pause: after how many rounds it is tried again, each costs seconds of a large zone; ``left`` are
        left of them.
    """

    file: Zone
    against: Zone | None
    pause: int = 1
    left: int = 1

    def is_due(self, newest: Zone | None) -> bool:
        """Whether it may go another way than last time; to be asked once a round."""
        self.left -= 1
        return self.left <= 0 and (self.against is None or newest is not self.against)


class ZoneShelf(_Place[_Looks]):
    """A source of zones.

    :param owners: which shelf has a zone: the first that had it.
    :param complain: told of what is wrong, new of it or all if somebody asks, and of what ends a start.
    :param refused: told when there are edits that could not be taken in; see :meth:`try_again`.
    :ivar faults: what is wrong now.
    """

    _log = Logger()

    def __init__(
        self,
        source: ZoneSource,
        zones: Zones,
        owners: "dict[bytes, ZoneShelf]",
        complain: Callable[[tuple[str, ...], tuple[str, ...]], object],
        refused: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self.source: ZoneSource = source
        self._zones, self._owners, self._complain = zones, owners, complain
        self._waiting: set[bytes] = set()  # zones that are ours, and of which nothing may be said yet
        self._tell_refused = refused
        self._refused: dict[bytes, _Refusal] = {}
        self.faults: tuple[str, ...] = ()
        self._lost: Mapping[bytes, str] = {}

    def _reader(self) -> Callable[[], _Looks]:
        files = {origin: file for origin, file in self._zones.files().items() if origin not in self._waiting}
        secondaries = self._zones.secondaries()
        refused = {origin: each.file for origin, each in self._refused.items()}

        def read() -> _Looks:
            found = self.source.read()
            changes: dict[bytes, _Look] = {}
            lost = {
                origin: f"{shown(origin)} comes from --primary, and its file is passed over: leave out the"
                " one or the other"
                for origin in found.zones.keys() & secondaries
            }
            changed = {
                origin: zone
                for origin, zone in found.zones.items()
                if origin not in secondaries
                and self._owners.get(origin, self) is self
                and files.get(origin) is not zone
                and (found.asked or refused.get(origin) is not zone)  # which is tried again by itself
            }
            begins = self._zones.keeper.note(changed)
            for origin, zone in changed.items():
                try:
                    changes[origin] = _look(self._zones.keeper, origin, zone, files, begins)
                except ConfigError as error:  # of what is kept of that zone
                    lost[origin] = str(error)
            return _Looks(found, changes, lost)

        return read

    def _put(self, found: _Looks) -> "defer.Deferred[bool]":
        read, lost = found.read, found.lost
        faults = (*read.faults, *lost.values())
        grave = (
            *(each for each in read.faults if each not in read.bearable),
            *(fault for origin, fault in lost.items() if origin not in read.many),
        )
        self._complain(tuple(each for each in faults if read.asked or each not in self.faults), grave)
        for origin in self._lost.keys() - lost.keys():
            self._log.info("names: mended: {fault}", fault=self._lost[origin])
        self.faults, self._lost = faults, lost
        stored = defer.ensureDeferred(self._store(read, found.changes, read.waiting | lost.keys()))
        return stored.addCallback(lambda sound: sound and not faults)

    async def _store(
        self, found: ZonesRead, changes: Mapping[bytes, _Look], waiting: frozenset[bytes]
    ) -> bool:
        gone = [
            origin
            for origin, owner in self._owners.items()
            if owner is self and origin not in found.zones and origin not in waiting
        ]
        for origin in gone:
            del self._owners[origin]
            self._refused.pop(origin, None)
        self._wait_for(waiting)
        for origin, look in changes.items():
            self._owners[origin] = self
            if look.held is not None:
                self._zones.add(look.held)
        self._zones.drop(gone)
        return await self._take({origin: look.edit for origin, look in changes.items()})

    async def _take(self, edits: Mapping[bytes, Edit], *, again: bool = False) -> bool:
        """:returns: whether all of them could be taken in."""
        refused = await self._zones.edit(edits, again=again)
        for origin, edit in edits.items():
            before = self._refused.pop(origin, None)
            if origin in refused:
                pause = min(2 * before.pause, limits.ZONE_EDIT_ROUNDS) if again and before is not None else 1
                self._refused[origin] = _Refusal(edit.file, refused[origin], pause, pause)
        if self._refused:
            self._tell_refused()
        return not refused

    async def try_again(self, aside: Aside) -> None:
        """Take in what could not be: the disk may have room again, or an update be gone."""
        newest, files = self._zones.newest, self._zones.files()
        due = {origin: each.file for origin, each in self._refused.items() if each.is_due(newest(origin))}

        def compare() -> dict[bytes, Edit]:
            return {origin: _edit(files.get(origin), file) for origin, file in due.items()}

        await self._take(await (aside if self.source.slow else defer.execute)(compare), again=True)

    def _wait_for(self, origins: frozenset[bytes]) -> None:
        """Say nothing of these zones, not even that they are not here, until they can be read."""
        there = self._zones.files().keys()
        new = {each for each in origins if self._owners.get(each, self) is self and each not in there}
        self._waiting = self._waiting & origins | new
        for origin in new:
            self._owners[origin] = self
            self._zones.add(Held(origin))


def _look(
    keeper: Keeper,
    origin: bytes,
    zone: Zone,
    files: Mapping[bytes, Zone | None],
    begins: Mapping[bytes, Begin],
) -> _Look:
    """:raises ConfigError: what is kept of the zone cannot be read."""
    if origin in files:
        return _Look(_edit(files[origin], zone), None)
    held = Held(origin, keeper.load(origin, zone), begin=begins.get(origin))
    return _Look(_edit(held.file, zone), held)


def _edit(old: Zone | None, file: Zone) -> Edit:
    with bulk.work() if len(file) > limits.ZONE_BULK_NAMES else nullcontext():
        return Edit.of(old, file)


def faulty(faults: tuple[str, ...]) -> ConfigError:
    """Zones that cannot be read, at a start."""
    more = f"; {len(faults) - 1} more faults" if len(faults) > 1 else ""
    return ConfigError(faults[0] + more)
