"""The verification endpoint over connections in memory, with people who answer when told to."""

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from twisted.internet import defer, interfaces
from twisted.internet.error import ConnectionLost
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import directlyProvides

from netapp.core import access, limits
from netapp.core.events import Topic
from netapp.core.metrics import Metrics
from netapp.errors import Busy
from netapp.login.config import Config
from netapp.login.http.service import http_factory
from netapp.people import codes
from netapp.people.throttling.turns import Throttled
from netapp.testing import FakeReactor, connect

HEAD = "{method} {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n"


@dataclass(frozen=True)
class FakeAccount:
    """What the endpoint reads of an account."""

    id: str
    name: str
    shown: str
    role: str = "member"
    active: bool = True


@dataclass
class FakePeople:
    """People whose verdicts the test gives."""

    changes: Topic[Any] = field(default_factory=Topic)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    waiting: list["defer.Deferred[Any]"] = field(default_factory=list)
    cancelled: int = 0

    def authenticate(
        self, name: Any, password: Any, source: str, *, door: str, remember: bool, patience: float
    ) -> "defer.Deferred[Any]":
        assert patience == limits.HTTP_HELD
        self.asked.append((name, password, source, door, remember))
        self.waiting.append(defer.Deferred(self._cancelled))
        return self.waiting[-1]

    def groups_of(self, account_id: str) -> "defer.Deferred[Any]":
        return defer.succeed(self.groups.get(account_id, frozenset()))

    def _cancelled(self, gone: "defer.Deferred[Any]") -> None:
        self.cancelled += 1
        self.waiting.remove(gone)


TOKEN = f"Authorization: Bearer {codes.new_token()}\r\n"
ZHAO = FakeAccount("0" * 32, "zhao", "Zhao", "moderator")


class Bench:
    """The endpoint, its people, and connections to it."""

    def __init__(self, *proxies: str) -> None:
        self.reactor, self.people, self.metrics = FakeReactor(), FakePeople(), Metrics()
        self.factory = http_factory(
            Config(proxy=tuple(map(access.network, proxies))),
            self.people,  # type: ignore[arg-type]
            None,
            self.reactor,
            access.Access(),
            self.metrics,
        )

    def client(self, host: str = "127.0.0.1") -> "Client":
        return Client(self, host)

    @property
    def readings(self) -> dict[str, float]:
        return {name.removeprefix("netapp_login_http_"): each for name, each in self.metrics.read().items()}


class Client:
    """One connection."""

    def __init__(self, bench: Bench, host: str) -> None:
        self.channel, self.transport = connect(bench.factory, (host, 54321))
        for name in ("setTcpNoDelay", "setTcpKeepAlive", "loseWriteConnection"):
            setattr(self.transport, name, lambda *_: None)
        directlyProvides(self.transport, interfaces.ITCPTransport, interfaces.IPushProducer)

    def say(self, octets: bytes) -> bytes:
        self.channel.dataReceived(octets)
        return self.pump()

    def ask(
        self,
        words: str | None = "zhao:12345678",
        target: str = "/verify",
        method: str = "GET",
        fields: str = "",
    ) -> bytes:
        if words is not None:
            fields += f"Authorization: Basic {base64.b64encode(words.encode()).decode()}\r\n"
        return self.say(HEAD.format(method=method, target=target, fields=fields).encode())

    def pump(self) -> bytes:
        while self.transport.producer is not None and not self.transport.streaming:
            self.transport.producer.resumeProducing()
        return self.transport.take()


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 ")
    return int(answer[9:12])


def fields(answer: bytes) -> Counter[str]:
    return Counter(answer.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:])


@pytest.fixture
def logged() -> Iterator[list[str]]:
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def test_who_is_right_is_let_in() -> None:
    bench = Bench()
    bench.people.groups[ZHAO.id] = frozenset({"lab"})
    client = bench.client()
    assert client.ask() == b""
    assert bench.people.asked == [(b"zhao", b"12345678", "127.0.0.1", "http", True)]
    bench.people.waiting.pop().callback(ZHAO)
    answer = client.pump()
    assert status(answer) == 204
    assert {"Remote-User: zhao", "Remote-Groups: lab", "Cache-Control: no-store"} <= set(fields(answer))
    assert bench.readings["admitted"] == 1


@pytest.mark.parametrize("account", [None, FakeAccount("1" * 32, "li", "Li", active=False)])
def test_who_is_not_gets_a_401(account: FakeAccount | None) -> None:
    bench = Bench()
    client = bench.client()
    client.ask()
    bench.people.waiting.pop().callback(account)
    answer = client.pump()
    assert status(answer) == 401
    assert 'WWW-Authenticate: Basic realm="netapp", charset="UTF-8"' in fields(answer)
    assert bench.readings["refused"] == 1


