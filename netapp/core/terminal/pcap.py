"""A talk as a pcap file: packets made up around the octets, as they may well have been on the wire.

Each function gives octets; whoever saves them writes them.  Sequence numbers, acknowledgements and
checksums are right, so that a reader follows the stream; sizes of segments and the handshake's
moment are ours.

Source: draft-ietf-opsawg-pcap-05 sections 4 and 5; RFC 9293 section 3.1; RFC 768; RFC 1071.
"""

import ipaddress
import struct
from collections.abc import Iterable

Place = tuple[str, int]
HEADER = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)  # LINKTYPE_RAW: an IP header first
SEGMENT = 1460
_FIN, _SYN, _PSH, _ACK = 1, 2, 8, 16


class Packets:
    """Makes the packets of one file.  ``when`` is seconds since 1970."""

    def __init__(self) -> None:
        self._next: dict[
            tuple[Place, Place], int
        ] = {}  # the sender's and receiver's place to its sequence number

    def datagram(self, when: float, source: Place, target: Place, octets: bytes) -> bytes:
        """:raises ValueError: more than a datagram takes."""
        head = struct.pack("!HHHH", source[1], target[1], min(8 + len(octets), 65535), 0)
        return _packet(when, 17, source[0], target[0], head + octets, 6)

    def opened(self, when: float, client: Place, server: Place) -> bytes:
        """The handshake."""
        self._next[client, server] = self._next[server, client] = 1
        return b"".join(
            (
                _segment(when, client, server, 0, 0, _SYN),
                _segment(when, server, client, 0, 1, _SYN | _ACK),
                _segment(when, client, server, 1, 1, _ACK),
            )
        )

    def segments(self, when: float, source: Place, target: Place, octets: bytes) -> bytes:
        """Octets of a stream, each segment with its acknowledgement."""
        return b"".join(self._segments(when, source, target, octets))

    def closed(self, when: float, first: Place, second: Place) -> bytes:
        """Both ends finish, ``first`` at first."""
        ours, theirs = self._next.pop((first, second), 1), self._next.pop((second, first), 1)
        return b"".join(
            (
                _segment(when, first, second, ours, theirs, _FIN | _ACK),
                _segment(when, second, first, theirs, ours + 1, _FIN | _ACK),
                _segment(when, first, second, ours + 1, theirs + 1, _ACK),
            )
        )

    def _segments(self, when: float, source: Place, target: Place, octets: bytes) -> Iterable[bytes]:
        theirs = self._next.setdefault((target, source), 1)
        ours = self._next.setdefault((source, target), 1)
        for at in range(0, len(octets), SEGMENT):
            piece = octets[at : at + SEGMENT]
            yield _segment(when, source, target, ours, theirs, _PSH | _ACK, piece)
            ours = self._next[source, target] = (ours + len(piece)) % 2**32
            yield _segment(when, target, source, theirs, ours, _ACK)


def _segment(
    when: float, source: Place, target: Place, number: int, acknowledged: int, flags: int, octets: bytes = b""
) -> bytes:
    numbers = number % 2**32, acknowledged % 2**32
    head = struct.pack("!HHIIBBHHH", source[1], target[1], *numbers, 5 << 4, flags, 65535, 0, 0)
    return _packet(when, 6, source[0], target[0], head + octets, 16)


def _packet(when: float, protocol: int, source: str, target: str, body: bytes, at: int) -> bytes:
    """A record with its IP header.  :param at: where in the body the checksum stands."""
    ends = b"".join(ends_as_octets(source, target))
    pseudo = ends + struct.pack("!IHH", len(body), 0, protocol)  # of IPv4 the same sum in other order
    checksum = _checksum(pseudo + body) or 0xFFFF
    body = body[:at] + struct.pack("!H", checksum) + body[at + 2 :]
    if len(body) > 65535 - 20 * (len(ends) == 8):
        raise ValueError("too long for a packet")
    if len(ends) == 8:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0) + ends
        head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    else:
        head = struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + ends
    micros = round(when * 1_000_000)
    length = len(head) + len(body)
    return struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, length, length) + head + body


def ends_as_octets(source: str, target: str) -> tuple[bytes, bytes]:
    """Two addresses in one family; an IPv4 address within IPv6 is IPv4.  :raises ValueError: one is none."""
    pair = [ipaddress.ip_address(each.partition("%")[0] or "0.0.0.0") for each in (source, target)]  # noqa: S104
    plain = [(each.version == 6 and each.ipv4_mapped) or each for each in pair]
    if plain[0].version == plain[1].version:
        return plain[0].packed, plain[1].packed
    first, second = (
        each.packed if each.version == 6 else b"\0" * 10 + b"\xff\xff" * any(each.packed) + each.packed
        for each in plain
    )
    return first.rjust(16, b"\0"), second.rjust(16, b"\0")


def _checksum(octets: bytes) -> int:
    """RFC 1071: the ones' complement of the ones' complement sum of 16 bits each."""
    padded = octets + b"\0" * (len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
