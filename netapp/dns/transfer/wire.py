"""The messages of zone transfers: what a secondary sends, and the records that come back.

dnspython's ``dns.xfr`` is not used: it wants each record as an object of its own, at some 50 µs
each, passes over records outside the zone in silence, and writes into zones of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from netapp.errors import WireError
from netapp.names.model import AAAA, DNAME, MX, NS, NSEC, PTR, RRSIG, SOA, SRV, A, Record
from netapp.names.naming import MAX_LABEL, MAX_NAME

HEADER: Final = 12  # octets: RFC 1035 section 4.1.1
QR, AA, TC, RD = 0x80, 0x04, 0x02, 0x01  # octet 2 of the header
QUERY, NOTIFY = 0, 4  # opcodes: RFC 1035 section 4.1.1, RFC 1996 section 3.2
NOERROR, FORMERR, SERVFAIL, NOTIMP, REFUSED, NOTAUTH = 0, 1, 2, 4, 5, 9  # RFC 1035, RFC 2136 section 2.2
IN: Final = 1
IXFR, AXFR = 251, 252
_FIXED: Final = 10  # type, class, TTL and length of a record
_HOPS: Final = 127  # pointers in one name: it has no more labels


@dataclass(frozen=True, slots=True)
class Reply:
    """What one message says beside its records."""

    ident: int
    opcode: int
    rcode: int
    truncated: bool
    question: tuple[bytes, int, int] | None  # folded name, type, class
    answers: int  # records in the answer section
    start: int  # where they begin


def request(ident: int, qname: bytes, qtype: int, *, opcode: int = QUERY, soa: bytes | None = None) -> bytes:
    """One question.

    :param soa: rdata of an SOA record: the version that is there already in an IXFR (authority
        section, RFC 1995 section 3), the new one in a NOTIFY (answer section, RFC 1996 section 3.7).
    """
    flags = opcode << 3 | (AA if opcode == NOTIFY else 0)
    counts = (1, opcode == NOTIFY and soa is not None, opcode != NOTIFY and soa is not None, 0)
    head = ident.to_bytes(2, "big") + bytes((flags, 0)) + b"".join(each.to_bytes(2, "big") for each in counts)
    record = b"" if soa is None else b"\xc0\x0c\0\6\0\1\0\0\0\0" + len(soa).to_bytes(2, "big") + soa
    return head + qname + qtype.to_bytes(2, "big") + b"\0\1" + record


def parse_reply(data: bytes) -> Reply:
    """Read a reply's header and question.

    :raises WireError: it is no reply, or cut off.

    Source: RFC 1035 section 4.1.
    """
    if len(data) < HEADER or not data[2] & QR:
        raise WireError("no reply", source="RFC 1035 section 4.1.1")
    questions = _u16(data, 4)
    if questions > 1:
        raise WireError("more than one question", source="RFC 9619 section 4")
    question, at = None, HEADER
    if questions:
        name, at = name_at(data, at)
        if at + 4 > len(data):
            raise WireError("the question is cut off", source="RFC 1035 section 4.1.2")
        question = (name.lower(), _u16(data, at), _u16(data, at + 2))
        at += 4
    return Reply(
        _u16(data, 0), data[2] >> 3 & 15, data[3] & 15, bool(data[2] & TC), question, _u16(data, 6), at
    )


def records_at(data: bytes, at: int, count: int) -> Iterator[Record]:
    """So many records of a message, owners folded, rdata with its names whole.

    :raises WireError: a record is cut off or malformed, or of another class.

    Source: RFC 1035 section 4.1.3, RFC 3597 section 4.
    """
    size = len(data)
    suffixes: dict[int, bytes] = {}  # by where a pointer led: most owners end as others do
    for _ in range(count):
        owner, at = name_at(data, at, suffixes)
        end = at + _FIXED
        if end > size:
            raise WireError("a record is cut off", source="RFC 1035 section 4.1.3")
        rdtype = data[at] << 8 | data[at + 1]
        if data[at + 2] or data[at + 3] != IN:
            raise WireError("a record of another class", source="RFC 5936 section 2.2")
        ttl = int.from_bytes(data[at + 4 : at + 8], "big")
        at, end = end, end + (data[at + 8] << 8 | data[at + 9])
        if end > size:
            raise WireError("rdata is longer than the message", source="RFC 1035 section 4.1.3")
        rdata = whole_rdata(rdtype, data, at, end)
        yield Record(owner.lower(), rdtype, rdata, ttl if ttl < 1 << 31 else 0)  # RFC 2181 section 8
        at = end


def whole_rdata(rdtype: int, data: bytes, at: int, end: int) -> bytes:
    """A message's rdata with the names in it whole.

    :raises WireError: it is not of its type's form, where names or addresses are in it.
    """
    form = _FORMS.get(rdtype)
    return data[at:end] if form is None else form(data, at, end)


def name_at(data: bytes, at: int, suffixes: dict[int, bytes] | None = None) -> tuple[bytes, int]:
    """The name at ``at`` without compression, in its own case, and where what follows it begins.

    A pointer leads back, each further than the one before, so that every name ends.

    :param suffixes: names that pointers of this message have led to.
    :raises WireError: it is cut off, too long, or points forward.

    Source: RFC 1035 section 4.1.4.
    """
    start, size, earliest = at, len(data), at
    name, after, target, hops = b"", 0, 0, 0
    try:
        while True:
            length = data[at]
            if length == 0:
                name += data[start : at + 1]
                break
            if length <= MAX_LABEL:
                at += 1 + length
                continue
            if length < 0xC0:
                raise WireError("a label of no kind that there is", source="RFC 1035 section 4.1.4")
            pointer = (length & 0x3F) << 8 | data[at + 1]
            name += data[start:at]
            if not after:
                after, target = at + 2, pointer
                known = suffixes.get(pointer) if suffixes is not None else None
                if known is not None:
                    name += known
                    break
            hops += 1
            if pointer >= earliest or pointer < HEADER or hops > _HOPS:
                raise WireError("a pointer that leads on", source="RFC 1035 section 4.1.4")
            start = at = earliest = pointer
    except IndexError:
        at = size
    if at >= size:
        raise WireError("a name is cut off", source="RFC 1035 section 3.1")
    if len(name) > MAX_NAME:
        raise WireError("a name of more than 255 octets", source="RFC 1035 section 2.3.4")
    if not after:
        return name, at + 1
    if suffixes is not None and target not in suffixes:
        suffixes[target] = name_at(data, target)[0]
    return name, after


# Rdata -------------------------------------------------------------------------------------------

_Form = Callable[[bytes, int, int], bytes]


def _named(before: int, names: int, after: int | None) -> _Form:
    """Rdata with names in it, perhaps compressed.

    :param before: octets before the names.
    :param after: octets behind them; None for any number.
    """

    def form(data: bytes, at: int, end: int) -> bytes:
        pieces = [data[at : at + before]]
        at += before
        for _ in range(names):
            if at >= end:
                break
            name, at = name_at(data, at)
            pieces.append(name)
        left = end - at
        if len(pieces) != names + 1 or left < 0 or (after is not None and left != after):
            raise WireError("rdata that is not of its type's form", source="RFC 1035 section 3.3")
        pieces.append(data[at:end])
        return b"".join(pieces)

    return form


def _sized(octets: int) -> _Form:
    def form(data: bytes, at: int, end: int) -> bytes:
        if end - at != octets:
            raise WireError("an address of another length", source="RFC 1035 section 3.4.1")
        return data[at:end]

    return form


def _naptr(data: bytes, at: int, end: int) -> bytes:
    """Order, preference, three strings and a name: RFC 3403 section 4.1."""
    strings = at + 4
    for _ in range(3):
        strings += 1 + (data[strings] if strings < end else 0)
    return _named(strings - at, 1, 0)(data, at, end)


#: Types whose rdata may hold compressed names, as it must be read though none may be written so
#: (RFC 3597 section 4), and those whose rdata our own answers look into.
_FORMS: Final[dict[int, _Form]] = {
    A: _sized(4),
    AAAA: _sized(16),
    **{rdtype: _named(0, 1, 0) for rdtype in (NS, 3, 4, 5, 7, 8, 9, PTR, DNAME)},
    SOA: _named(0, 2, 20),
    **{rdtype: _named(0, 2, 0) for rdtype in (14, 17)},  # MINFO, RP
    **{rdtype: _named(2, 1, 0) for rdtype in (MX, 18, 21, 36)},  # AFSDB, RT, KX
    **{rdtype: _named(18, 1, None) for rdtype in (24, RRSIG)},  # SIG
    26: _named(2, 2, 0),  # PX
    **{rdtype: _named(0, 1, None) for rdtype in (30, NSEC)},  # NXT
    SRV: _named(6, 1, 0),
    35: _naptr,
}


def _u16(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]


@dataclass(frozen=True, slots=True)
class Notify:
    """What a NOTIFY says: RFC 1996 section 3.7."""

    origin: bytes  # folded
    serial: int | None  # of the SOA in its answer section, where there is one: a hint
    end: int  # where its question does


def parse_notify(data: bytes) -> Notify:
    """Read a NOTIFY.

    :raises WireError: FORMERR is the answer.

    Source: RFC 1996 section 3.
    """
    if _u16(data, 4) != 1:
        raise WireError("a NOTIFY without its one question", source="RFC 1996 section 3.7")
    name, at = name_at(data, HEADER)
    end = at + 4
    if data[at:end] != b"\0\6\0\1":
        raise WireError("a NOTIFY of something else than a zone's SOA", source="RFC 1996 section 3.7")
    origin, serial = name.lower(), None
    if _u16(data, 6):
        record = next(records_at(data, end, 1))
        if (record.owner, record.rdtype) == (origin, SOA):
            serial = int.from_bytes(record.rdata[-20:-16], "big")
    return Notify(origin, serial, end)
