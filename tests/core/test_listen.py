"""Descriptions to sockets, and one line for what cannot be."""

import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
import trustme
from twisted.internet import defer, protocol, reactor, ssl
from twisted.logger import LogLevel, capturedLogs, formatEvent

from netapp.core import access, limits, listen, metrics
from netapp.core.datagrams import OwnPorts
from netapp.core.sessions import Session
from netapp.core.streams import SessionFactory, SessionProtocol
from netapp.core.udp.plain import with_scope
from netapp.errors import ConfigError, StartError
from netapp.testing import FakeReactor

# A Twisted port that cannot be bound leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


class Echo(Session):
    def receive(self, data: bytes, now: float) -> list[bytes]:
        return [data]


def factory(*, closed_to_all: bool = False) -> SessionFactory:
    allowed = access.Access()
    if closed_to_all:
        allowed.permits = lambda host: False  # type: ignore[assignment]
    return SessionFactory(lambda peer: SessionProtocol(Echo(), reactor), allowed)  # type: ignore[arg-type]


# Descriptions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("udp:9999", ("", 9999)),
        ("udp:0", ("", 0)),
        ("udp:65535:interface=192.168.1.2", ("192.168.1.2", 65535)),
        (r"udp:53:interface=\:\:1", ("::1", 53)),
        (r"udp:53:interface=fe80\:\:1%eth0", ("fe80::1%eth0", 53)),
    ],
)
def test_a_datagram_listener_is_written_as_a_stream_listener(text: str, parsed: tuple[str, int]) -> None:
    assert listen.is_datagram(text)
    assert listen.parse_datagram(text) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "udp",
        "udp:",
        "udp:http",
        "udp:65536",
        "udp:-1",
        "udp:1:2",
        "udp:1:interface=",
        "udp:53:interface=::1",
        "udp:1:interface=a:b=c",
        "udp:１",
        "udp:1\n",
    ],
)
def test_what_is_no_datagram_listener_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ConfigError, match="write udp:PORT or udp:PORT:interface=ADDRESS"):
        listen.parse_datagram(text)


@pytest.mark.parametrize(
    "text",
    ["tcp", "tcp:", "tcp:http", "bogus:1", "tcp:1:colour=red", "ssl:1:privateKey=/none", ""],
)
def test_what_is_no_stream_listener_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--irc: .* write tcp:PORT or tcp:PORT:interface=ADDRESS"):
        listen.StreamListener("netapp-chat", text, factory(), reactor, None, "--irc")


def test_defaults_are_at_every_address_or_at_one() -> None:
    assert listen.expanded("tcp:7777", "127.0.0.1") == "tcp:7777:interface=127.0.0.1"
    assert listen.expanded("udp:9999", "::1") == r"udp:9999:interface=\:\:1"
    assert listen.expanded("tcp:7777", None) in ("tcp:7777", r"tcp:7777:interface=\:\:")


def test_what_is_given_replaces_the_defaults() -> None:
    assert listen.descriptions(["tcp:1"], ["tcp:2", "udp:2"], "127.0.0.1") == ("tcp:1",)
    assert listen.descriptions([], ["tcp:2", "udp:2"], "127.0.0.1") == (
        "tcp:2:interface=127.0.0.1",
        "udp:2:interface=127.0.0.1",
    )


def test_an_address_in_a_url_has_its_brackets() -> None:
    assert (listen.in_url("::1"), listen.in_url("127.0.0.1")) == ("[::1]", "127.0.0.1")
    assert metrics._hint("::1", 9100) == "curl http://[::1]:9100/metrics"


