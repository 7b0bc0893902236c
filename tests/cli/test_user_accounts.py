"""``netapp user`` by its commands: accounts, states, groups, lists."""

import re
import time
from pathlib import Path

import pytest

from netapp.people import KEY_FILE, codes
from netapp.people.model import Session
from netapp.people.passwords import Hasher
from netapp.people.throttling.throttle import Throttle
from tests.cli.user_tools import User, operator, user

__all__ = ["user"]


# Adding ------------------------------------------------------------------------------------------


def test_an_account_is_added_with_role_groups_and_display_name(user: User) -> None:
    user.add("zhao", "--role", "moderator", "--group", "class-1", "--group", "二班", "--display", "赵老师")
    assert user.json("list") == [
        {
            "id": user.account("zhao").id,
            "number": 20000,
            "name": "zhao",
            "shown": "赵老师",
            "state": "active",
            "reason": "",
            "role": "moderator",
            "groups": ["class-1", "二班"],
            "second_factor": False,
            "created": user.account("zhao").created,
            "seen": None,
        }
    ]
    (event,) = user.audit()
    assert operator().items() <= event.items()
    assert (event["event"], event["name"], event["door"]) == ("added", "zhao", "command")
    assert (event["role"], event["groups"]) == ("moderator", ["class-1", "二班"])


@pytest.mark.parametrize(
    ("arguments", "typed", "told"),
    [
        (("add", "li"), "1234567", "shorter than 8 characters"),
        (("add", "li", "--allow-weak"), "", "the password is empty"),
        (("add", "li"), "x" * 1025, "longer than 1024 octets"),
        (("add", "a b"), "83625417", "letters, digits"),
        (("add", "ad\u200bmin"), "83625417", "has 'U+200B' in it"),
        (("add", "ZHAO"), "83625417", "is taken"),
        (("passwd", "li"), "83625417", "there is no account li"),
    ],
)
def test_l11_l15_what_the_rules_forbid_is_one_line(
    user: User, arguments: tuple[str, ...], typed: str, told: str
) -> None:
    user.add("zhao")
    assert told in user.wrong(*arguments, "--password-stdin", typed=typed)


@pytest.mark.parametrize("command", ["disable", "enable", "lock", "unlock", "remove", "show", "sessions"])
def test_nobody_is_changed_who_is_not_there(user: User, command: str) -> None:
    assert user.wrong(command, "li") == f"netapp user {command}: there is no account li\n"


def test_an_account_through_its_life(user: User) -> None:
    user.add("zhao", "--allow-weak", password="123")
    assert user.right("disable", "ZHAO") == "disabled zhao\n"
    assert user.json("list")[0]["state"] == "disabled"
    assert user.right("enable", "zhao") == "enabled zhao\n"
    typed = "密码密码密码密码".encode("gbk") + b"\r\n"
    assert user.right("passwd", "zhao", "--password-stdin", typed=typed) == "changed the password of zhao\n"
    kept = user.read(lambda rows: rows.accounts.password(rows.accounts.find("zhao").id))
    assert Hasher().verify(kept.phc, "密码密码密码密码".encode())
    assert user.right("remove", "zhao") == "removed zhao\n"
    assert user.right("list") == ""


def test_another_state_directory(user: User, tmp_path: Path) -> None:
    other = tmp_path / "other"
    user.add("zhao", "--no-password", "--state", str(other))
    assert user.right("list") == ""
    assert "zhao" in user.right("list", "--state", other)
    (tmp_path / "file").write_text("")
    assert "--state" in user.wrong("list", "--state", tmp_path / "file" / "below")


def test_an_account_without_a_password_says_how_to_get_one(user: User) -> None:
    done = user("add", "zhao", "--no-password")
    assert (done.status, done.out) == (0, "added zhao\n")
    assert "netapp user invite --for zhao" in done.err
    assert user.json("show", "zhao")["password"] is None


@pytest.mark.parametrize(
    ("arguments", "password", "told"),
    [
        (["--password-policy", "nist"], "12 characters", "shorter than 15 characters"),
        ([], "password123", "most common"),
        ([], "zhao2026", "little more than a name"),
        (["--display", "a\u202eb"], "correct horse", "display name"),
        (["--display", " "], "correct horse", "display name"),
    ],
)
def test_what_the_rules_forbid_adds_nobody(
    user: User, arguments: list[str], password: str, told: str
) -> None:
    assert told in user.wrong("add", "zhao", "--password-stdin", *arguments, typed=password)
    assert user.json("list") == []
    assert user.audit() == []


