"""What may be done to accounts: names that look alike, the last admin, words that are shown."""

from collections.abc import Callable

import pytest

from netapp.core import limits
from netapp.people import admin, keys
from netapp.people.model import Account, Password, Refused
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.rows import Rows
from netapp.people.store import MemoryStore

KEPT = Password(Hasher(CHEAP).hash(b"123"))
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdCBhIGtleSwgYnV0IG9mIGl0cyBzaXplLi4uISEh zhao@desk"


@pytest.fixture
def rows() -> Rows:
    return MemoryStore().rows


def added(rows: Rows, name: str, password: Password | None = None, **more: object) -> Account:
    return admin.add(rows, name, password, 1.0, **more)  # type: ignore[arg-type]


def refused(work: Callable[..., object], *args: object, **more: object) -> str:
    with pytest.raises(Refused) as told:
        work(*args, **more)
    assert told.value.say("zh")
    assert told.value.say("en")
    return told.value.key


# Names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["ADMIN", "Admin", "\uff41\uff44\uff4d\uff49\uff4e", "admin"])
def test_l15_forms_of_one_name_are_one(rows: Rows, other: str) -> None:
    added(rows, "admin")
    assert refused(added, rows, other) == "taken"
    assert admin.find(rows, other).name == "admin"


@pytest.mark.parametrize(
    ("there", "other", "why"),
    [
        ("admin", "adm\u0131n", "lookalike"),  # without its dot
        ("admin", "\u0430dmin", "name scripts"),  # Cyrillic а
        ("admin", "admin\u200b", "name character"),
        ("alice", "aIice", "lookalike"),
        ("paypal", "\u0440\u0430\u0443\u0440\u0430l", "name scripts"),
        ("o1", "ol", "lookalike"),
    ],
)
def test_l15_what_looks_like_an_account_is_refused(rows: Rows, there: str, other: str, why: str) -> None:
    added(rows, there)
    assert refused(added, rows, other) == why


def test_a_name_is_free_again_when_its_account_is_gone(rows: Rows) -> None:
    old = added(rows, "zhao")
    admin.remove(rows, old)
    new = added(rows, "ZHAO")
    assert (new.id != old.id, new.number > old.number) == (True, True)


# The last admin ------------------------------------------------------------------------------


LOCKING_OUT: dict[str, Callable[[Rows, Account], object]] = {
    "disable": lambda rows, it: admin.set_state(rows, it, "disabled"),
    "lock": lambda rows, it: admin.set_state(rows, it, "locked", "why"),
    "demote": lambda rows, it: admin.set_role(rows, it, "moderator"),
    "remove": lambda rows, it: admin.remove(rows, it),
}


@pytest.mark.parametrize("kind", LOCKING_OUT)
def test_the_last_admin_stays(rows: Rows, kind: str) -> None:
    only, off = (added(rows, name, KEPT, role="admin") for name in ("root1", "off"))
    admin.set_state(rows, off, "disabled")
    added(rows, "zhao")
    assert refused(LOCKING_OUT[kind], rows, only) == "last admin"
    assert rows.accounts.get(only.id) == only
    admin.set_state(rows, off, "active")
    LOCKING_OUT[kind](rows, only)
    assert [each.name for each in rows.accounts.admins()] == ["off"]


@pytest.mark.parametrize("kind", LOCKING_OUT)
def test_an_admin_counts_only_with_something_to_log_in_with(rows: Rows, kind: str) -> None:
    only, empty = added(rows, "root1", KEPT, role="admin"), added(rows, "empty", role="admin")
    assert refused(LOCKING_OUT[kind], rows, only) == "last admin"
    admin.add_key(rows, keys.parse(LINE, empty.id, 1.0))
    LOCKING_OUT[kind](rows, only)
    (key,) = rows.keys.of(empty.id)
    assert refused(admin.remove_key, rows, empty, key) == "last admin"
    admin.set_password(rows, empty, KEPT, 1.0)
    admin.remove_key(rows, empty, key)


