"""Where records come from: the command line, hosts files, this host; others join through Source."""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from netapp.core import addresses, limits, text
from netapp.core.files import NotRegular, open_regular
from netapp.errors import ConfigError
from netapp.names.hosts import parse_hosts
from netapp.names.model import Address, Record, address_record
from netapp.names.naming import BadName, wire_name
from netapp.names.zone import Zone


class Source(Protocol):
    """Something that has records and tells when it has others."""

    #: A read takes a while, and may be done in a thread.
    slow: bool

    def read(self) -> Iterable[Record]:
        """All records now.  :raises ConfigError: they cannot be had; the text names cause and cure."""

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Have ``changed`` called whenever a read would give others.  :returns: call it to end that."""


@dataclass(frozen=True, slots=True)
class ZonesRead:
    """What a source of zones has.

    :ivar zones: by origin; what has not changed since the read before is the same object, what is
        broken is the old one.
    :ivar faults: a line each for what is broken, with file and line.
    :ivar bearable: those of the faults that a start goes on with: of one file of many.
    :ivar many: origins of zones that are some of many: if what is kept of one cannot be read, a start
        goes on without it.
    :ivar waiting: origins of zones that should be here, and of which nothing could be read yet.
    """

    zones: Mapping[bytes, Zone]
    faults: tuple[str, ...] = ()
    bearable: frozenset[str] = frozenset()
    many: frozenset[bytes] = frozenset()
    waiting: frozenset[bytes] = frozenset()


class ZoneSource(Protocol):
    """Something that has zones and tells when they are others."""

    #: A read takes a while, and may be done in a thread.
    slow: bool

    def read(self) -> ZonesRead:
        """All zones now.  :raises ConfigError: they cannot be had; the text names cause and cure."""

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Have ``changed`` called whenever a read would give others.  :returns: call it to end that."""


class ReadOnReload:
    """A source that is read when somebody asks, and says nothing between."""

    slow = False

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        return lambda: None


class DeclaredRecords(ReadOnReload):
    """The operator's own records.

    :param declared: gives them as the command line and the configuration file have them now.
    """

    def __init__(self, declared: Callable[[], Iterable[Record]]) -> None:
        self._declared = declared

    def read(self) -> Iterable[Record]:
        return self._declared()


class HostsFile(ReadOnReload):
    """A hosts file, read whole: 8 µs a line."""

    slow = True

    def __init__(self, path: str) -> None:
        """:raises ConfigError: the path is empty."""
        if not path:
            raise ConfigError("--hosts takes the path of a hosts file, such as /etc/hosts")
        self._shown = path
        self._path = Path(path).absolute()  # a daemon changes its directory

    def read(self) -> Iterable[Record]:
        return parse_hosts(self._octets(), self._shown)

    def _octets(self) -> bytes:
        try:
            with open_regular(self._path) as file:
                octets = file.read(limits.HOSTS_FILE + 1)
        except NotRegular:
            raise ConfigError(f"the hosts file {self._shown} is no regular file") from None
        except OSError as error:
            raise ConfigError(f"the hosts file {self._shown} cannot be read: {error.strerror}") from None
        if len(octets) > limits.HOSTS_FILE:
            raise ConfigError(
                f"the hosts file {self._shown} is larger than {limits.HOSTS_FILE} octets: split or shorten it"
            )
        return octets


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


def parse_record(given: str) -> Record:
    """``--record``'s value, ``NAME=ADDRESS``.  :raises ConfigError: it is not of that form."""
    given = text.decode(os.fsencode(given))[0]  # a terminal may speak GBK
    name, equals, address = (part.strip() for part in given.partition("="))
    try:
        if not equals:
            raise ValueError("there is no =")
        return address_record(wire_name(name), ipaddress.ip_address(address))
    except ValueError as error:
        raise ConfigError(
            f"--record {text.visible(given)!r}: {error}; write NAME=ADDRESS, such as www.lan=192.168.1.2"
        ) from None
