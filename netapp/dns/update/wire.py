"""UPDATE messages as values: RFC 2136 section 2.

The head comes first: who may not ask for a change gets an answer before its records are read.
Every walk is bounded by the octets there are and by :data:`netapp.core.limits.DNS_UPDATE_RECORDS`.
The additional section is looked into for OPT alone.
"""

from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.dns.message import HEADER, OPT, Known, counts, fixed_at, name_at, name_end, u16
from netapp.dns.rdata import whole_rdata
from netapp.dns.wire import Edns, Query, edns_at
from netapp.errors import WireError
from netapp.names.changing.updating import IN, Item, Update
from netapp.names.model import AAAA, CNAME, NS, PTR, SOA, A

#: Types whose form is checked whole as the names or addresses in them are read.
_CHECKED: Final = frozenset({A, NS, CNAME, SOA, PTR, AAAA})


@dataclass(frozen=True, slots=True)
class Head:
    """What an UPDATE is about, as a refusal needs it."""

    zone: bytes  # the zone section, as sent
    origin: bytes
    zclass: int
    edns: Edns | None

    @property
    def query(self) -> Query:
        """What a reply gives back: the zone section, and EDNS."""
        return Query(self.zone, self.origin, SOA, self.zclass, self.edns)


def parse_head(data: bytes) -> Head:
    """Read an UPDATE's zone section and its OPT record; of all else only where it ends.

    :param data: at least the header's 12 octets, without a TSIG record.
    :raises WireError: FORMERR is the answer.

    Source: RFC 2136 section 2 and 3.1.1.
    """
    zones, *others = counts(data)
    if zones != 1:
        raise WireError("not one zone", source="RFC 2136 section 3.1.1")
    if sum(others) > limits.DNS_UPDATE_RECORDS:
        raise WireError("too many records for a request", source="RFC 1035 section 4.1")
    origin, at = name_at(data, HEADER)
    end = at + 4
    if len(data) < end or data[at : at + 2] != b"\0\6":
        raise WireError("a zone section that is no SOA's", source="RFC 2136 section 3.1.1")
    zclass = u16(data, at + 2)
    return Head(data[HEADER:end], origin.lower(), zclass, _edns(data, end, others[0] + others[1], others[2]))


def parse_update(data: bytes, head: Head) -> Update:
    """Read what an UPDATE asks.  This takes a while: see first whether its sender may ask it.

    :param head: the message's, which was read before.
    :raises WireError: FORMERR is the answer.

    Source: RFC 2136 section 2.
    """
    known: Known = {}
    _, needs, changes, _ = counts(data)
    prerequisites, at = _items(data, HEADER + len(head.zone), needs, known)
    updates, _ = _items(data, at, changes, known)
    return Update(head.origin, prerequisites, updates)


def _items(data: bytes, at: int, count: int, known: Known) -> tuple[tuple[Item, ...], int]:
    items: list[Item] = []
    for _ in range(count):
        owner, at = name_at(data, at, known)
        rdtype, rdclass, ttl, begin, at = fixed_at(data, at)
        rdata = data[begin:at]
        if rdata or rdclass == IN:
            rdata = _rdata(rdtype, data, begin, at, known)
        items.append(Item(owner.lower(), rdtype, rdclass, ttl if ttl < 1 << 31 else 0, rdata))
    return tuple(items), at


def _rdata(rdtype: int, data: bytes, begin: int, end: int, known: Known) -> bytes:
    """Rdata with its names whole, and of the form that its type has: a zone must be able to be written."""
    rdata = whole_rdata(rdtype, data, begin, end, known)
    if rdtype not in _CHECKED:
        _check_form(rdtype, rdata)
    return rdata


def _check_form(rdtype: int, rdata: bytes) -> None:
    """:raises WireError: it cannot be read as the rdata of its type."""
    import dns.exception  # now: who is never updated need not wait for it at the start
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    try:
        dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(rdtype), rdata, 0, len(rdata))
    except (dns.exception.DNSException, ValueError) as error:
        raise WireError(f"rdata of no form: {error!r}", source="RFC 1035 section 3.3") from None


def _edns(data: bytes, at: int, before: int, additional: int) -> Edns | None:
    """The OPT record of the additional section; the message is walked to its end.

    :raises WireError: it does not end with its records.
    """
    edns = None
    for number in range(before + additional):
        start, at = at, name_end(data, at)
        rdtype, _, _, begin, end = fixed_at(data, at)
        if rdtype == OPT and number >= before:
            if edns is not None or data[start]:
                raise WireError("an OPT record too many, or astray", source="RFC 6891 section 6.1.1")
            edns = edns_at(data, at, begin, end)
        at = end
    if at != len(data):
        raise WireError("octets after the message", source="RFC 1035 section 4.1")
    return edns
