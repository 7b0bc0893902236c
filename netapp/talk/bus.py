"""Hints between those who hold the same rooms: "the room has come to number N".

A hint may be lost, doubled or late: the database is the log, and whoever sees a gap reads it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from netapp.core.events import Topic


@dataclass(frozen=True, slots=True)
class Hint:
    """``room`` has come to ``number``; a room of None means: look at all of yours."""

    room: str | None
    number: int = 0


class Bus(Protocol):
    """Carries hints.  ``request``, for asking who is present elsewhere, comes with the first bus
    that leaves the machine."""

    def publish(self, hint: Hint) -> None: ...

    def subscribe(self, heard: Callable[[Hint], object]) -> Callable[[], None]:
        """:returns: call it to hear no more."""


class LocalBus:
    """Hints within one process."""

    def __init__(self) -> None:
        self._topic: Topic[Hint] = Topic()

    def publish(self, hint: Hint) -> None:
        self._topic.publish(hint)

    def subscribe(self, heard: Callable[[Hint], object]) -> Callable[[], None]:
        return self._topic.subscribe(heard)
