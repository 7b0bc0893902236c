"""Zones and their changes as octets for the disk, each piece with its length and a check.

A chunk is: length of what follows the check (4 octets), CRC-32 of that (4), kind (1), data.  A
record is: length of the owner (1), owner, type (2), TTL (4), length of the rdata (2), rdata.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from netapp.core import limits
from netapp.names.changing.changes import Change
from netapp.names.changing.storing import Step
from netapp.names.model import Record

#: Kinds of chunks.
HEAD, RECORDS, LESS, MORE, PAST, STEP, END = b"H", b"Z", b"L", b"M", b"P", b"S", b"E"
#: Octets of records that are gathered in one chunk.
_GATHERED: Final = 64 * 1024

_FRAME: Final = struct.Struct("!II")
_FIXED: Final = struct.Struct("!HIH")
_COUNTS: Final = struct.Struct("!II")
_STEP: Final = struct.Struct("!QB")
#: What stands behind a step's frame: its kind and the first octets of its number.
_STEP_BEGINS: Final = STEP + bytes(3)


class Damaged(ValueError):
    """Octets that were not written so, or not to their end."""


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return _FRAME.pack(len(body), zlib.crc32(body)) + body


def chunks(octets: bytes, at: int = 0) -> Iterator[tuple[bytes, bytes, int]]:
    """Each chunk's kind and data, and where it ends.  :raises Damaged: what comes next is none."""
    while at < len(octets):
        end = _end(octets, at)
        if end is None:
            raise Damaged
        body = octets[at + _FRAME.size : end]
        at = end
        yield body[:1], body[1:], at


def _end(octets: bytes, at: int) -> int | None:
    """Where the chunk that begins here ends; None if it is not sound."""
    if at + _FRAME.size > len(octets):
        return None
    length, check = _FRAME.unpack_from(octets, at)
    begin = at + _FRAME.size
    if not length or begin + length > len(octets):
        return None
    return begin + length if zlib.crc32(octets[begin : begin + length]) == check else None


def cut(octets: bytes, at: int) -> bool:
    """Whether a chunk that begins here goes on beyond the end, as one does that a crash has cut."""
    if at + _FRAME.size > len(octets):
        return True
    length, _ = _FRAME.unpack_from(octets, at)
    return at + _FRAME.size + int(length) > len(octets)


def following(octets: bytes, at: int) -> int | None:
    """Where the first sound step behind a damaged chunk begins; None if there is none.

    That is where the damaged one says that it ends, or, if its length is damaged, wherever one is.
    """
    if at + _FRAME.size <= len(octets):
        length, _ = _FRAME.unpack_from(octets, at)
        beyond = at + _FRAME.size + length
        if octets.startswith(STEP, beyond + _FRAME.size) and _end(octets, beyond) is not None:
            return int(beyond)
    looked, found = 0, at + _FRAME.size
    while looked < limits.ZONE_SALVAGE and (found := octets.find(_STEP_BEGINS, found + 1)) >= 0:
        begin = found - _FRAME.size
        end = begin + _FRAME.size + int.from_bytes(octets[begin : begin + 4], "big")
        if end <= len(octets):
            looked += end - begin
            if _end(octets, begin) is not None:
                return begin
    return None


def pack_records(records: Iterable[Record]) -> bytes:
    return b"".join(
        bytes((len(each.owner),))
        + each.owner
        + _FIXED.pack(each.rdtype, each.ttl, len(each.rdata))
        + each.rdata
        for each in records
    )


def record_chunks(kind: bytes, records: Iterable[Record]) -> Iterator[bytes]:
    """Any number of records, in chunks that are not large."""
    gathered: list[Record] = []
    size = 0
    for record in records:
        gathered.append(record)
        size += len(record.owner) + len(record.rdata)
        if size >= _GATHERED:
            yield chunk(kind, pack_records(gathered))
            gathered, size = [], 0
    if gathered:
        yield chunk(kind, pack_records(gathered))


def read_records(data: bytes, at: int = 0, count: int = -1) -> tuple[list[Record], int]:
    """So many records, or all to the end.  :returns: them, and where they end."""
    records: list[Record] = []
    unpack, fixed = _FIXED.unpack_from, _FIXED.size
    while at < len(data) and len(records) != count:
        start = at + 1
        at = start + data[at]
        rdtype, ttl, length = unpack(data, at)
        begin = at + fixed
        records.append(Record(data[start:at], rdtype, data[begin : begin + length], ttl))
        at = begin + length
    return records, at


def pack_change(change: Change) -> bytes:
    counts = _COUNTS.pack(len(change.removed), len(change.added))
    return counts + pack_records(change.removed) + pack_records(change.added)


def read_change(data: bytes, at: int = 0) -> tuple[Change, int]:
    less, more = _COUNTS.unpack_from(data, at)
    removed, at = read_records(data, at + _COUNTS.size, less)
    added, at = read_records(data, at, more)
    return Change(tuple(removed), tuple(added)), at


def pack_step(number: int, step: Step) -> bytes:
    """A chunk with a step.  :param number: rises from step to step of a zone."""
    data = _STEP.pack(number, step.edit is not None) + pack_change(step.change)
    return chunk(STEP, data + (pack_change(step.edit) if step.edit is not None else b""))


def read_step(data: bytes) -> tuple[int, Step]:
    number, edited = _STEP.unpack_from(data)
    change, at = read_change(data, _STEP.size)
    return number, Step(change, read_change(data, at)[0] if edited else None)
