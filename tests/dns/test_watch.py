"""A service under a watch: everything that is answered is counted and written, by either port."""

import json
from pathlib import Path

import pytest

from netapp.core.access import Access, network
from netapp.core.datagrams import OwnPorts
from netapp.core.metrics import Metrics
from netapp.dns.config import Config
from netapp.dns.requests import Client, Requests
from netapp.dns.session import DnsSession
from netapp.dns.tsig.keys import Key, Keyring
from netapp.dns.tsig.signing import Signer
from netapp.dns.watch.watch import Watch
from netapp.names.naming import wire_name
from netapp.names.store import Names
from netapp.testing import FakeReactor, datagrams
from tests.dns.asking import answers, header, query
from tests.dns.test_querylog import AtOnce

KEY = Key(wire_name("laptop"), "hmac-sha256", b"0123456789abcdef")
SIGNED = b"\x12\x34\x84\0" + query()[4:]
NEAR, FAR = ("127.0.0.1", 40000), ("203.0.113.9", 40000)


class Served:
    """One service over fakes; the timer rises a millisecond a look."""

    def __init__(self, **config: object) -> None:
        self.reactor = FakeReactor()
        self._ticks = 0.0
        mine = answers()
        self.requests = Requests(lambda request: SIGNED, Keyring(lambda: (KEY,)), lambda: 0.0)
        self.names = Names([], self.reactor)
        self.watch = Watch(Config(**config), self.names, mine, self.requests, self.reactor, self._tick)  # type: ignore[arg-type]
        if self.watch.log is not None:
            self.watch.log._pool = AtOnce()
        self.handler = self.watch.datagrams(Access([network("203.0.113.0/24")]), OwnPorts())
        self.transport = datagrams(self.handler)

    def _tick(self) -> float:
        self._ticks += 0.001
        return self._ticks

    def ask(self, octets: bytes, peer: tuple[str, int] = NEAR) -> list[bytes]:
        before = len(self.transport.written)
        self.handler.datagramReceived(octets, peer)
        return [octets for octets, _ in self.transport.written[before:]]


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(query_log=str(tmp_path / "log"), rate_limit=2)


def written(served: Served, tmp_path: Path) -> list[tuple[object, ...]]:
    assert served.watch.log is not None
    served.watch.log.stop()
    lines = [json.loads(each) for each in (tmp_path / "log").read_text("ascii").splitlines()]
    return [tuple(each[key] for key in ("client", "transport", "name", "rcode")) for each in lines]


def test_ready_and_made_answers_and_texts(served: Served, tmp_path: Path) -> None:
    for octets in (query(), query(), query(), b"www.baidu.com", query("gone.lan"), b""):
        served.ask(octets)
    assert served.watch.counts.hits == 2
    assert served.watch.counts.queries() == {
        ("udp", "A", "NOERROR"): 3,
        ("udp", "A", "REFUSED"): 1,
        ("text", "A", "NOERROR"): 1,
        ("text", "A", "NXDOMAIN"): 1,
    }
    assert sum(served.watch.counts.seconds.counts) == 6
    known = ("127.0.0.1", "udp", "www.baidu.com", "NOERROR")
    assert written(served, tmp_path) == [
        known,
        known,
        known,
        ("127.0.0.1", "text", "www.baidu.com", "NOERROR"),
        ("127.0.0.1", "udp", "gone.lan", "REFUSED"),
        ("127.0.0.1", "text", "", "NXDOMAIN"),
    ]


def test_what_the_limiter_keeps_back(served: Served, tmp_path: Path) -> None:
    sent = [len(served.ask(query(), FAR)) for _ in range(4)]
    assert sent == [1, 1, 0, 1]
    assert (served.watch.limiter.dropped, served.watch.limiter.slipped) == (1, 1)
    assert [each[3] for each in written(served, tmp_path)] == ["NOERROR", "NOERROR", None, "NOERROR"]
    assert all(served.ask(query(), NEAR) for _ in range(9))


def test_streams(served: Served, tmp_path: Path) -> None:
    session = DnsSession(served.watch.stream("192.0.2.7"), "zh")
    session.receive(len(query()).to_bytes(2, "big") + query(), 0.0)
    session = DnsSession(served.watch.stream("192.0.2.7"), "zh")
    session.receive(b"www.baidu.com\n", 0.0)
    served.requests.handle(Signer(KEY).sign(query(), 0.0), Client("192.0.2.8", 1, stream=True))
    session = DnsSession(served.watch.stream("192.0.2.7"), "zh")
    session.receive(b"\0\5" + header(), 0.0)
    assert served.watch.stream("").malformed == served.watch._answers.malformed == 1
    assert served.watch.counts.queries() == {("tcp", "A", "NOERROR"): 2, ("text", "A", "NOERROR"): 1}
    assert [each[:2] for each in written(served, tmp_path)] == [
        ("192.0.2.7", "tcp"),
        ("192.0.2.7", "text"),
        ("192.0.2.8", "tcp"),
    ]


def test_it_is_seen_from_outside() -> None:
    served, metrics = Served(), Metrics()
    served.ask(query())
    served.watch.show(metrics)
    assert metrics.read()["netapp_dns_cache_misses"] == 1
    assert served.watch.told() == {"dns": {"zones": 0, "answered": 1, "limited": 0}}
