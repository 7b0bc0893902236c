"""The messages of zone transfers: what a secondary sends, and the records that come back.

dnspython's ``dns.xfr`` is not used: it wants each record as an object of its own, at some 50 µs
each, passes over records outside the zone in silence, and writes into zones of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from netapp.dns.message import AA, HEADER, IN, NOTIFY, QR, QUERY, TC, Known, fixed_at, name_at, u16
from netapp.dns.rdata import whole_rdata
from netapp.errors import WireError
from netapp.names.model import SOA, Record
from netapp.names.zone import serial_of


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
    questions = u16(data, 4)
    if questions > 1:
        raise WireError("more than one question", source="RFC 9619 section 4")
    question, at = None, HEADER
    if questions:
        name, at = name_at(data, at)
        if at + 4 > len(data):
            raise WireError("the question is cut off", source="RFC 1035 section 4.1.2")
        question = (name.lower(), u16(data, at), u16(data, at + 2))
        at += 4
    return Reply(
        u16(data, 0), data[2] >> 3 & 15, data[3] & 15, bool(data[2] & TC), question, u16(data, 6), at
    )


def records_at(data: bytes, at: int, count: int) -> Iterator[Record]:
    """So many records of a message, owners folded, rdata with its names whole.

    :raises WireError: a record is cut off or malformed, or of another class.

    Source: RFC 1035 section 4.1.3, RFC 3597 section 4.
    """
    known: Known = {}
    for _ in range(count):
        owner, at = name_at(data, at, known)
        rdtype, rdclass, ttl, begin, at = fixed_at(data, at)
        if rdclass != IN:
            raise WireError("a record of another class", source="RFC 5936 section 2.2")
        rdata = whole_rdata(rdtype, data, begin, at, known)
        yield Record(owner.lower(), rdtype, rdata, ttl if ttl < 1 << 31 else 0)  # RFC 2181 section 8


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
    if u16(data, 4) != 1:
        raise WireError("a NOTIFY without its one question", source="RFC 1996 section 3.7")
    name, at = name_at(data, HEADER)
    end = at + 4
    if data[at:end] != b"\0\6\0\1":
        raise WireError("a NOTIFY of something else than a zone's SOA", source="RFC 1996 section 3.7")
    origin, serial = name.lower(), None
    if u16(data, 6):
        record = next(records_at(data, end, 1))
        if (record.owner, record.rdtype) == (origin, SOA):
            serial = serial_of(record.rdata)
    return Notify(origin, serial, end)
