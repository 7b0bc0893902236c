"""Invitations: codes that are good once, for what they were given out for."""

from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_twisted
from pyotp import TOTP
from twisted.internet import defer, reactor

from netapp.core import limits
from netapp.errors import Busy
from netapp.people import admin, codes, open_people
from netapp.people.model import Account, AccountChanged, Refused
from tests.people.place import HOST, Place, now

NEW = "83625417 long"


@pytest.fixture
def place() -> Place:
    return Place()


def invited(place: Place, **more: object) -> str:
    text: str = now(place.people.invitations.invite(**more))  # type: ignore[arg-type]
    return text


def redeemed(place: Place, code: str, name: str | None = "li", password: str = NEW) -> Account:
    account: Account = now(place.people.invitations.redeem(code, name, password, source=HOST, door="login"))
    return account


def test_a_code_makes_an_account_once(place: Place) -> None:
    told: list[AccountChanged] = []
    place.people.changes.subscribe(told.append)
    code = invited(place, role="moderator", groups={"班干部"})
    found = now(place.people.invitations.read(code.lower().replace("-", ""), HOST))
    assert (found.account, found.invitation.role) == (None, "moderator")
    li = redeemed(place, code, "Li")
    assert (li.name, li.shown, li.role, li.seen) == ("li", "Li", "moderator", place.clock.seconds())
    assert now(place.people.groups_of(li.id)) == {"班干部"}
    assert [each.kind for each in told] == ["added"]
    assert place.tried("li", NEW) is not None
    assert now(place.people.invitations.read(code, HOST)) is None
    with pytest.raises(Refused, match="was used"):
        redeemed(place, code, "wang")


def test_a_code_for_an_account_sets_its_password_and_ends_what_was_open(place: Place) -> None:
    zhao = place.account()
    token = now(place.people.sessions.token(zhao, door="login", source=HOST))
    code = invited(place, account=zhao)
    assert now(place.people.invitations.read(code, HOST)).account == zhao
    assert redeemed(place, code, None).id == zhao.id
    assert place.tried("zhao", NEW) is not None
    assert place.tried("zhao", "123", "192.0.2.3") is None
    assert place.tried("zhao", token, "192.0.2.4") is None


def test_a_code_does_not_stand_for_a_second_factor(place: Place) -> None:
    zhao = place.account()
    setup = now(place.people.second_factor.begin(zhao))
    step = int(place.clock.seconds() // 30)
    now(place.people.second_factor.confirm(zhao.id, TOTP(setup.secret).generate_otp(step)))
    code = invited(place, account=zhao)
    with pytest.raises(Refused) as told:
        redeemed(place, code, None)
    assert told.value.key == "password set"
    assert place.tried("zhao", NEW) is None
    place.clock.advance(30.0)
    shown = TOTP(setup.secret).generate_otp(step + 1).encode()
    assert place.tried("zhao", NEW, "192.0.2.3", code=shown) is not None
    with pytest.raises(Refused, match="was used"):
        redeemed(place, code, None)


def test_an_account_has_one_code_at_a_time_and_none_once_it_has_a_password(place: Place) -> None:
    zhao = place.account("zhao", None)
    first, second = invited(place, account=zhao), invited(place, account=zhao)
    assert now(place.people.invitations.read(first, HOST)) is None
    now(place.people.set_password("zhao", NEW))
    assert now(place.people.invitations.read(second, HOST)) is None


def test_a_code_of_a_disabled_or_removed_account_is_good_for_nothing(place: Place) -> None:
    zhao, li = place.account("zhao", None), place.account("li", None)
    both = invited(place, account=zhao), invited(place, account=li)
    now(place.people.disable("zhao"))
    now(place.people.remove("li"))
    for code in both:
        assert now(place.people.invitations.read(code, HOST)) is None
        with pytest.raises(Refused):
            redeemed(place, code, None)


def test_a_code_is_over_in_time(place: Place) -> None:
    code = invited(place, seconds=60.0)
    place.clock.advance(59.0)
    assert now(place.people.invitations.read(code, HOST)) is not None
    place.clock.advance(1.0)
    assert now(place.people.invitations.read(code, HOST)) is None
    with pytest.raises(Refused):
        redeemed(place, code)
    assert now(place.people.invitations.all()) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda code: code[:-1] + ("0" if code[-1] != "0" else "1"),
        lambda code: ("0" if code[0] != "0" else "1") + code[1:],
        lambda code: code[:-1],
        lambda code: code + "0",
        lambda code: code * 10_000,
        lambda code: "",
        lambda code: codes.invitation("0" * 16, b"another key" * 3),
    ],
)
def test_l31_a_code_that_is_not_ours_is_found_out_without_a_look_at_the_rows(
    place: Place, spoiled: Callable[[str], str]
) -> None:
    wrong = spoiled(invited(place))
    before = place.store.reads
    assert now(place.people.invitations.read(wrong, HOST)) is None
    assert now(place.people.invitations.read(wrong.encode("utf-16"), HOST)) is None
    assert place.store.reads == before


