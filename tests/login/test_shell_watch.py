"""What ends a session from outside, and what does not."""

from typing import Any

import pytest
from twisted.internet import defer
from twisted.trial.unittest import SynchronousTestCase

from netapp.login.realm import Arrival, IVisitor, LoginRealm, Visitor
from netapp.login.shell import operations as op
from netapp.login.shell.desk import Desk
from netapp.login.shell.watch import Watch
from netapp.people.checkers import AvatarId
from netapp.people.model import Account, Refused
from netapp.testing import FakeReactor
from tests.login import Slow, now


class House:
    """Zhao's account and a visit of theirs that is watched; ``ended`` is why it is over."""

    def __init__(self) -> None:
        self.people = Slow(FakeReactor())
        self.zhao: Account = self.people.account()
        self.ended: list[str] = []
        self.visitor = self.visit()
        self.watch = Watch(self.people, self.visitor, self.ended.append)

    def visit(self, door: str = "ssh") -> Visitor:
        realm = LoginRealm(self.people)
        _, visitor, _ = now(realm.requestAvatar(AvatarId(self.zhao), Arrival(door, "192.0.2.1"), IVisitor))
        assert isinstance(visitor, Visitor)
        return visitor


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda it: it.people.disable("zhao"), "disabled"),
        (lambda it: it.people.remove("zhao"), "disabled"),
        (lambda it: it.people.set_password("zhao", "correct horse"), "revoked"),
        (lambda it: it.people.sessions.revoke(it.zhao.id), "revoked"),
        (lambda it: it.people.sessions.revoke(it.zhao.id, it.visitor.session.id), "revoked"),
    ],
)
def test_what_ends_it_ends_it_once(house: House, change: Any, why: str) -> None:
    now(change(house))
    assert house.ended == [why]
    now(house.people.add("li", "correct horse"))
    assert house.ended == [why]


def test_what_is_another_sessions_or_another_accounts_does_not(house: House) -> None:
    other = house.visit()
    now(house.people.add("li", "correct horse"))
    now(house.people.disable("li"))
    now(house.people.sessions.revoke(house.zhao.id, other.session.id))
    now(house.people.sessions.revoke(house.zhao.id, None, house.visitor.session.id))
    assert house.ended == []


def test_a_change_between_the_login_and_the_watch_is_seen(house: House) -> None:
    other, ended = house.visit(), list[str]()
    now(house.people.disable("zhao"))
    Watch(house.people, other, ended.append)
    assert ended == ["disabled"]


def test_who_has_left_is_looked_after_no_more(house: House) -> None:
    house.watch.stop()
    now(house.people.disable("zhao"))
    assert house.ended == []


def test_changes_while_one_looks_make_one_more_look(house: House) -> None:
    looks: list[defer.Deferred[Any]] = []

    def get(account_id: str) -> "defer.Deferred[Any]":
        looks.append(defer.Deferred())
        return looks[-1]

    house.people.get = get  # type: ignore[method-assign]
    for _ in range(5):
        house.watch._look()
    assert len(looks) == 1
    looks[0].callback(house.zhao)
    assert len(looks) == 2
    looks[1].callback(house.zhao)
    assert (len(looks), house.ended) == (2, [])


class Faults(SynchronousTestCase):
    def test_l41_what_cannot_be_read_ends_nothing_and_is_logged(self) -> None:
        house = House()
        house.people.get = lambda account_id: defer.fail(OSError("gone"))  # type: ignore
        house.watch._look()
        assert house.ended == []
        assert len(self.flushLoggedErrors(OSError)) == 1

    def test_l41_a_desk_gives_what_was_raised_and_logs_what_is_ours(self) -> None:
        house = House()
        desk = Desk(house.people, house.visitor)
        assert isinstance(now(_wrapped(desk.perform(op.RemoveKey("none"))))[0], Refused)
        house.people.groups_of = lambda account_id: defer.fail(LookupError("odd"))  # type: ignore
        for _ in range(3):
            assert isinstance(now(_wrapped(desk.perform(op.WhoAmI())))[0], LookupError)
        assert len(self.flushLoggedErrors(LookupError)) == 1  # as often as a log can bear


async def _wrapped(result: "defer.Deferred[object]") -> tuple[object]:
    return (await result,)


def test_a_desk_can_do_all_that_can_be_asked_for(house: House) -> None:
    desk = Desk(house.people, house.visitor)
    made = {each.__name__ for each in op.Operation.__subclasses__()}
    assert {each.__name__ for each in desk._work} == made
