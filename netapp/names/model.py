"""What names are: records, sets of them, and what a lookup gives.

Octets are wire form throughout: owners are folded wire names (:mod:`netapp.names.naming`), rdata
is as RFC 1035 section 3.3 has it, never compressed, its names in the case they came in.  Nothing
here reads, waits or logs.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from netapp.core.access import Address
from netapp.names.rdata import distinct

if TYPE_CHECKING:
    from netapp.names.zone import Zone

#: Types: RFC 1035 section 3.2.2, RFC 3596, RFC 6672, RFC 4034, RFC 5155.
A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV = 1, 2, 5, 6, 12, 15, 16, 28, 33
DNAME, DS, RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM = 39, 43, 46, 47, 48, 50, 51
SVCB, HTTPS = 64, 65  # RFC 9460 section 14
ANY = 255  # RFC 1035 section 3.2.3
#: Response codes: RFC 1035 section 4.1.1, RFC 2136 section 2.2.
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, REFUSED = 0, 1, 2, 3, 5
YXDOMAIN, YXRRSET, NXRRSET, NOTZONE = 6, 7, 8, 10

#: Types of which a name has one record at most: RFC 1034 section 3.6.2, RFC 6672 section 2.4.
SINGLE: Final = frozenset({CNAME, SOA, DNAME})
#: What may stand beside a CNAME: RFC 4034 section 2.5, RFC 4035 section 2.5.
BESIDE_CNAME: Final = frozenset({CNAME, RRSIG, NSEC, NSEC3})

#: The label, its length before it, of a source of synthesis: RFC 4592 section 2.1.1.
WILDCARD: Final = b"\x01*"
#: Seconds that a record may be remembered; short, since a hosts file changes without notice.
TTL: Final = 60
#: CNAMEs followed for one question.
MAX_CHAIN: Final = 16


@dataclass(frozen=True, slots=True)
class Record:
    owner: bytes
    rdtype: int
    rdata: bytes
    ttl: int = TTL


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All records of one owner and type, in the order they were given, none twice in any spelling.

    ``signatures`` is the rdata of the RRSIG records that cover it: RFC 4034 section 3.1.
    """

    owner: bytes
    rdtype: int
    ttl: int
    rdatas: tuple[bytes, ...]
    signatures: tuple[bytes, ...] = ()


#: The sets of one owner; none for an empty non-terminal (RFC 4592 section 2.2.2).
Node = tuple[RecordSet, ...]


class Lookup(NamedTuple):
    """What is said to one question, section by section as DNS has them."""

    rcode: int  # REFUSED: we are no authority for this name
    authoritative: bool = False
    answer: tuple[RecordSet, ...] = ()
    authority: tuple[RecordSet, ...] = ()
    additional: tuple[RecordSet, ...] = ()
    zone: "Zone | None" = None  # the one that was asked first
    #: Whether the question's own name was there; else as many names as there are could get it.
    exact: bool = True


NOT_OURS: Final = Lookup(REFUSED)


def find(node: Node, rdtype: int) -> RecordSet | None:
    """The set of one type."""
    for each in node:
        if each.rdtype == rdtype:
            return each
    return None


def once(*sets: RecordSet) -> tuple[RecordSet, ...]:
    """Sets of one zone, none twice: told apart by what they are, not by what they hold, which costs more."""
    return tuple({id(each): each for each in sets}.values())


def address_record(owner: bytes, address: Address) -> Record:
    """An A or AAAA record."""
    return Record(owner, A if address.version == 4 else AAAA, address.packed)


def nodes_of(records: Iterable[Record]) -> dict[bytes, Node]:
    """Records gathered into sets; a set has the lowest TTL of its records (RFC 2181 section 5.2)."""
    gathered: dict[bytes, list[Record]] = {}
    for record in records:
        gathered.setdefault(record.owner, []).append(record)
    return {owner: node_of(owner, each) for owner, each in gathered.items()}


def node_of(owner: bytes, records: Iterable[Record]) -> Node:
    """One owner's records as sets; an RRSIG goes with what it covers, or is left out with it."""
    ttls: dict[int, int] = {}
    rdatas: dict[int, dict[bytes, None]] = {}
    signatures: dict[int, dict[bytes, None]] = {}
    for record in records:
        if record.rdtype == RRSIG:
            signatures.setdefault(covered(record.rdata), {})[record.rdata] = None
            continue
        ttls[record.rdtype] = min(record.ttl, ttls.get(record.rdtype, record.ttl))
        rdatas.setdefault(record.rdtype, {})[record.rdata] = None
    return tuple(
        RecordSet(
            owner,
            rdtype,
            ttls[rdtype],
            tuple(each) if len(each) == 1 else distinct(rdtype, each),
            tuple(signatures.get(rdtype, ())),
        )
        for rdtype, each in rdatas.items()
    )


def covered(rrsig: bytes) -> int:
    """The type that an RRSIG's rdata covers: RFC 4034 section 3.1.1."""
    return int.from_bytes(rrsig[:2], "big")


def parent(name: bytes) -> bytes:
    """A wire name without its first label.  The root has no parent: do not ask."""
    return name[1 + name[0] :]


def little_soa(owner: bytes) -> RecordSet:
    """The SOA of a name that is a little zone of its own, as RFC 6303 section 3 gives it to such.

    Its serial stays: nobody may transfer such a zone, and so nobody compares it.
    """
    return RecordSet(owner, SOA, TTL, (owner + _NOBODY,))


#: RNAME (RFC 2606 section 2), and serial, refresh, retry, expire, minimum.
_NOBODY: Final = b"\x06nobody\x07invalid\x00" + struct.pack("!5I", 1, 3600, 1200, 604800, TTL)
Nodes = Mapping[bytes, Node]
