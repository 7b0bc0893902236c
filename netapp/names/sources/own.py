"""This host's own name and addresses."""

import ipaddress
import socket
from collections.abc import Callable, Iterable

from netapp.core import addresses
from netapp.core.access import Address
from netapp.names.model import Record, address_record
from netapp.names.naming import BadName, wire_name
from netapp.names.sources.source import ReadOnReload


class OwnName(ReadOnReload):
    """This host's own name, and its first label, with the addresses that others reach it by."""

    def __init__(
        self,
        hostname: Callable[[], str] = socket.gethostname,
        own: "Callable[[], Iterable[Address]] | None" = None,
    ) -> None:
        self._hostname, self._addresses = hostname, own or own_addresses

    def names(self) -> list[str]:
        """What this host is called; ``localhost`` where it has no name that DNS could carry."""
        name = self._hostname().rstrip(".")
        try:
            wire_name(name)
        except BadName:
            name = "localhost"
        return list(dict.fromkeys((name, name.partition(".")[0])))

    def read(self) -> Iterable[Record]:
        own = list(self._addresses())
        return [address_record(wire_name(name), address) for name in self.names() for address in own]


def own_addresses() -> list[Address]:
    """The addresses by which other machines reach this host, loopback where there is none."""
    return [ipaddress.ip_address(each) for each in addresses.own_addresses() or ("127.0.0.1",)]