@pytest.mark.parametrize("group", ["", "a b", "a,b", "a;b", "x" * 65, "a\u200bb"])
def test_a_group_has_a_name_that_can_be_written(user: User, group: str) -> None:
    told = user.wrong("add", "zhao", "--no-password", "--group", group, status=2)
    assert "the group" in told
    assert user.json("list") == []


def test_the_stored_policy_is_the_rule_and_a_second_factor_counts(user: User) -> None:
    user.add("zhao", password="shortish word")
    assert "15 characters" in user.right("policy", "nist")
    assert "shorter than 15" in user.wrong("add", "li", "--password-stdin", typed="shortish word")
    assert "shorter than 15" in user.wrong("passwd", "zhao", "--password-stdin", typed="another words")
    with user.rows() as rows:
        zhao = rows.accounts.find("zhao")
        assert zhao is not None
        rows.factors.begin(zhao.id, "sealed", 1.0)
        rows.factors.confirm(zhao.id)
    user.right("passwd", "zhao", "--password-stdin", typed="another words")
    done = user("totp-reset", "zhao")
    assert "second factor of zhao is off" in done.out
    assert "fewer than 15 characters" in done.err
    assert user.json("show", "zhao")["password"]["stands_alone"] is False
    assert "second factor: 1;" in user("policy").err


# The last admin ----------------------------------------------------------------------------------


LOCKING_OUT = [("remove", "zhao"), ("disable", "zhao"), ("lock", "zhao"), ("role", "zhao", "moderator")]


@pytest.mark.parametrize("command", LOCKING_OUT, ids=" ".join)
def test_the_last_admin_stays(user: User, command: tuple[str, ...]) -> None:
    user.add("zhao", "--role", "admin")
    user.add("li")
    assert "is the only admin" in user.wrong(*command)
    assert user.account("zhao").active
    assert user.account("zhao").role == "admin"
    assert [event["event"] for event in user.audit()] == ["added", "added"]


@pytest.mark.parametrize("command", LOCKING_OUT, ids=" ".join)
def test_another_admin_counts_only_while_active(user: User, command: tuple[str, ...]) -> None:
    user.add("zhao", "--role", "admin")
    user.add("li", "--role", "admin")
    user.right("lock", "li")
    assert "is the only admin" in user.wrong(*command)
    user.right("unlock", "li")
    user.right(*command)
    assert "is the only admin" in user.wrong("role", "li", "member")


@pytest.mark.parametrize("command", LOCKING_OUT, ids=" ".join)
def test_another_admin_counts_only_with_something_to_log_in_with(
    user: User, command: tuple[str, ...]
) -> None:
    user.add("zhao", "--role", "admin")
    user.right("add", "li", "--role", "admin", "--no-password")
    assert "zhao is the only admin who can log in" in user.wrong(*command)
    user.right("role", "li", "member")  # who cannot log in is not missed
    user.right("role", "li", "admin")
    user.right("passwd", "li", "--password-stdin", typed="correct horse")
    user.right(*command)


# States ------------------------------------------------------------------------------------------


def test_a_state_has_a_reason_that_is_shown_and_forgotten(user: User) -> None:
    user.add("zhao")
    assert user.right("disable", "ZHAO", "--reason", "has left") == "disabled zhao\n"
    assert user.json("show", "zhao")["reason"] == "has left"
    assert "has left" in user.right("show", "zhao")
    assert user.right("enable", "zhao") == "enabled zhao\n"
    assert user.json("show", "zhao")["reason"] == ""
    assert user.right("lock", "zhao", "--reason", "seen on a wall") == "locked zhao\n"
    assert user.json("show", "zhao")["state"] == "locked"
    assert user.right("unlock", "zhao").startswith("unlocked zhao")
    assert user.account("zhao").active
    kinds = [event["event"] for event in user.audit()]
    assert kinds == ["added", "disabled", "enabled", "locked", "unlocked"]
    assert "reason" in user.wrong("lock", "zhao", "--reason", "x" * 300)
    assert user.account("zhao").active


def test_unlocking_says_that_a_disabled_account_stays_so(user: User) -> None:
    user.add("zhao")
    user.right("disable", "zhao")
    done = user("unlock", "zhao")
    assert "was not locked" in done.out
    assert "netapp user enable zhao" in done.err
    assert user.account("zhao").state == "disabled"


