"""Zones that nobody would write, from a seed: wildcards, cuts, DNAMEs, chains, odd octets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

import dns.name

#: Few, so that names meet; the last are what only DNS takes for labels (RFC 2181 section 11).
LABELS: Final = (
    *(b"a", b"b", b"c", b"d", b"ns", b"mail", b"_srv", b"*", b"*", b"x" * 63),
    *(b"a.b", b"\x00", b"\x01", b"\xff\xfe", b"sp ace", b'"q\\', b"**", b"A"),
)
OUTSIDE: Final = dns.name.from_text("www.outside.example.")
#: Few labels before this make a name of over 255 octets.
LONG: Final = dns.name.from_text(".".join(["y" * 63] * 3 + ["q.test."]))
_UNKNOWN: Final = "TYPE65280"


def spelt(name: dns.name.Name) -> str:
    """A name as every zone parser reads it: NSD's trips over a backslash behind a backslash."""
    return "".join("".join(map(_octet, label)) + "." for label in name.labels[:-1]) or "."


def _octet(octet: int) -> str:
    return (
        chr(octet) if (chr(octet).isascii() and chr(octet).isalnum()) or octet in b"-_*" else f"\\{octet:03}"
    )


@dataclass
class Draft:
    """A zone being made.  ``names`` may be aimed at, ``leaves`` have nothing below them."""

    origin: dns.name.Name
    lines: list[str] = field(default_factory=list)
    names: list[dns.name.Name] = field(default_factory=list)
    closed: set[dns.name.Name] = field(default_factory=set)

    def add(self, owner: dns.name.Name, ttl: int, rdtype: str, rdata: str) -> None:
        self.lines.append(f"{spelt(owner)} {ttl} IN {rdtype} {rdata}")

    @property
    def text(self) -> str:
        return "\n".join([*self.lines, ""])


def drafts(random: Random, size: int = 25) -> list[Draft]:
    """Some zones beside and below each other.  :param size: names in each, about."""
    top, child = dns.name.from_text("p.test."), dns.name.from_text("kid.p.test.")
    made = [Draft(origin) for origin in (top, child, dns.name.from_text("q.test."))]
    for draft in made:
        _apex(draft, random)
        draft.names = list(dict.fromkeys(_name(draft.origin, random) for _ in range(size)))
    targets = [name for draft in made for name in [*draft.names, draft.origin]] + [OUTSIDE]
    targets += [dns.name.Name((random.choice(LABELS), *target.labels)) for target in targets[::4]]
    for draft in made:
        for name in draft.names:
            _fill(draft, name, targets, random)
    # NSD keeps all zones' names in one tree: glue below the child's apex must be names of the child
    made[0].add(child, 900, "NS", "ns.kid.p.test.")
    made[0].add(dns.name.from_text("ns.kid.p.test."), 901, "A", "10.0.0.53")
    if random.random() < 0.5:
        made[0].add(child, 902, "DS", "12345 13 2 " + "cd" * 32)
    return made


def _apex(draft: Draft, random: Random) -> None:
    ns = dns.name.Name((b"ns", *draft.origin.labels))
    minimum = random.choice((5, 300, 90000))
    draft.add(
        draft.origin, random.choice((60, 3600)), "SOA", f"{spelt(ns)} Root.P.test. 7 3600 600 86400 {minimum}"
    )
    draft.add(draft.origin, 600, "NS", spelt(ns))
    draft.add(draft.origin, 600, "NS", "NS.outside.example.")
    draft.add(ns, 600, "A", "10.0.0.53")
    draft.closed.add(ns)


def _name(origin: dns.name.Name, random: Random) -> dns.name.Name:
    depth = random.choice((1, 1, 1, 2, 2, 3, 4))
    return dns.name.Name((*(random.choice(LABELS) for _ in range(depth)), *origin.labels))


def _fill(draft: Draft, name: dns.name.Name, targets: list[dns.name.Name], random: Random) -> None:
    """Give a name its records, if it may have any."""
    if any(name.is_subdomain(other) for other in draft.closed):
        return
    alone = not any(other.is_subdomain(name) for other in draft.names if other != name)
    kind = random.random()
    if kind < 0.14 and alone and b"*" not in name.labels:
        draft.closed.add(name)
        _cut(draft, name, random, targets)
    elif kind < 0.22 and alone and b"*" not in name.labels:
        draft.closed.add(name)
        draft.add(name, 120, "DNAME", spelt(random.choice([*targets[::9], LONG, OUTSIDE])))
    elif kind < 0.42:
        draft.add(name, random.choice((0, 30, 7200)), "CNAME", spelt(random.choice(targets)))
    else:
        for rdtype, rdata in random.sample(list(_data(targets, random)), random.choice((1, 1, 2, 4))):
            for each in rdata:
                draft.add(name, 77, rdtype, each)


def _data(targets: list[dns.name.Name], random: Random) -> Iterator[tuple[str, list[str]]]:
    host, other = spelt(random.choice(targets)), spelt(random.choice(targets)).upper()
    yield "A", [f"10.0.{random.randrange(256)}.{n}" for n in range(random.choice((1, 1, 2, 5)))]
    yield "AAAA", ["fd00::1"]
    yield "TXT", ['"Text" "of two"', '""'] if random.random() < 0.5 else ['"\\000\\255"']
    yield "MX", [f"10 {host}", f"20 {other}"]
    yield "SRV", [f"1 2 80 {host}"]
    yield _UNKNOWN, ["\\# 3 00ff41"]
    yield "TYPE65281", ["\\# 0"]
    yield "CAA", ['0 issue "ca.test"']


def _cut(draft: Draft, name: dns.name.Name, random: Random, targets: list[dns.name.Name]) -> None:
    """A delegation: with glue below it, with a sibling's, with none, or to far away; signed or not."""
    draft.closed.add(name)
    inside = dns.name.Name((b"ns", *name.labels))
    deep = dns.name.Name((b"ns", b"deep", *name.labels))
    servers = random.choice(
        ([inside], [inside, deep], [inside, OUTSIDE], [OUTSIDE], [random.choice(targets), inside], [name])
    )
    for server in dict.fromkeys(servers):
        draft.add(name, 900, "NS", spelt(server))
        if server.is_subdomain(name):
            draft.add(server, 901, "A", "10.1.0.1")
            if random.random() < 0.4:
                draft.add(server, 901, "AAAA", "fd00::53")
    if random.random() < 0.4:
        draft.add(name, 902, "DS", "12345 13 2 " + "ab" * 32)
    if random.random() < 0.2:
        draft.add(dns.name.Name((b"lost", *name.labels)), 903, "TXT", '"below a cut"')
