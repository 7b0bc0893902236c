"""Who types a password that was right lately stands in no line behind who guesses."""

from itertools import count, islice
from typing import Any

import pytest
from twisted.internet import defer

from netapp.core import limits
from netapp.errors import Busy
from netapp.people import codes
from netapp.people.authentication import Attempt
from netapp.people.model import Account
from netapp.people.throttling.lately import LatelyRight
from netapp.people.throttling.turns import Throttled
from tests.people.place import ELSEWHERE, HOST, Place, cancelled, now

RIGHT = "a right password"


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account("zhao", RIGHT)


def outcome_of(waiting: "defer.Deferred[Any]") -> list[Any]:
    outcome: list[Any] = []
    waiting.addBoth(outcome.append)
    return outcome


def strangers(place: Place, source: str, seconds: float = 120.0) -> None:
    """Sixteen connections guess at the account, each again as soon as it was told no."""
    live: list[list[Any]] = []
    numbers = count()
    for _ in range(round(seconds * 2)):
        live = [each for each in live if not each]
        for number in islice(numbers, limits.HASH_QUEUE_PER_ADDRESS - len(live)):
            live.append(outcome_of(place.people.authenticate("zhao", f"guess {number}", source)))
        place.clock.advance(0.5)


def zhao_of(place: Place) -> Account:
    """As it is now."""
    account: Account = now(place.people.find("zhao"))
    return account


def is_likely(place: Place, password: str) -> bool:
    attempt = Attempt(b"zhao", password.encode(), HOST, "login")
    return place.people.authentication.likeness(attempt, frozenset({"zhao"})).likely


def alike(place: Place, account: Account) -> str:
    """A wrong password that is like the right one."""
    lately = place.people.authentication.lately
    whose, wanted, _ = lately._of[account.name]
    guesses = (f"guess {number}" for number in range(2**21))
    return next(each for each in guesses if lately._tag(whose, each.encode()) == wanted)


@pytest.mark.parametrize("source", [HOST, ELSEWHERE])
@pytest.mark.parametrize("door", ["login", "ldap", "http"])
def test_l7_the_owner_is_in_at_once_whoever_guesses_beside_them(
    place: Place, zhao: Account, source: str, door: str
) -> None:
    assert place.tried("zhao", RIGHT, HOST) == zhao_of(place)
    strangers(place, source)
    for _ in range(3):
        assert now(place.people.authenticate("zhao", RIGHT, source, door=door)) == zhao_of(place)


def test_who_has_not_logged_in_since_the_start_waits(place: Place, zhao: Account) -> None:
    for _ in range(8):
        place.people.throttle.failed(HOST, ["zhao"], place.clock.seconds())
    assert not outcome_of(place.people.authenticate("zhao", RIGHT, HOST))


def test_l4_a_guess_that_is_like_it_is_looked_at_once_and_costs_the_same(place: Place, zhao: Account) -> None:
    assert place.tried("zhao", RIGHT) is not None
    guess = alike(place, zhao)
    strangers(place, HOST)
    failures = place.people.throttle._ledger.row
    key = "a:" + place.people.throttle.account_key("zhao")
    before = failures(key, place.clock.seconds())[0]
    assert now(place.people.authenticate("zhao", guess, HOST)) is None
    assert failures(key, place.clock.seconds())[0] == before + 1
    assert not place.people.authentication.lately._of  # nothing is kept until the next right one


def test_l4_who_leaves_before_their_turn_has_guessed_and_after_a_few_of_them_nothing_is_kept(
    place: Place, zhao: Account
) -> None:
    assert place.tried("zhao", RIGHT) is not None
    strangers(place, HOST)
    for _ in range(8):
        place.people.throttle.failed(ELSEWHERE, ["zhao"], place.clock.seconds())
    lately = place.people.authentication.lately
    assert lately._of[zhao.name][2] == 0  # those who wait are told no sooner than ever
    for number in range(limits.LATELY_GUESSES):
        assert zhao.name in lately
        cancelled(place.people.authenticate("zhao", f"another guess {number}", ELSEWHERE))
    assert zhao.name not in lately


