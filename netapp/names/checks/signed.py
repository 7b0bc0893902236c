"""DNSSEC: signatures that are missing or past, proofs whose chain is broken.

Nothing is verified by its key: ``delv``, ``ldns-verify-zone`` and ``dnssec-verify`` do that.

Source: RFC 4034 sections 3 and 4; RFC 4035 section 2; RFC 5155 section 7.1; RFC 9276 section 3.1.
"""

import time
from collections.abc import Iterator
from typing import Final

from netapp.names.checks.delegation import cut_above
from netapp.names.checks.finding import Finding
from netapp.names.lookup.nsec3 import Parameters, iterations_of, key_of, next_hash
from netapp.names.model import DS, NSEC, NSEC3, NSEC3PARAM, Node, RecordSet, find
from netapp.names.naming import canonical_key, name_end
from netapp.names.zone import Zone

#: Seconds before the end of a signature when it is told of.
_SOON: Final = 3 * 86400


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
    longest = max(each.signatures, key=lambda rrsig: _signed(rrsig[8:12], now))
    begin, end = _signed(longest[12:16], now), _signed(longest[8:12], now)
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
    owners.sort(key=canonical_key)
    for owner, following in zip(owners, [*owners[1:], zone.origin], strict=True):
        found = find(zone.nodes[owner], NSEC)
        if found is None:
            yield Finding("no nsec", owner)
            continue
        rdata = found.rdatas[0]
        target = rdata[: name_end(rdata)].lower()
        if target != following:
            yield Finding("nsec chain", owner, NSEC, {"target": target, "next": following})


def _nsec3(zone: Zone) -> Iterator[Finding]:
    if count := iterations_of(zone):
        yield Finding("iterations", zone.origin, NSEC3PARAM, {"count": count})
    declared = find(zone.nodes[zone.origin], NSEC3PARAM)
    assert declared is not None  # Zone.signed has it from there
    for parameters in map(
        Parameters.of, declared.rdatas
    ):  # two while a salt is changed: RFC 5155 section 7.3
        if parameters is not None:
            yield from _ring(zone, parameters)


def _ring(zone: Zone, parameters: Parameters) -> Iterator[Finding]:
    """Where an NSEC3 chain is broken; others beside it are no part of it."""
    keys = ((key_of(zone, owner, parameters), owner) for owner in zone.nodes)
    chain = sorted((key, owner) for key, owner in keys if key is not None)
    for (_, owner), (following, _) in zip(chain, [*chain[1:], *chain[:1]], strict=True):
        found = find(zone.nodes[owner], NSEC3)
        own = (next_hash(rdata) for rdata in found.rdatas if parameters.are_of(rdata)) if found else ()
        if following not in own:
            yield Finding("nsec3 chain", owner, NSEC3)
