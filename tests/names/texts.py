"""Zones for tests as master files have them, and chains of NSEC and NSEC3 made by dnspython's ordering."""

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.zone
from dns.rdtypes.util import Bitmap

from netapp.names.lookup.walk import look_up
from netapp.names.model import DNAME, DS, NS, NSEC, NSEC3, NSEC3PARAM, RRSIG, Lookup, Record, RecordSet
from netapp.names.snapshot import Snapshot
from netapp.names.zone import Zone, build_zone

SOA = "@ 3600 SOA ns hostmaster 1 3600 600 86400 300\n@ 3600 NS ns\nns 3600 A 10.0.0.53\n"


def wire(name: "str | dns.name.Name") -> bytes:
    """A name as netapp has it: folded wire form."""
    octets = (dns.name.from_text(name) if isinstance(name, str) else name).to_wire()
    assert octets is not None
    return octets.lower()


def records_of(text: str, origin: "str | dns.name.Name") -> list[Record]:
    """A master file's records, read by dnspython; names are relative to the origin, TTLs 60 s."""
    read = dns.zone.from_text("$TTL 60\n" + text, origin, relativize=False, check_origin=False)
    return [
        Record(wire(owner), int(rdataset.rdtype), rdata.to_wire() or b"", rdataset.ttl)
        for owner, rdataset in read.iterate_rdatasets()
        for rdata in rdataset
    ]


def zone_of(text: str, origin: "str | dns.name.Name") -> Zone:
    """A master file as a zone."""
    return build_zone(wire(origin), records_of(text, origin))


def served(*zones: Zone) -> Snapshot:
    return Snapshot({}, 1, {zone.origin: zone for zone in zones})


def asked(snapshot: Snapshot, question: str, dnssec: bool = False) -> Lookup:
    """A question such as ``www.example A``."""
    name, rdtype = question.split()
    return look_up(snapshot, wire(name), int(dns.rdatatype.from_text(rdtype)), dnssec)


def sets(section: tuple[RecordSet, ...]) -> list[str]:
    """A section in a few words: ``www.example. A``."""
    return [f"{dns.name.from_wire(each.owner, 0)[0]} {_type(each.rdtype)}" for each in section]


def _type(rdtype: int) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))


def nsec_zone(text: str, origin: str) -> Zone:
    """A zone with the NSEC records that a signer would give it, signed by nobody."""
    plain = zone_of(text, origin)
    names = sorted(name for name in _authoritative(plain) if plain.nodes[wire(name)])
    chain = [
        Record(wire(name), NSEC, (after.to_wire() or b"") + _bitmap(_types(plain, name) | {NSEC, RRSIG}), 300)
        for name, after in zip(names, [*names[1:], names[0]], strict=True)
    ]
    return build_zone(plain.origin, [*plain.records(), *chain])


def nsec3_zone(text: str, origin: str, salt: str = "", iterations: int = 0, optout: bool = False) -> Zone:
    """The same with NSEC3."""
    plain, apex = zone_of(text, origin), dns.name.from_text(origin)
    octets = bytes.fromhex(salt)
    params = iterations.to_bytes(2, "big") + bytes((len(octets),)) + octets
    base = build_zone(plain.origin, [*plain.records(), Record(wire(apex), NSEC3PARAM, b"\1\0" + params, 0)])
    hashes = {
        dns.dnssec.nsec3_hash(name, salt, iterations, 1).lower(): _types(base, name)
        for name in _authoritative(base)
        if not (optout and _is_left_out(base, name))
    }
    order = sorted(hashes)
    chain = [
        Record(
            wire(dns.name.Name((each.encode(), *apex.labels))),
            NSEC3,
            b"\1" + bytes((optout,)) + params + b"\x14" + int(after, 32).to_bytes(20, "big")
            + _bitmap(hashes[each] | ({RRSIG} if hashes[each] - {NS} else set())),
            300,
        )
        for each, after in zip(order, [*order[1:], order[0]], strict=True)
    ]  # fmt: skip
    return build_zone(plain.origin, [*base.records(), *chain])


def _authoritative(zone: Zone) -> list[dns.name.Name]:
    """The names at and above cuts, empty ones too."""
    names = [dns.name.from_wire(owner, 0)[0] for owner in zone.nodes]
    cuts = [dns.name.from_wire(owner, 0)[0] for owner in zone.cuts]
    return [name for name in names if not any(name != cut and name.is_subdomain(cut) for cut in cuts)]


def _types(zone: Zone, name: dns.name.Name) -> set[int]:
    """The types of a name that go to its bitmap: at a delegation NS and DS alone."""
    types = {each.rdtype for each in zone.nodes[wire(name)]}
    delegated = wire(name) in zone.cuts and NS in types and DNAME not in types and wire(name) != zone.origin
    return types & {NS, DS} if delegated else types


def _is_left_out(zone: Zone, name: dns.name.Name) -> bool:
    """Whether opt-out leaves a name out: an unsigned delegation."""
    return wire(name) in zone.cuts and _types(zone, name) == {NS}


def _bitmap(types: set[int]) -> bytes:
    octets = b""
    for window, bits in Bitmap.from_rdtypes([dns.rdatatype.RdataType.make(each) for each in types]).windows:
        octets += bytes((window, len(bits))) + bits
    return octets
