"""With which serial a file's zone is served, by what was served before it.

Nothing here reads, waits or logs.
"""

import hashlib
import struct
from contextlib import nullcontext
from typing import Final, NamedTuple

from netapp.core import bulk, limits
from netapp.names.model import RecordSet
from netapp.names.serial import after, newer
from netapp.names.zone import Zone


class Version(NamedTuple):
    """What a zone was served with: the highest serial, and what the file held that had it.

    :ivar sure: nothing else had it.
    :ivar kept: it is in its folder since, where it may have had later ones.
    """

    serial: int
    digest: bytes
    sure: bool
    kept: bool = False


def follows(known: Version | None, file: Zone, digest: bytes) -> Version:
    """With what a file is to be served, after what was served before it.

    =======================  ==================================================================
    the file                 is served with
    =======================  ==================================================================
    follows nothing known    its serial, which others may have had
    is what it was           the serial that it had
    is another, newer        its serial
    is another, not newer    the serial after the one before
    is so, and is signed     its own serial all the same: the signatures are over it
    =======================  ==================================================================
    """
    if known is None:
        return Version(file.serial, digest, sure=False)
    if known.digest == digest:
        return known
    if newer(file.serial, known.serial):
        return Version(file.serial, digest, sure=True)
    if file.signed:
        return Version(known.serial, digest, sure=False)
    return Version(after(known.serial), digest, sure=True)


def lost(known: Version, file: Zone) -> Version:
    """With what a file is to be served whose zone was kept, and is not there."""
    digest = digest_of(file)
    if file.signed:
        return Version(known.serial, digest, sure=False)
    serial = after((known.serial + limits.ZONE_LOST_SERIALS) % 2**32)
    return Version(file.serial if newer(file.serial, serial) else serial, digest, sure=True)


def digest_of(zone: Zone) -> bytes:
    """Of all records, in whatever order they stand: some 0.7 µs a name."""
    total, blake, number, pack = 0, hashlib.blake2b, int.from_bytes, _SET.pack
    with bulk.work() if len(zone) > limits.ZONE_BULK_NAMES else nullcontext():
        for owner, node in zone.nodes.items():
            if len(node) == 1 and len((only := node[0]).rdatas) == 1 and not only.signatures:
                octets = owner + pack(only.rdtype, only.ttl, 1) + only.rdatas[0]  # most are so
            else:
                octets = owner + b"".join(map(_octets, sorted(node, key=_rdtype)))
            total += number(blake(octets, digest_size=16).digest(), "big")
    return (total & _ALL).to_bytes(16, "big")


def _octets(each: RecordSet) -> bytes:
    rdatas = (*sorted(each.rdatas), *sorted(each.signatures))
    lengths = b"".join(len(rdata).to_bytes(2, "big") for rdata in rdatas)
    return _SET.pack(each.rdtype, each.ttl, len(each.rdatas)) + lengths + b"".join(rdatas)


def _rdtype(each: RecordSet) -> int:
    return each.rdtype


_ALL: Final = (1 << 128) - 1
#: A set's type, TTL and how many records it has, its signatures beside.
_SET: Final = struct.Struct("!HII")
