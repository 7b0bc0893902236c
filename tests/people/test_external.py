"""Another directory, which knows the passwords of accounts that have none here."""

from collections.abc import Sequence
from typing import Any

import pytest
from twisted.cred import credentials
from twisted.internet import defer
from twisted.logger import LogEvent, LogLevel, capturedLogs, formatEvent

from netapp.core import limits
from netapp.people import checkers
from netapp.people.model import Account, Password
from tests.people.place import ELSEWHERE, HOST, Place, cancelled, now


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account("Zhao", "123")


class Elsewhere:
    """Says yes to one password; answers when it is told to, while ``held``."""

    def __init__(self, password: bytes = b"abc") -> None:
        self.password, self.asked = password, list[tuple[str, bytes]]()
        self.held: list[defer.Deferred[bool]] | None = None
        self.outcome: Any = None

    def check(self, name: str, password: bytes) -> "defer.Deferred[bool]":
        self.asked.append((name, password))
        if self.outcome is not None:
            return (
                defer.fail(self.outcome)
                if isinstance(self.outcome, Exception)
                else defer.succeed(self.outcome)
            )
        if self.held is not None:
            self.held.append(waits := defer.Deferred())
            return waits
        return defer.succeed(password == self.password)


@pytest.fixture
def directory(place: Place) -> Elsewhere:
    place.people.authentication.external = directory = Elsewhere()
    return directory


def test_another_directory_is_asked_for_accounts_without_a_password_only(
    place: Place, zhao: Account, directory: Elsewhere
) -> None:
    li = place.account("li", None)
    off = place.account("off", None)
    now(place.people.disable(off.name))
    for number, name in enumerate(("zhao", "nobody", "off", "no name!", "")):
        assert place.tried(name, "abc", f"192.0.2.{number + 10}") is None
    assert directory.asked == []
    assert place.tried("LI", "abc").id == li.id
    assert place.tried("li", "", ELSEWHERE) is None
    assert directory.asked == [("li", b"abc")]


def test_an_admin_whom_another_directory_has_let_in_can_log_in(place: Place, directory: Elsewhere) -> None:
    li = place.account("li", None, role="admin")
    assert place.rows(lambda rows: rows.accounts.admins()) == []
    for _ in range(2):
        assert place.tried("li", "abc").id == li.id
    assert [each.name for each in place.rows(lambda rows: rows.accounts.admins())] == ["li"]
    now(place.people.set_password("li", "a password here"))
    place.rows(lambda rows: rows.accounts.set_password(li.id, None, 1.0))
    assert place.rows(lambda rows: rows.accounts.admins()) == []  # whether it is known there is not known


def test_another_directorys_no_is_counted_as_any(place: Place, directory: Elsewhere) -> None:
    place.account("li", None)
    for number in range(4):
        place.tried("li", f"wrong {number}")
    assert place.people.throttle.account_wait(HOST, {"li"}, place.clock.seconds()) > 1.0
    assert place.people.refused == 4


@pytest.mark.parametrize("outcome", ["yes", 1, b"li", object(), [True]])
def test_what_is_not_a_plain_yes_is_a_no(place: Place, directory: Elsewhere, outcome: Any) -> None:
    place.account("li", None)
    directory.outcome = outcome
    assert place.tried("li", "abc") is None


def told(events: Sequence[LogEvent]) -> list[str]:
    """What the log says of faults; a fail2ban line is none."""
    return [str(formatEvent(each)) for each in events if each["log_level"] >= LogLevel.error]


def test_a_directory_that_fails_has_said_no_and_is_told_of_once(place: Place, directory: Elsewhere) -> None:
    """As for who has no account: the refusal is the same, and counts the same."""
    place.account("li", None)
    directory.outcome = OSError("gone")
    with capturedLogs() as events:
        for number in range(4):
            assert place.tried("li", f"wrong {number}") is None
    assert told(events) == ["another directory does not say whether a password is right: gone"]
    assert place.people.throttle.account_wait(HOST, {"li"}, place.clock.seconds()) > 1.0
    assert place.people.refused == 4
    assert place.people._turns._locks == {}


def test_a_slow_directory_holds_up_nobody_else_and_not_for_ever(
    place: Place, zhao: Account, directory: Elsewhere
) -> None:
    place.account("li", None)
    directory.held = []
    waits = place.people.authenticate("li", "abc", HOST)
    assert now(place.people.authenticate("zhao", "123", ELSEWHERE)) is not None
    assert not waits.called
    with capturedLogs() as events:
        place.clock.advance(limits.EXTERNAL)
    assert now(waits) is None
    assert told(events) == ["another directory does not say whether a password is right: not within 10 s"]
    assert place.people.refused == 1
    assert place.people._turns._locks == {}


class Silent:
    """A cred checker that never answers."""

    credentialInterfaces = (credentials.IUsernamePassword,)

    def requestAvatarId(self, offered: Any) -> "defer.Deferred[bytes]":
        return defer.Deferred()


@pytest.mark.parametrize("leaves", [True, False])
def test_directories_that_never_answer_keep_nobody(place: Place, leaves: bool) -> None:
    place.account("li", None)
    silent = checkers.Elsewhere([Silent(), Silent(), Silent()], place.people.faults)
    place.people.authentication.external = silent
    with capturedLogs() as events:
        for number in range(2):
            waits = place.people.authenticate("li", f"abc {number}", HOST)
            if leaves:
                cancelled(waits)
            else:
                place.clock.advance(limits.EXTERNAL)
                assert now(waits) is None
    assert len(told(events)) == (0 if leaves else 1)  # who hangs up is no fault, and fills no log
    assert place.people._turns._locks == {}
    assert place.clock.getDelayedCalls() == []


def test_a_password_set_while_another_directory_was_asked_counts(place: Place, directory: Elsewhere) -> None:
    li = place.account("li", None)
    directory.held = []
    waits = place.people.authenticate("li", "abc", HOST)
    new = Password(place.hasher.hash(b"new"))
    place.store.elsewhere(lambda rows: rows.accounts.set_password(li.id, new, 0.0))  # the bare row
    directory.held.pop().callback(True)
    assert now(waits) is None
