"""IP Messenger's sockets: datagrams, and TCP of the same number beside them for file requests."""

from collections.abc import Iterable
from typing import Any

from twisted.internet import endpoints, error, protocol
from twisted.logger import Logger

from netapp.core import limits, listen
from netapp.core.access import Access
from netapp.core.services import House
from netapp.core.streams import SessionFactory, SessionProtocol
from netapp.udpchat.ipmsg.protocol import IpmsgDatagrams, Refusal


class Ear(protocol.DatagramProtocol):
    """Hears broadcasts for a socket bound to one address, which hears none itself (IPMSG 1.4)."""

    noisy = False

    def __init__(self, station: IpmsgDatagrams) -> None:
        self._station = station

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self._station.datagramReceived(datagram, addr)


class IpmsgListener(House):
    """The station's sockets.  :param broadcasts: where a bound station hears broadcasts."""

    _log = Logger()

    def __init__(
        self,
        owner: str,
        description: str,
        station: IpmsgDatagrams,
        broadcasts: Iterable[str],
        access: Access,
        reactor: Any,
    ) -> None:
        super().__init__()
        self._owner, self._station, self._access, self._reactor = owner, station, access, reactor
        self._broadcasts = tuple(broadcasts)
        self._interface, _ = listen.parse_datagram(description)
        self._datagrams = listen.DatagramListener(
            owner, description, station, reactor, _hint, option="--ipmsg"
        )
        self._datagrams.setServiceParent(self)
        self._beside: listen.StreamListener | None = None
        self._ears: list[Any] = []

    def privilegedStartService(self) -> None:
        super().privilegedStartService()
        port = self._datagrams.getHost().port
        at = f":interface={endpoints.quoteStringArgument(self._interface)}" if self._interface else ""
        factory = SessionFactory(lambda peer: SessionProtocol(Refusal(), self._reactor), self._access)
        self._beside = listen.StreamListener(
            self._owner, f"tcp:{port}{at}", factory, self._reactor, option="--ipmsg"
        )
        self._beside.setServiceParent(self)
        self._beside.privilegedStartService()
        for address in self._broadcasts:
            self._listen_at(address, port)

    def startService(self) -> None:
        if self._beside is None:
            self.privilegedStartService()
        super().startService()

    async def _stop(self) -> None:
        ears, self._ears = self._ears, []
        for ear in ears:
            await ear.stopListening()
        await super()._stop()
        if self._beside is not None:
            self.removeService(self._beside)
            self._beside = None

    def _listen_at(self, address: str, port: int) -> None:
        ear = Ear(self._station)
        try:
            self._ears.append(self._reactor.listenUDP(port, ear, address, maxPacketSize=limits.DATAGRAM))
        except error.CannotListenError:
            self._log.warn(
                "{owner}: broadcasts to {address} cannot be heard", owner=self._owner, address=address
            )


def _hint(host: str, port: int) -> str:
    return f"printf '1:%s:me:pc:288:hello' $(date +%s) | nc -u -w 1 {host} {port}"
