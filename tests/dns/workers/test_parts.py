"""What a worker is made of, without a process: its way to ask, its counts, what it is to know."""

import ipaddress
import marshal
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import task

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.datagrams import OwnPorts
from netapp.core.listen import DatagramListener
from netapp.core.metrics import Metrics, count_listeners
from netapp.core.services import House
from netapp.dns.config import Config
from netapp.dns.requests import Client, Requests
from netapp.dns.tap import Options, config_from
from netapp.dns.watch.watch import Watch
from netapp.dns.workers.listener import SharedListener
from netapp.dns.workers.relay import Relay
from netapp.dns.workers.settings import config_of, settings
from netapp.dns.workers.tally import COUNTED, Growth, Sum, Told
from netapp.testing import FakeReactor, datagrams
from tests.dns.asking import answers, query, snapshot

PEER = ("127.0.0.1", 40000)
CLIENT = Client("192.0.2.1", 5353, stream=False)


# Asking -----------------------------------------------------------------------------------------------


def test_the_starter_is_asked_and_its_answer_is_the_askers() -> None:
    asked: list[tuple[Any, ...]] = []
    relay, got = Relay(lambda *given: asked.append(given)), list[bytes | None]()
    for _ in range(2):
        relay.handle(query(), CLIENT).addCallback(got.append)  # type: ignore[union-attr]
    assert asked == [(1, query(), "192.0.2.1", 5353), (2, query(), "192.0.2.1", 5353)]
    idle: list[None] = []
    relay.idle().addCallback(idle.append)
    relay.answered(2, b"second")
    assert not idle
    relay.answered(1, None)
    assert got == [b"second", None]
    assert idle == [None]
    relay.idle().addCallback(idle.append)
    assert len(idle) == 2


def test_more_than_may_wait_get_servfail() -> None:
    relay = Relay(lambda *given: None)
    for _ in range(limits.WORKER_ASKED):
        assert not isinstance(relay.handle(query(), CLIENT), bytes)
    answer = relay.handle(query(), CLIENT)
    assert isinstance(answer, bytes)
    assert answer[3] & 15 == 2
    relay.answered(1, b"a")
    assert not isinstance(relay.handle(query(), CLIENT), bytes)


# Counting ---------------------------------------------------------------------------------------------


class Names:
    snapshot = snapshot()


class Process:
    """The watch and the handlers of one process."""

    def __init__(self, listeners: int = 1, query_log: str | None = None) -> None:
        self.clock = task.Clock()
        self.answers = answers()
        self.watch = Watch(
            Config(rate_limit=None, query_log=query_log),
            Names(),
            self.answers,
            Requests(),
            self.clock,
            lambda: 0.0,
        )
        self.handlers = [self.watch.datagrams(Access(), OwnPorts()) for _ in range(listeners)]
        for each in self.handlers:
            datagrams(each)

    def hears(self, *octets: bytes, at: int = 0) -> None:
        for each in octets:
            self.handlers[at].datagramReceived(each, PEER)


def test_what_a_worker_counts_is_added() -> None:
    worker, ours = Process(2), Process(2)
    told = [Told([each]) for each in ours.handlers]
    total, growth = Sum(ours.watch, ours.answers, told), Growth(worker.watch, worker.answers, worker.handlers)
    ours.hears(query(), b"www.baidu.com")
    worker.hears(query(), query(), query("none.lan"), b"www.baidu.com")
    worker.hears(query(), b"\0" * 12 + b"?", at=1)
    worker.handlers[1].datagramReceived(query(), ("8.8.8.8", 53))
    worker.watch.limiter.dropped += 2
    grown = growth.take()
    assert marshal.loads(marshal.dumps(grown)) == grown
    total.add(grown)
    assert growth.take() == {}
    assert [told[0].received, told[0].answered, told[1].received, told[1].refused] == [6, 6, 3, 1]
    counts = ours.watch.counts
    assert counts.queries()["udp", "A", "NOERROR"] == 4
    assert counts.queries()["text", "A", "NOERROR"] == 2
    assert sum(counts.seconds.counts) == 9
    assert counts.hits + counts.misses == 2 + worker.watch.counts.hits + worker.watch.counts.misses
    assert ours.watch.limiter.dropped == 2
    assert ours.answers.malformed == worker.answers.malformed
    worker.hears(query())
    total.add(growth.take())
    assert counts.queries()["udp", "A", "NOERROR"] == 5


