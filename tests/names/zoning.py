"""Zones for tests, in a few words."""

from collections.abc import Callable, Mapping, Sequence

from twisted.internet import defer

from netapp.names.changing.changes import Change, difference
from netapp.names.changing.storing import Entry, Forgetful, Stored
from netapp.names.model import NS, NSEC, RRSIG, SOA, TXT, A, Record
from netapp.names.naming import wire_name
from netapp.names.sources.source import ZonesRead
from netapp.names.zone import Zone, build_zone

ORIGIN = wire_name("example.lan")


def soa(serial: int, origin: bytes = ORIGIN, refresh: int = 3600) -> Record:
    numbers = (serial, refresh, 600, 86400, 60)
    rdata = b"\2ns" + origin + b"\4host" + origin + b"".join(each.to_bytes(4, "big") for each in numbers)
    return Record(origin, SOA, rdata, 3600)


def a(name: str, address: str = "192.0.2.1", ttl: int = 300) -> Record:
    return Record(wire_name(name), A, bytes(map(int, address.split("."))), ttl)


def txt(name: str, text: str, ttl: int = 300) -> Record:
    return Record(wire_name(name), TXT, bytes((len(text),)) + text.encode(), ttl)


def zone(serial: int, *more: Record, origin: bytes = ORIGIN) -> Zone:
    ns = Record(origin, NS, b"\2ns" + origin, 3600)
    return build_zone(
        origin, [soa(serial, origin), ns, Record(b"\2ns" + origin, A, b"\x0a\0\0\1", 3600), *more]
    )


def signed(serial: int, *more: Record, by: bytes = b"key") -> Zone:
    """A zone signed over its SOA, as a file has it."""
    fixed = (300).to_bytes(4, "big") * 3
    rdata = SOA.to_bytes(2, "big") + b"\x0d\2" + fixed + b"\0\1" + ORIGIN + by + serial.to_bytes(4, "big")
    nsec = Record(ORIGIN, NSEC, b"\2ns" + ORIGIN + b"\0\1\x40", 60)
    return zone(serial, Record(ORIGIN, RRSIG, rdata, 3600), nsec, *more)


def adding(*records: Record) -> Callable[[Zone], Change | None]:
    """A decision that adds records and raises the serial."""

    def decide(zone: Zone) -> Change | None:
        new = zone.changed([soa(zone.serial, zone.origin)], [*records, soa(zone.serial + 1, zone.origin)])
        return difference(zone, new)

    return decide


def same(one: Zone, other: Zone) -> bool:
    return set(one.records()) == set(other.records())


class Files:
    """A source of zones as files are one."""

    slow = False

    def __init__(self, *zones: Zone) -> None:
        self.zones: dict[bytes, Zone] = {each.origin: each for each in zones}
        self.faults: tuple[str, ...] = ()
        self.many: frozenset[bytes] = frozenset()
        self.waiting: frozenset[bytes] = frozenset()
        self.changed: Callable[[], object] = lambda: None

    def put(self, *zones: Zone) -> None:
        self.zones.update({each.origin: each for each in zones})

    def read(self) -> ZonesRead:
        return ZonesRead(dict(self.zones), self.faults, many=self.many, waiting=self.waiting)

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        self.changed = changed
        return lambda: None


class SlowDisk(Forgetful):
    """Stores what it is given when the test says so.

    :ivar waiting: what it was given, the oldest first.
    """

    def __init__(self) -> None:
        self.waiting: list[tuple[defer.Deferred[dict[bytes, Stored]], Mapping[bytes, Sequence[Entry]]]] = []

    def keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> "defer.Deferred[dict[bytes, Stored]]":
        done: defer.Deferred[dict[bytes, Stored]] = defer.Deferred()
        self.waiting.append((done, batch))
        return done

    def go(self, error: Exception | None = None, journal: int = 0) -> None:
        done, origins = self.waiting.pop(0)
        done.callback({origin: Stored(error, journal=journal) for origin in origins})
