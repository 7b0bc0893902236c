"""Who is let in: the same work and the same word for every refusal, and nothing that raises what one may."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import defer

from netapp.core import limits
from netapp.errors import Busy
from netapp.people import admin, totp
from netapp.people.model import Account, Password, Refused
from netapp.people.passwords import CHEAP, Cost, Hasher
from netapp.people.rows import Rows
from tests.people.place import ELSEWHERE, HOST, Place, now


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account("Zhao", "123")


def with_factor(place: Place, account: Account) -> str:
    """Turn the second factor on.  :returns: its secret."""
    setup = now(place.people.second_factor.begin(account))
    now(place.people.second_factor.confirm(account.id, code(place, setup.secret)))
    place.clock.advance(2 * totp.STEP)
    return str(setup.secret)


def code(place: Place, secret: str, steps: int = 0) -> str:
    from pyotp import TOTP

    return TOTP(secret).generate_otp(int(place.clock.seconds() // totp.STEP) + steps)


def work_of(place: Place, *words: Any, **more: Any) -> tuple[int, int, int, int]:
    """What a refused try costs: reads, writes, hashes verified and made."""
    store, hasher = place.store, place.hasher
    store.reads = store.writes = hasher.verified = hasher.hashed = 0
    assert place.tried(*words, **more) is None
    return store.reads, store.writes, hasher.verified, hasher.hashed


def test_l1_l3_every_refusal_has_the_same_work(place: Place, zhao: Account) -> None:
    place.account("off")
    now(place.people.disable("off"))
    shut = place.account("shut")
    place.store.elsewhere(lambda rows: admin.set_state(rows, shut, "locked", "seen on a wall"))
    place.account("invited", None)
    wrong = work_of(place, "zhao", "124", "192.0.2.10")
    # Its rows; the same as for a right one, and the count; one hash.
    assert wrong == (1, 2, 1, 0)
    names = ("nobody", "off", "shut", "invited", "no name!", "x" * 5000)
    for number, name in enumerate(names):
        assert work_of(place, name, "123", f"192.0.2.{number + 20}") == wrong, name


def test_l3_a_right_password_with_a_wrong_or_missing_code_costs_what_a_wrong_one_does(
    place: Place, zhao: Account
) -> None:
    with_factor(place, zhao)
    for number, typed in enumerate((None, b"000000", b"", b"0000-0000-0000-0000")):
        hosts = f"192.0.2.{number * 2 + 10}", f"192.0.2.{number * 2 + 11}"
        assert work_of(place, "zhao", "123", hosts[0], code=typed) == work_of(
            place, "zhao", "124", hosts[1], code=typed
        )


def test_l3_an_old_hash_is_not_made_anew_before_the_code_is_right(place: Place, zhao: Account) -> None:
    secret = with_factor(place, zhao)
    old = Password(Hasher(Cost(memory=16, rounds=2)).hash(b"123"))
    place.store.elsewhere(lambda rows: rows.accounts.set_password(zhao.id, old, 0.0))
    assert work_of(place, "zhao", "123") == work_of(place, "zhao", "124", ELSEWHERE)
    assert place.tried("zhao", "123", code=code(place, secret).encode()) is not None
    assert place.hasher.hashed == 1


def test_a_wrong_password_uses_no_code_up_and_counts_none(place: Place, zhao: Account) -> None:
    secret = with_factor(place, zhao)
    right = code(place, secret).encode()
    for number in range(10):
        assert place.tried("zhao", f"wrong {number}", f"192.0.2.{number + 10}", code=right) is None
    assert place.rows(lambda rows: rows.factors.get(zhao.id)).failures == 0
    assert place.tried("zhao", "123", code=code(place, secret).encode()) is not None


def test_l12_whatever_is_typed_is_the_password(place: Place) -> None:
    exact = "  a\0b\tc\rd\ne  "
    zhao = place.account("zhao", exact)
    for number, other in enumerate(
        (exact.strip(), "  a", exact + " ", exact.replace("\0", ""), "  ab\tc\rd\ne  ")
    ):
        assert place.tried("zhao", other, f"192.0.2.{number + 10}") is None, repr(other)
    assert place.tried("zhao", exact).id == zhao.id


def test_l13_a_password_is_one_however_it_is_composed(place: Place) -> None:
    place.account("li", None)
    now(place.people.set_password("li", "p\u00e4ssw\u00f6rd 12"))
    for typed in (
        "p\u00e4ssw\u00f6rd 12",
        "pa\u0308sswo\u0308rd 12",
        "\uff50\u00e4\uff53\uff53\uff57\u00f6\uff52\uff44\u3000\uff11\uff12",
    ):
        assert place.tried("li", typed) is not None, typed
    assert place.tried("li", "passwo\u0308rd 12") is None


@pytest.mark.parametrize("other", ["ZHAO", "\uff5a\uff48\uff41\uff4f", "Zhao", "zhAO"])
def test_l15_l16_the_forms_of_a_name_are_counted_as_one(place: Place, zhao: Account, other: str) -> None:
    for number in range(4):
        assert place.tried("zhao" if number % 2 else other, f"wrong {number}") is None
    assert place.people.throttle.account_wait(HOST, {"zhao"}, place.clock.seconds()) > 1.0
    assert not place.people.authenticate(other, "123", HOST).called  # held back as the others


def test_accounts_without_a_password_are_entered_by_none(place: Place) -> None:
    place.account("invited", None)
    for number, typed in enumerate(("", "x", "None", "\0", place.hasher.dummy)):
        assert place.tried("invited", typed, f"192.0.2.{number + 10}") is None


@given(
    name=st.binary(max_size=300) | st.text(max_size=80),
    password=st.binary(max_size=5000) | st.text(max_size=80),
    door=st.sampled_from(["login", "http", "file:read", ""]),
    code=st.none() | st.binary(max_size=300),
    remember=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_l9_l11_whatever_is_typed_is_refused_and_no_more(
    name: bytes | str, password: bytes | str, door: str, code: bytes | None, remember: bool
) -> None:
    place = Place()
    place.account("zhao", "right horse")
    for known in (name, "zhao"):
        assert place.tried(known, password, door=door, code=code, remember=remember) is None
        assert now(place.people.wants_code(known if isinstance(known, bytes) else b"zhao")) is False
    assert place.people.refused == 2
    assert place.people._turns._locks == {}


# What else opens -----------------------------------------------------------------------------


def test_an_application_password_opens_its_door_and_no_other(place: Place, zhao: Account) -> None:
    with_factor(place, zhao)
    text = now(place.people.applications.add(zhao.id, "phone", {"file:read", "http"}))
    for number, (door, opens) in enumerate(
        {"http": True, "http:admin": True, "file:read": True, "file:write": False, "file": False,
         "chat": False, "login": False, "ssh": False, "ssh:sftp": False}.items()
    ):  # fmt: skip
        assert (place.tried("ZHAO", text, f"192.0.2.{number + 10}", door=door) is not None) is opens, door
    place.account("li", "456")
    assert place.tried("li", text, "192.0.2.50", door="http") is None
    now(place.people.disable("zhao"))
    assert place.tried("zhao", text, "192.0.2.51", door="http") is None


def test_a_token_opens_for_its_owner_alone(place: Place, zhao: Account) -> None:
    place.account("li", "456")
    token = now(place.people.sessions.token(zhao, door="login", source=HOST))
    assert place.tried("zhao", token).id == zhao.id
    assert place.tried("", token, door="http").id == zhao.id  # RFC 6750 has no names
    assert place.tried("li", token, ELSEWHERE) is None
    assert place.tried("nobody", token, ELSEWHERE) is None


def test_neither_a_token_nor_an_application_password_changes_the_password(
    place: Place, zhao: Account
) -> None:
    token = now(place.people.sessions.token(zhao, door="login", source=HOST))
    text = now(place.people.applications.add(zhao.id, "phone", {"http"}))
    for number, old in enumerate((token, text, "")):
        with pytest.raises(Refused, match="old password"):
            place.soon(
                place.people.change_password(
                    zhao.id, old, "94736102 new", source=f"192.0.2.{number + 10}", door="http"
                )
            )
    assert place.tried("zhao", "123") is not None


# What changes meanwhile ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda rows, it: admin.set_password(rows, it, Password(Hasher(CHEAP).hash(b"123")), 0.0),
        lambda rows, it: admin.set_state(rows, it, "disabled"),
        lambda rows, it: admin.revoke(rows, it),
        lambda rows, it: admin.remove(rows, it),
    ],
)
def test_what_changes_between_the_hash_and_the_verdict_counts(
    place: Place, zhao: Account, meanwhile: Callable[[Rows, Account], object]
) -> None:
    place.hasher.then = lambda: place.store.elsewhere(lambda rows: meanwhile(rows, zhao))
    assert place.tried("zhao", "123") is None


def test_what_is_revoked_between_the_verdict_and_the_session_opens_none(place: Place, zhao: Account) -> None:
    let_in = place.tried("zhao", "123")
    place.store.elsewhere(lambda rows: admin.revoke(rows, let_in))
    with pytest.raises(Refused):
        now(place.people.sessions.open(let_in, door="login", source=HOST))


def test_a_login_elsewhere_disturbs_no_change_of_the_password(place: Place, zhao: Account) -> None:
    place.hasher.then = lambda: place.store.elsewhere(lambda rows: rows.accounts.saw(zhao.id, 1.0))
    changed = now(place.people.change_password(zhao.id, "123", "94736102 new", source=HOST, door="login"))
    assert changed.generation == zhao.generation + 1
    assert place.people.refused == 0


def test_a_password_that_an_admin_has_set_meanwhile_is_not_written_over(place: Place, zhao: Account) -> None:
    place.threads.held = True
    change = defer.ensureDeferred(
        place.people.change_password(zhao.id, "123", "94736102 new", source=HOST, door="login")
    )
    place.threads.finish()  # the old one is right; the new one waits to be hashed
    admins = Password(Hasher(CHEAP).hash(b"admins"))
    place.store.elsewhere(lambda rows: admin.set_password(rows, zhao, admins, 0.0))
    place.threads.finish()
    with pytest.raises(Refused):
        now(change)
    place.threads.held = False
    assert place.tried("zhao", "admins") is not None


def test_a_wrong_old_password_is_a_failed_try(place: Place, zhao: Account) -> None:
    for number in range(4):
        with pytest.raises(Refused):
            place.soon(
                place.people.change_password(
                    zhao.id, f"wrong {number}", "94736102 new", source=HOST, door="login"
                )
            )
    assert place.people.throttle.account_wait(HOST, {"zhao"}, place.clock.seconds()) > 1.0
    assert place.people.refused == 4


def test_a_hash_that_cannot_be_renewed_now_keeps_nobody_out(place: Place, zhao: Account) -> None:
    old = Password(Hasher(Cost(memory=16, rounds=2)).hash(b"123"))
    place.store.elsewhere(lambda rows: rows.accounts.set_password(zhao.id, old, 0.0))

    def full() -> None:
        place.threads.fails = Busy("too much")

    place.hasher.then = full
    assert place.tried("zhao", "123") is not None
    assert place.rows(lambda rows: rows.accounts.password(zhao.id)) == old


# Known again ---------------------------------------------------------------------------------


def test_l38_a_thousand_requests_cost_one_hash_in_five_minutes(place: Place, zhao: Account) -> None:
    place.store.writes = 0
    for _ in range(1000):
        assert now(place.people.authenticate("zhao", "123", HOST, remember=True)) is not None
    assert place.hasher.verified == 1
    assert place.store.writes == 2  # let in, and from where
    place.clock.advance(limits.VERIFIED)
    assert now(place.people.authenticate("zhao", "123", HOST, remember=True)) is not None
    assert place.hasher.verified == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda rows, it: admin.set_password(rows, it, Password(Hasher(CHEAP).hash(b"other")), 0.0),
        lambda rows, it: admin.set_state(rows, it, "locked"),
        lambda rows, it: admin.remove(rows, it),
    ],
)
def test_l38_a_change_is_true_for_the_next_request(
    place: Place, zhao: Account, change: Callable[[Rows, Account], object]
) -> None:
    assert now(place.people.authenticate("zhao", "123", HOST, remember=True)) is not None
    place.rows(lambda rows: change(rows, zhao))  # nobody has told this process
    assert now(place.people.authenticate("zhao", "123", HOST, remember=True)) is None


def test_l38_a_second_factor_that_has_come_since_is_wanted(place: Place, zhao: Account) -> None:
    assert now(place.people.authenticate("zhao", "123", HOST, remember=True)) is not None
    with_factor(place, zhao)
    assert place.tried("zhao", "123", remember=True) is None


def test_l38_wrong_passwords_are_not_remembered_and_no_password_is(place: Place, zhao: Account) -> None:
    place.tried("zhao", "wrong password", remember=True)
    assert len(place.people.authentication._verified._until) == 0
    place.tried("zhao", "123", remember=True)
    kept = repr(vars(place.people.authentication._verified)).encode()
    assert b"123" not in kept.split(b"_until")[1].split(b"_misses")[0]
    for digest in place.people.authentication._verified._until:
        assert len(digest) == 32


# What is written of it -----------------------------------------------------------------------


class Trail:
    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def record(self, event: str, /, **fields: Any) -> None:
        self.events.append((event, fields))

    def close(self) -> None:
        """Nothing to close."""


def test_each_try_is_one_event_and_a_changed_password_is_no_login() -> None:
    trail = Trail()
    place = Place(audit=trail)
    zhao = place.account()
    place.tried("zhao", "123")
    place.tried("zhao", "124")
    place.tried("nobody", "124", ELSEWHERE)
    now(place.people.change_password(zhao.id, "123", "94736102 new", source=HOST, door="login"))
    assert [event for event, _ in trail.events] == ["login", "refused", "refused", "password"]
    assert [fields["account"] and fields["account"].name for _, fields in trail.events] == [
        "zhao", "zhao", None, "zhao",
    ]  # fmt: skip
    assert place.people.admitted == 1
    assert "123" not in repr(trail.events)
