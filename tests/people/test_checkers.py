"""People as cred sees them: the chain, and checkers elsewhere that misbehave."""

from collections.abc import Sequence
from typing import Any

import pytest
from twisted.cred import checkers, credentials, error
from twisted.cred.portal import IRealm, Portal
from twisted.internet import defer, task
from twisted.logger import Logger, capturedLogs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import Interface, implementer

from netapp.core import faults
from netapp.people import admin
from netapp.people.authentication import Verdict
from netapp.people.checkers import AccountKey, AccountPassword, ChainChecker, Elsewhere
from netapp.people.model import Account
from netapp.testing import FakeReactor
from tests.login import Slow, now

HOST = "192.0.2.1"
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl zhao@home"


@pytest.fixture
def people() -> Slow:
    return Slow(FakeReactor())


@pytest.fixture
def zhao(people: Slow) -> Account:
    return people.account()


def asked(checker: ChainChecker, offered: Any) -> Any:
    return now(checker.requestAvatarId(offered))


def test_an_avatars_id_is_the_accounts_and_never_its_name(people: Slow, zhao: Account) -> None:
    checker = ChainChecker(people)
    assert asked(checker, AccountPassword(b"ZHAO", b"123", HOST)) == zhao.id.encode()
    assert asked(checker, credentials.UsernamePassword(b"zhao", b"123")) == zhao.id.encode()
    wrong = ((b"zhao", b"124"), (b"li", b"123"), (b"", b""), (b"zhao", b""))
    for number, (name, password) in enumerate(wrong):
        with pytest.raises(error.UnauthorizedLogin):
            asked(checker, AccountPassword(name, password, f"192.0.2.{number}"))
    assert people.refused == 4


def test_the_source_the_door_and_the_code_are_handed_on(people: Slow) -> None:
    seen: list[Any] = []

    def judge(*args: Any, **more: Any) -> Any:
        seen.append((args, more))
        return defer.succeed(Verdict(None, "bad"))

    people.judge = judge  # type: ignore[method-assign]
    with pytest.raises(error.UnauthorizedLogin):
        asked(ChainChecker(people), AccountPassword(b"a", b"b", HOST, "http", b"123456", remember=True))
    assert seen == [((b"a", b"b", HOST), {"door": "http", "code": b"123456", "remember": True})]


@pytest.mark.parametrize("nobody", [None, b"", (), "", 0, object()])
def test_whatever_is_no_account_is_a_refusal(people: Slow, nobody: Any) -> None:
    people.judge = lambda *args, **more: defer.succeed(Verdict(nobody, "bad"))  # type: ignore
    with pytest.raises(error.UnauthorizedLogin):
        asked(ChainChecker(people), AccountPassword(b"zhao", b"123", HOST))


def test_a_key_lets_in_whose_it_is(people: Slow, zhao: Account) -> None:
    import base64

    now(people.keys.add(zhao.id, LINE))
    blob = base64.b64decode(LINE.split()[1])
    assert asked(ChainChecker(people), AccountKey(b"zhao", blob, HOST)) == zhao.id.encode()
    for name, other in ((b"li", blob), (b"zhao", blob + b"x"), (b"zhao", b"")):
        with pytest.raises(error.UnauthorizedLogin):
            asked(ChainChecker(people), AccountKey(name, other, HOST))


def test_credentials_show_nothing_in_a_log() -> None:
    for offered in (AccountPassword(b"zhao", b"123", HOST, code=b"654"), AccountKey(b"zhao", b"123")):
        assert "123" not in repr(offered)
        assert "654" not in repr(offered)
        assert "zhao" not in repr(offered)
    assert not AccountPassword(b"zhao", b"123").checkPassword(b"123")


@implementer(IRealm)
class Realm:
    def requestAvatar(self, avatarId: Any, mind: object, *interfaces: Any) -> Any:
        return interfaces[0], avatarId, lambda: None


def test_a_portal_has_one_checker_for_each_kind_of_credentials(people: Slow, zhao: Account) -> None:
    """Cred's own trap: a second checker for the same interface takes the place of the first."""
    elsewhere = checkers.InMemoryUsernamePasswordDatabaseDontUse(mallory=b"123")
    portal = Portal(Realm(), [ChainChecker(people, elsewhere)])
    _, avatar_id, _ = now(portal.login(AccountPassword(b"zhao", b"123", HOST), None, Interface))
    assert avatar_id == zhao.id.encode()
    with pytest.raises(error.UnauthorizedLogin):  # known elsewhere, and no account here
        now(portal.login(AccountPassword(b"mallory", b"123", HOST), None, Interface))


