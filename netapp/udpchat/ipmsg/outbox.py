"""What one peer is to be told: one message in flight, the rest in order behind it.

A client like iptux throws away a message whose number is not above the last it saw, so the next
number leaves only after the one before was received or given up (IPMSG 7.7).  A message that
nobody receives is sent eight times within 20 seconds, with the same octets; then it waits, and is
sent again when anything comes from the peer.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from netapp.core import limits

#: Seconds after the first copy at which the next ones leave, each give or take a fifth.
COPIES: Final = (0.0, 0.75, 1.5, 3.0, 5.0, 10.0, 15.0, 20.0)
#: What a copy's time is spread by, so that many peers' copies do not leave together.
SPREAD: Final = 0.2

#: Makes a packet of a text: (number, octets).
Write = Callable[[str], tuple[int, bytes]]


@dataclass(slots=True)
class Flight:
    """A message that its peer has not received yet, as far as we know."""

    number: int
    octets: bytes
    text: str
    since: float  # its first copy
    copies: int = 0
    fresh: bool = True  # it has not waited for the peer yet


class Outbox:
    """Texts on their way to one peer.

    ``due`` is when :meth:`copy` has work; infinity while nothing is in flight, or it waits for the
    peer to speak.
    """

    __slots__ = ("_queue", "_queued", "dropped", "due", "flight")

    def __init__(self) -> None:
        self._queue: deque[str] = deque()
        self._queued = 0
        self.flight: Flight | None = None
        self.due = math.inf
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, text: str) -> None:
        """Put a text behind the others; when there are too many the oldest is dropped."""
        self._queue.append(text)
        self._queued += len(text.encode("utf-8", "replace"))
        while len(self._queue) > limits.IPMSG_QUEUE or self._queued > limits.IPMSG_QUEUE_OCTETS:
            self._take()
            self.dropped += 1

    def clear(self) -> None:
        self._queue.clear()
        self._queued, self.flight, self.due = 0, None, math.inf

    def begin(self, write: Write, most: int, now: float) -> bool:
        """Put what waits in flight if nothing is: as many lines as fit into one message.

        :param most: octets of UTF-8 that one message may have.
        :returns: whether a new message is in flight; :meth:`copy` gives it.
        """
        if self.flight is not None or not self._queue:
            return False
        lines = [self._take()]
        size = len(lines[0].encode("utf-8", "replace"))
        while self._queue:
            size += 1 + len(self._queue[0].encode("utf-8", "replace"))
            if size > most:
                break
            lines.append(self._take())
        text = "\n".join(lines)
        number, octets = write(text)
        self.flight, self.due = Flight(number, octets, text, now), now
        return True

    def copy(self, chance: float, now: float) -> bytes | None:
        """The next copy of what is in flight, if it is time.

        :param chance: 0 to 1, spreads the time of the copy after it.
        """
        flight = self.flight
        if flight is None or now < self.due:
            return None
        if flight.copies == len(COPIES):  # the last one has had its time too
            self.due = math.inf
            return None
        if flight.copies == 0:
            flight.since = now
        flight.copies += 1
        following = COPIES[flight.copies] if flight.copies < len(COPIES) else COPIES[-1] + 5.0
        gap = following - COPIES[flight.copies - 1]
        self.due = flight.since + COPIES[flight.copies - 1] + gap * (1 + SPREAD * (2 * chance - 1))
        return flight.octets

    def hold(self) -> None:
        """The copy could not be sent: wait until the peer speaks.

        If it was the first, the message will need a newer number.
        """
        self.due = math.inf
        if self.flight is not None and self.flight.fresh and self.flight.copies == 1:
            self._queue.appendleft(self.flight.text)
            self._queued += len(self.flight.text.encode("utf-8", "replace"))
            self.flight = None

    @property
    def waits(self) -> bool:
        """Whether something waits for the peer to speak."""
        return self.due == math.inf and (self.flight is not None or bool(self._queue))

    def again(self, now: float) -> None:
        """The peer has spoken: what is in flight is sent once more, from the first copy on."""
        if self.flight is not None:
            self.flight.copies, self.flight.fresh, self.due = 0, False, now

    def received(self, number: int) -> bool:
        """A receipt has come.  :returns: whether it is for what is in flight."""
        if self.flight is None or self.flight.number != number:
            return False
        self.flight, self.due = None, math.inf
        return True

    def _take(self) -> str:
        text = self._queue.popleft()
        self._queued -= len(text.encode("utf-8", "replace"))
        return text
