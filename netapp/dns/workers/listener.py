"""A datagram listener with a socket for each worker."""

from collections.abc import Callable, Sequence
from socket import socket
from typing import Any

from twisted.internet import address, defer

from netapp.core import listen
from netapp.core.addresses import bound
from netapp.core.datagrams import Datagrams, OwnPorts
from netapp.core.udp.ports import shared_sockets
from netapp.dns.workers.tally import Told


class SharedListener(listen.DatagramListener):
    """Binds the sockets and has them read by others.

    :param standing: handlers of this process, one for each worker, that answer in its stead.
    :ivar sockets: one for each worker, while it listens.
    :ivar wait: has the workers end; the sockets close after that.
    """

    def __init__(
        self,
        owner: str,
        description: str,
        standing: Sequence[Datagrams],
        own: OwnPorts,
        reactor: Any,
        hint: listen.Hint | None = None,
    ) -> None:
        self.told = Told(standing)
        super().__init__(owner, description, self.told, reactor, hint)
        self.standing, self._own = standing, own
        self.sockets: list[socket] = []
        self.wait: Callable[[], defer.Deferred[None]] = lambda: defer.succeed(None)

    def _listen(self) -> "_Port":
        self.sockets = shared_sockets(self._interface, self._number, len(self.standing))
        port = _Port(self.sockets, lambda: self.wait())
        self._own.add(port.getHost().port)
        return port

    async def _stop(self, port: Any) -> None:
        if port is not None:
            await port.stopListening()
            self._own.discard(port.getHost().port)


class _Port:
    """As much of a port as a listener asks for."""

    def __init__(self, sockets: Sequence[socket], wait: Callable[[], "defer.Deferred[None]"]) -> None:
        self._sockets, self._wait = sockets, wait
        host, number = bound(sockets[0].getsockname())
        kind = address.IPv6Address if ":" in host else address.IPv4Address
        self._host = kind("UDP", host, number)

    def getHost(self) -> Any:
        return self._host

    def stopListening(self) -> "defer.Deferred[None]":
        return self._wait().addCallback(self._close)

    def _close(self, _: object) -> None:
        for each in self._sockets:
            each.close()