def throttle_of(user: User, now: float) -> Throttle:
    """As a service has it that begins now."""
    throttle = Throttle(codes.derived(codes.key_file(user.state / KEY_FILE), "throttle"))
    with user.rows() as rows:
        throttle.restore(rows.throttles.failures(), rows.throttles.places(), now)
    return throttle


def test_unlocking_forgives_failed_tries_and_nobody_elses(user: User) -> None:
    user.add("zhao")
    user.add("li")
    before, now = user.account("zhao"), time.time()
    throttle = throttle_of(user, now)
    for name, source in (("zhao", "192.0.2.7"), ("li", "192.0.2.8")):
        for _ in range(4):
            throttle.failed(source, [name], now)
    with user.rows() as rows:
        rows.throttles.store(throttle.changed(now))
    user.right("unlock", "zhao")
    after = throttle_of(user, now)
    assert after.account_wait("192.0.2.7", ["zhao"], now) == 0
    assert after.account_wait("192.0.2.8", ["li"], now) > 0
    assert user.account("zhao").generation == before.generation  # nobody is thrown out for it


# Removing, naming, grouping ----------------------------------------------------------------------


def test_a_removed_account_takes_all_that_is_its_own_along(user: User) -> None:
    user.add("zhao", "--group", "class-1")
    before = user.account("zhao").id
    user.right("invite", "--for", "zhao")
    assert user.right("remove", "zhao") == "removed zhao\n"
    assert user.json("groups") == []
    assert user.json("invitations") == []
    user.add("zhao")
    assert user.account("zhao").id != before


def test_renaming_changes_what_is_shown_alone(user: User) -> None:
    user.add("zhao")
    assert user.right("rename", "zhao", "赵 老师") == "zhao is now shown as 赵 老师\n"
    assert (user.account("zhao").name, user.account("zhao").shown) == ("zhao", "赵 老师")


def test_groups_are_joined_left_and_listed(user: User) -> None:
    for name in ("zhao", "li", "wang"):
        user.add(name)
    assert (
        user.right("group", "zhao", "li", "--add", "a", "--add", "b") == "zhao is in: a, b\nli is in: a, b\n"
    )
    user.right("group", "li", "wang", "--add", "c", "--remove", "b")
    assert user.json("groups") == [
        {"group": "a", "members": ["li", "zhao"]},
        {"group": "b", "members": ["zhao"]},
        {"group": "c", "members": ["li", "wang"]},
    ]
    assert user.right("groups") == "a\tli,zhao\nb\tzhao\nc\tli,wang\n"
    assert user.right("group", "wang") == "wang is in: c\n"
    assert [each["name"] for each in user.json("list", "--group", "c")] == ["li", "wang"]
    assert "no account" in user.wrong("group", "zhao", "nobody", "--add", "d")
    assert "d" not in user.right("groups")


def test_the_list_is_sifted_by_role(user: User) -> None:
    user.add("zhao", "--role", "admin")
    user.add("li")
    assert [each["name"] for each in user.json("list", "--role", "admin")] == ["zhao"]
    assert user.right("list", "--role", "guest") == ""


def test_the_lists_columns_are_where_they_were_and_new_ones_follow(user: User) -> None:
    user.add("Zhao", "--group", "a", "--group", "b", "--display", "赵")
    (line,) = user.right("list").splitlines()
    name, state, created, seen, *new = line.split("\t")
    assert (name, state, seen) == ("zhao", "active", "-")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", created)
    assert new == ["member", "a,b", "-", "赵"]


def test_everything_about_an_account_but_its_secrets(user: User) -> None:
    user.add("zhao")
    shown = user.json("show", "ZHAO")
    assert shown["password"] == {
        "pepper": None,
        "stands_alone": False,
        "memory": 8,
        "rounds": 1,
        "lanes": 1,
    }
    assert (shown["connections"], shown["tokens"], shown["ssh_keys"]) == (0, 0, 0)
    assert "argon2id$" not in user.right("show", "zhao")
    lines = user.right("show", "zhao").splitlines()
    assert lines[0].split() == ["name", "zhao"]
    assert len({re.match(r"(\S+( \S+)*) {2,}", line).end() for line in lines if "  " in line}) == 1  # type: ignore[union-attr]


# Sessions and keys -------------------------------------------------------------------------------