def test_a_place_without_an_admin_is_no_prison(rows: Rows) -> None:
    zhao = added(rows, "zhao")
    for work in (LOCKING_OUT["disable"], LOCKING_OUT["remove"]):
        work(rows, zhao)


# What is raised ------------------------------------------------------------------------------


def test_a_first_password_revokes_too(rows: Rows) -> None:
    """Another directory's password may have opened something."""
    zhao = added(rows, "zhao")
    changed = admin.set_password(rows, zhao, Password("phc"), 1.0)
    assert changed.generation == zhao.generation + 1
    assert admin.set_password(rows, changed, Password("phc"), 1.0).generation == zhao.generation + 2
    assert admin.set_password(rows, changed, None, 1.0).generation == zhao.generation + 3


def test_each_change_is_noted_once_and_in_order(rows: Rows) -> None:
    zhao = added(rows, "zhao")
    admin.set_role(rows, zhao, "moderator")
    admin.set_groups(rows, zhao, ["a"])
    admin.set_shown(rows, zhao, "Z")
    admin.set_state(rows, zhao, "locked", "why")
    admin.set_state(rows, zhao, "active")
    admin.revoke(rows, zhao)
    admin.remove(rows, zhao)
    kinds = [change.kind for _, change in rows.changes.since(0)]
    assert kinds == ["removed"]  # what came before is of an account that is no more
    numbers = [number for number, _ in rows.changes.since(0)]
    assert numbers == [8]


def test_a_reason_is_kept_while_it_is_true(rows: Rows) -> None:
    zhao = added(rows, "zhao")
    assert admin.set_state(rows, zhao, "locked", " seen on a wall ").reason == "seen on a wall"
    assert admin.set_state(rows, zhao, "active", "ignored").reason == ""


# Words that are shown ------------------------------------------------------------------------

HIDDEN = ["a\x1b[31mb", "a\u202eb", "a\u200eb", "a\nb", "a\0b", "\ufeffa", "a\u2028b"]


@pytest.mark.parametrize("word", [*HIDDEN, "", "  ", "x" * (limits.NAME + 1)])
def test_l30_a_display_name_has_nothing_that_is_not_seen(rows: Rows, word: str) -> None:
    zhao = added(rows, "zhao")
    assert refused(admin.set_shown, rows, zhao, word) == "shown"
    if word:
        assert refused(added, rows, "li", shown=word) == "shown"


@pytest.mark.parametrize("word", [*HIDDEN, "", "a b", "a,b", "a;b", "a、b", "a\uff0cb", "x" * 65])
def test_l30_a_group_is_one_word(rows: Rows, word: str) -> None:
    zhao = added(rows, "zhao")
    assert refused(admin.set_groups, rows, zhao, ["good", word]) == "group"
    assert refused(added, rows, "li", groups=[word]) == "group"
    assert rows.accounts.groups(zhao.id) == frozenset()


def test_groups_are_in_one_form_and_not_too_many(rows: Rows) -> None:
    zhao = added(rows, "zhao")
    admin.set_groups(rows, zhao, ["caf\u00e9", "cafe\u0301", " 一班 "])
    assert rows.accounts.groups(zhao.id) == {"caf\u00e9", "一班"}
    many = [f"g{number}" for number in range(limits.GROUPS_EACH + 1)]
    assert refused(admin.set_groups, rows, zhao, many) == "groups"


@pytest.mark.parametrize("word", [*HIDDEN[:5], "x" * (limits.REASON + 1)])
def test_l30_a_reason_has_nothing_that_is_not_seen(rows: Rows, word: str) -> None:
    zhao = added(rows, "zhao")
    assert refused(admin.set_state, rows, zhao, "locked", word) == "reason"


def test_shown_names_of_people_are_taken(rows: Rows) -> None:
    zhao = added(rows, "zhao")
    for shown in ("赵 小明", "O'Brien, Zoe\u0308", "ﷺ", "🙂 王", "محمد"):
        assert admin.set_shown(rows, zhao, shown).shown