@pytest.mark.parametrize(
    ("given", "interface"),
    [
        ("tcp:9100", "127.0.0.1"),
        ("haproxy:tcp:9100", "127.0.0.1"),
        ("tcp6:9100", r"\:\:1"),
        ("ssl:9100:privateKey=key.pem:certKey=cert.pem", "127.0.0.1"),
        (r"ssl:9100:privateKey=C\:interface=1.pem", "127.0.0.1"),
        ("haproxy:ssl:9100", "127.0.0.1"),
        ("tcp:9100:interface=10.0.0.1", None),
        ("tcp:9100:10.0.0.1", None),
        (r"tcp6:9100:interface=\:\:", None),
        ("ssl:9100:interface=:privateKey=key.pem", None),
        ("unix:/run/m", None),
        ("systemd:domain=INET:index=0", None),
    ],
)
def test_metrics_keep_to_loopback_unless_told(given: str, interface: str | None) -> None:
    told = f"{given}:interface={interface}" if interface is not None else given
    assert listen.on_loopback(given) == told


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ("unix:{}", 0o660),
        ("haproxy:unix:{}", 0o660),
        ("unix:address={}:lockfile=0", 0o660),
        ("unix:{}:mode=666", 0o666),
        ("unix:{}:600", 0o600),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_unix_socket_is_its_owners_and_groups_unless_told(
    tmp_path: Path, given: str, mode: int
) -> None:
    path = tmp_path / "mode"
    listener = listen.StreamListener("netapp-x", given.format(path), factory(), reactor)
    listener.privilegedStartService()
    assert path.stat().st_mode & 0o777 == mode
    await listener._stop(listener._port)


def test_a_scope_is_kept_as_a_part_of_the_host() -> None:
    assert with_scope(("fe80::1", 5, 0, 2)) == ("fe80::1%2", 5, 0, 2)
    assert with_scope(("::1", 5, 0, 0)) == ("::1", 5, 0, 0)
    assert with_scope(("127.0.0.1", 5)) == ("127.0.0.1", 5)


# Starts ------------------------------------------------------------------------------------------


@contextmanager
def taken(kind: socket.SocketKind) -> Iterator[int]:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        yield other.getsockname()[1]


def test_a_taken_tcp_port_is_named_with_its_cure() -> None:
    with taken(socket.SOCK_STREAM) as port:
        listener = listen.StreamListener(
            "netapp-x", f"tcp:{port}:interface=127.0.0.1", factory(), reactor, None, "--irc"
        )
        with pytest.raises(
            StartError, match=rf"netapp-x: cannot listen on tcp:{port}.*in use.*--irc"
        ) as caught:
            listener.privilegedStartService()
    assert "\n" not in str(caught.value)
    assert caught.value.code == str(caught.value)


@pytest.mark.parametrize(
    ("interface", "shown"),
    [(r"\:\:", "udp:65536"), (r"fe80\:\:1", "udp:65536:interface=fe80::1"), ("10.0.0.1", None)],
)
def test_what_cannot_be_listened_on_is_shown_as_a_user_writes_it(interface: str, shown: str | None) -> None:
    description = f"udp:65536:interface={interface}"
    listener = listen.DatagramListener("netapp-x", "udp:0", protocol.DatagramProtocol(), reactor)
    listener.description = description
    assert f"cannot listen on {shown or description}: x;" in str(listener._cannot("x"))


def test_a_taken_udp_port_is_named_with_its_cure() -> None:
    with taken(socket.SOCK_DGRAM) as port:
        listener = listen.DatagramListener(
            "netapp-x", f"udp:{port}:interface=127.0.0.1", protocol.DatagramProtocol(), reactor
        )
        with pytest.raises(StartError, match=rf"cannot listen on udp:{port}.*in use.*--listen"):
            listener.privilegedStartService()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("tcp:65536", "port must be 0-65535;"),
        ("tcp:0:interface=203.0.113.1", "Cannot assign requested address"),
        ("unix:/nowhere/at/all", "No such file or directory"),
        ("udp:0:interface=bogus", "bogus: not an IPv4 or IPv6 address;"),
        ("udp:0:interface=203.0.113.1", "Cannot assign requested address"),
    ],
)
def test_whatever_cannot_be_bound_is_one_line(text: str, cause: str) -> None:
    kind: Any = listen.DatagramListener if listen.is_datagram(text) else listen.StreamListener
    handler = protocol.DatagramProtocol() if listen.is_datagram(text) else factory()
    listener = kind("netapp-x", text, handler, reactor)
    with pytest.raises(StartError) as caught:
        listener.privilegedStartService()
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_listener_that_would_start_later_is_refused() -> None:
    listener = listen.StreamListener("netapp-x", "tcp:0", factory(), FakeReactor())
    listener._endpoint.listen = lambda factory: defer.Deferred()  # type: ignore[method-assign]
    with pytest.raises(StartError, match="does not start at once"):
        listener.privilegedStartService()


