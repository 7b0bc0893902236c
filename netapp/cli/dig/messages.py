"""Answers of any server as values, and the questions that they answer as octets.

Whatever comes is read within its octets, by :mod:`netapp.dns.message`; rdata are rid of their
pointers before dnspython makes text of them.
"""

from dataclasses import dataclass, field
from functools import cached_property

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from netapp.dns import wire
from netapp.dns.message import HEADER, IN, OPT, QR, RD, TC, Known, fixed_at, name_at, u16
from netapp.dns.message import counts as counts_of
from netapp.dns.options import option
from netapp.dns.rdata import unpointed_rdata
from netapp.dns.wire import Edns
from netapp.errors import WireError


@dataclass(frozen=True)
class Question:
    """``qname`` is the wire form, in the case it is written in."""

    qname: bytes
    qtype: int
    qclass: int = IN

    def is_same(self, other: "Question") -> bool:
        """Whether it asks the same: RFC 4343 has names differ by case alone be equal."""
        folded = self.qname.lower() == other.qname.lower()
        return folded and (self.qtype, self.qclass) == (other.qtype, other.qclass)


@dataclass(frozen=True)
class Record:
    """One record; ``rdata`` are octets without pointers."""

    owner: bytes
    rdtype: int
    rdclass: int
    ttl: int
    rdata: bytes

    @cached_property
    def data(self) -> str:
        """The rdata as a zone file has them; by RFC 3597 section 5 where their form is not their type's."""
        return self.parsed.to_text()

    @cached_property
    def parsed(self) -> dns.rdata.Rdata:
        """The rdata as dnspython has them."""
        rdclass = dns.rdataclass.RdataClass.make(self.rdclass)
        rdtype = dns.rdatatype.RdataType.make(self.rdtype)
        try:
            parsed = dns.rdata.from_wire(rdclass, rdtype, self.rdata, 0, len(self.rdata))
            parsed.to_text()
        except (dns.exception.DNSException, ValueError, ArithmeticError, LookupError):
            return dns.rdata.GenericRdata(rdclass, rdtype, self.rdata)
        return parsed


@dataclass(frozen=True)
class Message:
    """An answer.  ``flags`` is the header's 16 bits, ``rcode`` has EDNS's upper bits in it."""

    ident: int
    flags: int
    rcode: int
    questions: tuple[Question, ...]
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]  # without the OPT
    edns: Edns | None
    octets: bytes = field(repr=False)

    @property
    def opcode(self) -> int:
        return self.flags >> 11 & 0x0F

    @property
    def truncated(self) -> bool:
        return bool(self.flags >> 8 & TC)

    @property
    def is_answer(self) -> bool:
        return bool(self.flags >> 8 & QR)


def query(
    ident: int,
    question: Question,
    options: tuple[tuple[int, bytes], ...] | None = (),
    *,
    do: bool = False,
    authority: bytes = b"",
) -> bytes:
    """A question's octets.

    :param options: of EDNS; None for no EDNS.
    :param authority: the one record of that section, as IXFR has it.

    Source: RFC 1035 section 4.1, RFC 6891 section 6.1, RFC 1995 section 3.
    """
    counts = (1, 0, 1 if authority else 0, 0 if options is None else 1)
    head = b"".join(number.to_bytes(2, "big") for number in (ident, RD << 8, *counts))
    asked = question.qname + question.qtype.to_bytes(2, "big") + question.qclass.to_bytes(2, "big")
    if options is None:
        return head + asked + authority
    return head + asked + authority + wire.opt(do, options=b"".join(option(*each) for each in options))


def read(octets: bytes) -> Message:
    """Read a message.

    :raises WireError: it is none, or holds more or less than it says.

    Source: RFC 1035 section 4.1.
    """
    if len(octets) < HEADER:
        raise WireError("it is shorter than a header", source="RFC 1035 section 4.1.1")
    known: Known = {}
    flags, counts = u16(octets, 2), counts_of(octets)
    at, questions = HEADER, []
    for _ in range(counts[0]):
        qname, at = name_at(octets, at, known)
        if at + 4 > len(octets):
            raise WireError("a question is cut off", source="RFC 1035 section 4.1.2")
        questions.append(Question(qname, u16(octets, at), u16(octets, at + 2)))
        at += 4
    records = []
    for _ in range(sum(counts[1:])):
        record, at = _record(octets, at, known)
        records.append(record)
    if at != len(octets):
        raise WireError(f"{len(octets) - at} octets after the message", source="RFC 1035 section 4.1")
    answer, authority = counts[1], counts[1] + counts[2]
    opts = [each for each in records[authority:] if each.rdtype == OPT]
    if len(opts) > 1:
        raise WireError("more than one OPT record", source="RFC 6891 section 6.1.1")
    return Message(
        u16(octets, 0),
        flags,
        flags & 0x0F | (opts[0].ttl >> 24 << 4 if opts else 0),
        tuple(questions),
        answer=tuple(records[:answer]),
        authority=tuple(records[answer:authority]),
        additional=tuple(each for each in records[authority:] if each.rdtype != OPT),
        edns=_edns(opts[0]) if opts else None,
        octets=octets,
    )


def _edns(opt: Record) -> Edns:
    options, at = [], 0
    while at < len(opt.rdata):
        head = opt.rdata[at : at + 4]
        code, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
        at += 4 + length
        if at > len(opt.rdata):
            raise WireError("an EDNS option is longer than its record", source="RFC 6891 section 6.1.2")
        options.append((code, opt.rdata[at - length : at]))
    return Edns(opt.rdclass, opt.ttl >> 16 & 0xFF, bool(opt.ttl & wire.DO), tuple(options))


def _record(octets: bytes, at: int, known: Known) -> tuple[Record, int]:
    owner, at = name_at(octets, at, known)
    rdtype, rdclass, ttl, begin, end = fixed_at(octets, at)
    return Record(owner, rdtype, rdclass, ttl, unpointed_rdata(rdtype, octets, begin, end, known)), end
