"""People as cred sees them."""

from collections.abc import Iterator

import pytest
import pytest_twisted
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer, reactor
from zope.interface.verify import verifyObject

from netapp.people.checkers import AccountChecker, AccountPassword
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.store import MemoryStore


@pytest.fixture
def people() -> Iterator[People]:
    opened = People(MemoryStore(), Hasher(CHEAP), reactor)
    opened.start()
    yield opened
    pytest_twisted.blockon(opened.stop())


@pytest.fixture
def zhao(people: People) -> Account:
    added: Account = pytest_twisted.blockon(defer.ensureDeferred(people.add("zhao", "83625417")))
    return added


def test_they_are_what_cred_wants(people: People) -> None:
    verifyObject(ICredentialsChecker, AccountChecker(people))
    verifyObject(IUsernamePassword, AccountPassword(b"zhao", b"83625417"))


@pytest_twisted.ensureDeferred
async def test_an_avatars_id_is_the_accounts_and_not_its_name(people: People, zhao: Account) -> None:
    checker = AccountChecker(people)
    for words in (UsernamePassword(b"ZHAO", b"83625417"), AccountPassword(b"zhao", b"83625417", "192.0.2.1")):
        assert await checker.requestAvatarId(words) == zhao.id.encode()


@pytest_twisted.ensureDeferred
async def test_every_failure_is_a_failure_and_never_nothing(people: People, zhao: Account) -> None:
    await people.add("off", "83625417")
    await people.disable("off")
    checker = AccountChecker(people)
    for name, password in (
        (b"zhao", b"x"),
        (b"nobody", b"x"),
        (b"off", b"83625417"),
        (b"", b""),
        (b"\xff", b"\xff"),
    ):
        with pytest.raises(UnauthorizedLogin):
            await checker.requestAvatarId(UsernamePassword(name, password))


def test_credentials_do_not_show_in_a_log() -> None:
    shown = repr(AccountPassword(b"zhao", b"83625417", "192.0.2.1"))
    assert "zhao" not in shown
    assert "83625417" not in shown
    assert not AccountPassword(b"zhao", b"83625417").checkPassword(b"83625417")
