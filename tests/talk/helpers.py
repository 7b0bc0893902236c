"""A talk in memory, members that remember, and a store that waits for the test."""

from typing import Any

from twisted.internet import defer, task

from netapp.talk import Change, Delivery, Message
from netapp.talk.model import Draft
from netapp.talk.presence import Presence
from netapp.talk.store import MemoryStore
from netapp.talk.talk import Talk


class Remembering:
    """A member that keeps what it gets."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.changes: list[Change] = []

    def deliver(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    def changed(self, change: Change) -> None:
        self.changes.append(change)

    @property
    def texts(self) -> list[str]:
        return [delivery.message.text for delivery in self.deliveries]

    @property
    def numbers(self) -> list[int]:
        return [delivery.message.number for delivery in self.deliveries]


class WaitingStore(MemoryStore):
    """Stores when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[defer.Deferred[Message], Draft]] = []

    def add(self, draft: Draft) -> "defer.Deferred[Message]":
        done: defer.Deferred[Message] = defer.Deferred()
        self.waiting.append((done, draft))
        return done

    def release(self) -> None:
        done, draft = self.waiting.pop(0)
        super().add(draft).chainDeferred(done)


class Accounts:
    """People, as talk asks for them: names to ids."""

    def __init__(self, **ids: str) -> None:
        self.ids = ids
        self.held: list[tuple[str, defer.Deferred[Any]]] | None = None

    def find(self, name: str) -> "defer.Deferred[Any]":
        if self.held is not None:
            answer: defer.Deferred[Any] = defer.Deferred()
            self.held.append((name, answer))
            return answer
        return defer.succeed(self.account(name))

    def account(self, name: str) -> Any:
        return type("Account", (), {"id": self.ids[name]}) if name in self.ids else None


def clock(seconds: float = 1000.0) -> task.Clock:
    made = task.Clock()
    made.advance(seconds)
    return made


def talk(
    store: MemoryStore | None = None, people: Accounts | None = None, reactor: task.Clock | None = None
) -> Talk:
    made = Talk(store or MemoryStore(), reactor or clock(), people)
    made.start()
    return made


def now(deferred: "defer.Deferred[Any]") -> Any:
    """What a Deferred has already, raised if it is a failure."""
    outcome: list[Any] = []
    deferred.addBoth(outcome.append)
    assert outcome, "it has not fired"
    if hasattr(outcome[0], "raiseException"):
        outcome[0].raiseException()
    return outcome[0]


def arrive(place: Talk, name: str, *rooms: str, **how: Any) -> tuple[Presence, Remembering]:
    member = Remembering()
    presence = now(place.arrive(name, member, **how))
    for room in rooms:
        now(presence.join(room))
    member.changes.clear()
    return presence, member
