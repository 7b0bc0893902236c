"""DNS requests as values, short replies as octets, and which octets are DNS at all.

Every walk is bounded: by the octets there are, by :data:`netapp.core.limits.DNS_REQUEST_RECORDS`
and :data:`netapp.core.limits.DNS_OPTIONS`; no compression pointer of a request is ever followed.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from netapp.core import limits
from netapp.dns.message import (
    BADVERS,
    CD,
    HEADER,
    NOERROR,
    OPCODE,
    OPT,
    QR,
    RD,
    TSIG,
    UPDATE,
    counts,
    fixed_at,
    name_end,
    u16,
)
from netapp.dns.options import COOKIE, COOKIE_LENGTHS
from netapp.errors import WireError

FIRST_META, LAST_META = 128, 254  # types that only a question may have: RFC 6895 section 3.1
DO: Final = 0x8000  # RFC 3225 section 3
LEAST_DATAGRAM: Final = 512  # octets: RFC 1035 section 4.2.1
STREAM: Final = 65535  # octets of a message over a stream, whose length has two: RFC 1035 section 4.2.2

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Tongue(Enum):
    """What octets are."""

    DNS = "dns"
    TEXT = "text"
    NEITHER = "neither"


def is_text(octets: bytes) -> bool:
    """No octet below 0x20 but TAB, LF and CR, and none that is 0x7F: so in every encoding of text."""
    return _CONTROL.search(octets) is None


def classify(datagram: bytes) -> Tongue:
    """Which tongue a datagram speaks.

    Every legal request has at most 255 questions, so octet 4 of a header is 0; text has no such
    octet in any encoding but UTF-16 and UTF-32.  The two never meet.

    A text may end in NUL octets, as programs in C send it.  At most four octets of it leave octet 4
    to them, and so may be taken for a header without any counts: 12 octets are that header, whatever
    its id and flags, but with nothing but more NULs behind it no request is one.  An empty datagram
    is a text too: the tutorials' T30 waits for an answer to it.

    Source: RFC 9619, RFC 2136 section 3.1.1, RFC 8490 section 5.4, RFC 1996 section 3.7.
    """
    text = datagram.rstrip(b"\0") or datagram
    padded = HEADER < len(datagram) > len(text) and is_text(text)
    if len(datagram) >= HEADER and datagram[4] == 0 and not padded:
        return Tongue.DNS
    return Tongue.TEXT if is_text(text) else Tongue.NEITHER


def classify_stream(octets: bytes) -> Tongue | None:
    """Which tongue a connection speaks, by its first octets; None while that is open.

    DNS is two octets of length, then the message; requests of
    :data:`netapp.core.limits.DNS_REQUEST` octets or more are not taken, so a first octet at or
    over 0x20 is text once the line ends.
    """
    first = octets[:7]  # the length, and the message up to octet 4
    if 0 in first:
        return Tongue.DNS
    if len(first) == 7 or (b"\n" in first and first[0] >= limits.DNS_REQUEST >> 8):
        return Tongue.TEXT
    return None


@dataclass(frozen=True, slots=True)
class Edns:
    """A request's OPT record: RFC 6891 section 6.1."""

    size: int  # largest datagram the client takes, octets, not below 512
    version: int
    do: bool  # DNSSEC records are welcome: RFC 3225
    options: tuple[tuple[int, bytes], ...]  # codes and what they hold, in order

    def option(self, code: int) -> bytes | None:
        """What the first option of this code holds; None if there is none."""
        for each, octets in self.options:
            if each == code:
                return octets
        return None


@dataclass(frozen=True, slots=True)
class Query:
    """A request that asks one question, or none beside a cookie (RFC 7873 section 5.4)."""

    question: bytes  # name, type and class as sent; empty for none
    qname: bytes  # folded
    qtype: int
    qclass: int
    edns: Edns | None
    signed: bool = False  # with a TSIG record, not looked into: RFC 8945


def limit(edns: Edns | None, *, stream: bool) -> int:
    """Octets of an answer that a client takes, and never what a link would cut in pieces.

    Source: RFC 6891 section 6.2.5.
    """
    if stream:
        return STREAM
    return LEAST_DATAGRAM if edns is None else min(edns.size, limits.DNS_DATAGRAM)


def parse_query(data: bytes) -> Query:
    """Read a request with opcode QUERY.

    :param data: at least the header's 12 octets.
    :raises WireError: FORMERR is the answer.

    Source: RFC 1035 section 4.1, RFC 6891 section 6.1, RFC 9619.
    """
    qdcount, *others = counts(data)
    if qdcount > 1:
        raise WireError("more than one question", source="RFC 9619 section 4")
    if sum(others) > limits.DNS_REQUEST_RECORDS:
        raise WireError("too many records for a request", source="RFC 1035 section 4.1")
    end, qname, qtype, qclass = HEADER, b"", 0, 0
    if qdcount:
        after = name_end(data, HEADER, pointers=False)
        end = after + 4
        if end > len(data):
            raise WireError("the question is cut off", source="RFC 1035 section 4.1.2")
        qname, qtype, qclass = data[HEADER:after].lower(), u16(data, after), u16(data, after + 2)
    edns, signed, last = _extras(data, end, others[0] + others[1], others[2])
    if last != len(data):
        raise WireError("octets after the message", source="RFC 1035 section 4.1")
    if not qdcount and (edns is None or edns.option(COOKIE) is None):
        raise WireError("no question", source="RFC 9619 section 4")
    return Query(data[HEADER:end], qname, qtype, qclass, edns, signed)


