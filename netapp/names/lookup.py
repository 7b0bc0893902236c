"""What is said to one question, over all zones that are served: RFC 1034 section 4.3.2."""

from typing import TYPE_CHECKING

from netapp.names.model import (
    ANY,
    CNAME,
    MAX_CHAIN,
    NOERROR,
    NOT_OURS,
    NXDOMAIN,
    SERVFAIL,
    SOA,
    Lookup,
    Node,
    RecordSet,
    find,
    little_soa,
)

if TYPE_CHECKING:
    from netapp.names.snapshot import Snapshot


def look_up(snapshot: "Snapshot", owner: bytes, rdtype: int, dnssec: bool) -> Lookup:
    """The sets that answer a question, the CNAMEs on the way first.

    A chain that leaves our names, loops or passes :data:`netapp.names.model.MAX_CHAIN` ends with
    what was found.  ANY gives one set (RFC 8482 section 4.1).
    """
    if (zone := snapshot.zone_of(owner)) is not None and zone.origin in snapshot.expired:
        return Lookup(SERVFAIL, zone=zone)
    answer: list[RecordSet] = []
    seen: set[bytes] = set()
    while (found := _node(snapshot, owner)) is not None:
        node, soa = found
        if (records := _pick(node, rdtype)) is not None:
            return Lookup(NOERROR, True, (*answer, records), zone=zone)
        if rdtype == SOA and not answer and owner in snapshot.nodes:
            return Lookup(NOERROR, True, (soa,))
        seen.add(owner)
        alias = find(node, CNAME)
        if alias is None:
            return Lookup(NOERROR, True, tuple(answer), (soa,), zone=zone)
        answer.append(alias)
        owner = alias.rdatas[0].lower()
        if owner in seen or len(answer) >= MAX_CHAIN:
            break
    if answer:
        return Lookup(NOERROR, True, tuple(answer), zone=zone)
    if zone is None:
        return NOT_OURS
    return Lookup(NXDOMAIN, True, authority=(zone.soa,), zone=zone, exact=False)


def _node(snapshot: "Snapshot", owner: bytes) -> tuple[Node, RecordSet] | None:
    """A name's node, and the SOA it belongs to."""
    if (node := snapshot.nodes.get(owner)) is not None:
        return node, little_soa(owner, snapshot.version)
    zone = snapshot.zone_of(owner)
    if zone is None or (node := zone.nodes.get(owner)) is None:
        return None
    return node, zone.soa


def _pick(node: Node, rdtype: int) -> RecordSet | None:
    if rdtype == ANY:
        return next(iter(node), None)
    return find(node, rdtype)
