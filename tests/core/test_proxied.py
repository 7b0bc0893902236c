"""Who is behind a proxy: the header's two forms, and what counts the proxy and what the client."""

import socket
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import address
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.core.access import Access, network
from netapp.core.connections import Peer, SessionFactory
from netapp.core.listen import StreamListener, is_tls
from netapp.core.proxied import parse_header
from netapp.core.sessions import Effect, Session
from netapp.core.streams import SessionProtocol
from netapp.errors import WireError
from netapp.testing import FakeReactor, Transport
from tests import real

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
FOUR = SIGNATURE + b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 1, 127, 0, 0, 1]) + b"\x9c\x40\x27\x0f"
SIX = (
    SIGNATURE
    + b"\x21\x21\x00\x27"
    + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + socket.inet_pton(socket.AF_INET6, "::1")
    + b"\x9c\x40\x27\x0f"
    + b"\x04\x00\x00"  # one type-length-value
)
TEXT = b"PROXY TCP4 192.0.2.1 127.0.0.1 40000 9999\r\n"
NAMED = ("192.0.2.1", 40000)


@pytest.mark.parametrize(
    ("header", "client"),
    [
        (TEXT, NAMED),
        (b"PROXY TCP6 2001:db8::1 ::1 40000 9999\r\n", ("2001:db8::1", 40000)),
        (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 40000 9999\r\n", NAMED),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN a b c d\r\n", None),
        (FOUR, NAMED),
        (SIX, ("2001:db8::1", 40000)),
        (SIGNATURE + b"\x20\x00\x00\x00", None),  # the proxy looks whether we are there
        (SIGNATURE + b"\x21\x31\x00\x00", None),  # a UNIX socket
    ],
)
def test_a_header_names_the_client_in_any_pieces(header: bytes, client: Peer | None) -> None:
    assert parse_header(header + b"rest") == (client, len(header))
    for end in range(1, len(header)):
        assert parse_header(header[:end]) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"zhao\n",
        b"PROXY TCP4 192.0.2.1\r\n",
        b"PROXY TCP4 a b 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 127.0.0.1 99999 1\r\n",
        b"PROXY UDP4 192.0.2.1 127.0.0.1 40000 9999\r\n",
        b"PROXY TCP4 " + b"1" * 200,
        SIGNATURE + b"\x11\x11\x00\x0c",
        SIGNATURE + b"\x21\x11\xff\xff",
        SIGNATURE + b"\x21\x11\x00\x01a",
    ],
)
def test_what_is_no_header_is_the_peers_fault(octets: bytes) -> None:
    with pytest.raises(WireError):
        parse_header(octets)


@given(st.binary(max_size=120), st.sampled_from([b"", b"PROXY ", SIGNATURE, SIGNATURE + b"\x21"]))
def test_random_octets_never_raise_anything_else(octets: bytes, begin: bytes) -> None:
    try:
        found = parse_header(begin + octets)
    except WireError:
        return
    assert found is None or 0 < found[1] <= len(begin + octets)


class Greeter(Session):
    """Speaks first, and gives back what comes."""

    def open(self, now: float) -> Sequence[Effect]:
        return [b"hello "]

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        return [data]


class Door:
    """A listener behind a proxy, on a fake reactor."""

    def __init__(self, *proxies: str) -> None:
        self.reactor, self.met = FakeReactor(), list[Peer]()
        self.factory = SessionFactory(self.build, Access((), map(network, proxies)))
        description = "haproxy:tcp:9999:interface=127.0.0.1"
        listener = StreamListener("netapp-test", description, self.factory, self.reactor)
        listener.privilegedStartService()
        self.front = self.reactor.tcpServers[0][1]

    def build(self, peer: Peer) -> SessionProtocol:
        self.met.append(peer)
        return SessionProtocol(Greeter(), self.reactor)

    def connect(self, proxy: tuple[str, int] = ("127.0.0.1", 5000)) -> Any:
        protocol = self.front.buildProtocol(address.IPv4Address("TCP", *proxy))
        if protocol is None:
            return None
        transport = Transport(protocol, proxy)
        protocol.makeConnection(transport)
        return transport


@pytest.fixture
def door() -> Door:
    return Door()


def test_nothing_is_said_before_the_header_and_then_who_speaks_first_does(door: Door) -> None:
    transport = door.connect()
    assert (transport.take(), door.met) == (b"", [])
    for octet in TEXT:
        transport.protocol.dataReceived(bytes([octet]))
    assert (transport.take(), door.met) == (b"hello ", [NAMED])
    transport.protocol.dataReceived(b"you")
    assert transport.take() == b"you"
    assert door.factory.connections == 1
    transport.loseConnection()
    assert door.factory.connections == 0


