"""The operator's own records: ``--record``."""

import ipaddress
import os
from collections.abc import Callable, Iterable

from netapp.core import text
from netapp.errors import ConfigError
from netapp.names.model import Record, address_record
from netapp.names.naming import wire_name
from netapp.names.sources.source import ReadOnReload


class DeclaredRecords(ReadOnReload):
    """The operator's own records.

    :param declared: gives them as the command line and the configuration file have them now.
    """

    def __init__(self, declared: Callable[[], Iterable[Record]]) -> None:
        self._declared = declared

    def read(self) -> Iterable[Record]:
        return self._declared()


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
