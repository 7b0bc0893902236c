"""The addresses that go beside a set of names: glue, and what spares a client its next question."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from netapp.core import limits
from netapp.names.model import AAAA, MX, NS, SRV, A, RecordSet
from netapp.names.zone import Zone

#: Types whose rdata ends in a host's name, and where that begins: RFC 1035 section 3.3, RFC 2782.
WITH_ADDRESSES: Final[Mapping[int, int]] = {NS: 0, MX: 2, SRV: 6}
_ADDRESSES: Final = frozenset({A, AAAA})


def addresses_of(zone: Zone, found: RecordSet) -> tuple[RecordSet, ...]:
    """The addresses that a zone has for the hosts a set names; nobody must have them."""
    at = WITH_ADDRESSES[found.rdtype]
    hosts = (rdata[at:].lower() for rdata in found.rdatas[: limits.ZONE_ADDITIONAL])
    return tuple(_of(zone, hosts))


def glue_of(zone: Zone, cut: bytes, servers: RecordSet) -> tuple[RecordSet, ...]:
    """The addresses of a cut's name servers, those below the cut first.

    Those a client cannot find otherwise, so all are here: RFC 9471 section 3.1.  Then come the ones
    below other cuts (section 3.2) and the zone's own.
    """
    hosts = [rdata.lower() for rdata in servers.rdatas]
    needed = [host for host in hosts if is_within(host, cut)]
    if len(needed) == len(hosts):
        return tuple(_of(zone, needed))
    others = [host for host in hosts if host not in needed]
    return tuple(_of(zone, [*needed, *others[: limits.ZONE_ADDITIONAL]]))


def is_within(name: bytes, above: bytes) -> bool:
    """Whether a name is another or stands below it."""
    at = len(name) - len(above)
    if at < 0 or not name.endswith(above):
        return False
    start = 0
    while start < at:
        start += 1 + name[start]
    return start == at


def _of(zone: Zone, hosts: Iterable[bytes]) -> Iterator[RecordSet]:
    nodes = zone.nodes
    for host in dict.fromkeys(hosts):
        for each in nodes.get(host, ()):
            if each.rdtype in _ADDRESSES:
                yield each
