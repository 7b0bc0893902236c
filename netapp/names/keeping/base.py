"""A whole zone as the octets of its ``base`` file, and back.

It holds the zone, how its file differs from it, the changes that led to it, and steps that came with it.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final

from netapp.names.changing.changes import difference
from netapp.names.changing.storing import Step, Whole
from netapp.names.keeping import chunks
from netapp.names.keeping.chunks import Damaged
from netapp.names.model import Record
from netapp.names.sharing import sharing
from netapp.names.zone import Zone, build_zone

_MAGIC: Final = b"netapp zone 1\n"
_HEAD: Final = struct.Struct("!QB")


def pack_base(whole: Whole, number: int, steps: Iterable[bytes]) -> Iterator[bytes]:
    """The octets, piece by piece.

    :param number: of the last step that the zone has.
    :param steps: those that follow it, packed.
    """
    yield _MAGIC
    yield chunks.chunk(chunks.HEAD, _HEAD.pack(number, whole.file is not None))
    yield from chunks.record_chunks(chunks.RECORDS, whole.zone.records())
    if whole.file is not None and whole.file is not whole.zone:
        edit = difference(whole.zone, whole.file)
        yield from chunks.record_chunks(chunks.LESS, edit.removed if edit is not None else ())
        yield from chunks.record_chunks(chunks.MORE, edit.added if edit is not None else ())
    for change in whole.history:
        yield chunks.chunk(chunks.PAST, chunks.pack_change(change))
    yield from steps
    yield chunks.chunk(chunks.END, b"")


def read_base(octets: bytes, origin: bytes, like: Zone | None) -> tuple[Whole, list[Step], int]:
    """The zone, the steps that came with it, and the number of the last of them.

    :param like: another zone, with which it shares what is the same.
    :raises Damaged, BadZone, struct.error, LookupError: it was not written so.
    """
    if not octets.startswith(_MAGIC):
        raise Damaged
    found: dict[bytes, list[bytes]] = {}
    for kind, data, _ in chunks.chunks(octets, len(_MAGIC)):
        found.setdefault(kind, []).append(data)
    if chunks.END not in found:
        raise Damaged
    number, has_file = _HEAD.unpack_from(found[chunks.HEAD][0])
    zone = build_zone(origin, _records(found.get(chunks.RECORDS, ())))
    zone = sharing(like, zone) if like is not None else zone
    file = None
    if has_file:
        less, more = (list(_records(found.get(kind, ()))) for kind in (chunks.LESS, chunks.MORE))
        file = zone.changed(less, more) if less or more else zone
    past = tuple(chunks.read_change(data)[0] for data in found.get(chunks.PAST, ()))
    numbered = [chunks.read_step(data) for data in found.get(chunks.STEP, ())]
    return (
        Whole(zone, file, past),
        [step for _, step in numbered],
        max([number, *(number for number, _ in numbered)]),
    )


def _records(data: Iterable[bytes]) -> Iterator[Record]:
    for each in data:
        yield from chunks.read_records(each)[0]
