"""Where a try comes from, as it is counted: values only."""

import hashlib
import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from netapp.core import limits
from netapp.core.access import unmapped


@dataclass(frozen=True, slots=True)
class Origin:
    """An address; ``network`` and ``site`` are what its owner may well have all of."""

    host: str
    network: str  # the host itself, but for IPv6 its network of 64 bits: RFC 4291 section 2.5.4
    site: str  # of 48 bits: RFC 6177; "" for IPv4
    local: bool  # loopback, or a UNIX socket


@lru_cache(limits.SOURCES)
def origin(host: str) -> Origin:
    """One address is one origin however it is written; ``""`` is a UNIX socket's peer."""
    if not host:
        return Origin("unix", "unix", "", True)
    try:
        address = unmapped(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:  # not what a transport gives: kept short, and apart
        odd = "x" + hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        return Origin(odd, odd, "", False)
    plain = str(address)
    if address.version == 4 or address.is_loopback:
        return Origin(plain, plain, "", address.is_loopback)
    network, site = (str(ipaddress.ip_network((int(address), bits), strict=False)) for bits in (64, 48))
    return Origin(plain, network, site, False)


def printable_host(host: str) -> str:
    """An address as a firewall takes it: without a zone, IPv4 as what it is; "" for what is none."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    return origin(host).host
