"""The answering machine's protocols, with transports in memory."""

from typing import Any

from netapp.core import access, datagrams, text
from netapp.core.desk import Desk
from netapp.core.metrics import Metrics, count_listeners
from netapp.core.services import House
from netapp.echo.config import Config
from netapp.echo.protocol import EchoDatagrams
from netapp.echo.service import echo_service
from netapp.echo.session import Answers, Template
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


def test_whoever_is_let_in_or_not_is_counted() -> None:
    reactor, house = start()
    readings = Metrics()
    count_listeners(house, readings)
    factory, handler = reactor.tcpServers[0][1], reactor.udpServers[0][1]
    factory.buildProtocol(_address("203.0.113.5"))
    connect(factory)
    for host in ("127.0.0.1", "203.0.113.5", "127.0.0.1"):
        handler.datagramReceived(b"x", (host, 40000))
    counted = readings.read()
    assert {name: value for name, value in counted.items() if value} == {
        "netapp_echo_connections": 1,
        "netapp_echo_connections_accepted": 1,
        "netapp_echo_connections_refused": 1,
        "netapp_echo_datagrams_received": 3,
        "netapp_echo_datagrams_answered": 2,
        "netapp_echo_datagrams_refused": 1,
    }


def with_operator() -> tuple[Any, Desk, list[str]]:
    reactor, shown = FakeReactor(), []
    desk = Desk(shown.append, "zh")
    answers = Answers(Template("{data}"), lambda: "")
    permitted, own = access.Access(), datagrams.OwnPorts()
    handler = EchoDatagrams(answers, lambda: text.Tongue("auto"), desk, reactor, permitted, own)
    reactor.listenUDP(8888, handler)
    return handler, desk, shown


def test_t14_q_is_answered_with_the_farewell_and_a_farewell_with_nothing() -> None:
    handler, desk, shown = with_operator()
    for data in (b"Q\n", "您已断开连接!".encode(), b"q"):
        handler.datagramReceived(data, ("127.0.0.1", 40000))
    peer = ("127.0.0.1", 40000)
    assert handler.transport.written == [("您已断开连接!".encode(), peer)] * 2
    desk.typed("anybody?")
    assert shown[-1] == "(现在没有人可以回复)"


def test_t20_an_operators_lines_are_one_to_a_datagram_and_cut_at_a_character() -> None:
    handler, desk, _ = with_operator()
    for port in (40000, 40001):
        handler.datagramReceived(b"hi", ("127.0.0.1", port))
    for line in ("汉" * 500, "b", "c"):
        desk.typed(line)
    (first, to_first), (second, to_second) = handler.transport.written
    assert first.decode() == "汉" * 341
    assert (to_first[1], second, to_second[1]) == (40001, b"b", 40000)


def _address(host: str) -> Any:
    from twisted.internet.address import IPv4Address

    return IPv4Address("TCP", host, 1000)
