"""Each source of names or zones, and the last that could be read of it."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from twisted.internet import defer

from netapp.core import bulk, limits
from netapp.errors import ConfigError
from netapp.names.held import Edit, Held
from netapp.names.model import Node, nodes_of
from netapp.names.sources import DeclaredRecords, Source, ZoneSource
from netapp.names.steps import Keeper
from netapp.names.zone import Zone
from netapp.names.zones import Zones

#: Puts what was read in its place; the Deferred gives whether all of it is sound.
Put = Callable[[], "defer.Deferred[bool]"]


class Shelf:
    """A source of little names.

    :ivar strong: the operator's own records beat what a zone has.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.strong = isinstance(source, DeclaredRecords)
        self.nodes: dict[bytes, Node] = {}
        self.end: Callable[[], None] = lambda: None

    def reader(self) -> Callable[[], Put]:
        """What may run in a thread.  It raises ConfigError if the source cannot be read."""

        def read() -> Put:
            nodes = dict(nodes_of(self.source.read()))

            def put() -> "defer.Deferred[bool]":
                self.nodes = nodes
                return defer.succeed(True)

            return put

        return read


class ZoneShelf:
    """A source of zones.

    :param owners: which shelf has a zone: the first that had it.
    :param complain: told of each fault.
    """

    def __init__(
        self,
        source: ZoneSource,
        zones: Zones,
        owners: "dict[bytes, ZoneShelf]",
        complain: Callable[[tuple[str, ...]], object],
    ) -> None:
        self.source, self._zones, self._owners, self._complain = source, zones, owners, complain
        self.end: Callable[[], None] = lambda: None

    def reader(self) -> Callable[[], Put]:
        """What may run in a thread.  It raises ConfigError if the source or the disk cannot be read."""
        files = self._zones.files()

        def read() -> Put:
            found = self.source.read()
            changes = {
                origin: _look(self._zones.keeper, origin, zone, files)
                for origin, zone in found.zones.items()
                if self._owners.get(origin, self) is self and files.get(origin) is not zone
            }
            return lambda: self._put(found.zones, changes, found.faults)

        return read

    async def _store(self, zones: Mapping[bytes, Zone], changes: "Mapping[bytes, _Look]") -> bool:
        gone = [origin for origin, owner in self._owners.items() if owner is self and origin not in zones]
        for origin in gone:
            del self._owners[origin]
        for origin, look in changes.items():
            self._owners[origin] = self
            if look.held is not None:
                self._zones.add(look.held)
        self._zones.drop(gone)
        return await self._zones.edit({origin: look.edit for origin, look in changes.items()})

    def _put(
        self, zones: Mapping[bytes, Zone], changes: "Mapping[bytes, _Look]", faults: tuple[str, ...]
    ) -> "defer.Deferred[bool]":
        self._complain(faults)
        stored = defer.ensureDeferred(self._store(zones, changes))
        return stored.addCallback(lambda sound: sound and not faults)


@dataclass(frozen=True, slots=True)
class _Look:
    """What has become of a zone's file; ``held`` where the zone is new to us."""

    edit: Edit
    held: Held | None


def _look(keeper: Keeper, origin: bytes, zone: Zone, files: Mapping[bytes, Zone | None]) -> _Look:
    """:raises ConfigError: what is kept of the zone cannot be read."""
    if origin in files:
        return _Look(_edit(files[origin], zone), None)
    held = Held(origin, keeper.load(origin, zone))
    return _Look(_edit(held.file, zone), held)


def _edit(old: Zone | None, file: Zone) -> Edit:
    with bulk.work() if len(file) > limits.ZONE_BULK_NAMES else nullcontext():
        return Edit.of(old, file)


def faulty(faults: tuple[str, ...]) -> ConfigError:
    """Zones that cannot be read, at a start."""
    more = f"; {len(faults) - 1} more faults" if len(faults) > 1 else ""
    return ConfigError(faults[0] + more)
