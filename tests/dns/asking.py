"""What the tests of the name service ask, and whom."""

import ipaddress
import socket
import struct
from collections.abc import Iterable
from functools import cache

import dns.flags
import dns.message

from netapp.core.text import Encoding
from netapp.dns.query.answers import Answers, Elsewhere
from netapp.names.model import Record, address_record, nodes_of
from netapp.names.naming import wire_name
from netapp.names.snapshot import Snapshot
from tests import real

A, AAAA, MX, ANY = 1, 28, 15, 255
TABLE = {"www.baidu.com": "192.168.1.2", "www.sixstar.com": "192.168.1.3", "www.google.com": "192.168.1.4"}


def record(name: str, address: str) -> Record:
    return address_record(wire_name(name), ipaddress.ip_address(address))


def many(name: str, count: int) -> list[Record]:
    """A set of addresses that takes 16 octets each."""
    return [record(name, f"10.9.{number >> 8}.{number & 255}") for number in range(count)]


@cache
def snapshot(*more: Record) -> Snapshot:
    """The names that are asked for, and some more."""
    records = [
        *(record(name, address) for name, address in TABLE.items()),
        record("www.baidu.com", "fd00::2"),
        record("six.lan", "fd00::6"),
        record("打印机.教室", "192.168.1.9"),
        *many("many.lan", 60),
        *many("crowd.lan", 6000),
        *more,
    ]
    return Snapshot(nodes_of(records), 1)


def answers(
    more: Iterable[Record] = (), unknown: str = "i dont know", encoding: Encoding = "auto"
) -> Answers:
    return Answers(snapshot(*more), unknown, encoding)


def header(
    ident: int = 0x1234, flags: int = 0x0100, qd: int = 1, an: int = 0, ns: int = 0, ar: int = 0
) -> bytes:
    return struct.pack("!6H", ident, flags, qd, an, ns, ar)


def question(name: str | bytes = "www.baidu.com", qtype: int = A, qclass: int = 1) -> bytes:
    """The question section; ``name`` as text keeps its case."""
    if isinstance(name, str):
        name = b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"
    return name + struct.pack("!HH", qtype, qclass)


def opt(size: int = 1232, version: int = 0, flags: int = 0, rdata: bytes = b"", name: bytes = b"\0") -> bytes:
    return name + struct.pack("!HHBBHH", 41, size, 0, version, flags, len(rdata)) + rdata


def option(code: int, data: bytes) -> bytes:
    return struct.pack("!HH", code, len(data)) + data


def query(
    name: str | bytes = "www.baidu.com", qtype: int = A, qclass: int = 1, *, edns: bytes = b""
) -> bytes:
    """One question; ``edns`` is an OPT record."""
    return header(ar=1 if edns else 0) + question(name, qtype, qclass) + edns


def read(answer: bytes | Elsewhere | None) -> dns.message.Message:
    """An answer as dnspython, strict and foreign, reads it."""
    assert isinstance(answer, bytes)
    message = dns.message.from_wire(answer)
    assert message.flags & dns.flags.QR
    return message


def addresses(answer: bytes | Elsewhere | None) -> list[str]:
    return [rdata.address for rrset in read(answer).answer for rdata in rrset if hasattr(rdata, "address")]


# Over a stream -----------------------------------------------------------------------------------


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def read_message(client: socket.socket) -> bytes:
    return real.read_exactly(client, int.from_bytes(real.read_exactly(client, 2), "big"))