def test_who_asks_a_listener_gets_the_sum() -> None:
    ours = Process()
    listener = SharedListener("netapp-dns", "udp:0", ours.handlers, OwnPorts(), FakeReactor())
    house, metrics = House(), Metrics()
    listener.setServiceParent(house)
    count_listeners(house, metrics)
    ours.hears(query())
    listener.told.add("received", 4)
    assert metrics.read()["netapp_dns_datagrams_received"] == 5
    assert {name: getattr(listener.handler, name) for name in COUNTED}["answered"] == 1
    with pytest.raises(AttributeError):
        _ = listener.told.nothing
    assert isinstance(listener, DatagramListener)


# Listening --------------------------------------------------------------------------------------------


def test_a_listener_has_a_socket_for_each_worker() -> None:
    own = OwnPorts()
    listener = SharedListener(
        "netapp-dns", "udp:0:interface=127.0.0.1", Process(3).handlers, own, FakeReactor()
    )
    listener.privilegedStartService()
    port = listener.getHost().port
    assert [each.getsockname() for each in listener.sockets] == [("127.0.0.1", port)] * 3
    assert list(own) == [port]
    assert listener.stands
    order: list[str] = []
    clock = task.Clock()
    listener.wait = lambda: task.deferLater(clock, 1, order.append, "workers have gone")
    listener.stopService()
    assert all(each.fileno() >= 0 for each in listener.sockets)
    clock.advance(1)
    assert order == ["workers have gone"]
    assert all(each.fileno() < 0 for each in listener.sockets)
    assert list(own) == []


def test_a_family_of_addresses() -> None:
    listener = SharedListener(
        "netapp-dns", r"udp:0:interface=\:\:1", Process(2).handlers, OwnPorts(), FakeReactor()
    )
    listener.privilegedStartService()
    assert type(listener.getHost()).__name__ == "IPv6Address"
    assert listener.where().startswith("udp [::1]:")
    listener.stopService()


# Knowing ----------------------------------------------------------------------------------------------


def test_a_worker_knows_what_it_needs() -> None:
    config = Config(
        allow=(ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("2001:db8::/32")),
        unknown="没有", nsid="a", server_version="b", rate_limit=9, rate_limit_local=True, encoding="gbk",
    )  # fmt: skip
    told = settings(config, [b"x" * 16], OwnPorts(), 4, 2)
    assert marshal.loads(marshal.dumps(told)) == told
    known = config_of(told)
    assert known.rate_limit == 3  # a limit is all workers' together
    for name in ("allow", "unknown", "nsid", "server_version", "rate_limit_local", "encoding"):
        assert getattr(known, name) == getattr(config, name)
    assert config_of(settings(Config(rate_limit=None), [], OwnPorts(), 4, 2)).rate_limit is None


def test_a_worker_begun_elsewhere_writes_the_same_query_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ours, config = Process(query_log="queries"), Config(query_log="queries")
    assert ours.watch.log is not None
    (there := tmp_path / "there").mkdir()
    monkeypatch.chdir(there)
    told = settings(config, [], OwnPorts(), 4, 2, ours.watch.log.path)
    assert marshal.loads(marshal.dumps(told)) == told
    assert config_of(told).query_log == str(tmp_path / "queries")
    assert config_of(settings(config, [], OwnPorts(), 4, 2)).query_log is None


def test_the_option() -> None:
    def parse(*given: str) -> Config:
        options = Options()
        options.parseOptions(given)
        return config_from(options)

    assert parse().workers == 1
    assert parse("--workers=3").workers == 3
    assert parse("--workers=3", "--explain").workers == 1
    for wrong in ("0", "-1", "x", "65", "²"):
        with pytest.raises(Exception, match="write a number, 1 to 64"):
            parse(f"--workers={wrong}")


def test_a_system_that_divides_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netapp.dns.tap.shares_ports", lambda: False)
    options = Options()
    options.parseOptions(["--workers=3"])
    assert config_from(options).workers == 1
