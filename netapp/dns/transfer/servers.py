"""Other servers, as the operator names them: the primaries of a zone, and whom we notify."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netapp.core import limits, text
from netapp.core.access import unmapped
from netapp.core.listen import in_url
from netapp.dns.tsig.keys import Key, Keyring
from netapp.errors import ConfigError
from netapp.names.naming import BadName, shown, wire_name

PORT: Final = 53  # RFC 1035 section 4.2
_HOST: Final = "HOST is an address, such as 192.0.2.1, or [2001:db8::1] with a port behind it"


@dataclass(frozen=True, slots=True)
class Server:
    """One server.

    :ivar host: its address as sockets show it: short, IPv4 never mapped, perhaps with its link.
    :ivar key: the folded name of the key that its messages and ours are signed with.
    """

    host: str
    port: int = PORT
    key: bytes | None = None

    def __str__(self) -> str:
        return f"{in_url(self.host)}:{self.port}" + ("" if self.key is None else f"#{shown(self.key)}")

    def is_at(self, host: str) -> bool:
        """Whether a peer's address is its own; a peer's link is not known over every transport."""
        return self.host.partition("%")[0] == host.partition("%")[0]

    def key_in(self, keyring: Keyring) -> Key | None:
        """Its key as it is now.  :raises ConfigError: it has gone."""
        if self.key is None:
            return None
        key = keyring.get(self.key)
        if key is None:
            raise ConfigError(f"the key {shown(self.key)} is not there any more")
        return key


def primaries(given: Iterable[str], keyring: Keyring) -> dict[bytes, tuple[Server, ...]]:
    """Read the values of ``--primary``: origins to their primaries, in the order given.

    :raises ConfigError: one is not ``ORIGIN@HOST[:PORT][#KEY]``.
    """
    found: dict[bytes, tuple[Server, ...]] = {}
    for each in given:
        where = f"--primary {text.visible(each)}"
        name, at, rest = each.strip().rpartition("@")
        if not at:
            raise ConfigError(f"{where}: write ORIGIN@HOST[:PORT][#KEY], such as example.lan@192.0.2.1")
        try:
            origin = b"\0" if name.strip() == "." else wire_name(name.strip())
        except BadName as error:
            raise ConfigError(f"{where}: the zone's name: {error}") from None
        server = _server(rest, where, keyring)
        found[origin] = tuple(dict.fromkeys((*found.get(origin, ()), server)))
        if len(found[origin]) > limits.ZONE_PRIMARIES:
            raise ConfigError(
                f"{where}: more than {limits.ZONE_PRIMARIES} primaries of one zone: leave some out"
            )
    return found


def targets(given: Iterable[str], keyring: Keyring) -> tuple[Server, ...]:
    """Read the values of ``--notify``.  :raises ConfigError: one is not ``HOST[:PORT][#KEY]``."""
    found = tuple(dict.fromkeys(_server(each, f"--notify {text.visible(each)}", keyring) for each in given))
    if len(found) > limits.NOTIFY_TARGETS:
        raise ConfigError(f"--notify: more than {limits.NOTIFY_TARGETS} of them: leave some out")
    return found


def _server(given: str, where: str, keyring: Keyring) -> Server:
    address, sign, name = given.strip().partition("#")
    host, port = _place(address.strip())
    try:
        found = unmapped(ipaddress.ip_address(host))
    except ValueError:
        raise ConfigError(f"{where}: {text.visible(host) or 'nothing'!r} is no address: {_HOST}") from None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigError(f"{where}: {text.visible(port)!r} is no port: write 1 to 65535, or nothing for 53")
    if found.is_multicast or found.is_unspecified:
        raise ConfigError(f"{where}: {host} is no address of one server")
    key = keyring.named(name.strip(), where).name if sign else None
    return Server(str(found), int(port), key)


def _place(address: str) -> tuple[str, str]:
    """HOST[:PORT] to host and port; an IPv6 address may stand alone, or in brackets."""
    if address.startswith("["):
        host, _, rest = address[1:].partition("]")
        return host, rest.removeprefix(":") if rest else str(PORT)
    if address.count(":") > 1:
        return address, str(PORT)
    host, colon, port = address.partition(":")
    return host, port if colon else str(PORT)
