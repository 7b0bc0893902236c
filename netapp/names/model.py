"""What names are: records, sets of them, and the immutable snapshot that is asked.

Octets are wire form throughout: owners are folded wire names (:mod:`netapp.names.naming`), rdata
is as RFC 1035 section 3.3 has it, never compressed.  Nothing here reads, waits or logs.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

A, CNAME, SOA, AAAA = 1, 5, 6, 28  # RFC 1035 section 3.2.2, RFC 3596 section 2.1
ANY = 255  # RFC 1035 section 3.2.3

#: Seconds that a record may be remembered; short, since a hosts file changes without notice.
TTL: Final = 60
#: CNAMEs followed for one question.
MAX_CHAIN: Final = 16

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Record:
    owner: bytes
    rdtype: int
    rdata: bytes
    ttl: int = TTL


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All records of one owner and type, in the order they were given, none twice."""

    owner: bytes
    rdtype: int
    ttl: int
    rdatas: tuple[bytes, ...]


#: The sets of one owner, by type.
Node = Mapping[int, RecordSet]


class Status(Enum):
    """How a lookup ended."""

    FOUND = "found"  # ``answer`` holds sets
    NODATA = "nodata"  # the name is ours, the type is not there: RFC 2308 section 2.2
    NOT_OURS = "not ours"  # we are no authority for this name


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a snapshot says to one question, section by section as DNS has them."""

    status: Status
    answer: tuple[RecordSet, ...] = ()
    authority: tuple[RecordSet, ...] = ()


NOT_OURS: Final = Lookup(Status.NOT_OURS)


class Snapshot:
    """All names at one moment.  :param version: rises with every change."""

    __slots__ = ("_nodes", "version")

    def __init__(self, nodes: Mapping[bytes, Node], version: int) -> None:
        self._nodes, self.version = nodes, version

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._nodes)

    def lookup(self, owner: bytes, rdtype: int) -> Lookup:
        """The sets that answer a question, the CNAMEs on the way first.

        A chain that leaves our names, loops or passes :data:`MAX_CHAIN` ends with what was found
        (RFC 1034 section 4.3.2).  ANY gives one set (RFC 8482 section 4.1).
        """
        if owner not in self._nodes:
            return NOT_OURS
        answer: list[RecordSet] = []
        seen: set[bytes] = set()
        while (node := self._nodes.get(owner)) is not None:
            if (found := _pick(node, rdtype)) is not None:
                return Lookup(Status.FOUND, (*answer, found))
            if rdtype == SOA and not answer:
                return Lookup(Status.FOUND, (self._soa(owner),))
            seen.add(owner)
            alias = node.get(CNAME)
            if alias is None:
                return Lookup(Status.FOUND if answer else Status.NODATA, tuple(answer), (self._soa(owner),))
            answer.append(alias)
            owner = alias.rdatas[0]
            if owner in seen or len(answer) >= MAX_CHAIN:
                break
        return Lookup(Status.FOUND, tuple(answer))

    def differing(self, older: "Snapshot") -> frozenset[bytes] | None:
        """The names whose answers are others than in ``older``; None if that may be any of them.

        With aliases about, a name's answer may change with another's.
        """
        for snapshot in (self, older):
            if any(CNAME in node for node in snapshot._nodes.values()):
                return None
        before, after = older._nodes, self._nodes
        changed = {
            owner for owner, node in after.items() if (was := before.get(owner)) is not node and was != node
        }
        return frozenset(changed | (before.keys() - after.keys()))

    def address(self, owner: bytes) -> str | None:
        """The first IPv4 address of a name, after its CNAMEs."""
        found = self.lookup(owner, A).answer
        if not found or found[-1].rdtype != A:
            return None
        return ".".join(map(str, found[-1].rdatas[0]))

    def _soa(self, owner: bytes) -> RecordSet:
        """The SOA that lets others remember what is not there.

        A name is a little zone of its own; its SOA is of the form that RFC 6303 section 3 gives to
        such, with our version for the serial.
        """
        numbers = (self.version, 3600, 1200, 604800, TTL)  # serial, refresh, retry, expire, minimum
        rdata = owner + _NOBODY + b"".join((number & 0xFFFFFFFF).to_bytes(4, "big") for number in numbers)
        return RecordSet(owner, SOA, TTL, (rdata,))


def address_record(owner: bytes, address: Address) -> Record:
    """An A or AAAA record."""
    return Record(owner, A if address.version == 4 else AAAA, address.packed)


def nodes_of(records: Iterable[Record]) -> dict[bytes, dict[int, RecordSet]]:
    """Records gathered into sets; a set has the lowest TTL of its records (RFC 2181 section 5.2)."""
    rdatas: dict[tuple[bytes, int], dict[bytes, int]] = {}
    for record in records:
        rdatas.setdefault((record.owner, record.rdtype), {}).setdefault(record.rdata, record.ttl)
    nodes: dict[bytes, dict[int, RecordSet]] = {}
    for (owner, rdtype), ttls in rdatas.items():
        nodes.setdefault(owner, {})[rdtype] = RecordSet(owner, rdtype, min(ttls.values()), tuple(ttls))
    return nodes


def _pick(node: Node, rdtype: int) -> RecordSet | None:
    if rdtype == ANY:
        return next(iter(node.values()))
    return node.get(rdtype)


_NOBODY: Final = b"\x06nobody\x07invalid\x00"  # RFC 2606 section 2
