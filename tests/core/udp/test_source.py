"""Sources: raw addresses that are read when somebody asks."""

import socket
import struct

import pytest

from netapp.core.datagrams import Source
from netapp.core.udp.source import unmapped


def name4(host: str, port: int) -> bytes:
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton(host))


def name6(host: str, port: int, scope: int = 0) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, host)
    return (
        struct.pack("=H", socket.AF_INET6) + struct.pack("!HI16s", port, 0, packed) + struct.pack("=I", scope)
    )


@pytest.mark.parametrize(
    ("name", "peer", "host", "packed"),
    [
        (name4("192.0.2.1", 53), ("192.0.2.1", 53), "192.0.2.1", bytes((192, 0, 2, 1))),
        (
            name6("2001:db8::1", 5353),
            ("2001:db8::1", 5353),
            "2001:db8::1",
            b"\x20\1\x0d\xb8" + bytes(11) + b"\1",
        ),
        (name6("::ffff:10.0.0.9", 9), ("::ffff:10.0.0.9", 9), "10.0.0.9", bytes((10, 0, 0, 9))),
        (name6("fe80::1", 1, 2), ("fe80::1%2", 1), "fe80::1%2", b"\xfe\x80" + bytes(13) + b"\1"),
    ],
)
def test_a_raw_address_is_read(name: bytes, peer: tuple[str, int], host: str, packed: bytes) -> None:
    source = Source(name)
    assert (source.peer, source.host, source.port, source.packed) == (peer, host, peer[1], packed)
    again = Source.of(*peer)
    assert (again.peer, again.host, again.port, again.packed) == (peer, host, peer[1], packed)


@pytest.mark.parametrize("host", ["", "x", "nobody.lan", "1.2.3.4.5", "\0"])
def test_what_has_no_address_has_no_octets(host: str) -> None:
    source = Source.of(host, 0)
    assert (source.host, source.packed) == (host, b"")


def test_only_ipv4_in_ipv6_is_unmapped() -> None:
    assert unmapped(socket.inet_pton(socket.AF_INET6, "::ffff:1.2.3.4")) == bytes((1, 2, 3, 4))
    for other in ("::1.2.3.4", "fe80::1", "::1"):
        assert len(unmapped(socket.inet_pton(socket.AF_INET6, other))) == 16
    assert unmapped(bytes(4)) == bytes(4)
