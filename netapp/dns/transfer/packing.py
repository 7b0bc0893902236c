"""Record sets to the messages of a transfer, as many records in each as it holds."""

from collections.abc import Iterable, Iterator
from typing import Final

from netapp.core import limits
from netapp.names.changing.changes import Change
from netapp.names.model import RRSIG, Record
from netapp.names.zone import Zone

#: Owner, type, TTL, and the rdata of each record.
Set = tuple[bytes, int, int, tuple[bytes, ...]]

_REACH: Final = 0x4000
#: By place, what points there: RFC 1035 section 4.1.4.
_POINTERS: Final = [(0xC000 | place).to_bytes(2, "big") for place in range(_REACH)]
#: Types with their TTLs whose octets are kept; a zone has a few.
_HEADS: Final = 256
_COUNTS: Final = 6  # octet of ANCOUNT
_NONE: Final = bytes(8)  # counts


class TooLong(ValueError):
    """A record that no message can hold."""


def zone_sets(zone: Zone) -> Iterator[Set]:
    """A whole zone as AXFR has it, its SOA first and last: RFC 5936 section 2.2."""
    soa, owner = zone.soa, zone.origin
    yield owner, soa.rdtype, soa.ttl, soa.rdatas
    for owner, node in zone.nodes.items():
        for each in node:
            if each is not soa:
                yield owner, each.rdtype, each.ttl, each.rdatas
            if each.signatures:
                yield owner, RRSIG, each.ttl, each.signatures
    yield soa.owner, soa.rdtype, soa.ttl, soa.rdatas


def change_sets(zone: Zone, changes: Iterable[Change]) -> Iterator[Set]:
    """The differences that lead to a zone, as IXFR has them: RFC 1995 section 4."""
    soa = (zone.origin, zone.soa.rdtype, zone.soa.ttl, zone.soa.rdatas)
    yield soa
    for change in changes:
        yield from map(_set, change.removed)
        yield from map(_set, change.added)
    yield soa


def messages(
    head: bytes, question: bytes, opt: bytes, sets: Iterable[Set], most: int = limits.TRANSFER_MESSAGE
) -> Iterator[bytes]:
    """Messages with all of these records in their answer sections, in order.

    The question and the OPT record stand in the first alone (RFC 5936 section 2.2).  Owners are
    compressed, rdata never is (RFC 3597 section 4).

    :param head: the first four octets of each.
    :param opt: an OPT record, or nothing.
    :param most: octets of a message of more than one record.
    :raises TooLong: one record is larger than a message can be.
    """
    message = bytearray(head + b"\0\1" + bytes(6) + question)
    names: dict[bytes, int] = {}
    heads: dict[tuple[int, int], bytes] = {}
    _compressed(question[:-4], len(message) - len(question), names)
    count, room, tail = 0, most - len(opt), opt
    for owner, rdtype, ttl, rdatas in sets:
        fixed = heads.get((rdtype, ttl))
        if fixed is None:
            if len(heads) >= _HEADS:
                heads.clear()
            fixed = heads[rdtype, ttl] = rdtype.to_bytes(2, "big") + b"\0\1" + ttl.to_bytes(4, "big")
        for rdata in rdatas:
            at, length = len(message), len(rdata)
            name = _compressed(owner, at, names)
            if at + len(name) + 10 + length > room and count:
                yield _finished(message, count, tail)
                message = bytearray(head + _NONE)
                names.clear()
                count, room, tail = 0, most, b""
                name = _compressed(owner, len(message), names)
            if length > limits.TRANSFER_RECORD:
                raise TooLong
            message += name + fixed + length.to_bytes(2, "big") + rdata
            count += 1
    yield _finished(message, count, tail)


def _compressed(owner: bytes, at: int, names: dict[bytes, int]) -> bytes:
    """An owner as it is written at that place.

    :param names: where names were written before; this one's are added.
    """
    start = 0
    while (place := names.get(suffix := owner[start:])) is None:
        if not owner[start]:
            return owner
        if at + start < _REACH:
            names[suffix] = at + start
        start += 1 + owner[start]
    return owner[:start] + _POINTERS[place]


def _finished(message: bytearray, count: int, opt: bytes) -> bytes:
    message[_COUNTS : _COUNTS + 2] = count.to_bytes(2, "big")
    if opt:
        message[11] = 1  # ARCOUNT
        message += opt
    return bytes(message)


def _set(record: Record) -> Set:
    return record.owner, record.rdtype, record.ttl, (record.rdata,)
