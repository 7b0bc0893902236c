"""The connections of one listener: who may have one, how many there are, and their end at a stop."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet import address, defer, interfaces, protocol

from netapp.core import limits
from netapp.core.access import Access, is_loopback, plain_host
from netapp.core.strangers import Page

if TYPE_CHECKING:
    from netapp.core.explain.doors import StreamDoor
    from netapp.core.streams import SessionProtocol

Peer = tuple[str, int]


class Carrier(Protocol):
    """What a factory needs to know of a protocol that carries one of its connections."""

    factory: "SessionFactory | None"
    transport: Any

    @property
    def busy(self) -> bool:
        """A transfer is under way that a stop should wait for."""

    def close(self, *, abort: bool = False) -> None:
        """Hang up."""

    def makeConnection(self, transport: Any) -> None: ...

    def dataReceived(self, data: bytes) -> None: ...


class SessionFactory(protocol.Factory):
    """Makes a protocol for each peer that may have one, and ends them all at a stop.

    :param build: a peer's (address, port) to a protocol that carries its connection.
    :param page: where a browser that comes here by mistake is sent.
    """

    noisy = False

    def __init__(self, build: Callable[[Peer], Carrier], access: Access, page: Page | None = None) -> None:
        self._build, self._access = build, access
        self.page = page or Page()
        self._protocols: set[Carrier] = set()
        self._per_source: Counter[str] = Counter()
        self._sources: dict[Carrier, str] = {}
        self._emptied: list[defer.Deferred[None]] = []
        self.draining = False
        self.accepted = self.refused = self.malformed = 0
        self.streamed = 0  # octets of bodies
        self.witness: StreamDoor | None = None  # of --explain

    @property
    def connections(self) -> int:
        """Connections that stand now."""
        return len(self._protocols)

    def startFactory(self) -> None:
        self.draining = False

    def buildProtocol(  # type: ignore[override]
        self, addr: interfaces.IAddress | None
    ) -> "SessionProtocol | None":
        peer = peer_of(addr)
        built: SessionProtocol | None = self.admitted(peer[0], lambda: self._build(peer))
        return built

    def believes(self, proxy: str) -> bool:
        """Whether a peer at this address may name another as its client."""
        return self._access.believes(proxy)

    def admitted(self, source: str, build: Callable[[], Any]) -> Any:
        """A protocol for a connection from this address, which is counted; or None."""
        if not self._admits(source):
            self.refused += 1
            return None
        self.accepted += 1
        built = build()
        built.factory = self
        self._protocols.add(built)
        self._sources[built] = source
        self._per_source[source] += 1
        return built

    def succeeded(self, before: Carrier, peer: Peer) -> Any:
        """A protocol for a connection that counts already: who is there is known only now."""
        after: Any = self._build(peer)
        self.replaced(before, after)
        return after

    def replaced(self, before: Carrier, after: Carrier) -> None:
        """One protocol has handed its connection to another."""
        after.factory = self
        self._protocols.discard(before)
        self._protocols.add(after)
        self._sources[after] = self._sources.pop(before)

    def lost(self, gone: Carrier) -> None:
        """A protocol's connection has ended."""
        self._protocols.discard(gone)
        source = self._sources.pop(gone, None)
        if source is not None:
            self._per_source[source] -= 1
            if not self._per_source[source]:
                del self._per_source[source]
        if not self._protocols:
            emptied, self._emptied = self._emptied, []
            for each in emptied:
                each.callback(None)

    def drain(self, clock: interfaces.IReactorTime) -> defer.Deferred[None]:
        """Admit nobody more and end every session; a transfer under way gets until the drain limit."""
        self.draining = True
        if not self._protocols:
            return defer.succeed(None)
        waiting: defer.Deferred[None] = defer.Deferred()
        self._emptied.append(waiting)
        bound = clock.callLater(limits.DRAIN, self._abort_all)
        for each in list(self._protocols):
            if not each.busy:
                each.close()
        return waiting.addBoth(lambda _: bound.cancel() if bound.active() else None)

    def _abort_all(self) -> None:
        for each in list(self._protocols):
            each.close(abort=True)

    def _admits(self, host: str) -> bool:
        if self.draining or not self._access.permits(host):
            return False
        if len(self._protocols) >= limits.CONNECTIONS:
            return False
        return self._per_source[host] < limits.CONNECTIONS_PER_ADDRESS or is_loopback(host)


def carry_on(transport: Any, successor: Carrier) -> None:
    """Let another protocol carry a connection from here on."""
    wrapped = hasattr(transport, "wrappedProtocol")  # TLS stands between
    setattr(transport, "wrappedProtocol" if wrapped else "protocol", successor)
    successor.makeConnection(transport)


def peer_of(addr: interfaces.IAddress | None) -> Peer:
    """The (address, port) of a peer; ("", 0) for a UNIX socket's."""
    if isinstance(addr, address.IPv4Address | address.IPv6Address):
        return plain_host(addr.host), addr.port
    return "", 0