def with_sessions(user: User) -> str:
    with user.rows() as rows:
        zhao = rows.accounts.find("zhao")
        assert zhao is not None
        for number, kind in enumerate(("live", "token")):
            each = Session(f"{number:016}", zhao.id, kind, "login", "192.0.2.7", "", 5.0, 6.0, 9e9)  # type: ignore[arg-type]
            rows.sessions.add(each, generation=zhao.generation)
    return zhao.id


def test_sessions_are_listed_and_ended_one_by_one_or_all(user: User) -> None:
    user.add("zhao")
    with_sessions(user)
    assert [(each["id"], each["kind"]) for each in user.json("sessions", "zhao")] == [
        ("0" * 16, "live"),
        ("0" * 15 + "1", "token"),
    ]
    assert user.right("sessions", "zhao").count("192.0.2.7") == 2
    user.right("revoke", "zhao", "0" * 16)
    assert [each["kind"] for each in user.json("sessions", "zhao")] == ["token"]
    assert "no such session" in user.wrong("revoke", "zhao", "0" * 16)
    password = user.right("app-password", "add", "zhao", "--scope", "http")
    assert "(1)" in user.right("revoke", "zhao", "--all")
    assert user.json("sessions", "zhao") == []
    assert user.json("app-password", "list", "zhao") == []
    assert password.count("-") == 3
    for arguments in (["zhao"], ["zhao", "x", "--all"]):
        assert "give a session's id, or --all" in user.wrong("revoke", *arguments, status=2)


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdCBhIGtleSwgYnV0IG9mIGl0cyBzaXplLi4uISEh zhao@desk"


def test_who_locks_others_out_hears_of_the_keys_that_are_left(user: User) -> None:
    user.add("zhao")
    quiet = user("revoke", "zhao", "--all")
    assert (quiet.status, quiet.err) == (0, "")
    user.right("key", "add", "zhao", "-", typed=KEY)
    for arguments in (["revoke", "zhao", "--all"], ["passwd", "zhao", "--password-stdin"]):
        told = user(*arguments, typed="battery staple\n")
        assert told.status == 0
        assert "SSH keys that still log in: 1; netapp user keys zhao lists them" in told.err


def test_keys_are_added_from_a_file_or_a_pipe_and_removed(user: User, tmp_path: Path) -> None:
    user.add("zhao")
    (tmp_path / "id.pub").write_text(f"# mine\n{KEY}\n")
    told = user.right("key", "add", "zhao", tmp_path / "id.pub")
    (listed,) = user.json("keys", "zhao")
    assert listed["line"] == KEY
    assert listed["fingerprint"] in told
    assert "is there already" in user.wrong("key", "add", "zhao", "-", typed=KEY)
    user.right("key", "remove", "zhao", listed["fingerprint"])
    user.right("key", "add", "zhao", "-", typed=KEY)
    user.right("key", "remove", "zhao", user.json("keys", "zhao")[0]["id"])
    assert "no such key" in user.wrong("key", "remove", "zhao", listed["fingerprint"])
    assert "no public key" in user.wrong("key", "add", "zhao", "-", typed="hello")
    private = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    (tmp_path / "id").write_text(private)
    assert f"{tmp_path}/id.pub" in user.wrong("key", "add", "zhao", tmp_path / "id")
    assert "there is no" in user.wrong("key", "add", "zhao", tmp_path / "nowhere")


def test_an_application_password_is_shown_once_and_removed_by_its_label(user: User) -> None:
    user.add("zhao")
    done = user("app-password", "add", "zhao", "--scope", "file:read", "--scope", "http", "--label", "phone")
    password = done.out.strip()
    assert re.fullmatch(r"([0-9a-z]{5}-){3}[0-9a-z]{5}", password)
    assert "once" in done.err
    (listed,) = user.json("app-password", "list", "zhao")
    assert (listed["label"], listed["scopes"], listed["seen"]) == ("phone", ["file:read", "http"], None)
    assert password not in user.right("app-password", "list", "zhao")
    assert password not in (user.state / "audit.jsonl").read_text()
    user.right("app-password", "remove", "zhao", "phone")
    assert "no such application password" in user.wrong("app-password", "remove", "zhao", "phone")
    refused = user.wrong("app-password", "add", "zhao", "--scope", "../x")
    assert refused.endswith("there are: chat, file, file:read, file:write, http, ldap\n")
    assert "--scope is missing" in user.wrong("app-password", "add", "zhao", status=2)


def test_a_second_factor_that_is_not_on_is_not_turned_off(user: User) -> None:
    user.add("zhao")
    assert "the second factor is off" in user.wrong("totp-reset", "zhao")
