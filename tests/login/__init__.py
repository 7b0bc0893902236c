"""What the tests of the login service share."""

from collections.abc import Callable
from typing import Any

from twisted.internet import defer

from netapp.core.metrics import Metrics
from netapp.core.services import House
from netapp.login.config import Config
from netapp.login.service import login_service
from netapp.people.authentication import Verdict
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.store import MemoryStore
from netapp.testing import FakeReactor, Transport, connect

NAME, PASSWORD = "请输入用户名:".encode(), "请输入密码:".encode()
ADMITTED, WRONG = "登录成功".encode(), "用户名或密码输入错误".encode()


class AtOnce:
    """A pool of no threads: what is to be run has run."""

    waiting = 0

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> "defer.Deferred[None]":
        return defer.succeed(None)

    def run(self, work: Callable[..., Any], *args: Any) -> "defer.Deferred[Any]":
        return defer.maybeDeferred(work, *args)


def now(work: Any) -> Any:
    """What a coroutine or a Deferred gives, which must be there already; or what it raises."""
    outcome: list[Any] = []
    waiting = work if isinstance(work, defer.Deferred) else defer.ensureDeferred(work)
    waiting.addCallbacks(outcome.append, lambda failure: outcome.append(failure.value))
    assert outcome, "it waits"
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


class Slow(People):
    """People whose checks wait while :attr:`held`; ``tries`` has (name, password, source, Deferred)."""

    def __init__(self, clock: Any) -> None:
        super().__init__(MemoryStore(), Hasher(CHEAP), clock)
        self._ground.pool = AtOnce()  # type: ignore[assignment]
        self.held = False
        self.tries: list[tuple[Any, Any, str, defer.Deferred[Account | None]]] = []
        self.cancelled = 0
        now(self.start())

    def judge(
        self, name: str | bytes, password: str | bytes, source: str, **more: Any
    ) -> "defer.Deferred[Verdict]":
        if not self.held:
            return super().judge(name, password, source, **more)

        def cancel(_: object) -> None:
            self.cancelled += 1

        answer: defer.Deferred[Account | None] = defer.Deferred(cancel)
        self.tries.append((name, password, source, answer))
        return answer.addCallback(lambda account: Verdict(account, "password"))  # type: ignore

    def account(self, name: str = "zhao", password: str = "123") -> Account:
        """A new one."""
        added: Account = now(self.add(name, password, allow_weak=True))
        return added


class Door:
    """The service on a fake reactor, with zhao's account."""

    def __init__(self, **config: Any) -> None:
        self.reactor = FakeReactor()
        self.people = Slow(self.reactor)
        self.zhao = self.people.account()
        self.metrics = Metrics()
        self.service: House = login_service(  # type: ignore[assignment]
            Config(**({"listen": ("tcp:9999:interface=127.0.0.1",)} | config)),
            self.people,
            self.metrics,
            self.reactor,
        )
        self.service.privilegedStartService()
        self.service.startService()
        self.factory: Any = self.reactor.tcpServers[0][1]

    def visit(self, peer: tuple[str, int] = ("192.168.1.5", 40000)) -> "Visit":
        return Visit(self, peer)

    def inside(self) -> "Visit":
        """A visit that has come to the shell's first prompt."""
        visit = self.visit()
        visit.say(b"zhao\n123\n")
        self.reactor.advance(0.3)
        visit.take()
        return visit


class Visit:
    """One connection."""

    def __init__(self, door: Door, peer: tuple[str, int]) -> None:
        self.door = door
        protocol, self.transport = connect(door.factory, peer)
        self.protocol: Any = protocol
        door.reactor.advance(0.1)

    def say(self, octets: bytes) -> bytes:
        """:returns: what comes at once."""
        self.protocol.dataReceived(octets)
        return self.take()

    def take(self) -> bytes:
        return self.transport.take()

    def after(self, seconds: float) -> bytes:
        self.door.reactor.advance(seconds)
        return self.take()

    def half_close(self) -> bytes:
        self.protocol.readConnectionLost()
        return self.take()

    @property
    def connected(self) -> bool:
        return bool(self.transport.connected)


__all__ = ["ADMITTED", "NAME", "PASSWORD", "WRONG", "AtOnce", "Door", "Slow", "Transport", "Visit", "now"]
