"""Connections that come through a proxy, which names its client in a header before all else.

The proxy's own address is what counts for who may connect, and how often; the client's is the one
that the service sees.  A header that says nothing of a client leaves the proxy as the peer.  Whoever
could write one could be anybody: it is read only from proxies that are believed.

Source: "The PROXY protocol, versions 1 and 2", HAProxy Technologies, 2020, sections 2.1 and 2.2.
"""

import ipaddress
from typing import Any, Final

from twisted.internet import interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.access import unmapped
from netapp.core.connections import Peer, SessionFactory, carry_on, peer_of
from netapp.errors import WireError

#: What begins a header of each version.
_TEXT: Final = b"PROXY "
_BINARY: Final = b"\r\n\r\n\x00\r\nQUIT\n"
#: Octets of the longest header in text, CR LF included: section 2.1.
_TEXT_MOST: Final = 107
#: Address families over a stream, with the octets of one address: section 2.2.
_FAMILIES: Final = {0x11: 4, 0x21: 16}


def parse_header(octets: bytes) -> tuple[Peer | None, int] | None:
    """The client that a header names, None where it names none, and the header's length.

    :returns: None when more must come.
    :raises WireError: no header begins like this.
    """
    if octets.startswith(_BINARY):
        return _binary(octets)
    if octets.startswith(_TEXT):
        return _text(octets)
    if _BINARY.startswith(octets) or _TEXT.startswith(octets):
        return None
    raise WireError("no PROXY header", source="PROXY protocol section 2")


def _text(octets: bytes) -> tuple[Peer | None, int] | None:
    line, end, _ = octets[:_TEXT_MOST].partition(b"\r\n")
    if not end:
        if len(octets) >= _TEXT_MOST:
            raise WireError("a header without end", source="PROXY protocol section 2.1")
        return None
    words = line.split(b" ")
    length = len(line) + 2
    if words[1] == b"UNKNOWN":
        return None, length
    try:
        family, source, _, port, _ = words[1:]
        client = _peer(source.decode("ascii"), int(port))
    except ValueError:
        raise WireError("no addresses", source="PROXY protocol section 2.1") from None
    if family not in (b"TCP4", b"TCP6"):
        raise WireError("no such family", source="PROXY protocol section 2.1")
    return client, length


def _binary(octets: bytes) -> tuple[Peer | None, int] | None:
    if len(octets) < 16:
        return None
    command, family = octets[12], octets[13]
    length = 16 + int.from_bytes(octets[14:16], "big")
    if command not in (0x20, 0x21) or length > limits.PROXY_HEADER:
        raise WireError("no such version or command", source="PROXY protocol section 2.2")
    if len(octets) < length:
        return None
    size = _FAMILIES.get(family)
    if command == 0x20 or size is None:
        return None, length  # the proxy asks for itself, or knows no address
    if length < 16 + size * 2 + 4:
        raise WireError("no addresses", source="PROXY protocol section 2.2")
    port = int.from_bytes(octets[16 + size * 2 : 18 + size * 2], "big")
    return _peer(octets[16 : 16 + size], port), length


def _peer(address: str | bytes, port: int) -> Peer:
    if not 0 <= port <= 65535:
        raise ValueError(port)
    return str(unmapped(ipaddress.ip_address(address))), port


class ProxiedFactory(protocol.Factory):
    """Stands before a factory whose clients come through a proxy.

    :param owner: the plugin, as the log names it.
    :param description: of the listener, for the log.
    """

    _log = Logger()
    noisy = False

    def __init__(
        self, factory: SessionFactory, clock: interfaces.IReactorTime, owner: str, description: str
    ) -> None:
        self._factory, self._clock = factory, clock
        self._owner, self._description = owner, description
        self._told = False

    def startFactory(self) -> None:
        self._told = False
        self._factory.doStart()

    def stopFactory(self) -> None:
        self._factory.doStop()

    def buildProtocol(self, addr: interfaces.IAddress | None) -> Any:
        peer = peer_of(addr)
        if not self._factory.believes(peer[0]):
            self._factory.refused += 1
            self._tell(peer[0])
            return None
        return self._factory.admitted(peer[0], lambda: Announced(peer, self._clock))

    def _tell(self, source: str) -> None:
        if self._told:
            return
        self._told = True
        self._log.warn(
            "{owner}: {source} is no proxy that is believed at {where}: it and its like are hung up on; "
            "if it is your proxy, start with --proxy {source}",
            owner=self._owner,
            source=source,
            where=self._description,
        )


class Announced(protocol.Protocol):
    """A proxy's connection until its header has come; then a session takes its place."""

    transport: Any
    factory: SessionFactory | None = None
    busy = False

    def __init__(self, proxy: Peer, clock: interfaces.IReactorTime) -> None:
        self._proxy, self._octets = proxy, b""
        self._timer = clock.callLater(limits.PROXY_WAIT, self.close, abort=True)

    def dataReceived(self, data: bytes) -> None:
        self._octets += data
        assert self.factory is not None
        try:
            found = parse_header(self._octets)
        except WireError:
            self.factory.malformed += 1
            self.close(abort=True)
            return
        if found is None:
            return
        client, length = found
        self._timer.cancel()
        successor = self.factory.succeeded(self, client or self._proxy)
        carry_on(self.transport, successor)
        if rest := self._octets[length:]:
            successor.dataReceived(rest)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        if self._timer.active():
            self._timer.cancel()
        if self.factory is not None:
            self.factory.lost(self)

    def close(self, *, abort: bool = False) -> None:
        """Hang up."""
        if abort:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()
