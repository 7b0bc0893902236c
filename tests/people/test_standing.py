"""What a session may ask for, and that one which is over, or was never opened, gets nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet import defer

from netapp.core import limits
from netapp.people import admin
from netapp.people.authentication import Verdict
from netapp.people.model import Account, AccountChanged, Refused, Session
from netapp.people.rows import Rows
from tests.people.place import ELSEWHERE, HOST, Place, now
from tests.people.test_keys import LINE
from tests.people.test_second_factor import code

#: What a visitor can ask for, by (place, account, the id of the session that asks).
Wish = Callable[[Place, Account, str], Any]
#: What opens doors for longer than a token does.
LASTING: dict[str, Wish] = {
    "token": lambda it, zhao, by: it.people.sessions.token(zhao, door="login", source=HOST, by=by),
    "application": lambda it, zhao, by: it.people.applications.add(zhao.id, "", {"http"}, by=by),
    "key": lambda it, zhao, by: it.people.keys.add(zhao.id, LINE, by=by),
    "totp on": lambda it, zhao, by: it.people.second_factor.begin(zhao, by=by),
    "totp code": lambda it, zhao, by: it.people.second_factor.confirm(zhao.id, "000000", by=by),
    "totp off": lambda it, zhao, by: it.people.second_factor.end(zhao.id, "000000", by=by),
}
OTHERS: dict[str, Wish] = {
    "key remove": lambda it, zhao, by: it.people.keys.remove(zhao.id, "none", by=by),
    "application remove": lambda it, zhao, by: it.people.applications.remove(zhao.id, "none", by=by),
    "revoke": lambda it, zhao, by: it.people.sessions.revoke(zhao.id, None, by),
    "passwd": lambda it, zhao, by: it.people.change_password(
        zhao.id, "123", "correct horse", source=HOST, door="login", keep=by
    ),
}
WISHES = LASTING | OTHERS


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account()


def opened(place: Place, account: Account, opener: str | None = None) -> Session:
    session: Session = now(place.people.sessions.open(account, door="login", source=HOST, opener=opener))
    return session


def token_of(place: Place, zhao: Account) -> tuple[str, Verdict]:
    """A token, and what is said of who shows it."""
    text = now(place.people.sessions.token(zhao, door="login", source=HOST))
    return text, place.soon(place.people.judge(b"zhao", text, ELSEWHERE))


def all_of(place: Place, account: Account) -> Any:
    def work(rows: Rows) -> Any:
        kept = rows.accounts.get(account.id), rows.factors.get(account.id)
        return *kept, rows.keys.of(account.id), rows.applications.of(account.id), rows.sessions.all(0.0)

    return place.rows(work)


ENDS: dict[str, Callable[[Place, Account, Session], Any]] = {
    "it is revoked": lambda it, zhao, session: it.people.sessions.revoke(zhao.id, session.id),
    "all are revoked": lambda it, zhao, _: it.people.sessions.revoke(zhao.id),
    "the password is another": lambda it, *_: it.people.set_password("zhao", "correct horse"),
    "the account is disabled": lambda it, *_: it.people.disable("zhao"),
    "and enabled": lambda it, *_: defer.gatherResults(
        [defer.ensureDeferred(it.people.disable("zhao")), defer.ensureDeferred(it.people.enable("zhao"))]
    ),
    "the account is removed": lambda it, *_: it.people.remove("zhao"),
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("end", ENDS)
def test_l32_a_session_that_is_over_makes_nothing(place: Place, zhao: Account, wish: str, end: str) -> None:
    place.account("admin", role="admin")
    session = opened(place, zhao)
    now(ENDS[end](place, zhao, session))
    before = all_of(place, zhao)
    with pytest.raises(Refused) as refused:
        now(WISHES[wish](place, zhao, session.id))
    assert refused.value.key in ("session over", "gone")
    assert all_of(place, zhao) == before


@pytest.mark.parametrize("wish", WISHES)
def test_a_session_asks_for_its_own_account_alone(place: Place, zhao: Account, wish: str) -> None:
    session = opened(place, place.account("li"))
    with pytest.raises(Refused, match="this session is over"):
        now(WISHES[wish](place, zhao, session.id))


def test_l32_a_password_that_is_revoked_while_it_is_changed_is_not_changed(
    place: Place, zhao: Account
) -> None:
    session = opened(place, zhao)
    place.hasher.then = lambda: place.store.elsewhere(lambda rows: admin.end_session(rows, zhao, session))
    with pytest.raises(Refused, match="this session is over"):
        place.soon(WISHES["passwd"](place, zhao, session.id))
    place.hasher.then = lambda: None
    assert place.tried("zhao", "123", ELSEWHERE).id == zhao.id


@pytest.mark.parametrize("wish", LASTING)
def test_a_token_makes_nothing_that_outlives_it(place: Place, zhao: Account, wish: str) -> None:
    _, verdict = token_of(place, zhao)
    session = opened(place, zhao, verdict.opener)
    before = all_of(place, zhao)
    with pytest.raises(Refused, match="log in with your password"):
        now(LASTING[wish](place, zhao, session.id))
    assert all_of(place, zhao) == before
    by_password = opened(place, zhao)
    if wish in ("totp code", "totp off"):
        with pytest.raises(Refused, match=r"totp on|is off"):
            now(LASTING[wish](place, zhao, by_password.id))
    else:
        assert now(LASTING[wish](place, zhao, by_password.id))


def test_a_token_ends_what_it_has_opened(place: Place, zhao: Account) -> None:
    heard: list[AccountChanged] = []
    place.people.changes.subscribe(heard.append)
    own = opened(place, zhao)
    _, verdict = token_of(place, zhao)
    assert verdict.opener in [each.id for each in now(place.people.sessions.of(zhao.id))]
    theirs = [opened(place, zhao, verdict.opener) for _ in range(2)]
    assert [each.opener for each in theirs] == [verdict.opener] * 2
    assert now(place.people.sessions.revoke(zhao.id, verdict.opener)) == 3
    assert [each.id for each in now(place.people.sessions.of(zhao.id))] == [own.id]
    assert [(each.kind, each.session) for each in heard] == [("session", verdict.opener)]


def test_what_was_shown_is_known_by_its_id_until_it_is_gone(place: Place, zhao: Account) -> None:
    text = now(place.people.applications.add(zhao.id, "", {"chat"}))
    heard: list[AccountChanged] = []
    place.people.changes.subscribe(heard.append)
    verdict = place.soon(place.people.judge(b"zhao", text, HOST, door="chat"))
    [application] = now(place.people.applications.of(zhao.id))
    assert (verdict.reason, verdict.opener) == ("application", application.id)
    assert now(place.people.still(verdict.account, verdict.opener))
    now(place.people.applications.remove(zhao.id, application.id))
    assert not now(place.people.still(verdict.account, verdict.opener))
    assert now(place.people.still(verdict.account))
    assert [(each.kind, each.session) for each in heard] == [("application", application.id)]
    by_password = place.tried("zhao", "123")
    now(place.people.sessions.revoke(zhao.id))
    assert not now(place.people.still(by_password))


def test_l32_what_was_judged_before_a_change_opens_nothing_after_it(place: Place, zhao: Account) -> None:
    by_password = place.tried("zhao", "123")
    _, by_token = token_of(place, zhao)
    now(place.people.sessions.revoke(zhao.id, by_token.opener))
    with pytest.raises(Refused, match="no longer in use"):
        opened(place, zhao, by_token.opener)
    opened(place, by_password)
    now(ENDS["and enabled"](place, zhao, None))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="no longer in use"):
        opened(place, by_password)


def test_sessions_by_a_token_keep_nobody_out_who_has_the_password(place: Place, zhao: Account) -> None:
    heard: list[AccountChanged] = []
    _, verdict = token_of(place, zhao)
    place.people.changes.subscribe(heard.append)
    theirs = [opened(place, zhao, verdict.opener) for _ in range(limits.CREDENTIALS_EACH)]
    with pytest.raises(Refused, match="logged in"):
        opened(place, zhao, verdict.opener)
    own = opened(place, zhao)
    live = [each.id for each in now(place.people.sessions.of(zhao.id)) if each.kind == "live"]
    assert live == [*(each.id for each in theirs[1:]), own.id]
    assert [(each.kind, each.session) for each in heard] == [("session", theirs[0].id)]
    for _ in range(limits.CREDENTIALS_EACH - 1):
        opened(place, zhao)
    with pytest.raises(Refused, match="logged in"):
        opened(place, zhao)


def test_what_the_house_does_needs_no_session(place: Place, zhao: Account) -> None:
    setup = now(place.people.second_factor.begin(zhao))
    assert now(place.people.second_factor.confirm(zhao.id, code(place, setup.secret)))
    assert now(place.people.keys.add(zhao.id, LINE))
