"""Where messages are kept: the interface, and a form in memory.  The rows are in ``rows.py``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet import defer

from netapp.core import limits
from netapp.talk.model import Draft, Message


@dataclass(frozen=True, slots=True)
class RoomRow:
    """What is stored of a room.  ``last`` is its newest message's number, 0 before the first."""

    name: str
    last: int = 0
    topic: str = ""


class Store(Protocol):
    """Messages and rooms.  Every Deferred may fail: then nothing of it is stored."""

    def start(self) -> object: ...

    def stop(self) -> object: ...

    def add(self, draft: Draft) -> "defer.Deferred[Message]":
        """Give a message its number and store it; fires when it is on the disk.

        Deferreds of one store fire in the order of numbers.
        """

    def newest(self, room: str, *, before: int | None, limit: int) -> "defer.Deferred[list[Message]]":
        """At most ``limit`` messages, the newest below number ``before``; oldest first."""

    def after(self, room: str, number: int, *, limit: int) -> "defer.Deferred[list[Message]]":
        """At most ``limit`` messages above ``number``, oldest first."""

    def room(self, name: str) -> "defer.Deferred[RoomRow]":
        """A room as it is stored; an empty row for one that is not."""

    def set_topic(self, room: str, topic: str) -> "defer.Deferred[None]": ...

    def watch(self, changed: Callable[[], object]) -> object:
        """Have ``changed()`` called when another process has stored something."""


@dataclass(slots=True)
class _Kept:
    last: int = 0
    topic: str = ""
    messages: list[Message] = field(default_factory=list)


class MemoryStore:
    """Messages in memory, gone with the process: for tests, and for programs that want no file."""

    def __init__(self, keep: int = limits.ROOM_MESSAGES) -> None:
        self._rooms: dict[str, _Kept] = {}
        self._keep = keep

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def add(self, draft: Draft) -> defer.Deferred[Message]:
        kept = self._rooms.setdefault(draft.room, _Kept())
        kept.last += 1
        message = draft.stored(kept.last)
        kept.messages.append(message)
        del kept.messages[: -self._keep]
        return defer.succeed(message)

    def newest(self, room: str, *, before: int | None, limit: int) -> defer.Deferred[list[Message]]:
        kept = self._rooms.get(room, _Kept()).messages
        below = [message for message in kept if before is None or message.number < before]
        return defer.succeed(below[-limit:] if limit else [])

    def after(self, room: str, number: int, *, limit: int) -> defer.Deferred[list[Message]]:
        kept = self._rooms.get(room, _Kept()).messages
        return defer.succeed([message for message in kept if message.number > number][:limit])

    def room(self, name: str) -> defer.Deferred[RoomRow]:
        kept = self._rooms.get(name, _Kept())
        return defer.succeed(RoomRow(name, kept.last, kept.topic))

    def set_topic(self, room: str, topic: str) -> defer.Deferred[None]:
        self._rooms.setdefault(room, _Kept()).topic = topic
        return defer.succeed(None)

    def watch(self, changed: Callable[[], object]) -> None:
        """No other process sees this memory."""
