"""What stands between a factory and Twisted's wrapper of TLS."""

from typing import Any, Final

from twisted.internet import interfaces, protocol
from zope.interface import implementer

#: What is spoken within TLS at one port or another: RFC 7301's registry.
_PROTOCOLS: Final = (b"http/1.1", b"dot", b"irc")


@implementer(interfaces.IProtocolNegotiationFactory)
class Doorkeeper(protocol.Factory):
    """Stands between a factory and Twisted's wrapper of TLS.

    They cannot hang up on whom the factory does not want, and end the handshake of every client
    that offers protocols, as curl does, where none is known.
    """

    noisy = False

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def startFactory(self) -> None:
        self._factory.doStart()

    def stopFactory(self) -> None:
        self._factory.doStop()

    def buildProtocol(self, addr: interfaces.IAddress | None) -> Any:
        return self._factory.buildProtocol(addr) or _TurnedAway()

    def acceptableProtocols(self) -> list[bytes]:
        return list(_PROTOCOLS)


class _TurnedAway(protocol.Protocol):
    transport: Any

    def connectionMade(self) -> None:
        self.transport.abortConnection()