@pytest_twisted.ensureDeferred
async def test_a_start_names_the_port_taken_and_how_to_try_it() -> None:
    listener = listen.StreamListener(
        "netapp-x", "tcp:0:interface=127.0.0.1", factory(), reactor, lambda host, port: f"nc {host} {port}"
    )
    listener.privilegedStartService()
    port = listener.getHost().port
    with capturedLogs() as events:
        listener.startService()
    assert [formatEvent(event) for event in events] == [
        f"netapp-x: listening on tcp 127.0.0.1:{port}",
        f"netapp-x: try  nc 127.0.0.1 {port}",
    ]
    await listener.stopService()
    await listener.stopService()  # a second stop finds nothing to do


def test_what_only_a_proxy_can_connect_to_is_no_line_to_try() -> None:
    listener = listen.StreamListener(
        "netapp-x", "haproxy:tcp:7777", factory(), FakeReactor(), lambda host, port: f"nc {host} {port}"
    )
    with capturedLogs() as events:
        listener.startService()
    assert [formatEvent(event) for event in events] == ["netapp-x: listening on tcp 0.0.0.0:7777"]


@pytest_twisted.ensureDeferred
async def test_the_kernel_looks_for_peers_without_power() -> None:
    listener = listen.StreamListener("netapp-x", "tcp:0:interface=127.0.0.1", factory(), reactor)
    listener.startService()
    client = socket.create_connection(("127.0.0.1", listener.getHost().port))
    while not listener.factory.connections:  # type: ignore[attr-defined]
        await _turn()
    (carrier,) = listener.factory._protocols  # type: ignore[attr-defined]
    handle = carrier.transport.getHandle()
    assert handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    for name, value in limits.KEEPALIVE.items():
        assert handle.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value
    assert handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    client.close()
    await listener.stopService()


@pytest.mark.skipif(not listen.dual_stack(), reason="no dual-stack sockets here")
@pytest_twisted.ensureDeferred
async def test_a_default_listener_hears_both_families() -> None:
    got: list[tuple[bytes, tuple[str, int]]] = []

    class Heard(protocol.DatagramProtocol):
        def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
            got.append((datagram, addr))

    listener = listen.DatagramListener("netapp-x", listen.expanded("udp:0", None), Heard(), reactor)
    listener.startService()
    port = listener.getHost().port
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as client:
            client.sendto(host.encode(), (host, port))
            while not got:
                await _turn()
            octets, peer = got.pop()
            assert access.plain_host(peer[0]).encode() == octets == host.encode()
    await listener.stopService()


@pytest.mark.filterwarnings("ignore:Passing pyOpenSSL")  # Twisted's own
@pytest_twisted.ensureDeferred
async def test_strangers_at_a_tls_port_are_hung_up_on_quietly(tmp_path: Any) -> None:
    authority = trustme.CA()
    pem = tmp_path / "key.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    listener = listen.StreamListener(
        "netapp-x",
        f"ssl:0:interface=127.0.0.1:privateKey={pem}",
        strangers := factory(closed_to_all=True),
        reactor,
    )
    listener.startService()
    gone: defer.Deferred[None] = defer.Deferred()

    class Client(protocol.Protocol):
        def connectionLost(self, reason: Any = None) -> None:
            gone.callback(None)

    with capturedLogs() as events:
        reactor.connectSSL(  # type: ignore[attr-defined]
            "127.0.0.1",
            listener.getHost().port,
            protocol.ClientFactory.forProtocol(Client),
            ssl.CertificateOptions(),
        )
        await gone
    assert strangers.refused == 1
    assert [event for event in events if event["log_level"] > LogLevel.info] == []
    await listener.stopService()


def test_a_datagram_listener_asks_for_whole_datagrams() -> None:
    fake = FakeReactor()
    listener = listen.DatagramListener("netapp-x", "udp:9999", protocol.DatagramProtocol(), fake)
    listener.startService()
    assert fake.udpServers[0][3] == limits.DATAGRAM
    assert OwnPorts().holds(("127.0.0.1", 9999)) is False


def _turn() -> "defer.Deferred[None]":
    """Until the reactor has looked at its sockets once more."""
    passed: defer.Deferred[None] = defer.Deferred()
    reactor.callLater(0.001, passed.callback, None)  # type: ignore[attr-defined]
    return passed