def test_l4_nor_does_who_is_told_to_come_again_guess_for_nothing(place: Place, zhao: Account) -> None:
    assert place.tried("zhao", RIGHT) is not None
    for _ in range(8):
        place.people.throttle.failed(HOST, ["zhao"], place.clock.seconds())
    for number in range(limits.LATELY_GUESSES):
        with pytest.raises(Throttled):
            now(place.people.authenticate("zhao", f"guess {number}", HOST, door="http", patience=4.0))
    with pytest.raises(Throttled):
        now(place.people.authenticate("zhao", RIGHT, HOST, door="http", patience=4.0))
    assert place.people.refused == limits.LATELY_GUESSES + 1


def test_who_passes_by_is_bounded_by_source_and_apart_from_those_who_wait(
    place: Place, zhao: Account
) -> None:
    assert place.tried("zhao", RIGHT) is not None
    place.threads.held = True
    under_way = [
        outcome_of(place.people.authenticate("zhao", RIGHT, HOST))
        for _ in range(limits.HASH_QUEUE_PER_ADDRESS)
    ]
    with pytest.raises(Busy):
        now(place.people.authenticate("zhao", RIGHT, HOST))
    place.threads.held = False
    place.threads.finish()
    assert all(under_way)


def test_who_hangs_up_while_it_is_looked_at_has_failed(place: Place, zhao: Account) -> None:
    assert place.tried("zhao", RIGHT) is not None
    place.threads.held = True
    cancelled(place.people.authenticate("zhao", RIGHT, HOST))
    assert not place.people.authentication.lately._of
    assert place.people.throttle._ledger.row("h:" + HOST, place.clock.seconds())[0] == 1


def test_another_password_is_not_like_the_last_one(place: Place, zhao: Account) -> None:
    assert place.tried("zhao", RIGHT) is not None
    now(place.people.set_password("zhao", "another password"))
    assert now(place.people.authenticate("zhao", RIGHT, HOST)) is None
    assert not is_likely(place, RIGHT)
    assert place.tried("zhao", "another password") is not None
    assert is_likely(place, "another password")


def test_of_a_disabled_account_nothing_is_kept_once_it_was_tried(place: Place, zhao: Account) -> None:
    assert place.tried("zhao", RIGHT) is not None
    now(place.people.disable("zhao"))
    assert now(place.people.authenticate("zhao", RIGHT, HOST)) is None
    assert not is_likely(place, RIGHT)


def test_the_table_is_bounded_and_the_oldest_is_forgotten(zhao: Account, place: Place) -> None:
    others = [place.account(f"user{number}", "x" * 8) for number in range(3)]
    lately = LatelyRight(b"k" * 32, size=2)
    for each in others:
        lately.note(each, b"right")
    assert [lately.likeness([(each.name, b"right")]).likely for each in others] == [False, True, True]


# Random secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "zhao"])
@pytest.mark.parametrize("source", [HOST, "127.0.0.1"])
def test_l31_made_up_tokens_keep_no_good_one_waiting(
    place: Place, zhao: Account, name: str, source: str
) -> None:
    token = now(place.people.sessions.token(zhao, door="login", source=HOST))
    for _ in range(30):
        assert now(place.people.authenticate(name, codes.new_token(), source, door="http")) is None
    assert place.people.refused == 30
    assert len(place.people.throttle._ledger) == 0
    assert now(place.people.authenticate(name, token, source, door="http")) is not None
    assert now(place.people.authenticate("zhao", RIGHT, source)) is not None  # and no password either


def test_l31_a_good_token_stands_in_no_line(place: Place, zhao: Account) -> None:
    token = now(place.people.sessions.token(zhao, door="login", source=HOST))
    application = now(place.people.applications.add(zhao.id, "gitea", ["ldap"]))
    strangers(place, HOST)
    for secret in (token, application):
        assert now(place.people.authenticate("zhao", secret, HOST, door="ldap")) is not None


def test_l4_who_has_a_token_cannot_guess_the_password_faster_by_it(place: Place, zhao: Account) -> None:
    token = now(place.people.sessions.token(zhao, door="login", source=HOST))
    for _ in range(8):
        place.people.throttle.failed(HOST, ["zhao"], place.clock.seconds())
    assert now(place.people.authenticate("zhao", token, HOST)) is not None
    assert not outcome_of(place.people.authenticate("zhao", "a guess", HOST))  # it waits as before
