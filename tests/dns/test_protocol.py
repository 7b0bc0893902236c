"""The name service's protocols, with transports in memory."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import task
from twisted.logger import capturedLogs, formatEvent

from netapp.core import access, datagrams, limits
from netapp.core.metrics import Metrics, count_listeners
from netapp.core.proxied import ProxiedFactory
from netapp.core.services import House
from netapp.dns.config import Config
from netapp.dns.message import AXFR, NOTIFY
from netapp.dns.service import dns_service
from netapp.dns.transfer.wire import request
from netapp.names.config import Config as NamesConfig
from netapp.names.naming import wire_name
from netapp.names.opening import open_names
from netapp.testing import FakeReactor, connect
from tests.dns.asking import TABLE, addresses, framed, many, opt, query, record

LOCAL = {"listen": ("udp:8080:interface=127.0.0.1", "tcp:8080:interface=127.0.0.1")}
PEER = ("127.0.0.1", 40000)


class Server:
    """A service on a reactor in memory."""

    def __init__(self, zone: tuple[str, ...] = (), **config: Any) -> None:
        self.reactor, self.metrics, self.own = FakeReactor(), Metrics(), datagrams.OwnPorts()
        self.records = (*(record(*each) for each in TABLE.items()), *many("many.lan", 60))
        self.names = open_names(NamesConfig(records=self.records, zone=zone), task.Clock())
        self.house: House = dns_service(  # type: ignore[assignment]
            Config(**(LOCAL | config)), self.names, self.own, self.metrics, self.reactor
        )
        count_listeners(self.house, self.metrics)
        self.house.privilegedStartService()
        self.house.startService()
        self.factory = self.reactor.tcpServers[0][1]
        self.handler = self.reactor.udpServers[0][1]

    def ask(self, datagram: bytes, peer: tuple[str, int] = PEER) -> list[bytes]:
        written = self.handler.transport.written
        written.clear()
        self.handler.datagramReceived(datagram, peer)
        assert all(to == peer for _, to in written)
        return [octets for octets, _ in written]

    def alive(self) -> bool:
        return addresses(self.ask(query())[0]) == ["192.168.1.2"] and self.ask(b"www.baidu.com") == [
            b"192.168.1.2"
        ]


def test_d45_datagrams_from_ourselves_are_not_answered() -> None:
    server = Server()
    for datagram in (query(), b"www.baidu.com", b"nobody", b"i dont know"):
        assert server.ask(datagram, ("127.0.0.1", 8080)) == []
    assert len(server.ask(query(), ("127.0.0.1", 53))) == 1
    answer = server.ask(query())[0]
    assert server.ask(answer, ("127.0.0.1", 53)) == []
    assert server.ask(b"i dont know", ("127.0.0.1", 53)) == []
    assert server.alive()


@pytest.mark.parametrize("port", sorted(limits.REFLECTING_PORTS))
def test_d46_reflecting_ports_are_not_answered(port: int) -> None:
    server = Server()
    assert server.ask(query(), ("127.0.0.1", port)) == []
    assert server.ask(b"www.baidu.com", ("127.0.0.1", port)) == []
    assert server.metrics.read()["netapp_dns_datagrams_refused"] == 2


def test_strangers_are_not_answered_unless_allowed() -> None:
    assert Server().ask(query(), ("203.0.113.5", 40000)) == []
    server = Server(allow=(access.network("203.0.113.0/24"),))
    assert len(server.ask(query(), ("203.0.113.5", 40000))) == 1


def test_a_source_may_ask_as_often_as_it_likes() -> None:
    server = Server()
    assert all(server.ask(query()) for _ in range(500))
    assert server.metrics.read()["netapp_dns_datagrams_answered"] == 500


def test_what_the_kernel_will_not_send_is_counted() -> None:
    server = Server()

    def full(octets: bytes, peer: object) -> None:
        raise BlockingIOError

    server.handler._sendto = full
    assert server.ask(query()) == []
    assert server.metrics.read()["netapp_dns_datagrams_unsent"] == 1


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([PEER, ("fd00::1", 1), ("::ffff:10.0.0.1", 9), ("", 0), ("x", 5)]),
)
def test_no_datagram_raises(datagram: bytes, peer: tuple[str, int]) -> None:
    assert len(SERVER.ask(datagram, peer)) <= 1
    assert SERVER.alive()


SERVER = Server()


def test_a_reload_is_seen_by_both_tongues() -> None:
    server = Server()
    assert server.alive()
    server.names._shelves[0].source = type(server.names._shelves[0].source)(
        lambda: [record("www.baidu.com", "10.0.0.7")]
    )
    server.names.reload()
    assert addresses(server.ask(query())[0]) == ["10.0.0.7"]
    assert server.ask(b"www.baidu.com") == [b"10.0.0.7"]
    assert server.ask(b"www.google.com") == [b"i dont know"]


def test_two_queries_in_one_segment_leave_in_one_write() -> None:
    protocol, transport = connect(Server().factory)
    protocol.dataReceived(framed(query()) + framed(query(edns=opt())))
    octets = transport.take()
    assert addresses(octets[2 : 2 + int.from_bytes(octets[:2], "big")]) == ["192.168.1.2"]
    assert transport.connected


def test_quiet_ends_a_bare_name() -> None:
    server = Server()
    protocol, transport = connect(server.factory)
    protocol.dataReceived(b"www")
    server.reactor.advance(limits.QUIET - 0.01)
    protocol.dataReceived(b".baidu.com")
    server.reactor.advance(limits.QUIET - 0.01)
    assert transport.take() == b""
    server.reactor.advance(0.02)
    assert transport.take() == b"192.168.1.2"
    server.reactor.advance(limits.DNS_TEXT_IDLE)
    assert not transport.connected


def test_d52_a_bad_length_hangs_up_without_a_word() -> None:
    protocol, transport = connect(Server().factory)
    protocol.dataReceived(b"\0\5abcde")
    assert (transport.take(), transport.connected) == (b"", False)


def test_notifies_are_counted_and_those_of_strangers_too() -> None:
    server = Server(primary=("sec.lan@127.0.0.1",))
    notify = request(7, wire_name("sec.lan"), 6, opcode=NOTIFY)
    assert [server.ask(notify, (host, 40000))[0][3] for host in ("127.0.0.1", "127.0.0.9")] == [0, 5]
    counted = server.metrics.read()
    assert (counted["netapp_dns_notifies_in"], counted["netapp_dns_notifies_refused"]) == (1, 1)


def test_a_zone_that_is_being_sent_is_counted(tmp_path: Path) -> None:
    (tmp_path / "zone").write_text("$TTL 60\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\n")
    server = Server(allow_transfer=("127.0.0.0/8",), zone=(f"sent.lan={tmp_path}/zone",))
    protocol, transport = connect(server.factory)
    protocol.dataReceived(framed(request(7, wire_name("sent.lan"), AXFR)))
    assert server.metrics.read()["netapp_dns_transfers_running"] == 1
    server.reactor.advance(0)
    assert transport.take()
    assert server.metrics.read()["netapp_dns_transfers_running"] == 0


def test_d53_the_oldest_idle_connection_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DNS_CONNECTIONS", 150)
    server = Server()
    busy, busy_transport = connect(server.factory)
    busy.dataReceived(framed(query())[:9])
    idle = [connect(server.factory)[1] for _ in range(150)]
    assert [each.connected for each in idle[:3]] == [False, True, True]
    newcomer, transport = connect(server.factory)
    newcomer.dataReceived(framed(query()))
    assert addresses(transport.take()[2:]) == ["192.168.1.2"]
    assert not idle[1].connected
    busy.dataReceived(framed(query())[9:])
    assert addresses(busy_transport.take()[2:]) == ["192.168.1.2"]
    assert server.alive()


def test_d53_so_it_does_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DNS_CONNECTIONS", 3)
    server = Server()
    proxied = ProxiedFactory(server.factory, server.reactor, "netapp-dns", "haproxy:tcp:8080")
    transports = []
    for number in range(5):
        announced, transport = connect(proxied)
        announced.dataReceived(b"PROXY TCP4 192.0.2.%d 127.0.0.1 40000 53\r\n" % number)
        transports.append(transport)
    waiting = connect(proxied)[1]  # it has not said who its client is
    assert [each.connected for each in (*transports, waiting)] == [False, False, True, True, True, True]
    transports[-1].protocol.dataReceived(framed(query()))
    assert addresses(transports[-1].take()[2:]) == ["192.168.1.2"]
    for each in (*transports, waiting):
        each.loseConnection()
    assert server.factory.connections == 0


def test_d54_a_reader_that_never_reads_costs_its_own_connection() -> None:
    server = Server()
    protocol, transport = connect(server.factory)
    protocol.dataReceived(framed(query("many.lan")) * 2000)
    first = transport.take()
    assert len(first) < limits.DNS_ANSWERS_AT_ONCE + 1100
    assert transport.producerState == "paused"
    protocol.pauseProducing()  # the transport: too much is unread
    server.reactor.advance(1.0)
    assert transport.take() == b""
    server.reactor.advance(limits.STALLED)
    assert transport.aborted
    assert server.alive()


def test_answers_go_on_once_they_are_read() -> None:
    server = Server()
    protocol, transport = connect(server.factory)
    protocol.dataReceived(framed(query("many.lan")) * 500)
    got = transport.take()
    protocol.pauseProducing()
    for _ in range(20):
        protocol.resumeProducing()
        got += transport.take()
    server.reactor.advance(0)
    got += transport.take()
    assert len(got) == 500 * (int.from_bytes(got[:2], "big") + 2)
    assert transport.producerState == "producing"


def test_d55_a_reset_in_the_middle_leaves_nothing() -> None:
    server = Server()
    for octets in (b"", framed(query())[:9], b"www.bai", framed(query("many.lan")) * 2000):
        protocol, transport = connect(server.factory)
        protocol.dataReceived(octets)
        transport.loseConnection()
    server.reactor.advance(60)
    assert server.factory.connections == 0
    assert server.reactor.getDelayedCalls() == []
    assert server.alive()


def test_the_port_is_ours_only_while_it_is_open() -> None:
    server = Server()
    assert server.own.holds(("127.0.0.1", 8080))
    server.handler.stopProtocol()
    assert not server.own.holds(("127.0.0.1", 8080))


def test_hints_ask_for_a_name_that_there_is() -> None:
    with capturedLogs() as events:
        server = Server()
    hints = [str(formatEvent(event)) for event in events if "hint" in event]
    name = server.names.example()
    assert hints == [
        f"netapp-dns: try  dig +short @127.0.0.1 -p 8080 {name}",
        f"netapp-dns: try  echo {name} | nc -w 1 127.0.0.1 8080",
    ]
    assert server.ask(name.encode()) != [b"i dont know"]
