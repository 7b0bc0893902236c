"""The addresses that go beside a set of names: glue, and what spares a client its next question."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from netapp.core import limits
from netapp.names.model import AAAA, HTTPS, MX, NS, SRV, SVCB, WILDCARD, A, RecordSet
from netapp.names.naming import is_within, name_end
from netapp.names.zone import Zone

_ROOT: Final = b"\0"
_ADDRESSES: Final = frozenset({A, AAAA})


def _target(rdata: bytes) -> bytes:
    """The name in an SVCB's rdata, behind its priority; parameters follow it: RFC 9460 section 2.2."""
    return rdata[2 : name_end(rdata, 2)]


#: Types that name a host, and where: RFC 1035 section 3.3, RFC 2782, RFC 9460.
WITH_ADDRESSES: Final[Mapping[int, Callable[[bytes], bytes]]] = {
    NS: lambda rdata: rdata,
    MX: lambda rdata: rdata[2:],
    SRV: lambda rdata: rdata[6:],
    SVCB: _target,
    HTTPS: _target,
}


def addresses_of(zone: Zone, found: RecordSet) -> tuple[RecordSet, ...]:
    """The addresses that a zone has for the hosts a set names; nobody must have them."""
    host_in = WITH_ADDRESSES[found.rdtype]
    hosts = (host_in(rdata).lower() for rdata in found.rdatas[: limits.ZONE_ADDITIONAL])
    return tuple(_of(zone, hosts))


def glue_of(zone: Zone, cut: bytes, servers: RecordSet) -> tuple[RecordSet, ...]:
    """The addresses of a cut's name servers, those below the cut first.

    Those a client cannot find otherwise, so all are here: RFC 9471 section 3.1.  Then come the ones
    below other cuts (section 3.2) and the zone's own.
    """
    hosts = [rdata.lower() for rdata in servers.rdatas]
    needed = [host for host in hosts if is_within(host, cut)]
    others = [host for host in hosts if not is_within(host, cut)]
    return tuple(_of(zone, [*needed, *others[: limits.ZONE_ADDITIONAL]]))


def _of(zone: Zone, hosts: Iterable[bytes]) -> Iterator[RecordSet]:
    nodes = zone.nodes
    for host in dict.fromkeys(hosts):
        node = nodes.get(host)
        if host == _ROOT:  # none: RFC 7505 section 3, RFC 2782, RFC 9460 section 2.5
            continue
        if node is None and is_within(host, zone.origin):
            yield from _expanded(zone, host)
        for each in node or ():
            if each.rdtype in _ADDRESSES:
                yield each


def _expanded(zone: Zone, host: bytes) -> Iterator[RecordSet]:
    """The addresses that a wildcard has for a host which is not there."""
    if zone.topmost_cut(host) is not None:
        return
    encloser = host[1 + host[0] :]
    while encloser not in zone.nodes:
        encloser = encloser[1 + encloser[0] :]
    for each in zone.nodes.get(WILDCARD + encloser, ()):
        if each.rdtype in _ADDRESSES:
            yield RecordSet(host, each.rdtype, each.ttl, each.rdatas, each.signatures)
