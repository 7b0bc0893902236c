"""What is revoked in the moment of a login, and what was opened by a token: through the doors."""

import base64
from typing import Any

import pytest
from twisted.cred.error import UnauthorizedLogin

from netapp.login.realm import Arrival, IVisitor, LoginRealm
from netapp.login.shell import operations as op
from netapp.login.shell.desk import Desk
from netapp.people import admin
from netapp.people.checkers import AccountKey, AvatarId, ChainChecker
from netapp.people.model import Refused
from tests.login import ADMITTED, WRONG, Door, now
from tests.people.test_keys import LINE

#: What raises an account's generation, but leaves it in use.
REVOKES: dict[str, Any] = {
    "passwd": lambda people, zhao: now(people.set_password("zhao", "correct horse")),
    "revoke": lambda people, zhao: now(people.sessions.revoke(zhao.id)),
    "disable, enable": lambda people, _: (now(people.disable("zhao")), now(people.enable("zhao"))),
}


@pytest.fixture
def door() -> Door:
    return Door()


def mint(door: Door) -> bytes:
    token: str = now(door.people.sessions.token(door.zhao, door="login", source="192.0.2.9"))
    return token.encode()


@pytest.mark.parametrize("revoke", REVOKES)
def test_l32_a_login_judged_before_a_change_opens_nothing_after_it(door: Door, revoke: str) -> None:
    door.people.held = True
    visit = door.visit()
    visit.say(b"zhao\n123\n")
    REVOKES[revoke](door.people, door.zhao)
    door.people.tries[0][-1].callback(door.zhao)
    assert visit.take().endswith(WRONG)
    assert now(door.people.sessions.of(door.zhao.id)) == []


@pytest.mark.parametrize("revoke", REVOKES)
def test_l32_a_key_admitted_before_a_change_opens_nothing_after_it(door: Door, revoke: str) -> None:
    people, arrival = door.people, Arrival("ssh", "192.0.2.1")
    now(people.keys.add(door.zhao.id, LINE))
    offered = AccountKey(b"zhao", base64.b64decode(LINE.split()[1]), "192.0.2.1")
    admitted = now(ChainChecker(people).requestAvatarId(offered))
    assert now(LoginRealm(people).requestAvatar(admitted, arrival, IVisitor))
    REVOKES[revoke](people, door.zhao)
    with pytest.raises(UnauthorizedLogin):
        now(LoginRealm(people).requestAvatar(admitted, arrival, IVisitor))


def test_l32_a_code_used_before_a_change_opens_nothing_after_it(door: Door) -> None:
    code = now(door.people.invitations.invite(account=door.zhao))
    redeem = door.people.invitations.redeem

    async def redeemed(*args: Any, **more: Any) -> Any:
        account = await redeem(*args, **more)
        await door.people.sessions.revoke(account.id)
        return account

    door.people.invitations.redeem = redeemed  # type: ignore[method-assign]
    visit = door.visit()
    visit.say(code.encode() + b"\n")
    assert not visit.say(b"correct horse\ncorrect horse\n").endswith(ADMITTED)
    assert now(door.people.sessions.of(door.zhao.id)) == []


def test_l32_what_is_revoked_while_a_password_is_hashed_anew_lets_nobody_in(door: Door) -> None:
    people = door.people
    hashed = people._ground.hashed

    async def slow(octets: bytes, *, alone: bool = False) -> Any:
        await people.sessions.revoke(door.zhao.id)
        return await hashed(octets, alone=alone)

    people._ground.hasher.outdated = lambda *_: True  # type: ignore[method-assign]
    people._ground.hashed = slow  # type: ignore[method-assign]
    assert door.visit().say(b"zhao\n123\n").endswith(WRONG)
    assert now(people.sessions.of(door.zhao.id)) == []


def test_l32_lines_sent_ahead_make_nothing_once_the_session_is_over(door: Door) -> None:
    visit = door.inside()
    [session] = now(door.people.sessions.of(door.zhao.id))
    door.people._ground.store.write(lambda rows: admin.end_session(rows, door.zhao, session))  # told of later
    shown = visit.say(b"token\ntoken\n").decode()
    assert "这个会话已被吊销" in shown
    assert "netapp_" not in shown
    assert not visit.connected
    assert now(door.people.sessions.of(door.zhao.id)) == []


def test_a_token_ends_what_came_in_by_it_and_makes_nothing_that_lasts(door: Door) -> None:
    owner, token = door.inside(), mint(door)
    thief = door.visit()
    assert thief.say(b"zhao\n" + token + b"\n").endswith(ADMITTED)
    thief.after(0.3)
    for line in ("token", f"key add {LINE}", "totp on", "app-password add x --scope http"):
        assert "请用密码登录后再试" in thief.say(line.encode() + b"\n").decode()
    shown = owner.say(b"sessions\n").decode()
    assert "用令牌 2 登录" in shown.splitlines()[2]
    assert "已结束 2 个" in owner.say(b"revoke 2\n").decode()
    assert not thief.connected
    assert owner.connected
    kinds = [each.kind for each in now(door.people.sessions.of(door.zhao.id))]
    assert kinds == ["live"]


def test_passwd_in_a_session_by_a_token_asks_for_the_password_and_works(door: Door) -> None:
    visit = door.visit()
    visit.say(b"zhao\n" + mint(door) + b"\n")
    visit.after(0.3)
    visit.say(b"passwd\n123\ncorrect horse\ncorrect horse\n")
    assert now(door.people.authenticate("zhao", "correct horse", "192.0.2.8")).id == door.zhao.id
    assert "令牌登录" in visit.say(b"sessions\n").decode()
    assert "请用密码登录后再试" in visit.say(b"token\n").decode()


def test_every_change_of_a_desk_asks_whether_its_session_stands(door: Door) -> None:
    realm = LoginRealm(door.people)
    _, visitor, _ = now(realm.requestAvatar(AvatarId(door.zhao), Arrival("ssh", "192.0.2.1"), IVisitor))
    desk = Desk(door.people, visitor)
    REVOKES["revoke"](door.people, door.zhao)
    reads = {op.WhoAmI, op.FactorIsOn, op.ListSessions, op.ListKeys, op.ListApplications}
    wishes = [
        op.ChangePassword("123", "correct horse"),
        op.BeginFactor(),
        op.ConfirmFactor("000000"),
        op.EndFactor("000000"),
        op.Revoke(None),
        op.Revoke(visitor.session.id),
        op.MintToken(),
        op.AddKey(LINE),
        op.RemoveKey("none"),
        op.AddApplication("x", ("http",)),
        op.RemoveApplication("none"),
    ]
    known = {type(each).__name__ for each in wishes} | {each.__name__ for each in reads}
    assert known == {each.__name__ for each in op.Operation.__subclasses__()}
    for wish in wishes:
        [outcome] = now(_wrapped(desk.perform(wish)))
        assert isinstance(outcome, Refused)
        assert outcome.key == "session over"


async def _wrapped(result: Any) -> list[Any]:
    return [await result]
