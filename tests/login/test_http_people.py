"""The verification endpoint with people of a database in memory: secrets of every kind."""

import base64
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
import pytest_twisted
from twisted.internet import defer, endpoints, protocol, reactor

from netapp.core.access import Access, network
from netapp.core.metrics import Metrics
from netapp.login.config import Config
from netapp.login.http.service import http_factory
from netapp.people import admin
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.store import MemoryStore


class CountingHasher(Hasher):
    """Counts what is verified."""

    verified = 0

    def verify(self, phc: str, password: bytes, *more: Any) -> bool:
        self.verified += 1
        return super().verify(phc, password, *more)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher(CHEAP)


@pytest.fixture
def people(hasher: CountingHasher) -> Iterator[People]:
    opened = People(MemoryStore(), hasher, reactor)
    pytest_twisted.blockon(defer.maybeDeferred(opened.start))
    yield opened
    pytest_twisted.blockon(opened.stop())


@pytest.fixture
def zhao(people: People) -> Account:
    coming = people.add("Zhao", "a right password", role="moderator", groups=["lab"])
    return pytest_twisted.blockon(defer.ensureDeferred(coming))  # type: ignore[no-any-return]


class Client(protocol.Protocol):
    """One connection that is kept."""

    transport: Any

    def __init__(self) -> None:
        self._came, self._waiting = b"", defer.Deferred[bytes]()

    def dataReceived(self, data: bytes) -> None:
        self._came += data
        head, end, _ = self._came.partition(b"\r\n\r\n")
        if end and (b"Content-Length" not in head or self._came.count(b"\n") >= head.count(b"\n") + 4):
            came, self._came = self._came, b""
            waiting, self._waiting = self._waiting, defer.Deferred()
            waiting.callback(came)

    def ask(self, authorization: str, target: str = "/verify", fields: str = "") -> "defer.Deferred[bytes]":
        head = f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n{fields}\r\n"
        self.transport.write(head.encode())
        return self._waiting


@pytest.fixture
def client(people: People) -> Iterator[Client]:
    factory = http_factory(Config(proxy=(network("127.0.0.1"),)), people, None, reactor, Access(), Metrics())
    description = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1")
    port = pytest_twisted.blockon(description.listen(factory))
    made = Client()
    end = endpoints.HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port)
    pytest_twisted.blockon(endpoints.connectProtocol(end, made))
    yield made
    made.transport.loseConnection()
    pytest_twisted.blockon(port.stopListening())
    pytest_twisted.blockon(factory.drain(reactor))


def basic(name: str | bytes, password: str | bytes) -> str:
    words = [each if isinstance(each, bytes) else each.encode() for each in (name, password)]
    return "Basic " + base64.b64encode(b":".join(words)).decode()


def status(answer: bytes) -> int:
    return int(answer[9:12])


RIGHT = basic("zhao", "a right password")


@pytest_twisted.ensureDeferred
async def test_accounts_open_the_door(people: People, zhao: Account, client: Client) -> None:
    answer = await client.ask(RIGHT)
    assert status(answer) == 204
    assert b"\r\nRemote-User: zhao\r\nRemote-Name: Zhao\r\nRemote-Role: moderator\r\n" in answer
    assert b"\r\nRemote-Groups: lab\r\nRemote-Id: " + zhao.id.encode() in answer
    for wrong in (basic("zhao", "a wrong password"), basic("li", "a right password"), basic("", "")):
        assert status(await client.ask(wrong)) == 401
    assert status(await client.ask(RIGHT, "/verify?role=admin")) == 403


@pytest_twisted.ensureDeferred
async def test_l38_a_password_with_every_request_is_hashed_once(
    people: People, zhao: Account, client: Client, hasher: CountingHasher
) -> None:
    for number in range(50):
        assert status(await client.ask(RIGHT, f"/verify?user=zhao&user=nr{number}")) == 204
    assert hasher.verified == 1
    assert status(await client.ask(RIGHT, fields="X-Forwarded-For: 10.0.0.1\r\n")) == 204
    assert hasher.verified == 2  # from elsewhere it is a try like others
    await people.set_password("zhao", "another password")
    assert status(await client.ask(RIGHT)) == 401
    assert status(await client.ask(basic("zhao", "another password"))) == 204
    await people.disable("zhao")
    assert status(await client.ask(basic("zhao", "another password"))) == 401


