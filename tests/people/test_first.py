"""The first administrator's code: good once, for a while, and only while nobody has an account."""

import pytest

from netapp.core import limits
from netapp.people.first import FirstCode, is_late, standing
from netapp.people.model import Account, Refused
from tests.people.place import HOST, Place, now


@pytest.fixture
def place() -> Place:
    return Place()


def first(place: Place) -> FirstCode | None:
    code: FirstCode | None = now(place.people.invitations.first())
    return code


def redeemed(place: Place, code: str, name: str) -> Account:
    account: Account = now(
        place.people.invitations.redeem(code, name, "83625417 long", source=HOST, door="login")
    )
    return account


def test_it_makes_an_administrator_once(place: Place) -> None:
    code = first(place)
    assert code is not None
    assert code.new
    assert redeemed(place, code.text, "zhao").role == "admin"
    with pytest.raises(Refused, match="was used"):
        redeemed(place, code.text, "li")
    assert first(place) is None


def test_a_second_start_shows_the_same_one(place: Place) -> None:
    code, again = first(place), first(place)
    assert code is not None
    assert again is not None
    assert (again.text, again.expires, again.new) == (code.text, code.expires, False)
    assert len(now(place.people.invitations.all())) == 1


def test_one_that_is_over_gives_way_to_a_new_one(place: Place) -> None:
    code = first(place)
    place.clock.advance(limits.FIRST_CODE + 1)
    again = first(place)
    assert code is not None
    assert again is not None
    assert again.new
    assert again.text != code.text
    assert now(place.people.invitations.read(code.text, HOST)) is None


def test_it_is_good_for_nothing_once_somebody_has_an_account(place: Place) -> None:
    code = first(place)
    assert code is not None
    place.account("zhao")
    assert now(place.people.invitations.read(code.text, HOST)) is None
    with pytest.raises(Refused, match="was used"):
        redeemed(place, code.text, "li")


def test_an_account_that_comes_while_it_is_redeemed_wins(place: Place) -> None:
    code = first(place)
    assert code is not None
    invited = now(place.people.invitations.read(code.text, HOST))
    ground = place.people.invitations._ground
    assert not now(ground.store.read(lambda rows: is_late(rows, invited.invitation)))
    place.account("zhao")
    assert now(ground.store.read(lambda rows: is_late(rows, invited.invitation)))


def test_whoever_may_read_the_rows_and_the_key_can_show_it_again(place: Place) -> None:
    code = first(place)
    assert code is not None
    ground = place.people.invitations._ground
    key = ground.key_for("invitation")
    shown = now(ground.store.read(lambda rows: standing(rows, key, place.clock.seconds())))
    assert shown is not None
    assert shown.text == code.text
    assert code.text not in repr(code)
