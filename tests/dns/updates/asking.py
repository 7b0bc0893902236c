"""UPDATE messages, good ones by dnspython and others by hand."""

import struct
from pathlib import Path

import dns.update

from tests.dns.asking import header

ZONE = """\
$ORIGIN example.lan.
$TTL 300
@ SOA ns host 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.1
"""
ALLOWED = "--allow-update=127.0.0.0/8"
UPDATE = 5 << 11
_ZONE = b"\7example\3lan\0\0\6\0\1"


def zone_file(folder: Path) -> Path:
    path = folder / "example.lan"
    if not path.exists():
        path.write_text(ZONE)
    return path


def update(origin: str = "example.lan") -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(origin)


def adding(name: str, address: str = "192.0.2.9", ttl: int = 60, *, ident: int | None = None) -> bytes:
    message = update()
    message.add(name, ttl, "A", address)
    if ident is not None:
        message.id = ident
    return message.to_wire()


def deleting(name: str) -> bytes:
    message = update()
    message.delete(name)
    return message.to_wire()


def record(name: bytes, rdtype: int, rdclass: int, rdata: bytes, ttl: int = 0) -> bytes:
    return name + struct.pack("!HHIH", rdtype, rdclass, ttl, len(rdata)) + rdata


def message(
    *updates: bytes,
    needs: tuple[bytes, ...] = (),
    more: tuple[bytes, ...] = (),
    zone: bytes = _ZONE,
    zones: int = 1,
) -> bytes:
    """An UPDATE from pieces."""
    head = header(flags=UPDATE, qd=zones, an=len(needs), ns=len(updates), ar=len(more))
    return head + zone + b"".join((*needs, *updates, *more))


#: A pointer to the zone's name.
APEX = b"\xc0\x0c"
