"""Who has a zone, and where names end: NS, glue, cuts.

Source: RFC 1034 section 4.2; RFC 1912 section 2; RFC 2181 section 10.3; RFC 4592 section 4;
RFC 6672 section 2.4.
"""

import ipaddress
from collections.abc import Iterator
from typing import Final, Literal

from netapp.names.checks.finding import Finding
from netapp.names.model import AAAA, CNAME, DNAME, DS, NS, A, Node, RecordSet, find, parent
from netapp.names.naming import is_within, shown
from netapp.names.zone import Zone

_GLUE: Final = frozenset({A, AAAA})
Answer = Literal["address", "alias", "none", "elsewhere"]


def findings(zone: Zone, now: float) -> Iterator[Finding]:
    apex = zone.nodes[zone.origin]
    if find(apex, NS) is None:
        yield Finding("no ns", zone.origin)
    for owner, node in ((zone.origin, apex), *zone.cuts.items()):
        servers = find(node, NS)
        if servers is not None:
            yield from _servers(zone, owner, servers)
        if find(node, DNAME) is not None and zone.below.get(owner):
            yield Finding("dname below", owner, DNAME)
        if owner[:2] == b"\1*":
            yield Finding("wildcard ns", owner, NS if servers is not None else DNAME)
    for owner, node in zone.nodes.items():
        yield from _at(zone, owner, node)


def _servers(zone: Zone, owner: bytes, servers: RecordSet) -> Iterator[Finding]:
    for rdata in servers.rdatas:
        target = rdata.lower()
        if literal(target, zone.origin) is not None:
            continue  # data tells that, as of other types
        found = answer(zone, target)
        if found == "alias":
            yield Finding("ns alias", owner, NS, {"target": target}, rdata)
        elif found == "none":
            below = owner != zone.origin and is_within(target, owner)
            yield Finding("no glue" if below else "ns address", owner, NS, {"target": target}, rdata)


def _at(zone: Zone, owner: bytes, node: Node) -> Iterator[Finding]:
    cut = cut_above(zone, owner)
    if cut is not None and find(zone.cuts[cut], DNAME) is None:
        for each in node:
            if each.rdtype not in _GLUE:
                yield Finding("occluded", owner, each.rdtype, {"cut": cut})
    elif owner != zone.origin and find(node, DS) is not None and find(node, NS) is None:
        yield Finding("ds alone", owner, DS)


def cut_above(zone: Zone, name: bytes) -> bytes | None:
    """The delegation, or DNAME, that a name is below."""
    if not zone.cuts:
        return None
    while name != zone.origin:
        name = parent(name)
        if name in zone.cuts and name != zone.origin:
            return name
    return None


def answer(zone: Zone, name: bytes) -> Answer:
    """Whether a name of this zone has addresses; glue counts."""
    if not is_within(name, zone.origin):
        return "elsewhere"
    node, cut = zone.nodes.get(name), cut_above(zone, name)
    if cut is not None and find(zone.cuts[cut], DNAME) is not None:
        return "alias"
    if node is None and cut is None:
        node = _by_wildcard(zone, name)
    if node is None:
        return "none"
    if find(node, CNAME) is not None:
        return "alias"
    if any(each.rdtype in _GLUE for each in node):
        return "address"
    # a name that is delegated is for others to know
    return "elsewhere" if cut is None and name in zone.cuts and find(node, NS) is not None else "none"


def literal(name: bytes, origin: bytes) -> str | None:
    """The address that a name is written as: ``10.0.0.1``, with a dot behind it or taken for a name here."""
    labels = name[: -len(origin)] if name.endswith(origin) else name[:-1]
    if not (labels[-1:].isdigit() or b":" in labels):
        return None
    written = shown(labels + b"\0")
    try:
        return str(ipaddress.ip_address(written))
    except ValueError:
        return None


def _by_wildcard(zone: Zone, name: bytes) -> Node | None:
    """The wildcard that answers for a name that is not there: RFC 4592 section 3.3.1."""
    while name not in zone.nodes:
        name = parent(name)
    return zone.nodes.get(b"\1*" + name)
