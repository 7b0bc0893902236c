"""The TSIG record in octets: found and taken off, and put behind a message.

Source: RFC 8945 section 4.
"""

from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.errors import WireError
from netapp.names.naming import MAX_LABEL, MAX_NAME

TSIG: Final = 250  # RFC 8945 section 4.2
HEADER: Final = 12
FIXED: Final = 10  # type, class, TTL and length of a record
TIMES: Final = 10  # time signed, fudge, MAC size
ENDING: Final = 6  # original id, error, other length
_ANY_CLASS: Final = 255


@dataclass(frozen=True, slots=True)
class Signature:
    """A TSIG record: RFC 8945 section 4.2."""

    name: bytes  # folded wire name of the key
    algorithm: bytes  # folded wire name
    time: int  # seconds since 1970, of 48 bits
    fudge: int  # seconds
    mac: bytes
    original_id: bytes
    error: int
    other: bytes


def read_signed(message: bytes) -> tuple[bytes, Signature] | None:
    """Take the signature off a message.

    :param message: the header's 12 octets at least.
    :returns: the message as it was before it was signed, with its original id, and the signature;
        None if there is none.
    :raises WireError: a TSIG that is not the last record, cut, of a wrong class or TTL, or a message
        whose records cannot be walked: FORMERR.

    Source: RFC 8945 sections 4.2, 5.1 and 5.2.
    """
    counts = [_u16(message, at) for at in (4, 6, 8, 10)]
    if sum(counts) > limits.TSIG_RECORDS:
        raise WireError("too many records", source="RFC 1035 section 4.1")
    at = HEADER
    for _ in range(counts[0]):
        at = name_end(message, at) + 4
    found = None
    last = sum(counts[1:]) - 1
    for number in range(last + 1):
        start, at = at, name_end(message, at)
        if at + FIXED > len(message):
            raise WireError("a record is cut off", source="RFC 1035 section 4.1.3")
        end = at + FIXED + _u16(message, at + 8)
        if end > len(message):
            raise WireError("rdata is longer than the message", source="RFC 1035 section 4.1.3")
        if _u16(message, at) == TSIG:
            if number != last or not counts[3]:
                raise WireError("a TSIG that is not the last record", source="RFC 8945 section 5.1")
            found = start, _signature(message, start, at, end)
        at = end
    if at != len(message):
        raise WireError("octets after the message", source="RFC 1035 section 4.1")
    if found is None:
        return None
    start, signature = found
    counted = (counts[3] - 1).to_bytes(2, "big")
    return signature.original_id + message[2:10] + counted + message[HEADER:start], signature


def _signature(message: bytes, start: int, at: int, end: int) -> Signature:
    """Read a TSIG record from ``start``, its type at ``at``, to ``end``.  :raises WireError: FORMERR."""
    if _u16(message, at + 2) != _ANY_CLASS or message[at + 4 : at + 8] != bytes(4):
        raise WireError("a TSIG of a wrong class or TTL", source="RFC 8945 section 4.2")
    rdata = at + FIXED
    times = name_end(message, rdata)
    if times + TIMES > end:
        raise WireError("a TSIG that is cut", source="RFC 8945 section 4.2")
    mac = times + TIMES
    ending = mac + _u16(message, times + 8)
    if ending + ENDING > end or ending + ENDING + _u16(message, ending + 4) != end:
        raise WireError("a TSIG whose parts do not fit", source="RFC 8945 section 4.2")
    return Signature(
        _name(message, start),
        _name(message, rdata),
        int.from_bytes(message[times : times + 6], "big"),
        _u16(message, times + 6),
        message[mac:ending],
        message[ending : ending + 2],
        _u16(message, ending + 2),
        message[ending + ENDING : end],
    )


def appended(message: bytes, signature: Signature, mac: bytes) -> bytes:
    """The message with one record more."""
    ending = signature.original_id + signature.error.to_bytes(2, "big") + sized(signature.other)
    rdata = signature.algorithm + timers(signature) + sized(mac) + ending
    record = signature.name + _number(TSIG) + _number(_ANY_CLASS) + bytes(4) + sized(rdata)
    return message[:10] + _number(_u16(message, 10) + 1) + message[HEADER:] + record


def variables(signature: Signature) -> bytes:
    """What of a TSIG record is signed with the message: RFC 8945 section 4.3.3."""
    names = signature.name + _number(_ANY_CLASS) + bytes(4) + signature.algorithm
    return names + timers(signature) + _number(signature.error) + sized(signature.other)


def timers(signature: Signature) -> bytes:
    """What of it is signed from the second message on: RFC 8945 section 5.3.1."""
    return (signature.time & 0xFFFFFFFFFFFF).to_bytes(6, "big") + _number(signature.fudge)


def sized(octets: bytes) -> bytes:
    return _number(len(octets)) + octets


def _number(value: int) -> bytes:
    return value.to_bytes(2, "big")


def name_end(message: bytes, at: int) -> int:
    """Where a name ends; a pointer in it ends it, and is not followed."""
    start, size = at, len(message)
    while at < size and at - start < MAX_NAME:
        length = message[at]
        if length == 0:
            return at + 1
        if length > MAX_LABEL:
            if length < 0xC0 or at + 2 > size:
                break
            return at + 2
        at += 1 + length
    raise WireError("no name, or one that is cut off", source="RFC 1035 section 4.1.4")


def _name(message: bytes, at: int) -> bytes:
    """A name that may be compressed, folded; each pointer must go back, so it ends."""
    labels: list[bytes] = []
    bound, size, length = at, len(message), 0
    while at < size and length < MAX_NAME:
        octet = message[at]
        if octet == 0:
            return (b"".join(labels) + b"\0").lower()
        if octet > MAX_LABEL:
            target = _u16(message, at) & 0x3FFF if octet >= 0xC0 and at + 2 <= size else size
            if not HEADER <= target < bound:
                break
            at = bound = target
            continue
        labels.append(message[at : at + 1 + octet])
        length += 1 + octet
        at += 1 + octet
    raise WireError("no name, or one that is cut off", source="RFC 1035 section 4.1.4")


def _u16(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]