def test_a_token_is_asked_about_without_a_name() -> None:
    bench = Bench()
    client = bench.client()
    assert status(client.ask(None, fields="Authorization: Bearer t0ken\r\n")) == 401  # none of ours
    token = codes.new_token()
    client.ask(None, fields=f"Authorization: Bearer {token}\r\n")
    assert bench.people.asked == [(b"", token.encode(), "127.0.0.1", "http", True)]
    bench.people.waiting.pop().callback(ZHAO)
    assert status(client.pump()) == 204


def test_without_credentials_nobody_is_asked() -> None:
    bench = Bench()
    client = bench.client()
    assert status(client.ask(None)) == 401
    assert status(client.ask(None, "/verify?role=x")) == 400
    assert status(client.ask(None, "/")) == 200
    assert status(client.ask("nocolon")) == 401
    assert bench.people.asked == []


def test_head_and_any_other_method_are_answered() -> None:
    bench = Bench()
    client = bench.client()
    answer = client.ask(None, method="HEAD")
    assert status(answer) == 401
    assert answer.endswith(b"\r\n\r\n")
    client.ask(method="PROPFIND")
    bench.people.waiting.pop().callback(ZHAO)
    assert status(client.pump()) == 204


def test_a_body_is_not_read() -> None:
    bench = Bench()
    client = bench.client()
    octets = HEAD.format(method="POST", target="/verify", fields="Content-Length: 1000000\r\n").encode()
    answer = client.say(octets + b"x" * 1000)
    assert status(answer) == 401
    assert "Connection: close" in fields(answer)
    assert client.ask() == b""
    assert bench.people.asked == []


def test_requests_on_one_connection_are_answered_in_order() -> None:
    bench = Bench()
    client = bench.client()
    first = HEAD.format(method="GET", target="/verify", fields=TOKEN).encode()
    out = client.say(first + HEAD.format(method="GET", target="/healthz", fields="").encode())
    assert out == b""
    bench.people.waiting.pop().callback(None)
    out = client.pump()
    assert [status(b"HTTP/1.1 " + each) for each in out.split(b"HTTP/1.1 ")[1:]] == [401, 200]


# What is asked once ------------------------------------------------------------------------------


def test_the_same_at_once_is_one_try() -> None:
    bench = Bench()
    clients = [bench.client() for _ in range(100)]
    for client in clients:
        client.ask()
    others = [bench.client("10.0.0.1"), bench.client()]
    others[0].ask()
    others[1].ask("zhao:12345679")
    assert len(bench.people.asked) == 3
    bench.people.waiting[0].callback(None)
    assert [status(client.pump()) for client in clients] == [401] * 100
    assert [client.pump() for client in others] == [b"", b""]


@pytest.mark.parametrize("secret", ["token", "application"])
def test_l38_a_random_secret_that_was_right_counts_for_a_moment_more(secret: str) -> None:
    bench = Bench()
    client = bench.client()
    words = f"zhao:{codes.new_token() if secret == 'token' else codes.new_application_password()}"
    client.ask(words)
    bench.people.waiting.pop().callback(ZHAO)
    assert status(client.pump()) == 204
    for _ in range(100):
        assert status(client.ask(words)) == 204
    assert status(client.ask(words, target="/verify?role=admin")) == 403
    assert len(bench.people.asked) == 1
    bench.reactor.advance(limits.HTTP_RIGHT)
    assert client.ask(words) == b""
    assert len(bench.people.asked) == 2


@pytest.mark.parametrize("account", [None, ZHAO])
def test_a_password_does_not(account: FakeAccount | None) -> None:
    """Else who asks quickly learns, without a try, whether somebody has just come in with it."""
    bench = Bench()
    client = bench.client()
    for number in range(3):
        client.ask()
        bench.people.waiting.pop().callback(account)
        assert status(client.pump()) == (401 if account is None else 204)
        assert len(bench.people.asked) == number + 1


def test_l38_a_change_ends_it_at_once() -> None:
    bench = Bench()
    client = bench.client()
    client.ask(None, fields=TOKEN)
    bench.people.waiting.pop().callback(ZHAO)
    client.pump()
    bench.people.changes.publish("password")
    assert client.ask(None, fields=TOKEN) == b""
    bench.people.changes.publish("disabled")  # while it is looked at: what is found may be of before
    bench.people.waiting.pop().callback(ZHAO)
    assert status(client.pump()) == 204
    assert client.ask(None, fields=TOKEN) == b""


