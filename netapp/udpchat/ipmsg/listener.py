"""IP Messenger's sockets: datagrams, and TCP of the same number beside them for file requests."""

import socket
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
        interface, number = listen.parse_datagram(description)
        self._at = f":interface={endpoints.quoteStringArgument(interface)}" if interface else ""
        if number == 0:
            description = f"udp:{_free_number(interface)}{self._at}"
        self._datagrams = listen.DatagramListener(
            owner, description, station, reactor, _hint, option="--ipmsg"
        )
        self._datagrams.setServiceParent(self)
        self._beside: listen.StreamListener | None = None
        self._ears: list[Any] = []

    def privilegedStartService(self) -> None:
        super().privilegedStartService()
        port = self._datagrams.getHost().port
        factory = SessionFactory(lambda peer: SessionProtocol(Refusal(), self._reactor), self._access)
        self._beside = listen.StreamListener(
            self._owner, f"tcp:{port}{self._at}", factory, self._reactor, option="--ipmsg"
        )
        self._beside.speaks = self._datagrams.speaks
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


def _free_number(interface: str) -> int:
    """A number that is free for datagrams and for streams; 0 where none is found.

    The system gives a free number for one of them only, and both must have the same (IPMSG 1.1).
    """
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    for _ in range(50):
        with socket.socket(family, socket.SOCK_DGRAM) as datagrams, socket.socket(family) as streams:
            try:
                datagrams.bind((interface, 0))
                streams.bind(datagrams.getsockname())
            except OSError:
                continue
            number: int = datagrams.getsockname()[1]
            return number
    return 0


def _hint(host: str, port: int) -> str:
    return f"printf '1:%s:me:pc:288:hello' $(date +%s) | nc -u -w 1 {host} {port}"
