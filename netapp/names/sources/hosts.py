"""Hosts files: an address, then its names, a line each; ``#`` begins a comment.

Names may be in any script, the file in UTF-8 or GBK.  Every line that cannot be read is reported
by its number.

Source: hosts(5); RFC 952 for what is left of the form.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netapp.core import limits, text
from netapp.core.files import NotRegular, open_regular
from netapp.errors import ConfigError
from netapp.names.model import Record, address_record
from netapp.names.naming import BadName, wire_name
from netapp.names.sources.source import ReadOnReload

#: How much of a broken word is shown.
_SHOWN: Final = 40
#: Marks that editors write before UTF-16.
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be read.  ``line`` counts from 1."""

    line: int
    reason: str


class BrokenHosts(ConfigError):
    """A hosts file with lines that cannot be read; its text names the file and the first of them."""

    def __init__(self, where: str, faults: list[BadLine]) -> None:
        more = f"; {len(faults) - 1} more of its lines are broken too" if len(faults) > 1 else ""
        super().__init__(f"{where}:{faults[0].line}: {faults[0].reason}{more}")
        self.where, self.faults = where, faults


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


def parse_hosts(octets: bytes, where: str) -> list[Record]:
    """Read a hosts file.

    :param where: the file's name, for errors.
    :raises BrokenHosts: lines that cannot be read, every one named.
    """
    if octets.startswith(_UTF_16):
        raise BrokenHosts(where, [BadLine(1, "this file is UTF-16: save it as UTF-8")])
    records: list[Record] = []
    faults: list[BadLine] = []
    decoded = text.decode(octets.removeprefix(b"\xef\xbb\xbf"))[0]
    for number, line in enumerate(decoded.split("\n"), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            records.extend(_records(words))
        except ValueError as fault:
            faults.append(BadLine(number, str(fault)))
    if faults:
        raise BrokenHosts(where, faults)
    return records


def _records(words: list[str]) -> Iterator[Record]:
    """:raises ValueError: the first word is no address, or another no name."""
    try:
        address = ipaddress.ip_address(words[0].partition("%")[0])
    except ValueError:
        raise ValueError(f"{_short(words[0])} is no address") from None
    if len(words) == 1:
        raise ValueError(f"no name for {words[0]}")
    for word in words[1:]:
        try:
            yield address_record(wire_name(word), address)
        except BadName as error:
            raise ValueError(f"{_short(word)}: {error}") from None


def _short(word: str) -> str:
    return text.visible(repr(word[:_SHOWN])) + ("..." if len(word) > _SHOWN else "")