def test_what_stands_behind_the_header_is_heard(door: Door) -> None:
    transport = door.connect()
    transport.protocol.dataReceived(FOUR + b"zhao")
    assert transport.take() == b"hello zhao"


def test_who_may_connect_is_asked_of_the_proxys_address() -> None:
    door = Door("0.0.0.0/0")  # whom Access lets in
    assert door.connect(("203.0.113.1", 5000)) is None
    for _ in range(limits.CONNECTIONS_PER_ADDRESS):
        door.connect(("192.168.1.2", 5000)).protocol.dataReceived(TEXT)
    assert door.connect(("192.168.1.2", 5000)) is None
    assert set(door.met) == {NAMED}


HOME = ("127.0.0.1", 5000)
PROXY, STRANGER = ("192.168.1.2", 5000), ("192.168.1.3", 5000)


@pytest.mark.parametrize(
    ("proxies", "believed", "others"),
    [
        ((), (HOME, ("127.9.9.9", 1), ("::ffff:127.0.0.1", 1)), (PROXY, STRANGER)),
        (("192.168.1.2",), (PROXY, ("::ffff:192.168.1.2", 1)), (STRANGER, HOME)),
        (("192.168.1.0/31", "127.0.0.1"), (HOME,), (PROXY, STRANGER)),
    ],
)
def test_l17_a_header_is_believed_from_proxies_alone(
    proxies: tuple[str, ...], believed: Sequence[Peer], others: Sequence[Peer]
) -> None:
    door = Door(*proxies)
    for proxy in believed:
        door.connect(proxy).protocol.dataReceived(TEXT)
    assert door.met == [NAMED] * len(believed)
    assert [door.connect(each) for each in others] == [None] * len(others)
    assert (len(door.met), door.factory.refused) == (len(believed), len(others))


def test_a_unix_sockets_proxy_is_believed_whatever_others_are() -> None:
    for door in (Door(), Door("192.168.1.2")):
        front = door.front.buildProtocol(address.UNIXAddress(None))
        front.makeConnection(Transport(front, HOME))
        front.dataReceived(TEXT)
        assert door.met == [NAMED]


def test_who_is_not_believed_is_told_of_once_with_the_cure(door: Door) -> None:
    with capturedLogs() as events:
        for _ in range(3):
            assert door.connect(STRANGER) is None
    told = [formatEvent(event) for event in events]
    assert len(told) == 1
    assert "netapp-test: 192.168.1.3 is no proxy" in str(told[0])
    assert "--proxy 192.168.1.3" in str(told[0])


@pytest.mark.parametrize("octets", [b"zhao\n", b"PROXY TCP4 a b 1 2\r\n"])
def test_who_sends_no_header_is_cut_off_and_counted(door: Door, octets: bytes) -> None:
    transport = door.connect()
    transport.protocol.dataReceived(octets)
    assert transport.aborted
    assert (door.met, door.factory.malformed, door.factory.connections) == ([], 1, 0)


def test_who_says_nothing_is_not_waited_for(door: Door) -> None:
    transport = door.connect()
    door.reactor.advance(limits.PROXY_WAIT)
    assert transport.aborted
    assert not door.reactor.getDelayedCalls()


def test_a_stop_waits_for_no_header(door: Door) -> None:
    transport = door.connect()
    door.factory.drain(door.reactor)
    assert not transport.connected


def test_a_header_for_the_proxy_itself_leaves_it_the_peer(door: Door) -> None:
    transport = door.connect()
    transport.protocol.dataReceived(b"PROXY UNKNOWN\r\n")
    assert door.met == [("127.0.0.1", 5000)]


def test_tls_behind_a_proxy_is_tls() -> None:
    assert is_tls("haproxy:ssl:443:privateKey=a")
    assert not is_tls("haproxy:tcp:443")


@pytest.mark.real
def test_curls_own_header_is_read(start: Callable[..., real.Plugin]) -> None:
    files = start("netapp-file", "--listen=haproxy:tcp:0:interface=127.0.0.1")
    done = subprocess.run(
        [real.tool("curl", "curl"), "-sS", "--haproxy-protocol", f"http://127.0.0.1:{files.tcp()}/"],
        capture_output=True,
        timeout=real.PATIENCE,
        check=True,
    )
    assert done.stdout
    plain = subprocess.run(
        [real.tool("curl", "curl"), "-sS", f"http://127.0.0.1:{files.tcp()}/"],
        capture_output=True,
        timeout=real.PATIENCE,
        check=False,
    )
    assert plain.returncode != 0
