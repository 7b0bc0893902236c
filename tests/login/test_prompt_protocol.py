"""The login prompt with transports in memory, cred as it is, and checks that the test fires."""

from typing import Any

import pytest
from twisted.cred.checkers import ANONYMOUS
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer, task
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from netapp.core import limits
from netapp.core.metrics import Metrics
from netapp.core.services import House
from netapp.errors import Busy
from netapp.login.config import Config
from netapp.login.realm import IVisitor, LoginRealm
from netapp.login.service import login_service
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.store import MemoryStore
from netapp.testing import FakeReactor, Transport, connect

NAME, PASSWORD = "请输入用户名:".encode(), "请输入密码:".encode()
ADMITTED, WRONG = "登录成功".encode(), "用户名或密码输入错误".encode()


class SlowPeople(People):
    """People whose checks wait for the test; :attr:`tries` holds (name, password, source, Deferred)."""

    def __init__(self, clock: task.Clock) -> None:
        super().__init__(MemoryStore(), Hasher(CHEAP), clock)
        self.tries: list[tuple[Any, Any, str, defer.Deferred[Account | None]]] = []
        self.cancelled = 0

    def authenticate(
        self, name: str | bytes, password: str | bytes, source: str
    ) -> defer.Deferred[Account | None]:
        def cancel(_: object) -> None:
            self.cancelled += 1

        answer: defer.Deferred[Account | None] = defer.Deferred(cancel)
        self.tries.append((name, password, source, answer))
        return answer


class Door:
    """The service on a fake reactor."""

    def __init__(self, **config: Any) -> None:
        self.reactor = FakeReactor()
        self.people = SlowPeople(self.reactor)
        store = self.people._store
        assert isinstance(store, MemoryStore)
        self.accounts, self.metrics = store.accounts, Metrics()
        self.service: House = login_service(  # type: ignore[assignment]
            Config(**({"listen": ("tcp:9999:interface=127.0.0.1",)} | config)),
            self.people,
            self.metrics,
            self.reactor,
        )
        self.service.privilegedStartService()
        self.service.startService()
        self.factory = self.reactor.tcpServers[0][1]

    def visit(self, peer: tuple[str, int] = ("192.168.1.5", 40000)) -> tuple[Any, Transport]:
        protocol, transport = connect(self.factory, peer)
        self.reactor.advance(limits.LOGIN_GREETING)
        return protocol, transport


@pytest.fixture
def door() -> Door:
    return Door()


def test_t11_the_conversation_over_a_transport(door: Door) -> None:
    zhao = door.accounts.add("zhao", "zhao", "hash", 0.0)
    protocol, transport = door.visit()
    assert transport.take() == NAME
    protocol.dataReceived(b"zhao")
    door.reactor.advance(limits.QUIET)
    assert transport.take() == PASSWORD
    protocol.dataReceived(b"123")
    door.reactor.advance(limits.QUIET)
    name, password, source, answer = door.people.tries[0]
    assert (name, password, source) == (b"zhao", b"123", "192.168.1.5")
    answer.callback(zhao)
    assert transport.take() == ADMITTED
    assert transport.connected
    door.reactor.advance(limits.LOGIN_GAP)
    assert not transport.connected
    assert transport.take() == b""


def test_a_wrong_try_is_told_at_once_and_asked_again_later(door: Door) -> None:
    protocol, transport = door.visit()
    protocol.dataReceived(b"zhao\n124\n")
    transport.take()
    door.people.tries[0][-1].callback(None)
    assert transport.take() == WRONG
    door.reactor.advance(limits.LOGIN_GAP)
    assert transport.take() == NAME


def test_octets_one_by_one_make_the_same(door: Door) -> None:
    protocol, transport = door.visit()
    for octet in b"zhao\r\n123\r\n":
        protocol.dataReceived(bytes([octet]))
    assert transport.take() == NAME + PASSWORD
    assert door.people.tries[0][:2] == (b"zhao", b"123")


def test_l26_who_hangs_up_while_it_is_checked_leaves_the_queue(door: Door) -> None:
    protocol, transport = door.visit()
    protocol.dataReceived(b"zhao\n123\n")
    transport.loseConnection()
    assert door.people.cancelled == 1
    assert door.factory.connections == 0


