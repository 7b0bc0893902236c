"""Answers as sets of sets, so that they can be compared, and what two of them differ in."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dns.flags
import dns.message
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from netapp.names.model import RRSIG, Lookup, RecordSet

#: Owner, type, TTL, rdata in canonical form.
Plain = tuple[bytes, int, int, bytes]
Section = frozenset[Plain]


@dataclass(frozen=True)
class Said:
    """One server's answer."""

    rcode: int
    aa: bool
    answer: Section
    authority: Section
    additional: Section

    def __str__(self) -> str:
        parts = [f"rcode {self.rcode}{' aa' if self.aa else ''}"]
        for name in ("answer", "authority", "additional"):
            parts += [f"  {name}: {_shown(each)}" for each in sorted(getattr(self, name))]
        return "\n".join(parts)


def of_message(message: dns.message.Message) -> Said:
    """What a server sent."""
    sections = (message.answer, message.authority, message.additional)
    answer, authority, additional = (frozenset(_of_rrsets(each)) for each in sections)
    return Said(int(message.rcode()), bool(message.flags & dns.flags.AA), answer, authority, additional)


def of_lookup(found: Lookup, dnssec: bool) -> Said:
    """What a lookup would be rendered as."""
    sections = (found.answer, found.authority, found.additional)
    answer, authority, additional = (frozenset(_of_sets(each, dnssec)) for each in sections)
    return Said(found.rcode, found.authoritative, answer, authority, additional)


def _of_rrsets(rrsets: Iterable[dns.rrset.RRset]) -> Iterable[Plain]:
    for rrset in rrsets:
        for rdata in rrset:
            owner = rrset.name.canonicalize().to_wire()
            assert owner is not None
            yield owner, int(rrset.rdtype), rrset.ttl, _canonical(rdata)


def _of_sets(sets: Iterable[RecordSet], dnssec: bool) -> Iterable[Plain]:
    for each in sets:
        for rdata in each.rdatas:
            yield each.owner, each.rdtype, each.ttl, _canonical(read(each.rdtype, rdata))
        for rdata in each.signatures if dnssec else ():
            yield each.owner, RRSIG, each.ttl, _canonical(read(RRSIG, rdata))


def read(rdtype: int, rdata: bytes) -> Any:
    """Rdata as dnspython has it."""
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(rdtype), rdata, 0, len(rdata))


def _canonical(rdata: dns.rdata.Rdata) -> bytes:
    return rdata.to_digestable()


def _shown(each: Plain) -> str:
    owner, rdtype, ttl, rdata = each
    name = dns.name.from_wire(owner, 0)[0]
    return f"{name} {ttl} {dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))} {read(rdtype, rdata)}"
