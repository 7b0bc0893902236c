"""Fakes for tests of netapp, and of programs that use it.

One fake stands at each boundary: :class:`FakeReactor` for sockets and time, :func:`connect` for one
connection of a factory, :func:`datagrams` for one datagram listener.  No test needs to sleep.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet import address, testing
from twisted.internet.interfaces import IReactorUDP
from zope.interface import implementer


class FakeDatagramTransport(testing.FakeDatagramTransport):
    """Keeps what was sent, as ``written``: a list of (octets, (address, port))."""

    broadcast_allowed = False
    peer: tuple[str, int] | None = None

    def __init__(self, host: str = "127.0.0.1", port: int = 8888) -> None:
        super().__init__()
        self._host = address.IPv4Address("UDP", host, port)

    def getHost(self) -> address.IPv4Address:
        return self._host

    def connect(self, host: str, port: int) -> None:
        """As a port's that speaks with one peer alone; what is sent then names nobody."""
        self.peer = (host, port)

    def setBroadcastAllowed(self, enabled: bool) -> None:
        self.broadcast_allowed = enabled

    def stopListening(self) -> None:
        """As a port's: the handler is told by whoever asks it to."""


@implementer(IReactorUDP)
class FakeReactor(testing.MemoryReactorClock):
    """``MemoryReactorClock`` that can listen for datagrams too.

    ``udpServers`` holds (port, protocol, interface, maxPacketSize), as ``tcpServers`` does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.udpServers: list[tuple[int, Any, str, int]] = []

    def listenUDP(self, port: int, protocol: Any, interface: str = "", maxPacketSize: int = 8192) -> Any:
        self.udpServers.append((port, protocol, interface, maxPacketSize))
        return datagrams(protocol, interface or "127.0.0.1", port)

    def callFromThread(self, call: Callable[..., object], *args: object, **kwargs: object) -> None:
        call(*args, **kwargs)


class Transport(testing.StringTransportWithDisconnection):
    """A connection in memory that hangs up when told to, and says how: ``aborted``."""

    aborted = False

    def __init__(self, protocol: Any, peer: tuple[str, int] = ("127.0.0.1", 54321)) -> None:
        super().__init__(peerAddress=address.IPv4Address("TCP", *peer))
        self.protocol = protocol

    def abortConnection(self) -> None:
        self.aborted = True
        self.loseConnection()

    def loseConnection(self) -> None:
        if self.connected:
            self.disconnecting = True
            super().loseConnection()

    def take(self) -> bytes:
        """What was written since the last call."""
        octets: bytes = self.value()
        self.clear()
        return octets


def connect(factory: Any, peer: tuple[str, int] = ("127.0.0.1", 54321)) -> tuple[Any, Transport]:
    """One connection to a factory.  :returns: (protocol, transport)."""
    protocol = factory.buildProtocol(address.IPv4Address("TCP", *peer))
    assert protocol is not None, f"{factory} refuses {peer}"
    transport = Transport(protocol, peer)
    protocol.makeConnection(transport)
    return protocol, transport


def datagrams(handler: Any, host: str = "127.0.0.1", port: int = 8888) -> FakeDatagramTransport:
    """One datagram listener.  :returns: its transport, which keeps what is sent."""
    transport = FakeDatagramTransport(host, port)
    handler.makeConnection(transport)
    return transport
