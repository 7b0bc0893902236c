"""Zones that the tests of transfers send and take."""

import ipaddress
import itertools
from collections.abc import Iterable, Iterator

from netapp.dns.requests import Client, Request
from netapp.dns.tsig.keys import Key
from netapp.names.changing.changes import Change, difference
from netapp.names.model import MX, NS, SOA, TXT, A, Record, address_record
from netapp.names.naming import wire_name
from netapp.names.snapshot import Snapshot
from netapp.names.zone import Zone, build_zone

ORIGIN = wire_name("example.lan")


def soa(serial: int, origin: bytes = ORIGIN, numbers: tuple[int, ...] = (100, 20, 1000, 60)) -> Record:
    """:param numbers: refresh, retry, expire and minimum, in seconds."""
    rdata = b"\2ns" + origin + b"\4root" + origin + b"".join(n.to_bytes(4, "big") for n in (serial, *numbers))
    return Record(origin, SOA, rdata, 3600)


def host(name: str, address: str) -> Record:
    return address_record(wire_name(name), ipaddress.ip_address(address))


def records(serial: int, *more: Record) -> list[Record]:
    return [
        soa(serial),
        Record(ORIGIN, NS, b"\2ns" + ORIGIN, 3600),
        Record(ORIGIN, MX, b"\0\x0a\4mail" + ORIGIN, 3600),
        Record(ORIGIN, TXT, b"\5hello", 3600),
        host("ns.example.lan", "192.0.2.1"),
        host("mail.example.lan", "192.0.2.2"),
        *more,
    ]


def zone(serial: int, *more: Record) -> Zone:
    return build_zone(ORIGIN, records(serial, *more))


def big(serial: int, count: int) -> Zone:
    """A zone with so many more hosts."""
    return build_zone(ORIGIN, [*records(serial), *crowd(count)])


def crowd(count: int) -> Iterator[Record]:
    for number in range(count):
        owner = b"\x0bh" + b"%010d" % number + ORIGIN
        yield Record(owner, A, number.to_bytes(4, "big"), 3600)


def steps(*zones: Zone) -> tuple[Change, ...]:
    """What led from each to the next."""
    found = [difference(one, other) for one, other in itertools.pairwise(zones)]
    assert None not in found
    return tuple(each for each in found if each is not None)


class Known:
    """What a transfer asks of the names."""

    def __init__(self, *zones: Zone, changes: Iterable[Change] = (), expired: Iterable[bytes] = ()) -> None:
        self.snapshot = Snapshot({}, 1, {each.origin: each for each in zones}, frozenset(expired))
        self._changes = tuple(changes)

    def history(self, origin: bytes, since: int) -> tuple[Change, ...] | None:
        for at, change in enumerate(self._changes):
            if change.old_serial == since:
                return self._changes[at:]
        return None


def asked(octets: bytes, *, stream: bool = True, host: str = "127.0.0.1", key: Key | None = None) -> Request:
    return Request(octets, Client(host, 5353, stream), key)


def alike(one: Zone, other: Zone) -> bool:
    """Whether they hold the same, in whatever order."""
    return set(one.records()) == set(other.records())
