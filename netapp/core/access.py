"""Who may speak to us: loopback, link-local and private addresses, unless told otherwise."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from netapp.core import limits
from netapp.errors import ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOCAL: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "::1/128",  # loopback
        "169.254.0.0/16", "fe80::/10",  # link-local: RFC 3927, RFC 4291 section 2.5.6
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",  # private: RFC 1918, RFC 4193
    )
)  # fmt: skip


def network(text: str) -> Network:
    """Read ``--allow``'s value.  :raises ConfigError: not a network."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ConfigError(f"{text!r} is no network: write 192.0.2.0/24 or 2001:db8::/32") from None


def address(text: str) -> str:
    """Read ``--interface``'s value.  :raises ConfigError: not an address."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ConfigError(f"{text!r} is no address: write 192.0.2.1 or 2001:db8::1") from None


def unmapped(address: Address) -> Address:
    """IPv4 that stands in IPv6's form as what it is: RFC 4291 section 2.5.5.2."""
    return (address.version == 6 and address.ipv4_mapped) or address


def plain_host(host: str) -> str:
    """An address as what it is: ``::ffff:192.0.2.1``, as a dual-stack socket shows it, is IPv4."""
    return host[7:] if host.startswith("::ffff:") and "." in host else host


@lru_cache(limits.SOURCES)
def source_of(host: str) -> str:
    """What counts as one peer where peers are counted: an IPv4 address, or an IPv6 network of 64 bits.

    One host may take any address of its network of 64 bits: RFC 4291 section 2.5.4.
    """
    try:
        address = unmapped(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return host  # a UNIX socket's peer has no address
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def is_loopback(host: str) -> bool:
    """Whether a peer is on this machine: itself, or a tunnel or a proxy that speaks for many."""
    return host.startswith("127.") or host in ("::1", "")  # a UNIX socket's peer has no address


def is_within(host: str, networks: Iterable[Network]) -> bool:
    """Whether a peer's address is in one of some networks; a UNIX socket's peer has none."""
    try:
        address = ipaddress.ip_address(plain_host(host).partition("%")[0])
    except ValueError:
        return False
    return any(address in network for network in networks)


class Access:
    """Which addresses may speak, and which for others.

    :param allow: networks that may beside the local ones.
    :param proxies: networks that may name their clients; none for this machine itself.
    """

    def __init__(self, allow: Iterable[Network] = (), proxies: Iterable[Network] = ()) -> None:
        self._networks, self._proxies = (*LOCAL, *allow), tuple(proxies)
        self.permits = lru_cache(limits.SOURCES)(self._permits)

    def believes(self, host: str) -> bool:
        """Whether a peer's word on who its client is counts; a UNIX socket's does."""
        if not host or not self._proxies:
            return is_loopback(host)
        return is_within(host, self._proxies)

    def _permits(self, host: str) -> bool:
        return not host or is_within(host, self._networks)  # its folder's rights guard a UNIX socket
