"""Second factors: a code opens once, guesses are counted, and what is kept can be read by nobody."""

from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from pyotp import TOTP
from twisted.internet import defer, reactor

from netapp.core import limits
from netapp.core.database import Database
from netapp.errors import Unavailable
from netapp.people import admin, store, totp
from netapp.people.directory import People
from netapp.people.model import Account, AccountChanged, Password, Refused
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.store import SqlStore
from tests.people.place import ELSEWHERE, HOST, Place, now


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account()


@pytest.fixture
def secret(place: Place, zhao: Account) -> str:
    """Of the factor that is in force; its enrolment code is two steps old."""
    setup = now(place.people.second_factor.begin(zhao))
    now(place.people.second_factor.confirm(zhao.id, code(place, setup.secret)))
    place.clock.advance(2 * totp.STEP)
    return str(setup.secret)


def code(place: Place, secret: str, steps: int = 0) -> str:
    return TOTP(secret).generate_otp(int(place.clock.seconds() // totp.STEP) + steps)


def comes_in(place: Place, typed: str | None, source: str = HOST) -> bool:
    given = None if typed is None else typed.encode()
    return place.tried("zhao", "123", source, code=given) is not None


def test_it_is_asked_for_once_a_code_was_shown(place: Place, zhao: Account) -> None:
    setup = now(place.people.second_factor.begin(zhao))
    assert not now(place.people.wants_code(b"zhao"))
    assert comes_in(place, None)
    with pytest.raises(Refused, match="wrong"):
        now(place.people.second_factor.confirm(zhao.id, code(place, setup.secret, 5)))
    recovery = now(place.people.second_factor.confirm(zhao.id, code(place, setup.secret)))
    assert len(set(recovery)) == limits.RECOVERY_CODES
    for name in (b"zhao", b"ZHAO", "\uff5ahao".encode()):
        assert now(place.people.wants_code(name))
    for name in (b"li", b"", b"no name!", b"\xff\xfe", b"x" * 100_000):
        assert not now(place.people.wants_code(name))
    assert not comes_in(place, None)
    state = now(place.people.second_factor.state(zhao.id))
    assert (state.on, state.recovery_left) == (True, limits.RECOVERY_CODES)


def test_l35_the_enrolment_code_opens_no_door(place: Place, zhao: Account) -> None:
    setup = now(place.people.second_factor.begin(zhao))
    shown = code(place, setup.secret)
    now(place.people.second_factor.confirm(zhao.id, shown))
    assert not comes_in(place, shown)
    with pytest.raises(Refused):
        now(place.people.second_factor.end(zhao.id, shown))


def test_l35_a_code_opens_once_and_no_earlier_one_after_it(place: Place, secret: str) -> None:
    assert comes_in(place, code(place, secret))
    assert not comes_in(place, code(place, secret), ELSEWHERE)
    assert not comes_in(place, code(place, secret, -1), "192.0.2.3")
    assert comes_in(place, code(place, secret, 1), "192.0.2.4")


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_l35_one_step_of_skew_is_taken_and_no_more(place: Place, secret: str, steps: int, good: bool) -> None:
    assert comes_in(place, code(place, secret, steps)) is good


def test_l35_five_wrong_in_five_minutes_and_the_right_one_waits(place: Place, secret: str) -> None:
    begun = place.clock.seconds()
    for number in range(limits.CODE_TRIES):
        assert not comes_in(place, "000000", f"192.0.2.{number + 10}")
    assert not comes_in(place, code(place, secret), "192.0.2.20")
    assert not comes_in(place, code(place, secret), "192.0.2.21")
    place.clock.advance(begun + limits.CODE_SPAN - place.clock.seconds() - 0.5)
    assert not comes_in(place, code(place, secret), "192.0.2.22")
    place.clock.advance(1.0)
    assert comes_in(place, code(place, secret), "192.0.2.23")


def test_l35_a_thousand_guesses_are_five_in_each_five_minutes(
    place: Place, zhao: Account, secret: str
) -> None:
    looked_at = 0
    for number in range(1000):
        before = place.rows(lambda rows: rows.factors.get(zhao.id))
        place.store.elsewhere(
            lambda rows, n=number: place.people.second_factor.accepted(
                rows, zhao.id, f"{n:06}", place.clock.seconds()
            )
        )
        after = place.rows(lambda rows: rows.factors.get(zhao.id))
        looked_at += before != after
        place.clock.advance(1.0)
    assert looked_at <= limits.CODE_TRIES * (1000 // limits.CODE_SPAN + 1)


def test_l35_a_recovery_code_opens_once(place: Place, zhao: Account) -> None:
    setup = now(place.people.second_factor.begin(zhao))
    recovery = now(place.people.second_factor.confirm(zhao.id, code(place, setup.secret)))
    assert comes_in(place, recovery[0])
    assert not comes_in(place, recovery[0], ELSEWHERE)
    assert comes_in(place, recovery[1].replace("-", " ").upper(), "192.0.2.3")
    assert now(place.people.second_factor.state(zhao.id)).recovery_left == limits.RECOVERY_CODES - 2
    li = place.account("li", "456")
    now(place.people.second_factor.begin(li))
    assert place.tried("li", "456", code=recovery[2].encode()) is not None  # not in force yet: not asked
    assert now(place.people.second_factor.state(zhao.id)).recovery_left == limits.RECOVERY_CODES - 2


def test_a_second_factor_ends_by_a_code_and_nothing_less(place: Place, zhao: Account, secret: str) -> None:
    told: list[AccountChanged] = []
    place.people.changes.subscribe(told.append)
    with pytest.raises(Refused, match="wrong"):
        now(place.people.second_factor.end(zhao.id, "000000"))
    with pytest.raises(Refused, match="on already"):
        now(place.people.second_factor.begin(zhao))
    now(place.people.second_factor.end(zhao.id, code(place, secret)))
    assert [each.kind for each in told] == ["factor"]
    assert comes_in(place, None)
    assert now(place.people.second_factor.state(zhao.id)).recovery_left == 0
    with pytest.raises(Refused, match="off"):
        now(place.people.second_factor.end(zhao.id, "000000"))
    with pytest.raises(Refused, match="begin"):
        now(place.people.second_factor.confirm(zhao.id, "000000"))


def test_a_short_password_keeps_its_second_factor_by_the_nist_policy(
    place: Place, zhao: Account, secret: str
) -> None:
    with pytest.raises(Refused, match="15"):
        now(place.people.second_factor.end(zhao.id, code(place, secret), policy="nist"))
    place.people.chosen_policy = "nist"
    now(place.people.change_password(zhao.id, "123", "94736102", source=HOST, door="login"))  # 8 beside it
    now(place.people.change_password(zhao.id, "94736102", "94736102 94736102", source=HOST, door="login"))
    now(place.people.second_factor.end(zhao.id, code(place, secret), policy="nist"))
    with pytest.raises(Refused, match="15"):
        now(place.people.change_password(zhao.id, "x", "94736102", source=HOST, door="login"))


def test_a_factor_that_ends_while_a_short_password_is_chosen_keeps_it_out(
    place: Place, zhao: Account, secret: str
) -> None:
    place.people.chosen_policy = "nist"
    place.threads.held = True
    change = defer.ensureDeferred(
        place.people.change_password(zhao.id, "123", "94736102", source=HOST, door="login")
    )
    place.threads.finish()
    place.store.elsewhere(lambda rows: admin.end_factor(rows, zhao))
    place.threads.finish()
    with pytest.raises(Refused, match="15"):
        now(change)


def test_the_secret_is_kept_sealed_and_for_its_account_alone(
    place: Place, zhao: Account, secret: str
) -> None:
    kept = place.rows(lambda rows: rows.factors.get(zhao.id)).secret
    assert secret not in kept
    li = place.account("li", "456")
    place.rows(lambda rows: rows.factors.begin(li.id, kept, 0.0))
    place.rows(lambda rows: rows.factors.confirm(li.id))
    with pytest.raises(Unavailable):  # it fails closed, as no wrong password
        place.tried("li", "456", code=code(place, secret).encode())
    assert secret not in repr(now(place.people.second_factor.begin(place.account("wang"))))


def test_l34_codes_go_by_the_systems_clock(place: Place, zhao: Account, secret: str) -> None:
    place.people._ground.wall = lambda: place.clock.seconds() - 3600.0
    assert not comes_in(place, code(place, secret))
    assert (
        comes_in(place, TOTP(secret).generate_otp(int((place.clock.seconds() + 3600) // totp.STEP))) is False
    )


@pytest.mark.parametrize("door", ["login", "end"])
@pytest_twisted.ensureDeferred
async def test_l35_of_two_tries_at_once_with_one_code_one_wins(tmp_path: Path, door: str) -> None:
    """By two processes' own connections to one database."""
    with store.rows(tmp_path) as rows:
        zhao = admin.add(rows, "zhao", Password(Hasher(CHEAP).hash(b"123")), 1.0)
    secret = b"s" * 32
    both = [
        People(SqlStore(Database(tmp_path / "people.db", reactor)), Hasher(CHEAP), reactor, secret=secret)
        for _ in range(2)
    ]
    for each in both:
        await each.start()
    try:
        setup = await both[0].second_factor.begin(zhao)
        shown = TOTP(setup.secret)
        moment = int(reactor.seconds() // totp.STEP)  # type: ignore[attr-defined]
        await both[0].second_factor.confirm(zhao.id, shown.generate_otp(moment - 1))
        one = shown.generate_otp(moment)

        async def tried(people: People, source: str) -> Any:
            if door == "login":
                return await people.authenticate("zhao", "123", source, code=one.encode())
            try:
                await people.second_factor.end(zhao.id, one)
            except Refused:
                return None
            return True

        outcomes = await defer.gatherResults(
            [defer.ensureDeferred(tried(each, f"192.0.2.{n}")) for n, each in enumerate(both, 1)]
        )
        assert sum(outcome is not None for outcome in outcomes) == 1
    finally:
        for each in both:
            await each.stop()


def test_a_recovery_code_comes_in_when_too_many_codes_were_wrong(place: Place, zhao: Account) -> None:
    setup = now(place.people.second_factor.begin(zhao))
    recovery = now(place.people.second_factor.confirm(zhao.id, code(place, setup.secret)))
    place.clock.advance(2 * totp.STEP)
    for number in range(limits.CODE_TRIES):
        assert not comes_in(place, f"{number:06}", f"192.0.2.{number + 10}")
    assert not comes_in(place, code(place, setup.secret), "192.0.2.20")
    assert not comes_in(place, "AAAA-AAAA-AAAA-AAAA", "192.0.2.21")
    assert comes_in(place, recovery[0], "192.0.2.22")
    assert not comes_in(place, recovery[0], "192.0.2.23")


def test_l4_another_code_beside_the_right_password_is_another_guess(
    place: Place, zhao: Account, secret: str
) -> None:
    assert comes_in(place, code(place, secret))
    place.clock.advance(2 * totp.STEP)
    for number in range(8):
        assert not comes_in(place, f"{number:06}", ELSEWHERE)
    wait = place.people.throttle.account_wait(ELSEWHERE, ["zhao"], place.clock.seconds())
    assert wait > 10.0
    failures = place.people.throttle._ledger.row("h:" + ELSEWHERE, place.clock.seconds())[0]
    assert not comes_in(place, "000007", ELSEWHERE)  # the same again, as a client sends it that tries twice
    assert place.people.throttle._ledger.row("h:" + ELSEWHERE, place.clock.seconds())[0] == failures
