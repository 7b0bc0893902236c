"""What every DNS message is made of: the header's codes, names, and the fixed part of a record.

All that reads messages reads them with this, whoever sent them.  A name costs no more than the octets
it is written in: a place that pointers lead to is followed once in a message, however many do.

Source: RFC 1035 section 4.1.
"""

import struct
from typing import Final

from netapp.errors import WireError
from netapp.names.naming import MAX_LABEL, MAX_NAME

HEADER: Final = 12  # octets: RFC 1035 section 4.1.1
QR, OPCODE, AA, TC, RD = 0x80, 0x78, 0x04, 0x02, 0x01  # octet 2 of the header
RA, AD, CD = 0x80, 0x20, 0x10  # octet 3: RFC 1035 section 4.1.1, RFC 4035 section 3
QUERY, NOTIFY, UPDATE = 0, 4, 5  # opcodes: RFC 6895 section 2.2
#: Response codes: RFC 1035 section 4.1.1, RFC 2136 section 2.2, RFC 6891 section 9, RFC 7873 section 8.
NOERROR, FORMERR, SERVFAIL, NOTIMP, REFUSED, NOTAUTH, BADVERS, BADCOOKIE = 0, 1, 2, 4, 5, 9, 16, 23
#: What they are called: RFC 6895 section 2.3; 16 is another error in a TSIG record.
RCODES: Final = {
    NOERROR: "NOERROR", FORMERR: "FORMERR", SERVFAIL: "SERVFAIL", 3: "NXDOMAIN", NOTIMP: "NOTIMP",
    REFUSED: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", NOTAUTH: "NOTAUTH", 10: "NOTZONE",
    BADVERS: "BADVERS", BADCOOKIE: "BADCOOKIE",
}  # fmt: skip
IN, CH, ANY_CLASS = 1, 3, 255
TXT, OPT, TSIG, IXFR, AXFR = 16, 41, 250, 251, 252  # RFC 6895 section 3.1
FIXED: Final = 10  # octets: type, class, TTL and length of a record
_PARTS: Final = struct.Struct("!HHIH").unpack_from
_REACH: Final = 0x4000  # where pointers may lead
_HOPS: Final = 127  # pointers to a place that no other led to: a name has no more labels


def rcode_name(rcode: int) -> str:
    """As the RFCs write it: ``NXDOMAIN``."""
    return RCODES.get(rcode, f"rcode {rcode}")


def u16(data: bytes, at: int) -> int:
    """Two octets that are there."""
    return data[at] << 8 | data[at + 1]


def counts(data: bytes) -> tuple[int, int, int, int]:
    """How many there are of each section, by the header."""
    return u16(data, 4), u16(data, 6), u16(data, 8), u16(data, 10)


def fixed_at(data: bytes, at: int) -> tuple[int, int, int, int, int]:
    """What follows an owner.

    :returns: type, class, TTL, and where the rdata begins and ends.
    :raises WireError: it is cut off.

    Source: RFC 1035 section 4.1.3.
    """
    begin, size = at + FIXED, len(data)
    if begin > size:
        raise WireError("a record is cut off", source="RFC 1035 section 4.1.3")
    rdtype, rdclass, ttl, length = _PARTS(data, at)
    end = begin + length
    if end > size:
        raise WireError("rdata goes past the end of the message", source="RFC 1035 section 4.1.3")
    return rdtype, rdclass, ttl, begin, end


def name_end(data: bytes, at: int, *, pointers: bool = True) -> int:
    """Where the name at ``at`` ends.

    :param pointers: whether it may end in a compression pointer, which is not followed.
    :raises WireError: it does not end, or is too long.
    """
    start, size = at, len(data)
    while at < size:
        length = data[at]
        if length == 0:
            return at + 1
        if length > MAX_LABEL:
            if pointers and length >= 0xC0 and at + 2 <= size:
                return at + 2
            raise _bad_label(data, at)
        at += 1 + length
        if at - start >= MAX_NAME:
            raise _too_long()
    raise _cut_off()


#: Names by the places in one message that pointers led to, or through.
Known = dict[int, bytes]


def name_at(data: bytes, at: int, known: Known | None = None) -> tuple[bytes, int]:
    """The name at ``at`` without compression, in its own case, and where what follows it begins.

    A pointer leads back, each further than the one before, so that every name ends.

    :param known: what is known of this message; more is afterwards.
    :raises WireError: it is cut off, too long, or does not lead back.

    Source: RFC 1035 section 4.1.4.
    """
    start, size = at, len(data)
    while at < size and (length := data[at]) and length <= MAX_LABEL:
        at += 1 + length
    if at >= size:
        raise _cut_off()
    if length == 0:
        name, after = data[start : at + 1], at + 1
    else:
        target = _target(data, at, start)
        tail = known.get(target) if known is not None else None
        if tail is None:
            tail = _followed(data, target, known if known is not None else {})
        name, after = data[start:at] + tail, at + 2
    if len(name) > MAX_NAME:
        raise _too_long()
    return name, after


def _followed(data: bytes, at: int, known: Known) -> bytes:
    """The name that a pointer leads to; each of its labels is a place that is known from then on."""
    places: list[tuple[int, int]] = []  # where labels begin and end, and pointers
    start, size, length, hops = at, len(data), 1, 0
    tail = b"\0"
    while at < size and (octet := data[at]):
        found = known.get(at)
        if found is not None:
            tail = found
            break
        if octet <= MAX_LABEL:
            places.append((at, at + 1 + octet))
            at += 1 + octet
            length += 1 + octet
            if length > MAX_NAME:
                raise _too_long()
            continue
        hops += 1
        if hops > _HOPS:
            raise WireError("a name of too many pointers", source="RFC 1035 section 4.1.4")
        places.append((at, at))
        start = at = _target(data, at, start)
    if at >= size:
        raise _cut_off()
    if length - 1 + len(tail) > MAX_NAME:
        raise _too_long()
    for begin, end in reversed(places):
        tail = data[begin:end] + tail
        if begin < _REACH:
            known[begin] = tail
    return tail


def _target(data: bytes, at: int, start: int) -> int:
    """Where a pointer leads that stands in a name, or in a piece of one, from ``start`` on."""
    if data[at] < 0xC0:
        raise _bad_label(data, at)
    if at + 2 > len(data):
        raise _cut_off()
    target = (data[at] & 0x3F) << 8 | data[at + 1]
    if not HEADER <= target < start:
        raise WireError("a pointer that does not lead back", source="RFC 1035 section 4.1.4")
    return target


def _bad_label(data: bytes, at: int) -> WireError:
    if data[at] >= 0xC0 and at + 2 > len(data):
        return _cut_off()
    return WireError("a label of a kind that may not stand here", source="RFC 1035 section 4.1.4")


def _too_long() -> WireError:
    return WireError("a name of more than 255 octets", source="RFC 1035 section 2.3.4")


def _cut_off() -> WireError:
    return WireError("a name is cut off", source="RFC 1035 section 3.1")
