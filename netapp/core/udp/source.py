"""Where a datagram or a connection comes from, read only as far as somebody asks."""

import socket
import struct
from functools import cached_property

from netapp.core.access import plain_host

_MAPPED = bytes(10) + b"\xff\xff"  # RFC 4291 section 2.5.5.2
_IPV4 = struct.Struct("!2xH4s")
_IPV6 = struct.Struct("!2xH4x16s")
_FAMILY = struct.Struct("=H")
_SCOPE = struct.Struct("=I")
_SCOPE_AT = 24


class Source:
    """One peer.

    :param name: its address as the kernel writes it: a ``sockaddr_in`` or ``sockaddr_in6``.
    :param control: what the kernel said of a datagram from it, in the form in which its answer is
        sent from the address that was asked; b"" if that is the socket's own.
    """

    def __init__(self, name: bytes, control: bytes = b"") -> None:
        self._name, self.control = name, control

    @classmethod
    def of(cls, host: str, port: int) -> "Source":
        """A peer as Twisted has it; a UNIX socket's has no host, and then no octets either."""
        source = cls(b"")
        source.peer = (host, port)
        return source

    @cached_property
    def peer(self) -> tuple[str, int]:
        """Address and port as its socket takes them: IPv4 is ``::ffff:192.0.2.1`` on one of both
        families, and a link-local address has its link (``fe80::1%2``).
        """
        return peer_of(self._name)

    @property
    def host(self) -> str:
        """The address as what it is: IPv4 is never mapped."""
        return plain_host(self.peer[0])

    @property
    def port(self) -> int:
        return self.peer[1]

    @cached_property
    def packed(self) -> bytes:
        """The address: 4 octets, or 16; none for a UNIX socket's peer."""
        if self._name:
            form = _IPV4 if _FAMILY.unpack_from(self._name)[0] == socket.AF_INET else _IPV6
            return unmapped(form.unpack_from(self._name)[1])
        host = self.host.partition("%")[0]
        try:
            return socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
        except (OSError, ValueError):
            return b""


def peer_of(name: bytes) -> tuple[str, int]:
    """Address and port of a ``sockaddr_in`` or ``sockaddr_in6``."""
    if _FAMILY.unpack_from(name)[0] == socket.AF_INET:
        port, packed = _IPV4.unpack_from(name)
        return socket.inet_ntop(socket.AF_INET, packed), port
    port, packed = _IPV6.unpack_from(name)
    host = socket.inet_ntop(socket.AF_INET6, packed)
    scope = _SCOPE.unpack_from(name, _SCOPE_AT)[0]
    return (f"{host}%{scope}" if scope else host), port


def unmapped(packed: bytes) -> bytes:
    """The octets of an address as what it is: those of IPv4 in IPv6 are 4."""
    return packed[12:] if len(packed) == 16 and packed.startswith(_MAPPED) else packed
