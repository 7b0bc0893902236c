"""This machine's network interfaces, as Linux tells them: where a broadcast goes out."""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: Interfaces of virtual machines and containers: nobody sits there.  Source: the docker, libvirt defaults.
VIRTUAL: Final = ("docker", "veth", "virbr", "br-")

_SIOCGIFFLAGS, _SIOCGIFADDR, _SIOCGIFBRDADDR = 0x8913, 0x8915, 0x8919  # netdevice(7)
_IFF_UP, _IFF_BROADCAST = 0x1, 0x2


@dataclass(frozen=True, slots=True)
class Interface:
    name: str
    address: str
    broadcast: str


def interfaces() -> Iterator[Interface]:
    """Interfaces that are up, have an IPv4 address, and can broadcast; none where this is no Linux."""
    try:
        import fcntl

        names = [name for _, name in socket.if_nameindex()]
    except (ImportError, OSError):
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:

        def ask(request: int, name: str) -> bytes:
            return fcntl.ioctl(probe, request, struct.pack("16s16x", name.encode()[:15]))[16:]

        for name in names:
            try:
                (flags,) = struct.unpack_from("H", ask(_SIOCGIFFLAGS, name))
                if not (flags & _IFF_UP and flags & _IFF_BROADCAST) or name.startswith(VIRTUAL):
                    continue
                address, broadcast = (
                    socket.inet_ntoa(ask(request, name)[4:8]) for request in (_SIOCGIFADDR, _SIOCGIFBRDADDR)
                )
            except OSError:
                continue  # no IPv4 address
            if broadcast not in ("0.0.0.0", address):  # noqa: S104  (compared, not bound)
                yield Interface(name, address, broadcast)