def reply(request: bytes, rcode: int, *, query: Query | None = None, options: bytes = b"") -> bytes:
    """A reply that holds no records: an error, or NOERROR to a request without a question.

    :param query: what could be read of the request; its question is given back, and its EDNS
        answered.  Without it EDNS is looked for, and the rcode is BADVERS if it is of another version.
    :param options: EDNS options for it.
    """
    question = query.question if query is not None else b""
    edns = query.edns if query is not None else edns_of(request)
    if query is None and edns is not None and edns.version:
        rcode = BADVERS
    head = answer_head(request, flags=0, rcode=rcode & 0x0F)
    counts = bytes((0, 1 if question else 0, 0, 0, 0, 0, 0, 1 if edns else 0))
    return head + counts + question + (opt(edns.do, rcode, options) if edns else b"")


def answer_head(request: bytes, *, flags: int, rcode: int) -> bytes:
    """The first four octets of an answer: id, opcode, RD and CD are the request's."""
    high = QR | request[2] & (OPCODE | RD) | flags
    return bytes((request[0], request[1], high, request[3] & CD | rcode))


def opt(do: bool, rcode: int = NOERROR, options: bytes = b"") -> bytes:
    """Our OPT record: RFC 6891 section 6.1.2.  Version 0, the request's DO."""
    return _OPT.pack(
        0, OPT, limits.DNS_DATAGRAM, rcode >> 4, 0, DO if do else 0, len(options)
    ) + options  # fmt: skip


_OPT: Final = struct.Struct("!BHHBBHH")


def _extras(data: bytes, at: int, before: int, additional: int) -> tuple[Edns | None, bool, int]:
    """Walk the records of a request.

    :returns: (the OPT record, whether there is a TSIG record, where the message ends).
    """
    found, signed = None, False
    for rdtype, fixed, rdata, end in _records(data, at, before, additional):
        if rdtype == OPT:
            found = edns_at(data, fixed, rdata, end)
        elif rdtype == TSIG:
            signed = True
        at = end
    return found, signed, at


def _records(data: bytes, at: int, before: int, additional: int) -> Iterator[tuple[int, int, int, int]]:
    """A request's records: (type, where the fixed part is, where the rdata begins and where it ends).

    :raises WireError: one does not fit, or an OPT record is where none may be.
    """
    met = False
    for number in range(before + additional):
        start, at = at, name_end(data, at)
        rdtype, _, _, rdata, end = fixed_at(data, at)
        if rdtype == OPT:
            if met or number < before or data[start] != 0:
                raise WireError("an OPT record too many, or astray", source="RFC 6891 section 6.1.1")
            met = True
        yield rdtype, at, rdata, end
        at = end


def edns_of(data: bytes) -> Edns | None:
    """The OPT record of a request of any opcode, without its options, whatever else is wrong there.

    An answer has one if the request had, an error too.

    :param data: at least the header's 12 octets.
    :returns: None where there is none to be found, or that may stand there.

    Source: RFC 6891 section 6.1.1.
    """
    questions, answers, authorities, additional = counts(data)
    before = answers + authorities
    most = limits.DNS_UPDATE_RECORDS if data[2] & OPCODE == UPDATE << 3 else limits.DNS_REQUEST_RECORDS
    if not additional or questions + before + additional > most:
        return None
    found, at = None, HEADER
    try:
        for _ in range(questions):
            at = name_end(data, at) + 4
        for rdtype, fixed, _, _ in _records(data, at, before, additional):
            if rdtype == OPT:
                found = _edns_at(data, fixed, ())
    except WireError:
        return None
    return found


def edns_at(data: bytes, at: int, rdata: int, end: int) -> Edns:
    """An OPT record; its fixed part is at ``at``.  Options of another version are not looked into.

    :raises WireError: its options do not fit.
    """
    return _edns_at(data, at, () if data[at + 5] else _options(data, rdata, end))


def _edns_at(data: bytes, at: int, options: tuple[tuple[int, bytes], ...]) -> Edns:
    size, do = u16(data, at + 2), u16(data, at + 6) & DO
    return Edns(max(size, LEAST_DATAGRAM), data[at + 5], bool(do), options)


def _options(data: bytes, at: int, end: int) -> tuple[tuple[int, bytes], ...]:
    found: list[tuple[int, bytes]] = []
    while at < end:
        if at + 4 > end or len(found) >= limits.DNS_OPTIONS:
            raise WireError("EDNS options that do not fit", source="RFC 6891 section 6.1.2")
        code, length = u16(data, at), u16(data, at + 2)
        start, at = at + 4, at + 4 + length
        if at > end:
            raise WireError("an EDNS option is longer than its record", source="RFC 6891 section 6.1.2")
        if code == COOKIE and length not in COOKIE_LENGTHS:
            raise WireError("a cookie of no length there is", source="RFC 7873 section 5.2.2")
        found.append((code, data[start:at]))
    return tuple(found)
