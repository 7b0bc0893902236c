"""The answering machine's protocols, with transports in memory."""

from typing import Any

from netapp.core import access, datagrams
from netapp.core.metrics import Metrics
from netapp.core.services import House
from netapp.echo.config import Config
from netapp.echo.service import echo_service
from netapp.testing import FakeReactor, connect

LOCAL = {"listen": ("tcp:8888:interface=127.0.0.1", "udp:8888:interface=127.0.0.1")}


def start(**config: Any) -> tuple[FakeReactor, House]:
    reactor = FakeReactor()
    service = echo_service(Config(**(LOCAL | config)), datagrams.OwnPorts(), Metrics(), reactor)
    service.privilegedStartService()
    service.startService()
    return reactor, service


def test_octets_one_by_one_are_chunks_of_their_own() -> None:
    reactor, _ = start(reply="<{data}>")
    protocol, transport = connect(reactor.tcpServers[0][1])
    for octet in b"abc":
        protocol.dataReceived(bytes([octet]))
    assert transport.take() == b"<a><b><c>"


def test_once_answers_and_hangs_up() -> None:
    reactor, _ = start(reply="OK!", once=True)
    protocol, transport = connect(reactor.tcpServers[0][1])
    protocol.dataReceived(b"hello")
    assert transport.take() == b"OK!"
    assert not transport.connected


def test_strangers_from_far_away_are_not_let_in() -> None:
    reactor, _ = start()
    factory = reactor.tcpServers[0][1]
    assert factory.buildProtocol(_address("203.0.113.5")) is None
    assert factory.refused == 1


def test_an_allowed_network_is_let_in() -> None:
    reactor, _ = start(allow=(access.network("203.0.113.0/24"),))
    connect(reactor.tcpServers[0][1], ("203.0.113.5", 1000))


def test_every_datagram_gets_one_answer_even_an_empty_one() -> None:
    handler = start(reply="<{data}>")[0].udpServers[0][1]
    for data in (b"", b"a"):
        handler.datagramReceived(data, ("127.0.0.1", 40000))
    assert handler.transport.written == [(b"<>", ("127.0.0.1", 40000)), (b"<a>", ("127.0.0.1", 40000))]


def test_reflecting_ports_ourselves_and_strangers_get_none() -> None:
    handler = start()[0].udpServers[0][1]
    for peer in (
        ("127.0.0.1", 7),
        ("127.0.0.1", 19),
        ("127.0.0.1", 0),
        ("127.0.0.1", 8888),
        ("203.0.113.5", 9999),
    ):
        handler.datagramReceived(b"x", peer)
    assert handler.transport.written == []
    assert handler.refused == 5


def test_one_source_gets_a_hundred_answers_a_second() -> None:
    reactor = start()[0]
    handler = reactor.udpServers[0][1]
    for _ in range(150):
        handler.datagramReceived(b"x", ("127.0.0.1", 40000))
    assert len(handler.transport.written) == 100
    reactor.advance(1.0)
    handler.datagramReceived(b"x", ("127.0.0.1", 40000))
    assert len(handler.transport.written) == 101


def _address(host: str) -> Any:
    from twisted.internet.address import IPv4Address

    return IPv4Address("TCP", host, 1000)
