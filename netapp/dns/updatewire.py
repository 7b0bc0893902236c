"""UPDATE messages as values: RFC 2136 section 2.

Every walk is bounded by the octets there are, and a name by its 255 octets, however it is
compressed.  The additional section is looked into for OPT alone.
"""

from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from netapp.dns import wire
from netapp.dns.transfer.wire import name_at, whole_rdata
from netapp.dns.wire import Edns, Query
from netapp.errors import WireError
from netapp.names.model import AAAA, CNAME, NS, PTR, SOA, A
from netapp.names.updating import IN, Item, Update

_FIXED: Final = 10  # type, class, TTL and length of a record
#: Types whose form is checked whole as the names or addresses in them are read.
_CHECKED: Final = frozenset({A, NS, CNAME, SOA, PTR, AAAA})


@dataclass(frozen=True, slots=True)
class Message:
    """An UPDATE."""

    zone: bytes  # the zone section, as sent
    zclass: int
    update: Update
    edns: Edns | None

    @property
    def query(self) -> Query:
        """What a reply gives back: the zone section, and EDNS."""
        return Query(self.zone, self.update.origin, SOA, self.zclass, self.edns)


def parse_update(data: bytes) -> Message:
    """Read an UPDATE.

    :param data: at least the header's 12 octets, without a TSIG record.
    :raises WireError: FORMERR is the answer.

    Source: RFC 2136 section 2 and 3.1.1.
    """
    counts = [int.from_bytes(data[at : at + 2], "big") for at in (4, 6, 8, 10)]
    if counts[0] != 1:
        raise WireError("not one zone", source="RFC 2136 section 3.1.1")
    origin, at = name_at(data, wire.HEADER)
    end = at + 4
    if len(data) < end or data[at : at + 2] != b"\0\6":
        raise WireError("a zone section that is no SOA's", source="RFC 2136 section 3.1.1")
    zone, zclass = data[wire.HEADER : end], int.from_bytes(data[at + 2 : end], "big")
    prerequisites, at = _items(data, end, counts[1])
    updates, at = _items(data, at, counts[2])
    edns = _edns(data, at, counts[3])
    return Message(zone, zclass, Update(origin.lower(), prerequisites, updates), edns)


def _items(data: bytes, at: int, count: int) -> tuple[tuple[Item, ...], int]:
    suffixes: dict[int, bytes] = {}
    items: list[Item] = []
    for _ in range(count):
        owner, at = name_at(data, at, suffixes)
        rdtype, rdclass, ttl, begin, end = _fixed(data, at)
        rdata = data[begin:end]
        if rdata or rdclass == IN:
            rdata = _rdata(rdtype, data, begin, end)
        items.append(Item(owner.lower(), rdtype, rdclass, ttl if ttl < 1 << 31 else 0, rdata))
        at = end
    return tuple(items), at


def _fixed(data: bytes, at: int) -> tuple[int, int, int, int, int]:
    """:returns: type, class, TTL, where the rdata begins and where it ends."""
    begin = at + _FIXED
    if begin > len(data):
        raise WireError("a record is cut off", source="RFC 1035 section 4.1.3")
    rdtype, rdclass, ttl, length = (
        int.from_bytes(data[at + each : at + each + size], "big")
        for each, size in ((0, 2), (2, 2), (4, 4), (8, 2))
    )
    if begin + length > len(data):
        raise WireError("rdata is longer than the message", source="RFC 1035 section 4.1.3")
    return rdtype, rdclass, ttl, begin, begin + length


def _rdata(rdtype: int, data: bytes, begin: int, end: int) -> bytes:
    """Rdata with its names whole, and of the form that its type has: a zone must be able to be written."""
    rdata = whole_rdata(rdtype, data, begin, end)
    if rdtype not in _CHECKED:
        try:
            dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(rdtype), rdata, 0, len(rdata))
        except (dns.exception.DNSException, ValueError) as error:
            raise WireError(f"rdata of no form: {error!r}", source="RFC 1035 section 3.3") from None
    return rdata


def _edns(data: bytes, at: int, count: int) -> Edns | None:
    """The OPT record of the additional section, which is walked to its end.

    :raises WireError: it does not end with the message.
    """
    edns = None
    for _ in range(count):
        owner, at = name_at(data, at)
        rdtype, _, _, begin, end = _fixed(data, at)
        if rdtype == wire.OPT:
            if edns is not None or owner != b"\0":
                raise WireError("an OPT record too many, or astray", source="RFC 6891 section 6.1.1")
            edns = wire.edns_at(data, at, begin, end)
        at = end
    if at != len(data):
        raise WireError("octets after the message", source="RFC 1035 section 4.1")
    return edns
