"""What single records say: SOA timers, names that look wrong, targets that are not there.

Source: RFC 1912; RFC 1123 section 2.1 for hosts' names; RFC 2308 section 5; RFC 2181 section 10.3; RFC 2782.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final

from netapp.names.checks.delegation import answer, cut_above, literal
from netapp.names.checks.finding import Finding
from netapp.names.model import AAAA, CNAME, MX, NS, PTR, SRV, A, Node, RecordSet, find
from netapp.names.naming import is_within, name_end
from netapp.names.zone import Zone

_LABEL: Final = re.compile(rb"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
#: Where the name begins in the data of these types.
_TARGET: Final = {NS: 0, CNAME: 0, PTR: 0, MX: 2, SRV: 6}
_HOSTS: Final = frozenset({MX, SRV})
#: Below this a name of four numbers is one.
_REVERSE: Final = b"\4arpa\0"
_DAY: Final = 86400


def findings(zone: Zone, now: float) -> Iterator[Finding]:
    yield from _soa(zone)
    for owner, node in zone.nodes.items():
        if node:
            yield from _owner(zone, owner, node)
        for each in node:
            if each.rdtype in _TARGET:
                yield from _targets(zone, each)
    yield from _rings(zone)


def _soa(zone: Zone) -> Iterator[Finding]:
    rdata = zone.soa.rdatas[0]
    serial, refresh, retry, expire, minimum = struct.unpack("!5I", rdata[-20:])
    owner, rdtype = zone.origin, zone.soa.rdtype
    if not serial:
        yield Finding("serial zero", owner, rdtype)
    if retry >= refresh:
        yield Finding("retry", owner, rdtype, {"retry": retry, "refresh": refresh})
    if expire <= refresh + retry:
        yield Finding("expire", owner, rdtype, {"expire": expire, "least": refresh + retry})
    if minimum > _DAY:
        yield Finding("minimum", owner, rdtype, {"minimum": minimum})
    mailbox = rdata[name_end(rdata) : -20]
    if b"@" in mailbox:
        yield Finding("at sign", owner, rdtype, {"target": mailbox})


def _owner(zone: Zone, owner: bytes, node: Node) -> Iterator[Finding]:
    labels = owner[: len(owner) - len(zone.origin)]
    if _doubled(owner, zone.origin):
        yield Finding("doubled", owner, None, {"name": owner})
    elif labels and (find(node, A) or find(node, AAAA)) and not _host(labels):
        yield Finding("odd host", owner, A if find(node, A) else AAAA)


def _host(labels: bytes) -> bool:
    """Whether labels are a host's name, or a wildcard for such."""
    at = 0
    while at < len(labels):
        label = labels[at + 1 : at + 1 + labels[at]]
        if _LABEL.fullmatch(label) is None and (at or label != b"*"):
            return False
        at += 1 + labels[at]
    return True


def _targets(zone: Zone, each: RecordSet) -> Iterator[Finding]:
    for rdata in each.rdatas:
        target = rdata[_TARGET[each.rdtype] :].lower()
        if target == b"\0":
            continue  # "no such service": RFC 7505, RFC 2782
        fields: dict[str, object] = {"target": target}
        if (
            each.rdtype != PTR
            and not zone.origin.endswith(_REVERSE)
            and (address := literal(target, zone.origin)) is not None
        ):
            yield Finding("target literal", each.owner, each.rdtype, {"address": address}, rdata)
        elif _doubled(target, zone.origin):
            yield Finding("doubled", each.owner, each.rdtype, {"name": target}, rdata)
        elif name_end(target) == 2 + target[0] and zone.origin != b"\0" and each.rdtype != PTR:
            yield Finding("single label", each.owner, each.rdtype, fields, rdata)
        elif each.rdtype in _HOSTS:
            found = answer(zone, target)
            if found == "alias":
                yield Finding("target alias", each.owner, each.rdtype, fields, rdata)
            elif found == "none" and cut_above(zone, target) is None:
                yield Finding("target address", each.owner, each.rdtype, fields, rdata)
        elif each.rdtype == CNAME and _nowhere(zone, target):
            yield Finding("alias nowhere", each.owner, CNAME, fields, rdata)


def _rings(zone: Zone) -> Iterator[Finding]:
    """Aliases that lead back to themselves, a ring told once.  RFC 1034 section 3.6.2."""
    aliases = {
        owner: alias.rdatas[0].lower()
        for owner, node in zone.nodes.items()
        if (alias := find(node, CNAME)) is not None
    }
    seen: set[bytes] = set()
    for start in aliases:
        way, name = dict[bytes, None](), start
        while name in aliases and name not in seen and name not in way:
            way[name] = None
            name = aliases[name]
        if name in way:
            yield Finding("ring", name, CNAME, {"target": aliases[name]})
        seen.update(way)


def _nowhere(zone: Zone, target: bytes) -> bool:
    """Whether a name would be of this zone, and is not there."""
    if target in zone.nodes or not is_within(target, zone.origin):
        return False
    return answer(zone, target) == "none" and cut_above(zone, target) is None


def _doubled(name: bytes, origin: bytes) -> bool:
    """Whether a name ends in the origin twice: somebody forgot the final dot."""
    return origin != b"\0" and name != origin and name.endswith(origin[:-1] + origin)
