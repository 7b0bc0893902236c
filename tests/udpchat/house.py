"""The service in memory: a fake reactor, talk without a disk, and somebody else in the lobby."""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet import defer

from netapp.core.datagrams import OwnPorts
from netapp.core.metrics import Metrics
from netapp.talk import LOBBY, Delivery
from netapp.talk.store import MemoryStore
from netapp.talk.talk import Talk
from netapp.testing import FakeReactor
from netapp.udpchat.config import Config
from netapp.udpchat.ipmsg.interfaces import Interface
from netapp.udpchat.service import udpchat_service

LOCAL = {"listen": ("udp:9999:interface=127.0.0.1",), "ipmsg": "udp:2425:interface=127.0.0.1"}


class Line:
    """Somebody at another door, who keeps what is delivered."""

    def __init__(self, talk: Talk, name: str) -> None:
        self.heard: list[str] = []
        self.changes: list[object] = []
        self.presence: Any = None
        talk.arrive(name, self).addCallback(self._arrived)
        assert self.presence is not None

    def _arrived(self, presence: Any) -> None:
        self.presence = presence
        presence.join(LOBBY)

    def say(self, text: str) -> None:
        self.presence.say(LOBBY, text)

    def deliver(self, delivery: Delivery) -> None:
        if delivery.sender is not self.presence:
            self.heard.append(f"{delivery.message.author.name}: {delivery.message.text}")

    def changed(self, change: object) -> None:
        self.changes.append(change)


class SlowStore(MemoryStore):
    """Stores when told to: ``waiting`` holds (Deferred, message)."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[defer.Deferred[Any], Any]] = []

    def add(self, draft: Any) -> defer.Deferred[Any]:
        stored: defer.Deferred[Any] = defer.Deferred()
        super().add(draft).addCallback(lambda message: self.waiting.append((stored, message)))
        return stored

    def release(self) -> None:
        waiting, self.waiting = self.waiting, []
        for stored, message in waiting:
            stored.callback(message)


class House:
    """The service, started; ``plain`` and ``ipmsg`` are its datagram handlers."""

    def __init__(
        self,
        *,
        store: MemoryStore | None = None,
        find: Callable[[], Iterable[Interface]] = tuple,
        **config: Any,
    ) -> None:
        self.reactor, self.metrics, self._number = FakeReactor(), Metrics(), 1_700_000_000
        self.reactor.advance(1000.0)
        self.talk = Talk(store or MemoryStore(), self.reactor)
        self.talk.start()
        self.service = udpchat_service(
            Config(**(LOCAL | config)),
            self.talk,
            self._next,
            OwnPorts(),
            self.metrics,
            self.reactor,
            find=find,
        )
        self.service.privilegedStartService()
        self.service.startService()
        handlers = [each[1] for each in self.reactor.udpServers]
        self.plain, self.ipmsg = handlers[0], handlers[-1]

    def _next(self) -> int:
        self._number += 1
        return self._number

    def stop(self) -> Any:
        return self.service.stopService()


def taken(handler: Any) -> list[bytes]:
    """What a handler has sent since the last call."""
    written = [octets for octets, _ in handler.transport.written]
    handler.transport.written.clear()
    return written


def fails(*_: object) -> Any:
    """A bug of ours."""
    raise ZeroDivisionError
