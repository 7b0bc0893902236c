"""The names of this process: sources on one side, the snapshot that readers see on the other."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import Any

from twisted.internet import defer, interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.events import Topic
from netapp.errors import ConfigError, ToldApart
from netapp.names.changing.changes import Change
from netapp.names.changing.held import Held
from netapp.names.changing.status import ZoneStatus
from netapp.names.changing.storing import DamagedZone, Forgetful, Keeper
from netapp.names.changing.zones import Decide, ZoneChanged, Zones
from netapp.names.files.zonefiles import ZoneFiles
from netapp.names.lookup.walk import address_of
from netapp.names.model import WILDCARD, Record
from netapp.names.naming import shown, wire_name
from netapp.names.snapshot import Snapshot
from netapp.names.sources.again import Again
from netapp.names.sources.broken import Broken
from netapp.names.sources.little import LittleNames
from netapp.names.sources.shelves import Aside, Shelf, ZoneShelf, faulty
from netapp.names.sources.source import Source, ZoneSource
from netapp.names.zone import BadZone, Zone, build_zone


class Names:
    """The noun.  A name belongs wholly to the first source that has it.

    ``changes`` publishes each new snapshot; ``snapshot`` is the newest.  ``zone_changed`` tells of
    each zone that readers see another of, once the snapshot has it.

    The operator's own records beat zones, zones beat all other sources.

    :param sources: the strongest first.
    :param own: what this host is called.
    :param aside: reads what takes a while where it holds up nobody.
    :param zones: sources of zones; a zone belongs to the first that has it.
    :param keeper: keeps what zones have beside their files.
    :raises ConfigError: one of them cannot be read.
    """

    _log = Logger()
    #: The zones that come from files.
    files: "ZoneFiles | None" = None
    #: Gives what is to be told of a zone that comes from its primary: primary, next, expires, fault.
    followed: Callable[[bytes], dict[str, Any]] = staticmethod(lambda origin: {})

    def __init__(
        self,
        sources: Iterable[Source],
        clock: interfaces.IReactorTime,
        *,
        own: str = "localhost",
        aside: Aside = defer.execute,
        zones: Iterable[ZoneSource] = (),
        keeper: Keeper | None = None,
    ) -> None:
        self.changes: Topic[Snapshot] = Topic()
        self.zone_changed: Topic[ZoneChanged] = Topic()
        self.snapshot = Snapshot({}, 0)
        self._little = LittleNames()
        self._clock, self._own, self._aside = clock, own, aside
        self._zones = Zones(keeper or Forgetful(), self._zones_changed)
        self._reading = defer.DeferredLock()  # one reload after another
        self._again = Again(clock, self._take_again)
        self._shelves = [Shelf(source) for source in sources]
        self._owners: dict[bytes, ZoneShelf] = {}
        self._zone_shelves = [
            ZoneShelf(source, self._zones, self._owners, self._complain, self._again.later)
            for source in zones
        ]
        self._broken = Broken()
        self._running = self._seen = False
        self._changed: dict[Shelf | ZoneShelf, None] = {}
        self._timer: interfaces.IDelayedCall | None = None
        for shelf in self._all():
            shelf.read_at_once()
        self._seen = True
        self._publish()

    def example(self) -> str:
        """A name with an IPv4 address, for a line that shows how to ask: of a zone, else this host's own."""
        snapshot = self.snapshot
        of_zones = (name for zone in snapshot.zones.values() for name in zone.nodes if name[:2] != WILDCARD)
        names = islice(of_zones, limits.NAMES_EXAMPLES), [wire_name(self._own)], snapshot.nodes
        for name in chain.from_iterable(names):
            if address_of(snapshot, name) is not None:
                return shown(name)
        return self._own

    def add_source(self, source: Source) -> None:
        """Join a source, weaker than those there are: what an operator wrote beats what comes and goes."""
        shelf = Shelf(source)
        self._shelves.append(shelf)
        self._read_again([shelf]).addErrback(Failure.trap, ConfigError)  # logged already
        if self._running:
            self._follow(shelf)

    # Zones -----------------------------------------------------------------------------------------

    def submit(self, origin: bytes, decide: Decide) -> "defer.Deferred[Zone]":
        """Change a zone.

        :param decide: is given the newest zone, with what others have changed and what is not on
            the disk yet, and gives the change, its SOA included, or None for none.  What it raises
            is how the Deferred fails.
        :returns: the zone, once the change is on the disk and readers see it.  Fails with
            NoSuchZone; with BadZone, if no zone would be left; with Busy, if too much waits; with
            Unavailable, if it cannot be stored.  Nothing has changed then.
        """
        return self._zones.submit(origin, decide)

    def replace(self, origin: bytes, zone: Zone | Iterable[Record]) -> "defer.Deferred[Zone]":
        """Another whole zone, such as comes by AXFR; its history ends.  Fails as :meth:`submit` does."""
        try:
            made = zone if isinstance(zone, Zone) else build_zone(origin, zone)
        except BadZone:
            return defer.fail()
        return self._zones.replace(origin, made)

    def history(self, origin: bytes, since: int) -> tuple[Change, ...] | None:
        """The changes from a serial to what is served, oldest first; None if they are not known."""
        return self._zones.history(origin, since)

    def is_primary(self, origin: bytes) -> bool:
        """Whether a zone is changed here, not at a primary that it comes from."""
        return self._zones.is_primary(origin)

    def add_secondary(self, origin: bytes) -> Zone | None:
        """Serve a zone that comes from its primary alone.

        :returns: what is on the disk of it, which is served from now on; None too where that is damaged.
        :raises ConfigError: that cannot be read; the text names cause and cure.
        """
        try:
            kept = self._zones.keeper.load(origin)
        except DamagedZone as error:  # its primary has all of it
            self._log.error(
                "names: {zone} is asked of its primary anew: {path} is damaged, and is put aside then",
                zone=shown(origin),
                path=str(error.path),
            )
            kept = None
        held = Held(origin, kept, secondary=True)
        self._zones.add(held)
        self._zones_changed([] if held.served is None else [ZoneChanged(origin, held.served, None)])
        return held.served

    def expire(self, origin: bytes) -> None:
        """Answer SERVFAIL for a zone until it is refreshed, replaced or changed.

        Source: RFC 1035 section 3.3.13, RFC 8499 section 6.
        """
        self._zones.set_expired(origin, True)

    def refreshed(self, origin: bytes) -> None:
        """A zone's primary has told that it is still the newest."""
        self._zones.set_expired(origin, False)

    def zone_origins(self) -> list[bytes]:
        """The zones that there are, in order; of some nothing may be said yet."""
        return self._zones.origins()

    def zone_status(self, origin: bytes) -> ZoneStatus | None:
        """What is to be told of a zone; None if it is not here."""
        return self._zones.status(origin)

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        """What is to be told of each zone, by origin."""
        found = map(self._zones.status, self._zones.origins())
        return tuple(each for each in found if each is not None)

    # Reading ---------------------------------------------------------------------------------------

    def start(self) -> None:
        self._running = True
        self._zones.keeper.start()
        self._again.start()
        for shelf in self._all():
            self._follow(shelf)

    def stop(self) -> object:
        self._running = False
        self._again.stop()
        for shelf in self._all():
            shelf.end()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        return self._zones.keeper.stop()

    def reload(self) -> "defer.Deferred[None]":
        """Read every source again and swap the snapshot; one that cannot be read keeps its old names.

        Fails with ConfigError if there is such a one, after all others are in place.
        """
        return self._read_again(self._all())

    def _all(self) -> list[Shelf | ZoneShelf]:
        return [*self._shelves, *self._zone_shelves]

    def _complain(self, faults: tuple[str, ...], grave: tuple[str, ...]) -> None:
        """:raises ConfigError: at a start, for those that are grave: there is no old zone to stay with."""
        if not self._seen and grave:
            raise faulty(grave)
        for fault in faults[: limits.FAULTS_LOGGED]:
            self._log.error("names: {fault}", fault=fault, standing=True)
        if (more := len(faults) - limits.FAULTS_LOGGED) > 0:
            self._log.error("names: and {count} more faults", count=more, standing=True)

    def faults(self) -> list[str]:
        """What is wrong with files now, a line each; where that keeps old names, they stay."""
        of_zones = chain.from_iterable(shelf.faults for shelf in self._zone_shelves)
        return [f"names: {fault}" for fault in dict.fromkeys((*self._broken.reasons, *of_zones))]

    def _follow(self, shelf: Shelf | ZoneShelf) -> None:
        shelf.end = shelf.source.subscribe(lambda: self._note_change(shelf))

    def _note_change(self, shelf: Shelf | ZoneShelf) -> None:
        """Changes come in crowds (a class of thirty sits down): one snapshot for all of them."""
        self._changed[shelf] = None
        if self._timer is None or not self._timer.active():
            self._timer = self._clock.callLater(limits.NAMES_SETTLE, self._settle)

    def _settle(self) -> None:
        changed, self._changed = self._changed, {}
        self._read_again(list(changed)).addErrback(Failure.trap, ConfigError)  # logged already

    def _read_again(self, shelves: Sequence[Shelf | ZoneShelf]) -> "defer.Deferred[None]":
        async def read() -> None:
            told: set[str] = set()
            sound = [await self._read(shelf, told) for shelf in shelves]
            self._publish()
            if not all(sound):
                raise ToldApart("some of it could not be read; its old names stay")

        return self._reading.run(lambda: defer.ensureDeferred(read()))

    def _take_again(self) -> "defer.Deferred[None]":
        async def take() -> None:
            for shelf in self._zone_shelves:
                await shelf.try_again(self._aside)

        return self._reading.run(lambda: defer.ensureDeferred(take()))

    async def _read(self, shelf: Shelf | ZoneShelf, told: set[str]) -> bool:
        """:returns: whether it could be read; if not the log says why, unless that is told."""
        await self._zones.dropped()  # what is loaded again is all there
        try:
            sound = await shelf.read(self._aside)
        except ConfigError as error:
            self._broken.put(shelf, error, told)
        except Exception:
            self._log.failure("names: {source} failed", source=shelf.source)
        else:
            self._broken.mended(shelf)
            return sound
        return False

    # Publishing ------------------------------------------------------------------------------------

    def _zones_changed(self, changed: Sequence[ZoneChanged]) -> None:
        if not self._seen:
            return
        self._publish(read=False)
        for each in changed:
            self.zone_changed.publish(each)

    def _publish(self, *, read: bool = True) -> None:
        """:param read: whether sources were."""
        touched = self._zones.seen.renew()
        zones, before = self._zones.seen.zones, self.snapshot
        if read or self._little.touched(touched, zones):
            self._little.gather(self._shelves, zones)
        self.snapshot = Snapshot(
            self._little.nodes, before.version + 1, zones, self._zones.seen.expired, before, touched
        )
        self.changes.publish(self.snapshot)
