"""DNSSEC: signatures that are missing or past, proofs whose chain is broken.

Nothing is verified by its key: ``delv``, ``ldns-verify-zone`` and ``dnssec-verify`` do that.

Source: RFC 4034 sections 3 and 4; RFC 4035 section 2; RFC 5155 section 7.1; RFC 9276 section 3.1.
"""

import base64
import time
from collections.abc import Iterator
from typing import Final

from netapp.names.checks.delegation import cut_above
from netapp.names.checks.finding import Finding
from netapp.names.master.writing import canonical
from netapp.names.model import DS, NSEC, NSEC3, NSEC3PARAM, Node, RecordSet, find
from netapp.names.zone import Zone

#: Seconds before the end of a signature when it is told of.
_SOON: Final = 3 * 86400
_HEX: Final = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUV", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def findings(zone: Zone, now: float) -> Iterator[Finding]:
    if not zone.signed:
        return
    for owner, node in zone.nodes.items():
        yield from _signatures(zone, owner, node, now)
    if zone.signed == "nsec":
        yield from _nsec(zone)
    else:
        yield from _nsec3(zone)


def _signatures(zone: Zone, owner: bytes, node: Node, now: float) -> Iterator[Finding]:
    if not node or cut_above(zone, owner) is not None:
        return
    delegated = owner in zone.cuts and owner != zone.origin
    for each in node:
        if each.signatures:
            yield from _times(each, now)
        elif not delegated or each.rdtype in (DS, NSEC):
            yield Finding("unsigned", owner, each.rdtype)


def _times(each: RecordSet, now: float) -> Iterator[Finding]:
    """The signature that holds longest, by RFC 4034 section 3.1.5: seconds modulo 2**32."""
    begin, end = max(
        (_signed(rrsig[12:16], now), _signed(rrsig[8:12], now))[::-1] for rrsig in each.signatures
    )[::-1]
    if end < now:
        yield Finding("expired", each.owner, each.rdtype, {"day": _day(end)})
    elif end < now + _SOON:
        yield Finding("expires", each.owner, each.rdtype, {"day": _day(end)})
    if begin > now:
        yield Finding("early", each.owner, each.rdtype, {"day": _day(begin)})


def _signed(octets: bytes, now: float) -> float:
    """The time nearest to now that these 32 bits may be."""
    away = (int.from_bytes(octets, "big") - int(now)) & 0xFFFFFFFF
    return int(now) + (away - 2**32 if away >= 2**31 else away)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _nsec(zone: Zone) -> Iterator[Finding]:
    owners = [owner for owner, node in zone.nodes.items() if node and cut_above(zone, owner) is None]
    owners.sort(key=canonical)
    for owner, following in zip(owners, [*owners[1:], zone.origin], strict=True):
        found = find(zone.nodes[owner], NSEC)
        if found is None:
            yield Finding("no nsec", owner)
            continue
        target = _first_name(found.rdatas[0])
        if target != following:
            yield Finding("nsec chain", owner, NSEC, {"target": target, "next": following})


def _first_name(rdata: bytes) -> bytes:
    at = 0
    while rdata[at]:
        at += 1 + rdata[at]
    return rdata[: at + 1].lower()


def _nsec3(zone: Zone) -> Iterator[Finding]:
    parameters = find(zone.nodes[zone.origin], NSEC3PARAM)
    assert parameters is not None  # Zone.signed has it from there
    count = int.from_bytes(parameters.rdatas[0][2:4], "big")
    if count:
        yield Finding("iterations", zone.origin, NSEC3PARAM, {"count": count})
    chain = sorted(
        (owner, found.rdatas[0])
        for owner, node in zone.nodes.items()
        if (found := find(node, NSEC3)) is not None
    )
    for at, (owner, rdata) in enumerate(chain):
        following = chain[(at + 1) % len(chain)][0]
        if _next_hash(rdata) != _hash(following):
            yield Finding("nsec3 chain", owner, NSEC3)


def _next_hash(rdata: bytes) -> bytes:
    """RFC 5155 section 3.2: algorithm, flags, iterations, salt, hash, types."""
    at = 5 + rdata[4]
    return rdata[at + 1 : at + 1 + rdata[at]]


def _hash(owner: bytes) -> bytes:
    """The hash that an NSEC3's first label is, in base32hex: RFC 5155 section 3.3."""
    label = owner[1 : 1 + owner[0]].upper().translate(_HEX)
    try:
        return base64.b32decode(label + b"=" * (-len(label) % 8))
    except ValueError:
        return b""
