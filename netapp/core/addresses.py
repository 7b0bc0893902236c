"""This machine's own addresses, by which other machines reach it."""

import errno
import ipaddress
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from netapp.core import limits

#: Interfaces of virtual machines and containers: other machines do not come by them.  Source: the docker,
#: libvirt defaults.
VIRTUAL: Final = ("docker", "veth", "virbr", "br-", "lxc", "vnet")
_PROC: Final = Path("/proc/net")
#: netdevice(7)
_SIOCGIFCONF: Final = 0x8912
_RECORD: Final = struct.calcsize("16s24x")
#: Temporary, no longer preferred, doubled, not yet proved to be alone: linux/if_addr.h.
_UNSTEADY: Final = 0x01 | 0x20 | 0x08 | 0x40
_GLOBAL: Final = 0x00
_SITE: Final = 0x40
#: What a socket bound to every address has for its own.
EVERYWHERE: Final = ("", "0.0.0.0", "::")  # noqa: S104  (compared, not bound)


def own_addresses() -> list[str]:
    """Addresses that other machines may use: IPv4 first, of the default route's interface first.

    Loopback, link-local IPv6 and temporary addresses are left out, and so are virtual interfaces where
    there are others.
    """
    found = dict.fromkeys([*_ipv4(), *_ipv6()]) or dict.fromkeys(_by_name())
    real = [each for each in found if not each[0].startswith(VIRTUAL)] or list(found)
    default = _default_interfaces()
    real.sort(key=lambda each: (":" in each[1], each[1].startswith("169.254."), each[0] not in default))
    return list(dict.fromkeys(address for _, address in real))


def bindable(host: str, port: int) -> tuple[Any, ...]:
    """An address as ``bind`` takes it: with its link, if it means nothing without (``fe80::1%eth0``).

    :raises OSError: this machine has no such link.
    """
    address, _, link = host.partition("%")
    if not link:
        return host, port
    try:
        index = int(link) if link.isdecimal() else socket.if_nametoindex(link)
    except OSError:
        raise OSError(errno.ENODEV, f"there is no link {link} here") from None
    return address, port, 0, index


def bound(taken: tuple[Any, ...]) -> tuple[str, int]:
    """What :func:`bindable` was given, of what ``getsockname`` gives."""
    host, port, *more = taken
    index = more[1] if more else 0
    if not index:
        return host, port
    try:
        return f"{host}%{socket.if_indextoname(index)}", port
    except OSError:  # the link has gone meanwhile
        return f"{host}%{index}", port


def reach(host: str | None, addresses: Iterable[str]) -> list[str]:
    """Which of this machine's addresses lead to a socket from other machines.

    :param host: what it is bound to; None for a UNIX socket.
    """
    if host is None or is_loopback(host):
        return []
    if host not in EVERYWHERE:
        return [host]
    return [each for each in addresses if host != EVERYWHERE[1] or ":" not in each]


def towards(own: tuple[str, int], peer: tuple[Any, ...]) -> tuple[str, int]:
    """Our end as a peer sees it, which a socket bound to every address does not know itself.

    :param own: what the socket is bound to.  :param peer: an address as of ``recvfrom``.
    """
    if own[0] in EVERYWHERE:
        family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(peer)  # sends nothing
            return probe.getsockname()[0], own[1]
    return own


def is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    return host == "localhost"


def _ipv4() -> Iterator[tuple[str, str]]:
    """(interface, address), more than one for an interface that has more."""
    try:
        import array
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            space = array.array("B", bytes(_RECORD * limits.OWN_ADDRESSES))
            where = struct.pack("iP", len(space), space.buffer_info()[0])
            (length,) = struct.unpack_from("i", fcntl.ioctl(probe, _SIOCGIFCONF, where))
    except (ImportError, OSError):
        return
    octets = space.tobytes()[:length]
    for at in range(0, len(octets) - _RECORD + 1, _RECORD):
        name = octets[at : at + 16].partition(b"\0")[0].decode("ascii", "replace")
        address = socket.inet_ntoa(octets[at + 20 : at + 24])
        if not is_loopback(address):
            yield name.partition(":")[0], address


def _ipv6() -> Iterator[tuple[str, str]]:
    with suppress(OSError, ValueError):
        for line in (_PROC / "if_inet6").read_text("ascii").splitlines():
            digits, _, _, scope, flags, name = line.split()
            address = ipaddress.IPv6Address(bytes.fromhex(digits))
            steady = not int(flags, 16) & _UNSTEADY
            if int(scope, 16) in (_GLOBAL, _SITE) and steady and not address.is_loopback:
                yield name, str(address)


def _by_name() -> Iterator[tuple[str, str]]:
    """Where there is no Linux: what this host's name stands for."""
    with suppress(OSError, UnicodeError):
        for family, _, _, _, where in socket.getaddrinfo(socket.gethostname(), None):
            address = str(where[0])
            local = is_loopback(address) or address.startswith("fe80:")
            if family in (socket.AF_INET, socket.AF_INET6) and not local:
                yield "", address


def _default_interfaces() -> set[str]:
    with suppress(OSError, IndexError):
        lines = (_PROC / "route").read_text("ascii").splitlines()[1:]
        return {fields[0] for line in lines if (fields := line.split())[1] == "00000000"}
    return set()
