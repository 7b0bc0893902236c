"""Questions to zones: the names there are, and those near them."""

from random import Random
from typing import Final, NamedTuple

import dns.exception
import dns.name
import dns.rdatatype

from tests.dns.differential.zones import LABELS, Draft

TYPES: Final = ("A", "A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "DNAME", "DS", "SRV", "PTR")
RARE: Final = ("ANY", "NSEC", "DNSKEY", "NSEC3PARAM", "TYPE65280", "TYPE65281", "CAA", "TYPE65300", "RRSIG")


class Question(NamedTuple):
    name: dns.name.Name
    rdtype: int
    dnssec: bool

    def __str__(self) -> str:
        wish = "+dnssec" if self.dnssec else ""
        return (
            f"{self.name} {dns.rdatatype.to_text(dns.rdatatype.RdataType.make(self.rdtype))} {wish}".rstrip()
        )


def questions(made: list[Draft], random: Random, count: int) -> list[Question]:
    """Some questions, none twice."""
    near = sorted(set(_near(made, random)))
    asked: dict[Question, None] = {}
    for _ in range(20 * count):
        rdtype = dns.rdatatype.from_text(random.choice(TYPES if random.random() < 0.8 else RARE))
        asked[Question(random.choice(near), int(rdtype), random.random() < 0.5)] = None
        if len(asked) >= count:
            break
    return list(asked)


def _near(made: list[Draft], random: Random) -> list[dns.name.Name]:
    names = [name for draft in made for name in [draft.origin, *draft.names, *draft.closed]]
    names += [dns.name.from_text(line.split(" ")[0]) for draft in made for line in draft.lines]
    found = list(names)
    for name in names:
        found += [name.parent(), name.parent().parent() if len(name) > 3 else name]
        for label in (b"new", b"*", random.choice(LABELS), random.choice(LABELS)):
            found += _below(label, name)
            found += _below(label, name.parent())
            found += [deeper for each in _below(label, name) for deeper in _below(b"more", each)]
    inside = [draft.origin for draft in made]
    return [name for name in found if any(name.is_subdomain(origin) for origin in inside)]


def _below(label: bytes, name: dns.name.Name) -> list[dns.name.Name]:
    try:
        return [dns.name.Name((label, *name.labels))]
    except dns.exception.DNSException:
        return []