@pytest_twisted.ensureDeferred
async def test_l39_a_chinese_name_and_password_in_utf8_and_gbk(people: People, client: Client) -> None:
    await people.add("赵六", "密码一二三四五六")
    for codec in ("utf-8", "gbk"):
        answer = await client.ask(basic("赵六".encode(codec), "密码一二三四五六".encode(codec)))
        assert status(answer) == 204
        assert b"\r\nRemote-User: %E8%B5%B5%E5%85%AD\r\n" in answer


@pytest_twisted.ensureDeferred
async def test_a_second_factor_makes_the_password_alone_too_little(
    people: People, zhao: Account, client: Client
) -> None:
    assert status(await client.ask(RIGHT)) == 204
    setup = await people.second_factor.begin(zhao)
    await people.second_factor.confirm(zhao.id, pyotp.TOTP(setup.secret).now())
    assert status(await client.ask(RIGHT)) == 401
    token = await people.sessions.token(zhao, door="login", source="127.0.0.1")
    assert status(await client.ask(basic("zhao", token))) == 204
    for scopes, expected in ((["http"], 204), (["file:read", "ldap"], 401)):
        application = await people.applications.add(zhao.id, "a client", scopes)
        assert status(await client.ask(basic("zhao", application))) == expected


@pytest_twisted.ensureDeferred
async def test_l31_l32_a_token_is_enough_until_it_is_revoked(
    people: People, zhao: Account, client: Client
) -> None:
    token = await people.sessions.token(zhao, door="login", source="127.0.0.1")
    answer = await client.ask(f"Bearer {token}")
    assert status(answer) == 204
    assert b"\r\nRemote-User: zhao\r\n" in answer
    flipped = token[:-1] + ("0" if token[-1] != "0" else "1")
    for wrong in (flipped, token[:-1], token + "0", "x", "a" * 4000):
        answer = await client.ask(f"Bearer {wrong}")
        assert status(answer) == 401
        assert b'WWW-Authenticate: Bearer realm="netapp", error="invalid_token"' in answer
    await people.sessions.revoke(zhao.id)
    assert status(await client.ask(f"Bearer {token}")) == 401


@pytest_twisted.ensureDeferred
async def test_l11_an_empty_name_or_password_is_nobodys(
    people: People, zhao: Account, client: Client
) -> None:
    for words in (("", "a right password"), ("zhao", ""), ("", "")):
        assert status(await client.ask(basic(*words))) == 401


@pytest_twisted.ensureDeferred
async def test_l17_the_clients_address_is_throttled_and_not_the_proxy(
    people: People, zhao: Account, client: Client
) -> None:
    for number in range(8):
        people.throttle.failed("10.0.0.7", ["zhao"], reactor.seconds() - number)  # type: ignore[attr-defined]
    answer = await client.ask(RIGHT, fields="X-Forwarded-For: 10.0.0.7\r\n")
    assert status(answer) == 503  # not looked at: that it is wrong is not said of it
    assert b"\r\nRetry-After: 5\r\n" in answer
    assert people.refused == 1  # so fail2ban is told as well
    assert status(await client.ask(RIGHT, fields="X-Forwarded-For: 10.0.0.7, 10.0.0.8\r\n")) == 204


@pytest_twisted.ensureDeferred
async def test_groups_are_as_they_are_now(people: People, zhao: Account, client: Client) -> None:
    assert status(await client.ask(RIGHT, "/verify?group=staff")) == 403
    await people._ground.change(lambda rows: admin.set_groups(rows, admin.find(rows, "zhao"), ["staff"]))
    assert status(await client.ask(RIGHT, "/verify?group=staff")) == 204
