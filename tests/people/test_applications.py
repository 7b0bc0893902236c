"""Application passwords: what they are for, and what ends them."""

import pytest

from netapp.core import limits
from netapp.people import admin
from netapp.people.applications import covers
from netapp.people.model import SCOPES, Account, AccountChanged, Refused
from tests.people.place import ELSEWHERE, HOST, Place, now


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account()


def made(place: Place, account: Account, *scopes: str, label: str = "") -> str:
    text: str = now(place.people.applications.add(account.id, label, scopes))
    return text


@pytest.mark.parametrize(
    ("scopes", "door", "opens"),
    [
        ({"file"}, "file", True),
        ({"file"}, "file:read", True),
        ({"file:read"}, "file:read", True),
        ({"file:read"}, "file:write", False),
        ({"file:read"}, "file", False),
        ({"http"}, "https", False),
        (set(), "http", False),
    ],
)
def test_a_scope_covers_what_is_beneath_it(scopes: set[str], door: str, opens: bool) -> None:
    assert covers(scopes, door) is opens


@pytest.mark.parametrize(
    "scope",
    ["", "login", "ssh", "ssh:sftp", "login:x", "FILE", "file:", ":read", "file read", "file:read:x",
     "foo", "htpp", "http:read", "文件", "\x1b[2J", "file\n", "x" * 33],
)  # fmt: skip
def test_what_is_no_scope_is_refused(place: Place, zhao: Account, scope: str) -> None:
    with pytest.raises(Refused) as refused:
        made(place, zhao, "http", scope)
    assert "\x1b" not in str(refused.value)
    assert str(refused.value).endswith("there are: chat, file, file:read, file:write, http, ldap")
    assert now(place.people.applications.of(zhao.id)) == []


def test_none_and_too_many_are_refused(place: Place, zhao: Account) -> None:
    with pytest.raises(Refused, match="give a scope"):
        made(place, zhao)
    with pytest.raises(Refused):
        made(place, zhao, "http", label="x" * (limits.LABEL + 1))
    with pytest.raises(Refused):
        now(place.people.applications.add("gone", "", {"http"}))
    for _ in range(limits.CREDENTIALS_EACH):
        made(place, zhao, "http")
    with pytest.raises(Refused, match="50"):
        made(place, zhao, "http")


def test_every_door_that_asks_has_its_scope(place: Place, zhao: Account) -> None:
    text = made(place, zhao, *SCOPES)
    for door in SCOPES:
        assert place.tried("zhao", text, door=door) is not None, door


def test_it_may_be_typed_as_people_do(place: Place, zhao: Account) -> None:
    text = made(place, zhao, "http")
    for typed in (text, text.upper(), text.replace("-", ""), text.replace("-", " ")):
        assert place.tried("zhao", typed, door="http") is not None, typed


def test_a_use_is_noted_and_not_with_every_request(place: Place, zhao: Account) -> None:
    text = made(place, zhao, "http", label="phone")
    place.tried("zhao", text, door="http")
    begun = place.clock.seconds()
    place.clock.advance(limits.TOKEN_NOTED - 1.0)
    place.tried("zhao", text, door="http")
    (kept,) = now(place.people.applications.of(zhao.id))
    assert (kept.label, kept.seen) == ("phone", begun)
    place.clock.advance(1.0)
    place.tried("zhao", text, door="http")
    (kept,) = now(place.people.applications.of(zhao.id))
    assert kept.seen == place.clock.seconds()


def test_one_is_removed_by_its_owner(place: Place, zhao: Account) -> None:
    text, li, told = made(place, zhao, "http"), place.account("li", "456"), list[AccountChanged]()
    place.people.changes.subscribe(told.append)
    (kept,) = now(place.people.applications.of(zhao.id))
    with pytest.raises(Refused, match="no such"):
        now(place.people.applications.remove(li.id, kept.id))
    now(place.people.applications.remove(zhao.id, kept.id))
    assert [each.kind for each in told] == ["application"]
    assert place.tried("zhao", text, door="http") is None


def test_a_changed_password_ends_them(place: Place, zhao: Account) -> None:
    text = made(place, zhao, "http")
    now(place.people.change_password(zhao.id, "123", "94736102 new", source=HOST, door="login"))
    assert place.tried("zhao", text, ELSEWHERE, door="http") is None
    assert now(place.people.applications.of(zhao.id)) == []


def test_ended_ones_take_no_room(place: Place, zhao: Account) -> None:
    for _ in range(limits.CREDENTIALS_EACH):
        made(place, zhao, "http")
    place.store.elsewhere(lambda rows: admin.revoke(rows, zhao))
    made(place, zhao, "http")
