"""Accounts out of one place and into another."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.people import admin, keys, totp
from netapp.people.lists.parcels import Person, Unreadable, read, written
from netapp.people.lists.transfer import everybody, take
from netapp.people.model import Account, Password
from netapp.people.rows import Rows
from netapp.people.store import MemoryStore

KEY, OTHER = b"k" * 32, b"o" * 32
HASH = Password("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", "pepper", True)
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdCBhIGtleSwgYnV0IG9mIGl0cyBzaXplLi4uISEh zhao@desk"


@pytest.fixture
def rows() -> Rows:
    return MemoryStore().rows


def filled(rows: Rows) -> Account:
    zhao = admin.add(rows, "Zhao", HASH, 5.0, role="admin", groups=["class-1", "二班"])
    admin.add(rows, "li", None, 6.0, shown="李明")
    secret = totp.new_secret()
    rows.factors.begin(zhao.id, totp.seal(secret, KEY, zhao.id), 7.0)
    rows.factors.take_step(zhao.id, 99)
    admin.confirm_factor(rows, zhao, ["ab" * 32])
    admin.add_key(rows, keys.parse(LINE, zhao.id, 8.0))
    return admin.set_state(rows, admin.find(rows, "li"), "locked", "lost")


def test_what_goes_out_comes_in_elsewhere_with_its_ids(rows: Rows) -> None:
    filled(rows)
    octets = written(everybody(rows, KEY), 9.0)
    there = MemoryStore().rows
    taken = take(there, read(octets), OTHER, 10.0)
    assert [account.name for account in taken.added] == ["li", "zhao"]
    for before, after in zip(everybody(rows, KEY), everybody(there, OTHER), strict=True):
        generation = after.account.generation
        assert replace(before.account, generation=generation) == after.account
        assert generation > before.account.generation
        assert (before.groups, before.password, before.totp, before.keys) == (
            after.groups,
            after.password,
            after.totp,
            after.keys,
        )
    assert admin.add(there, "wang", None, 11.0).number > max(each.account.number for each in read(octets))
    assert there.changes.last()


def test_accounts_that_are_there_stay_as_they_are_and_are_told(rows: Rows) -> None:
    filled(rows)
    parcel = read(written(everybody(rows, KEY), 9.0))
    admin.set_role(rows, admin.find(rows, "li"), "moderator")
    taken = take(rows, parcel, KEY, 10.0)
    assert [account.name for account in taken.there] == ["li", "zhao"]
    assert not taken.added
    assert admin.find(rows, "li").role == "moderator"


def test_overwriting_brings_them_back_and_ends_what_was_given_out(rows: Rows) -> None:
    filled(rows)
    parcel = read(written(everybody(rows, KEY), 9.0))
    zhao = admin.find(rows, "zhao")
    admin.set_password(rows, zhao, Password("$argon2id$another"), 9.5)
    admin.end_factor(rows, zhao)
    generation = admin.find(rows, "zhao").generation
    taken = take(rows, parcel, KEY, 10.0, overwrite=True)
    assert [account.name for account in taken.replaced] == ["li", "zhao"]
    assert rows.accounts.password(zhao.id) == HASH
    assert rows.factors.recovery_left(zhao.id) == 1
    assert admin.find(rows, "zhao").generation > generation
    assert [each.blob for each in rows.keys.of(zhao.id)] == [LINE.split()[1]]


def test_overwriting_does_not_take_the_last_admins_way_in(rows: Rows) -> None:
    filled(rows)
    parcel = read(written(everybody(rows, KEY), 9.0))
    without = [replace(each, password=None) for each in parcel]
    take(rows, without, KEY, 10.0, overwrite=True)  # an SSH key is left
    assert [each.name for each in rows.accounts.admins()] == ["zhao"]
    with pytest.raises(Unreadable, match="no admin would be left who can log in"):
        take(rows, [replace(each, keys=()) for each in without], KEY, 10.0, overwrite=True)


@pytest.mark.parametrize("wrong", [{"role": "member"}, {"state": "disabled"}, {"state": "locked"}])
def test_overwriting_does_not_take_the_last_admin_away(rows: Rows, wrong: dict[str, Any]) -> None:
    filled(rows)
    parcel = read(written(everybody(rows, KEY), 9.0))
    demoted = [replace(each, account=replace(each.account, **wrong)) for each in parcel]
    with pytest.raises(Unreadable, match="no admin would be left"):
        take(rows, demoted, KEY, 10.0, overwrite=True)


def test_a_name_of_another_account_is_refused(rows: Rows) -> None:
    filled(rows)
    parcel = read(written(everybody(rows, KEY), 9.0))
    there = MemoryStore().rows
    mine = admin.add(there, "zhao", None, 1.0)
    assert take(there, parcel, OTHER, 10.0).there == [mine]
    with pytest.raises(Unreadable, match="another account's here"):
        take(there, parcel, OTHER, 10.0, overwrite=True)


def test_a_number_that_is_anothers_now_is_not_given_twice(rows: Rows) -> None:
    filled(rows)
    there = MemoryStore().rows
    admin.add(there, "wang", None, 1.0)
    take(there, read(written(everybody(rows, KEY), 9.0)), OTHER, 10.0)
    numbers = [account.number for account in there.accounts.all()]
    assert len(set(numbers)) == 3


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), "../people"),
        (("id",), 5),
        (("name",), "Zhao"),
        (("name",), "a b"),
        (("name",), "x" * 65),
        (("shown",), "a\x1b[2J"),
        (("number",), True),
        (("role",), "root"),
        (("state",), ["active"]),
        (("created",), float("1e400")),
        (("seen",), "yesterday"),
        (("groups",), "class-1"),
        (("groups",), [""]),
        (("groups",), ["a\u202eb"]),
        (("password",), "12345678"),
        (("password", "phc"), "12345678"),
        (("password", "alone"), 1),
        (("totp", "secret"), ""),
        (("totp", "recovery"), ["x"]),
        (("totp", "step"), -1),
        (("keys",), [{}]),
        (("keys",), 7),
    ],
)
def test_a_value_that_is_wrong_is_named_with_its_account(
    rows: Rows, path: tuple[str, ...], value: Any
) -> None:
    filled(rows)
    whole = json.loads(written(everybody(rows, KEY), 9.0))
    zhao = whole["accounts"][1]
    (zhao[path[0]] if len(path) == 2 else zhao)[path[-1]] = value
    with pytest.raises(Unreadable) as caught:
        read(json.dumps(whole).encode())
    assert caught.value.say("en").startswith("account 2, ")
    assert f"its {path[0]} is wrong" in caught.value.say("en")
    assert path[0] in caught.value.say("zh")


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "export writes"),
        (b'{"netapp": "accounts", "version": 2}', "newer netapp"),
        (b'{"netapp": "accounts", "version": 1}', "export writes"),
        (b'{"netapp": "accounts", "version": 1, "accounts": [3]}', "account 1, ?"),
    ],
)
def test_what_is_no_parcel_is_told(octets: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told.replace("?", r"\?")):
        read(octets)


def test_two_of_one_name_are_none(rows: Rows) -> None:
    filled(rows)
    whole = json.loads(written(everybody(rows, KEY), 9.0))
    whole["accounts"].append(whole["accounts"][0] | {"id": "0" * 32, "number": 7})
    with pytest.raises(Unreadable, match="name is that of one before"):
        read(json.dumps(whole).encode())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda it: (
            st.lists(it)
            | st.dictionaries(
                st.sampled_from(["id", "name", "password", "phc", "totp", "keys", "groups"]), it
            )
        ),
    )
)
def test_any_json_is_a_parcel_or_refused(value: Any) -> None:
    whole = {"netapp": "accounts", "version": 1, "accounts": value}
    try:
        people = read(json.dumps(whole).encode())
    except Unreadable:
        return
    assert all(isinstance(each, Person) for each in people)


def test_nothing_secret_is_in_a_parcels_repr(rows: Rows, tmp_path: Path) -> None:
    filled(rows)
    people = everybody(rows, KEY)
    shown = repr(people)
    assert "argon2" not in shown
    assert people[1].totp is not None
    assert people[1].totp.secret not in shown
