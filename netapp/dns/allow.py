"""Who may ask for more than an answer: lists of networks, each with a key or without.

A rule is ``NETWORK`` or ``NETWORK#KEY``; with a key both must be right.  One rule that fits is
enough, and where there is none nobody may.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from netapp.core import access, limits, text
from netapp.core.access import Network
from netapp.dns.tsig.keys import Key, Keyring
from netapp.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Rule:
    """``key`` is a key's folded wire name; None where none is asked for."""

    network: Network
    key: bytes | None = None


class Allowed:
    """A list of rules.

    :param rules: none of them allows nobody.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(rules)

    def __bool__(self) -> bool:
        """Whether anybody at all may."""
        return bool(self._rules)

    def permits(self, host: str, key: Key | None) -> bool:
        """Whether a client may.

        :param host: its address; ``::ffff:192.0.2.1`` is IPv4.
        :param key: the key that its request was signed with, verified.
        """
        try:
            address = ipaddress.ip_address(access.plain_host(host).partition("%")[0])
        except ValueError:  # a UNIX socket's peer has no address
            return False
        name = key.name if key is not None else None
        return any(address in rule.network and rule.key in (None, name) for rule in self._rules)


def allowed(given: Iterable[str], keyring: Keyring, option: str) -> Allowed:
    """Read the values of an option such as ``--allow-transfer``.

    :param option: its name, for errors.
    :raises ConfigError: no network, a key that nobody has, or too many of them.
    """
    rules = [parse_rule(each, keyring, option) for each in given]
    if len(rules) > limits.DNS_RULES:
        raise ConfigError(f"--{option}: more than {limits.DNS_RULES} of them: join networks")
    return Allowed(rules)


def parse_rule(given: str, keyring: Keyring, option: str) -> Rule:
    """Read ``NETWORK[#KEY]``.  :raises ConfigError: as :func:`allowed`."""
    where = f"--{option} {text.visible(given)}"
    network, sign, name = given.strip().partition("#")
    try:
        found = _network(network.strip())
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}, #KEY behind it for one that must sign") from None
    return Rule(found, keyring.named(name.strip(), where).name if sign else None)


def _network(given: str) -> Network:
    """A network; one of mapped addresses is IPv4.  :raises ConfigError: none."""
    network = access.network(given)
    mapped = network.network_address.ipv4_mapped if network.version == 6 else None
    if mapped is None or network.prefixlen < 96:
        return network
    return ipaddress.ip_network((int(mapped), network.prefixlen - 96))