def test_l26_a_visit_ends_once(door: Door) -> None:
    zhao = door.accounts.add("zhao", "zhao", "hash", 0.0)
    protocol, transport = door.visit()
    protocol.dataReceived(b"zhao\n123\n")
    door.people.tries[0][-1].callback(zhao)
    realm = protocol._portal.realm
    assert realm.present == 1
    transport.loseConnection()
    assert realm.present == 0


def test_l3_an_account_that_goes_between_check_and_entry_is_not_let_in(door: Door) -> None:
    zhao = door.accounts.add("zhao", "zhao", "hash", 0.0)
    assert zhao is not None
    protocol, transport = door.visit()
    protocol.dataReceived(b"zhao\n123\n")
    transport.take()
    door.accounts.set_state(zhao.id, "disabled")
    door.people.tries[0][-1].callback(zhao)
    assert transport.take() == WRONG


def test_l8_too_many_at_once_is_said(door: Door) -> None:
    protocol, transport = door.visit()
    protocol.dataReceived(b"zhao\n123\n")
    transport.take()
    door.people.tries[0][-1].errback(Busy("full"))
    assert transport.take() == "服务器正忙,请稍后再试\n".encode()
    door.reactor.advance(limits.LOGIN_GAP)
    assert transport.take() == NAME


class OurOwnFaults(SynchronousTestCase):
    def test_l41_they_are_logged_once_and_said_without_detail(self) -> None:
        door = Door()
        protocol, transport = door.visit()
        protocol.dataReceived(b"zhao\n123\n")
        transport.take()
        door.people.tries[0][-1].errback(OSError(28, "No space left on device"))
        assert transport.take() == "暂时无法登录,请稍后再试\n".encode()
        assert len(self.flushLoggedErrors(OSError)) == 1


def test_l27_a_silent_connection_ends(door: Door) -> None:
    _, transport = door.visit()
    door.reactor.advance(limits.LOGIN_ANSWER)
    assert not transport.connected


def test_l29_a_browser_gets_one_line(door: Door) -> None:
    protocol, transport = connect(door.factory)
    protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = transport.take()
    assert answer.startswith(b"HTTP/1.1 421 ")
    assert "netapp-login" in answer.decode()
    assert not transport.connected


def test_l4_a_source_that_has_failed_waits_for_its_first_prompt_and_loopback_does_not(door: Door) -> None:
    for host in ("192.168.1.5", "127.0.0.1"):
        for _ in range(4):
            door.people.throttle.failed(host, ["zhao"], door.reactor.seconds())
    held, local = connect(door.factory, ("192.168.1.5", 1))[1], connect(door.factory)[1]
    door.reactor.advance(1.9)
    assert (held.take(), local.take()) == (b"", NAME)
    door.reactor.advance(0.2)
    assert held.take() == NAME


def test_the_start_says_that_passwords_travel_in_clear_and_how_to_add_an_account() -> None:
    lines: list[str] = []

    def observe(event: Any) -> None:
        lines.append((event.get("log_format") or "").format(**event))

    globalLogPublisher.addObserver(observe)
    try:
        Door(add_command="netapp user add zhao --state /srv")
    finally:
        globalLogPublisher.removeObserver(observe)
    assert sum("passwords travel in clear" in line for line in lines) == 1
    assert sum("netapp user add zhao --state /srv" in line for line in lines) == 1
    assert "netapp-login: try  telnet 127.0.0.1 9999" in lines


def test_everything_is_counted(door: Door) -> None:
    door.visit()
    assert door.metrics.read() == {
        "netapp_login_admitted": 0,
        "netapp_login_refused": 0,
        "netapp_login_connections": 1,
    }


def test_the_realm_has_visitors_for_accounts_only(door: Door) -> None:
    realm = LoginRealm(door.people)
    zhao = door.accounts.add("zhao", "zhao", "hash", 0.0)
    assert zhao is not None
    outcomes: list[Any] = []
    realm.requestAvatar(zhao.id.encode(), None, IVisitor).addBoth(outcomes.append)
    for nobody in (ANONYMOUS, b"", b"zhao", b"\xff"):
        realm.requestAvatar(nobody, None, IVisitor).addBoth(outcomes.append)
    interface, visitor, logout = outcomes.pop(0)
    assert interface is IVisitor
    assert IVisitor.providedBy(visitor)
    assert visitor.account == zhao
    for failure in outcomes:
        assert failure.check(UnauthorizedLogin)
    assert realm.present == 1
    logout()
    assert realm.present == 0
