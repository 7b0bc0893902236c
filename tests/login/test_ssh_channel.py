"""The shell's sessions on one connection: what is under way, what ends them, and whom the gate lets in."""

from dataclasses import replace
from typing import Any

import pytest
from twisted.cred import error
from twisted.cred.portal import Portal
from twisted.internet import defer
from twisted.logger import globalLogPublisher

from netapp.core import limits
from netapp.core.events import Topic
from netapp.core.ssh.auth import Told
from netapp.core.ssh.wire import string, uint32
from netapp.errors import Busy
from netapp.login.realm import Arrival, IVisitor, Visitor
from netapp.login.shell import operations as op
from netapp.login.shell.session import PHRASES
from netapp.login.ssh.channel import House, ShellConnection
from netapp.login.ssh.gate import LoginGate
from netapp.people.checkers import AccountKey, AccountPassword
from netapp.people.model import Account, AccountChanged, Refused, Session
from tests.core.sshclient import Dialogue

ACCOUNT = Account("a" * 32, 1, "zhao", "赵", "active", "", "member", 1, 0.0, None)
SESSION = Session("one", ACCOUNT.id, "live", "ssh", "192.0.2.1", "", 0.0, 0.0, 9e9)
ME = op.Me("zhao", "赵", "member", (), False, 0, "ssh", "192.0.2.1", 0.0)


class FakePeople:
    """One account and its sessions."""

    def __init__(self) -> None:
        self.changes: Topic[AccountChanged] = Topic()
        self.account: Account | None = ACCOUNT
        self.open = [SESSION]
        self.sessions = self

    async def get(self, account_id: str) -> Account | None:
        return self.account

    async def of(self, account_id: str) -> list[Session]:
        return self.open


class FakeDesk:
    """Operations that a test lets succeed."""

    def __init__(self) -> None:
        self.waiting: list[defer.Deferred[object]] = []
        self.cancelled: list[object] = []

    def perform(self, operation: op.Operation) -> defer.Deferred[object]:
        self.waiting.append(defer.Deferred(self.cancelled.append))
        return self.waiting[-1]


class Inside:
    """Somebody who is in."""

    def __init__(self) -> None:
        self.dialogue = Dialogue()
        self.people, self.desk = FakePeople(), FakeDesk()
        house = House(
            self.people,  # type: ignore[arg-type]
            lambda visitor: self.desk,
            PHRASES.speaker("en"),
            "auto",
            self.dialogue.clock,
        )
        self.dialogue.admission.begin = lambda: ShellConnection(  # type: ignore[method-assign]
            house, Visitor(ACCOUNT, SESSION)
        )
        self.dialogue.come_in()
        assert self.dialogue.open() == 91

    @property
    def said(self) -> str:
        pieces = [payload[8:] for number, payload in self.dialogue.client.messages if number == 94]
        return b"".join(pieces).decode()

    @property
    def status(self) -> int | None:
        ends = [
            int.from_bytes(payload[-4:], "big")
            for number, payload in self.dialogue.client.messages
            if number == 98 and b"exit-status" in payload
        ]
        return ends[0] if ends else None

    def type(self, text: str) -> None:
        self.dialogue.say(94, uint32(0) + string(text.encode()))

    def changed(self, kind: Any, account: Account = ACCOUNT) -> None:
        self.people.changes.publish(AccountChanged(kind, account))
        self.dialogue.pump()


def test_one_command() -> None:
    inside = Inside()
    assert inside.dialogue.ask(b"exec", string(b"whoami"))
    assert inside.status is None
    inside.desk.waiting[0].callback(ME)
    inside.dialogue.pump()
    assert inside.status == 0
    assert "zhao" in inside.said
    assert inside.dialogue.numbers()[-2:] == [96, 97]
    inside.dialogue.say(97, uint32(0))
    inside.dialogue.drop()
    assert inside.dialogue.clock.getDelayedCalls() == []


def test_two_sessions_of_one_connection_know_nothing_of_one_another() -> None:
    inside = Inside()
    inside.dialogue.ask(b"shell")
    assert inside.dialogue.open() == 91
    assert inside.dialogue.ask(b"exec", string(b"nonsense"), channel=1)
    assert inside.status == 1
    inside.type("help\n")
    assert "Commands" in inside.said


def test_l26_what_is_under_way_is_called_off_with_its_session() -> None:
    inside = Inside()
    inside.dialogue.ask(b"exec", string(b"whoami"))
    inside.dialogue.drop()
    assert len(inside.desk.cancelled) == 1
    assert inside.dialogue.clock.getDelayedCalls() == []


def test_silence_ends_a_session() -> None:
    inside = Inside()
    inside.dialogue.ask(b"shell")
    inside.dialogue.clock.advance(limits.SHELL_IDLE / 2)
    inside.type("help\n")
    inside.dialogue.clock.advance(limits.SHELL_IDLE / 2 + 1)
    inside.dialogue.pump()
    assert inside.status is None
    inside.dialogue.clock.advance(limits.SHELL_IDLE / 2)
    inside.dialogue.pump()
    assert "Nothing was typed" in inside.said
    assert inside.status == 1


