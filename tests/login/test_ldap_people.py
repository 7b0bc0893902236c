"""The directory's door with people of a database in memory: secrets of every kind."""

from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
import pytest_twisted
from twisted.internet import defer, reactor

from netapp.login.ldap.session import LdapSession
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.store import MemoryStore
from tests.login import ldap_client as ldap
from tests.login.ldap_client import PEOPLE, Client

RIGHT = "a right password"
SUCCESS, UNWILLING, WRONG = 0, 53, 49


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
    coming = people.add("Zhao", RIGHT, role="moderator", groups=["lab"])
    return pytest_twisted.blockon(defer.ensureDeferred(coming))  # type: ignore[no-any-return]


@pytest.fixture
def client(people: People) -> Client:
    return Client(people)


async def bind(client: Client, password: str, name: str = "zhao") -> int:
    """:returns: the result's code."""
    judged: defer.Deferred[None] = defer.Deferred()
    session: LdapSession = client.protocol.session
    tell = session.judged

    def judge(*args: Any) -> Any:
        judged.callback(None)
        return tell(*args)

    session.judged = judge  # type: ignore[method-assign]
    said = client.ask(ldap.bind(f"uid={name},{PEOPLE}", password))
    if not said:
        while not judged.called:  # the directory is made in steps of a clock that is not the reactor's
            client.reactor.advance(0)
            await _a_moment()
        said = client.answers()
    session.judged = tell  # type: ignore[method-assign]
    return int(said[0].value.resultCode)


def _a_moment() -> "defer.Deferred[None]":
    passed: defer.Deferred[None] = defer.Deferred()
    reactor.callLater(0.001, passed.callback, None)  # type: ignore[attr-defined]
    return passed


@pytest_twisted.ensureDeferred
async def test_accounts_open_the_door(people: People, zhao: Account, client: Client) -> None:
    assert await bind(client, RIGHT) == SUCCESS
    _, entries = client.search(ldap.equal("uid", "zhao"), attributes=["cn", "memberOf"])
    groups = [f"cn={name},{ldap.GROUPS}" for name in ("people", "guest", "member", "moderator", "lab")]
    assert entries == {f"uid=zhao,{PEOPLE}": {"cn": ["Zhao"], "memberOf": groups}}
    assert await bind(client, "a wrong password") == WRONG
    assert await bind(client, RIGHT, "li") == WRONG


@pytest_twisted.ensureDeferred
async def test_l38_a_service_that_binds_each_time_is_hashed_once(
    zhao: Account, client: Client, hasher: CountingHasher
) -> None:
    for _ in range(20):
        assert await bind(client, RIGHT) == SUCCESS
    assert hasher.verified == 1


@pytest_twisted.ensureDeferred
async def test_l3_a_disabled_account_is_wrong_after_the_hash(
    people: People, zhao: Account, client: Client, hasher: CountingHasher
) -> None:
    await people.disable("zhao")
    assert await bind(client, RIGHT) == WRONG
    assert await bind(client, RIGHT, "nobody") == WRONG
    assert hasher.verified == 2


@pytest_twisted.ensureDeferred
async def test_a_second_factor_makes_the_password_alone_too_little(
    people: People, zhao: Account, client: Client
) -> None:
    assert await bind(client, RIGHT) == SUCCESS
    setup = await people.second_factor.begin(zhao)
    await people.second_factor.confirm(zhao.id, pyotp.TOTP(setup.secret).now())
    assert client.transport.disconnecting  # who was bound must bind again
    client.again()
    assert await bind(client, RIGHT) == WRONG
    elsewhere = await people.applications.add(zhao.id, "files", ["file:read"])
    assert await bind(client, elsewhere) == WRONG
    here = await people.applications.add(zhao.id, "gitea", ["ldap"])
    assert await bind(client, here) == SUCCESS
    token = await people.sessions.token(zhao, door="login", source="127.0.0.1")
    assert await bind(client, token) == SUCCESS


@pytest_twisted.ensureDeferred
async def test_l32_a_new_password_ends_what_the_old_one_opened(
    people: People, zhao: Account, client: Client
) -> None:
    assert await bind(client, RIGHT) == SUCCESS
    await people.set_password("zhao", "another password")
    for _ in range(2000):
        if client.transport.disconnecting:
            break
        await _a_moment()
    assert client.transport.disconnecting
    client.again()
    assert await bind(client, RIGHT) == WRONG
    assert await bind(client, "another password") == SUCCESS


@pytest_twisted.ensureDeferred
async def test_l1_the_same_work_is_done_for_every_name(
    people: People, zhao: Account, client: Client, hasher: CountingHasher
) -> None:
    for number, name in enumerate(("zhao", "nobody"), 1):
        assert await bind(client, "a wrong password", name) == WRONG
        assert hasher.verified == number


@pytest_twisted.ensureDeferred
async def test_l9_a_long_password_costs_no_hash(
    zhao: Account, client: Client, hasher: CountingHasher
) -> None:
    assert await bind(client, "x" * 60_000) == WRONG
    assert hasher.verified == 0