def test_what_was_right_is_forgotten_when_there_is_much_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_RIGHT_MOST", 10)
    bench = Bench()
    client = bench.client()
    tokens = [f"Authorization: Bearer {codes.new_token()}\r\n" for _ in range(30)]
    for token in tokens:
        client.ask(None, fields=token)
        bench.people.waiting.pop().callback(ZHAO)
        assert status(client.pump()) == 204
    assert status(client.ask(None, fields=tokens[-1])) == 204
    assert client.ask(None, fields=tokens[0]) == b""


# Who goes away, what takes too long --------------------------------------------------------------


def test_l26_who_goes_away_takes_the_try_along() -> None:
    bench = Bench()
    first, second = bench.client(), bench.client()
    first.ask()
    second.ask()
    first.channel.connectionLost(Failure(ConnectionLost()))
    assert bench.people.cancelled == 0  # somebody waits for it still
    second.channel.connectionLost(Failure(ConnectionLost()))
    assert bench.people.cancelled == 1
    assert not bench.reactor.getDelayedCalls()
    third = bench.client()
    third.ask()
    bench.people.waiting.pop().callback(ZHAO)
    assert status(third.pump()) == 204


def test_who_must_wait_long_is_told_to_come_again_and_not_that_it_was_wrong(logged: list[str]) -> None:
    bench = Bench()
    client = bench.client()
    client.ask()
    bench.people.waiting.pop().errback(Throttled("held back for 600 s"))
    answer = client.pump()
    assert status(answer) == 503
    assert "Retry-After: 5" in fields(answer)
    assert b"WWW-Authenticate" not in answer
    assert bench.readings["held"] == 1
    assert "credentials cannot be verified" not in logged


@pytest.mark.parametrize("problem", [Busy("too many"), OSError("disk full")])
def test_l41_what_cannot_be_known_lets_nobody_in(problem: Exception, logged: list[str]) -> None:
    bench = Bench()
    client = bench.client()
    client.ask()
    bench.people.waiting.pop().errback(problem)
    answer = client.pump()
    assert status(answer) == 503
    assert {"Retry-After: 5", "Cache-Control: no-store"} <= set(fields(answer))
    assert bench.readings["unavailable"] == 1
    assert logged.count("credentials cannot be verified") == isinstance(problem, OSError)
    assert "12345678" not in str(logged)


def test_a_try_that_takes_too_long_is_given_up() -> None:
    bench = Bench()
    clients = [bench.client(), bench.client()]
    for client in clients:
        client.ask()
    bench.reactor.advance(limits.HTTP_VERIFY)
    assert [status(client.pump()) for client in clients] == [503, 503]
    assert bench.people.cancelled == 1


def test_a_stop_lets_a_try_end() -> None:
    bench = Bench()
    client = bench.client()
    client.ask()
    done: list[object] = []
    bench.factory.drain(bench.reactor).addCallback(done.append)
    bench.people.waiting.pop().callback(ZHAO)
    assert "Connection: close" in fields(client.pump())
    client.channel.readConnectionLost()
    assert done == [None]


def test_a_slow_client_has_ten_seconds_for_a_head() -> None:
    bench = Bench()
    client = bench.client()
    for octet in b"GET /verify":
        client.say(bytes([octet]))
        bench.reactor.advance(1.0)
    assert not client.transport.connected


# Whose address counts ----------------------------------------------------------------------------


def test_l17_the_clients_address_is_what_counts_behind_a_proxy() -> None:
    bench = Bench("127.0.0.1")
    bench.client().ask(fields="X-Forwarded-For: 192.168.1.8\r\n")
    assert bench.people.asked[-1][2] == "192.168.1.8"


def test_l17_a_stranger_cannot_choose_one() -> None:
    bench = Bench("127.0.0.1")
    for number in range(3):
        forged = f"X-Forwarded-For: 10.0.0.{number}\r\nForwarded: for=10.0.0.{number}\r\n"
        bench.client("192.168.1.7").ask(fields=forged)
        assert bench.people.asked[-1][2] == "192.168.1.7"
    assert bench.factory.buildProtocol(None) is not None  # a UNIX socket's peer


def test_only_local_addresses_may_ask() -> None:
    bench = Bench()
    from twisted.internet import address

    assert bench.factory.buildProtocol(address.IPv4Address("TCP", "203.0.113.9", 1)) is None