def test_what_the_rules_forbid_uses_no_code_up(place: Place) -> None:
    place.account()
    code = invited(place)
    for name, password in (
        ("zhao", NEW),
        ("a b", NEW),
        ("", NEW),
        (None, NEW),
        ("li", "123"),
        ("zha\u043e", NEW),
    ):
        with pytest.raises(Refused):
            redeemed(place, code, name, password)
    place.threads.fails = Busy("too much")
    with pytest.raises(Busy):
        redeemed(place, code)
    place.threads.fails = None
    assert redeemed(place, code)


def test_a_name_that_is_taken_while_the_password_is_hashed_uses_no_code_up(place: Place) -> None:
    code = invited(place)
    place.threads.held = True
    redeeming = defer.ensureDeferred(
        place.people.invitations.redeem(code, "li", NEW, source=HOST, door="login")
    )
    place.store.elsewhere(lambda rows: admin.add(rows, "li", None, 0.0))
    place.threads.finish()
    with pytest.raises(Refused, match="taken"):
        now(redeeming)
    place.threads.held = False
    assert redeemed(place, code, "wang")


def test_groups_that_cannot_be_are_refused(place: Place) -> None:
    for groups in ({"a,b"}, {"a b"}, {""}, {"x" * (limits.GROUP_NAME + 1)}, {"a\x1b"}):
        with pytest.raises(Refused):
            invited(place, groups=groups)


@pytest_twisted.ensureDeferred
async def test_l33_of_two_who_redeem_one_code_at_once_one_wins(tmp_path: Path) -> None:
    both = open_people(tmp_path, reactor), open_people(tmp_path, reactor)
    for each in both:
        await each.start()
    try:
        code = await both[0].invitations.invite()
        redeeming = [
            defer.ensureDeferred(each.invitations.redeem(code, f"li{n}", NEW, source=HOST, door="login"))
            for n, each in enumerate(both)
        ]
        outcomes = await defer.DeferredList(redeeming, consumeErrors=True)
        assert sorted(success for success, _ in outcomes) == [False, True]
        assert len(list(await both[0].all())) == 1
    finally:
        for each in both:
            await each.stop()


def test_l8_a_code_that_a_hundred_connections_redeem_at_once_is_hashed_once(place: Place) -> None:
    code, other = invited(place), invited(place)
    place.threads.held = True
    outcomes: list[object] = []
    for number in range(100):
        redeeming = place.people.invitations.redeem(code, f"user{number}", NEW, source=HOST, door="login")
        defer.ensureDeferred(redeeming).addBoth(outcomes.append)
    busy = [each for each in outcomes if each.check(Busy)]  # type: ignore[attr-defined]
    assert len(busy) == len(outcomes) == 100 - limits.HASH_QUEUE_PER_ADDRESS
    assert place.threads.waiting == 1
    elsewhere = place.people.invitations.redeem(other, "li", NEW, source="192.0.2.9", door="login")
    defer.ensureDeferred(elsewhere)
    assert place.threads.waiting == 2  # another code is redeemed beside it
    place.threads.held = False
    place.threads.finish()
    place.clock.pump([0.0] * 40)
    assert place.hasher.hashed == 2
    names = [each.name for each in outcomes if isinstance(each, Account)]
    assert names == ["user0"]
    assert len(outcomes) == 100
    assert place.people._turns._locks == {}
    assert not place.people._turns._under_way
