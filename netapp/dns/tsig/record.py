"""The TSIG record in octets: found and taken off, and put behind a message.

Source: RFC 8945 section 4.
"""

from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.dns.message import ANY_CLASS, FIXED, HEADER, TSIG, counts, fixed_at, name_at, name_end, u16
from netapp.errors import WireError

TIMES: Final = 10  # time signed, fudge, MAC size
ENDING: Final = 6  # original id, error, other length


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


def read_signed(message: bytes, most: int = limits.TSIG_RECORDS) -> tuple[bytes, Signature] | None:
    """Take the signature off a message.

    :param message: the header's 12 octets at least.
    :param most: questions and records that are walked.
    :returns: the message as it was before it was signed, with its original id, and the signature;
        None if there is none.
    :raises WireError: a TSIG that is not the last record, cut, of a wrong class or TTL, or a message
        whose records cannot be walked: FORMERR.

    Source: RFC 8945 sections 4.2, 5.1 and 5.2.
    """
    questions, *records = counts(message)
    if questions + sum(records) > most:
        raise WireError("too many records", source="RFC 1035 section 4.1")
    at = HEADER
    for _ in range(questions):
        at = name_end(message, at) + 4
    found = None
    last = sum(records) - 1
    for number in range(last + 1):
        start, at = at, name_end(message, at)
        rdtype, _, _, _, end = fixed_at(message, at)
        if rdtype == TSIG:
            if number != last or not records[2]:
                raise WireError("a TSIG that is not the last record", source="RFC 8945 section 5.1")
            found = start, _signature(message, start, at, end)
        at = end
    if at != len(message):
        raise WireError("octets after the message", source="RFC 1035 section 4.1")
    if found is None:
        return None
    start, signature = found
    counted = (records[2] - 1).to_bytes(2, "big")
    return signature.original_id + message[2:10] + counted + message[HEADER:start], signature


def _signature(message: bytes, start: int, at: int, end: int) -> Signature:
    """Read a TSIG record from ``start``, its type at ``at``, to ``end``.  :raises WireError: FORMERR."""
    if u16(message, at + 2) != ANY_CLASS or message[at + 4 : at + 8] != bytes(4):
        raise WireError("a TSIG of a wrong class or TTL", source="RFC 8945 section 4.2")
    rdata = at + FIXED
    times = name_end(message, rdata)
    if times + TIMES > end:
        raise WireError("a TSIG that is cut", source="RFC 8945 section 4.2")
    mac = times + TIMES
    ending = mac + u16(message, times + 8)
    if ending + ENDING > end or ending + ENDING + u16(message, ending + 4) != end:
        raise WireError("a TSIG whose parts do not fit", source="RFC 8945 section 4.2")
    return Signature(
        name_at(message, start)[0].lower(),
        name_at(message, rdata)[0].lower(),
        int.from_bytes(message[times : times + 6], "big"),
        u16(message, times + 6),
        message[mac:ending],
        message[ending : ending + 2],
        u16(message, ending + 2),
        message[ending + ENDING : end],
    )


def appended(message: bytes, signature: Signature, mac: bytes) -> bytes:
    """The message with one record more."""
    ending = signature.original_id + signature.error.to_bytes(2, "big") + sized(signature.other)
    rdata = signature.algorithm + timers(signature) + sized(mac) + ending
    record = signature.name + _number(TSIG) + _number(ANY_CLASS) + bytes(4) + sized(rdata)
    return message[:10] + _number(u16(message, 10) + 1) + message[HEADER:] + record


def variables(signature: Signature) -> bytes:
    """What of a TSIG record is signed with the message: RFC 8945 section 4.3.3."""
    names = signature.name + _number(ANY_CLASS) + bytes(4) + signature.algorithm
    return names + timers(signature) + _number(signature.error) + sized(signature.other)


def timers(signature: Signature) -> bytes:
    """What of it is signed from the second message on: RFC 8945 section 5.3.1."""
    return (signature.time & 0xFFFFFFFFFFFF).to_bytes(6, "big") + _number(signature.fudge)


def sized(octets: bytes) -> bytes:
    return _number(len(octets)) + octets


def _number(value: int) -> bytes:
    return value.to_bytes(2, "big")
