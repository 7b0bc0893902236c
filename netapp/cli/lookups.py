"""Names looked up without the DNS's own packets: by the system, or by T4's datagram."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Final

from netapp.cli import common
from netapp.cli.assistant import streams
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.text import visible_octets

PHRASES: Final = Phrases(
    {
        "host": ("主机名", "host name"),
        "full": ("完整域名", "full name"),
        "address": ("地址", "address"),
        "none": ("找不到 {name} 的地址", "{name} has no address"),
        "again": (
            "{where} {wait:g} 秒内没有回应,正在重试...",
            "no answer from {where} within {wait:g} s, asking again ...",
        ),
    }
)
say: Final = common.words(PHRASES)


def own_names() -> None:
    """This host's own names and addresses (T31)."""
    host, full = socket.gethostname(), socket.getfqdn()
    common.write(f"{say('host')}: {host}")
    common.write(f"{say('full')}: {full}")
    for address in dict.fromkeys([*_addresses(host), *_outward()]):
        common.write(f"{say('address')}: {address}")


def by_system(name: str, *, short: bool) -> bool:
    """Show a name's addresses, or an address's names, as every program here sees them."""
    found = list(_reverse(name) if _is_address(name) else _addresses(name))
    for each in found:
        common.write(each if short else f"{name}\t{each}")
    if not found:
        common.complain(say("none", name=name))
    return bool(found)


class Plain:
    """T5, the tutorials' name client: a name goes out, its answer is one datagram.

    An answer that is lost is asked for again, and that is said.
    """

    def __init__(self, server: common.HostPort, *, tcp: bool) -> None:
        self._server, self._tcp = server, tcp

    def ask(self, name: str) -> bool:
        """Show the answer.  :returns: whether it is an address."""
        try:
            octets = self._over_tcp(name.encode()) if self._tcp else self._over_udp(name.encode())
        except (OSError, UnicodeError) as error:
            common.fail(common.trouble(common.as_system(error), common.shown(self._server)))
        answer = visible_octets(octets.rstrip(b"\r\n"), keep="\n\t")
        common.write(answer, keep="\n\t")
        return any(_is_address(word) for word in answer.split())

    def _over_udp(self, name: bytes) -> bytes:
        family, _, _, _, address = socket.getaddrinfo(*self._server, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(address)
            for number, wait in enumerate(limits.COMMAND_TRIES, 1):
                sock.send(name)
                sock.settimeout(wait)
                try:
                    return sock.recv(limits.DATAGRAM)
                except TimeoutError:
                    if number < len(limits.COMMAND_TRIES):
                        common.note(say("again", where=common.shown(self._server), wait=wait))
        raise TimeoutError

    def _over_tcp(self, name: bytes) -> bytes:
        with common.connect(self._server, timeout=limits.COMMAND_CONNECT) as connection:
            connection.sendall(name)
            return streams.rest(connection)


def _addresses(name: str) -> Iterator[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    yield from dict.fromkeys(str(address[0]) for *_, address in found)


def _reverse(address: str) -> Iterator[str]:
    try:
        name, aliases, _ = socket.gethostbyaddr(address)
    except (OSError, UnicodeError):
        return
    yield from dict.fromkeys([name, *aliases])


def _outward() -> Iterator[str]:
    """The addresses that packets to elsewhere would leave from; none is sent."""
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.connect((elsewhere, 9))
                yield sock.getsockname()[0]
        except OSError:
            continue


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