def test_elsewhere_counts_for_an_account_that_is_here_without_a_password(people: Slow, zhao: Account) -> None:
    li: Account = now(people._ground.change(lambda rows: admin.add(rows, "li", None, 0.0)))
    elsewhere = checkers.InMemoryUsernamePasswordDatabaseDontUse(li=b"abc", zhao=b"abc", wang=b"abc")
    chain = ChainChecker(people, elsewhere)
    assert asked(chain, AccountPassword(b"LI", b"abc", HOST)) == li.id.encode()
    wrong = ((b"li", b"abd"), (b"li", b""), (b"zhao", b"abc"), (b"wang", b"abc"))
    for number, (name, password) in enumerate(wrong):
        with pytest.raises(error.UnauthorizedLogin):
            asked(chain, AccountPassword(name, password, f"192.0.2.{number}"))
    assert asked(chain, AccountPassword(b"zhao", b"123", HOST)) == zhao.id.encode()
    now(people.disable("li"))
    with pytest.raises(error.UnauthorizedLogin):
        asked(chain, AccountPassword(b"li", b"abc", HOST))
    assert {each.name for each in now(people.all())} == {"li", "zhao"}  # none was made


# Elsewhere -----------------------------------------------------------------------------------


def those(checkers: Sequence[Any]) -> Elsewhere:
    return Elsewhere(checkers, faults.Faults(task.Clock(), Logger()))


class Says:
    """A checker that gives, or raises, one thing."""

    credentialInterfaces = (credentials.IUsernamePassword,)

    def __init__(self, outcome: Any) -> None:
        self.outcome, self.asked = outcome, list[bytes]()

    def requestAvatarId(self, offered: Any) -> Any:
        self.asked.append(offered.username)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize("outcome", [None, b"", (), "", False, 0, defer.succeed(None), object(), [b"zhao"]])
def test_what_cred_would_take_for_somebody_is_a_refusal(outcome: Any) -> None:
    assert now(those([Says(outcome)]).check("zhao", b"123")) is False


@pytest.mark.parametrize("outcome", [b"zhao", "zhao", b"another id"])
def test_a_name_is_a_success(outcome: Any) -> None:
    assert now(those([Says(outcome)]).check("zhao", b"123")) is True
    assert now(those([Says(defer.succeed(outcome))]).check("zhao", b"123")) is True


def test_the_next_is_asked_when_one_says_no() -> None:
    wrong, right, never = Says(error.UnauthorizedLogin()), Says(b"zhao"), Says(b"zhao")
    assert now(those([wrong, right, never]).check("zhao", b"123"))
    assert (len(wrong.asked), len(right.asked), len(never.asked)) == (1, 1, 0)


def test_l11_an_empty_password_is_asked_of_nobody() -> None:
    says = Says(b"zhao")
    assert not now(those([says]).check("zhao", b""))
    assert says.asked == []


def test_checkers_of_other_credentials_are_left_out() -> None:
    assert not now(those([checkers.AllowAnonymousAccess()]).check("zhao", b"123"))


def test_l41_who_waits_no_more_is_no_fault() -> None:
    """A hang-up comes as a cancelled Deferred, which the chain must not take for a checker's."""
    asked_twice = Says(b"zhao")
    with capturedLogs() as events:
        waits = those([Says(defer.Deferred()), asked_twice]).check("zhao", b"123")
        waits.addErrback(lambda failure: failure.trap(defer.CancelledError) and None)
        waits.cancel()
    assert (events, asked_twice.asked) == ([], [])


class Faults(SynchronousTestCase):
    def test_l41_one_that_fails_has_said_no_and_is_logged_without_the_password(self) -> None:
        chain = those([Says(ValueError("gone")), Says(b"zhao")])
        assert now(chain.check("zhao", b"123"))
        assert now(chain.check("zhao", b"123"))
        (failure,) = self.flushLoggedErrors(ValueError)  # of the second time nothing is said
        assert "123" not in failure.getTraceback()