@pytest.mark.parametrize(
    ("kind", "account", "left", "words"),
    [
        ("disabled", replace(ACCOUNT, state="disabled"), [SESSION], "disabled"),
        ("removed", None, [], "disabled"),
        ("session", ACCOUNT, [], "revoked"),
        ("password", ACCOUNT, [], "revoked"),
        ("revoked", ACCOUNT, [SESSION], None),
        ("groups", ACCOUNT, [], None),
    ],
)
def test_l32_a_change_that_ends_the_visit_ends_all_its_sessions_at_once(
    kind: str, account: Account | None, left: list[Session], words: str | None
) -> None:
    inside = Inside()
    inside.dialogue.ask(b"shell")
    inside.people.account, inside.people.open = account, left
    inside.changed(kind)
    if words is None:
        assert inside.status is None
        return
    assert words in inside.said
    assert inside.status == 1
    assert inside.dialogue.open() == 92  # nothing begins any more
    inside.dialogue.clock.advance(limits.SSH_FAREWELL)
    assert inside.dialogue.ended
    assert inside.dialogue.admission.left == 1
    assert inside.dialogue.clock.getDelayedCalls() == []


def test_the_change_of_another_account_does_not() -> None:
    inside = Inside()
    inside.dialogue.ask(b"shell")
    inside.people.open = []
    inside.changed("password", replace(ACCOUNT, id="b" * 32))
    assert inside.status is None


def test_a_connection_without_a_session_ends_as_well() -> None:
    inside = Inside()
    inside.people.open = []
    inside.changed("revoked")
    assert inside.dialogue.ended


def test_a_stop_tells_every_session() -> None:
    inside = Inside()
    inside.dialogue.ask(b"shell")
    inside.dialogue.server.close()
    inside.dialogue.pump()
    assert "stopping" in inside.said
    assert inside.status == 1


def test_a_fault_of_ours_ends_one_session_and_is_logged_once() -> None:
    inside = Inside()
    events: list[Any] = []

    def fault(operation: op.Operation) -> defer.Deferred[object]:
        raise ZeroDivisionError

    inside.desk.perform = fault  # type: ignore[method-assign]
    inside.dialogue.ask(b"exec", string(b"whoami"))
    assert inside.status == 1
    assert "Not possible now" in inside.said
    inside.dialogue.open()
    talk = inside.dialogue.server.service.channels[1]
    inside.dialogue.ask(b"shell", channel=1)
    talk._talk._face.go_on = lambda: 1 / 0
    globalLogPublisher.addObserver(events.append)
    try:
        inside.dialogue.say(94, uint32(1) + string(b"help\n"))
    finally:
        globalLogPublisher.removeObserver(events.append)
    assert [event["log_failure"].type for event in events] == [ZeroDivisionError]
    assert not inside.dialogue.ended


# The gate ----------------------------------------------------------------------------------------


class FakePortal(Portal):
    """Answers every login with one outcome."""

    def __init__(self, outcome: object) -> None:
        self.outcome = outcome
        self.asked: list[tuple[Any, Any]] = []

    def login(self, credentials: Any, mind: Any, *interfaces: Any) -> defer.Deferred[Any]:
        assert interfaces == (IVisitor,)
        self.asked.append((credentials, mind))
        if isinstance(self.outcome, Exception):
            return defer.fail(self.outcome)
        return defer.succeed(self.outcome)


def gate(outcome: object) -> tuple[LoginGate, FakePortal]:
    portal = FakePortal(outcome)
    visits: list[Visitor] = []
    return LoginGate(None, portal, "192.0.2.1", "en", visits.append), portal  # type: ignore[arg-type]


def result_of(awaitable: Any) -> Any:
    outcome: list[Any] = []
    defer.ensureDeferred(awaitable).addBoth(outcome.append)
    return outcome[0]


def test_the_gate_asks_the_portal_by_the_door_ssh() -> None:
    left: list[bool] = []
    visitor = Visitor(ACCOUNT, SESSION)
    within, portal = gate((IVisitor, visitor, lambda: left.append(True)))
    guest = result_of(within.password(b"zhao", b"123", b"654321"))
    result_of(within.key(b"zhao", b"blob"))
    assert portal.asked == [
        (AccountPassword(b"zhao", b"123", "192.0.2.1", "ssh", b"654321"), Arrival("ssh", "192.0.2.1")),
        (AccountKey(b"zhao", b"blob", "192.0.2.1"), Arrival("ssh", "192.0.2.1")),
    ]
    guest.leave()
    assert left == [True]


def test_refusals() -> None:
    within, _ = gate(error.UnauthorizedLogin())
    assert result_of(within.password(b"zhao", b"123", None)) is None
    within, _ = gate(Refused("gone"))
    assert result_of(within.password(b"zhao", b"123", None)).check(Told)
    within, _ = gate(Busy())
    assert result_of(within.password(b"zhao", b"123", None)).check(Busy)
