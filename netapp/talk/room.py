"""One room in this process: who is in it, and its messages in the order of their numbers."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.talk.model import Author, Change, Delivery, Message, RoomView
from netapp.talk.store import RoomRow, Store

if TYPE_CHECKING:
    from netapp.talk.persons import Person
    from netapp.talk.presence import Presence

Later = Callable[[float, Callable[[], object]], object]


class Room:
    """A room is opened by reading its row; from then on ``last`` is the newest number delivered.

    A message whose number is the next one is delivered at once.  One that leaves a gap waits
    until the rows between are read: another process has stored them.

    :param later: calls something after so many seconds: a room that cannot be read is read again.
    :param rested: called with the room when it is read no more: nobody may be in it any longer.
    """

    _log = Logger()

    def __init__(self, name: str, store: Store, later: Later, rested: "Callable[[Room], object]") -> None:
        self.name, self.topic, self.last = name, "", 0
        self._store, self._later, self._rested = store, later, rested
        self._presences: dict[Presence, None] = {}
        self._persons: Counter[Person] = Counter()
        self._receivers: tuple[Presence, ...] | None = ()
        self._waiting: dict[int, Delivery] = {}
        self._senders: dict[str, Presence | None] = {}  # of our messages on their way, by their ids
        self._reading = self._again = False
        self._failed = 0  # how often in a row it could not be read
        self._opened = False
        self._openers: list[defer.Deferred[Room]] = []

    # Who is in it ----------------------------------------------------------------------------

    def open(self) -> "defer.Deferred[Room]":
        """Fires with the room once its row is read."""
        if self._opened:
            return defer.succeed(self)
        opener: defer.Deferred[Room] = defer.Deferred()
        self._openers.append(opener)
        if len(self._openers) == 1:
            defer.maybeDeferred(self._store.room, self.name).addBoth(self._has_opened)
        return opener

    def _has_opened(self, row: RoomRow | Failure) -> None:
        openers, self._openers = self._openers, []
        if isinstance(row, RoomRow):
            self._opened = True
            self.last, self.topic = row.last, row.topic
        for opener in openers:
            opener.callback(row if isinstance(row, Failure) else self)

    @property
    def presences(self) -> "tuple[Presence, ...]":
        """Everyone's every presence, in order of arrival."""
        if self._receivers is None:
            self._receivers = tuple(self._presences)
        return self._receivers

    @property
    def idle(self) -> bool:
        """Nobody is in it and nothing waits: it may be forgotten."""
        return not (self._presences or self._waiting or self._senders or self._openers or self._reading)

    def view(self) -> RoomView:
        return RoomView(self.name, self.topic, self.authors(), self.last)

    def authors(self) -> tuple[Author, ...]:
        return tuple(person.author for person in self._persons)

    def holds(self, presence: "Presence") -> bool:
        return presence in self._presences

    def add(self, presence: "Presence") -> bool:
        """:returns: whether this is the person's first presence here."""
        self._presences[presence] = None
        self._receivers = None
        self._persons[presence.person] += 1
        return self._persons[presence.person] == 1

    def remove(self, presence: "Presence") -> bool:
        """:returns: whether this was the person's last presence here."""
        del self._presences[presence]
        self._receivers = None
        self._persons[presence.person] -= 1
        if self._persons[presence.person]:
            return False
        del self._persons[presence.person]
        return True

    def tell(self, change: Change) -> None:
        """Tell everyone in the room."""
        for presence in self.presences:
            presence.tell(change)

    # What is said ----------------------------------------------------------------------------

    def sends(self, message_id: str, sender: "Presence | None") -> None:
        """A message of this process is on its way to the store."""
        self._senders[message_id] = sender

    def unstored(self, message_id: str) -> None:
        """It could not be stored."""
        del self._senders[message_id]

    def stored(self, message: Message) -> None:
        """It is stored: deliver it in its turn, unless it was among rows that were read meanwhile."""
        number, delivery = message.number, self._delivery(message)
        if number == self.last + 1:
            self.last = number
            self._give(delivery)
            if self._waiting:
                self._drain()
        elif number > self.last:
            self._waiting[number] = delivery
            self.catch_up()

    def catch_up(self) -> None:
        """Read and deliver what others have stored."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        self._read()

    def _read(self) -> None:
        self._again = False
        reading = defer.maybeDeferred(self._store.after, self.name, self.last, limit=limits.HISTORY)
        reading.addCallbacks(self._has_read, self._cannot_read)

    def _has_read(self, messages: list[Message]) -> None:
        self._reading, self._failed = False, 0
        for message in messages:
            if message.number > self.last:
                self.last = message.number
                waiting = self._waiting
                known = message.number in waiting
                self._give(waiting.pop(message.number) if known else self._delivery(message, keep=True))
        if not messages and self._waiting:
            self.last = min(self._waiting) - 1  # the rows between are deleted already
        if self._again or len(messages) == limits.HISTORY:
            self.catch_up()
        self._drain()
        self._rested(self)

    def _delivery(self, message: Message, *, keep: bool = False) -> Delivery:
        """:param keep: the store has not answered yet."""
        senders = self._senders
        return Delivery(message, senders.get(message.id) if keep else senders.pop(message.id, None))

    def _cannot_read(self, failure: Failure) -> None:
        self._failed += 1
        if self._failed == 1:
            reason = failure.getErrorMessage()
            self._log.error("the room {room} cannot be read: {reason}", room=self.name, reason=reason)
        if self._failed < limits.ROOM_TRIES:
            self._later(limits.ROOM_AGAIN, self._read)
        else:
            self._reading, self._failed = False, 0
            self._rested(self)

    def _drain(self) -> None:
        while self.last + 1 in self._waiting:
            self.last += 1
            self._give(self._waiting.pop(self.last))
        self._waiting = {number: each for number, each in self._waiting.items() if number > self.last}
        if self._waiting and not self._reading:
            self.catch_up()

    def _give(self, delivery: Delivery) -> None:
        for presence in self.presences:
            try:  # without a call of ours: this is the path of every message to every member
                presence.deliver(delivery)
            except Exception:
                self._log.failure("a message did not reach {name}", name=presence.author.name)
