"""One client's conversation, whatever the wire: a queue, a pace, and what talk is asked.

What a client sends waits in a queue.  The next thing is done when nothing that was asked before is
unanswered, except that saying does not wait for saying: so a client may have many messages on
their way to the disk, and ``/join a`` is still done before what follows it.

Pace: a session has five tokens and gets two a second; without one, the queue waits.  A long answer
costs more.  Nothing is dropped: what has no place in the queue stays octets, which need far less
memory, and until it has one we do not read on, and the client's own system holds it back.
"""

import math
import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, Generic, TypeVar

from netapp.chat.asks import Ask, Direct, Hold, Place, Release, Say
from netapp.core import limits
from netapp.core.sessions import Close, Effect, Session
from netapp.talk import Change, Delivery, Message

Item = TypeVar("Item")

#: As many lines as are split at once, whatever ends them.
_LINES: Final = re.compile(rb"(?:[^\r\n]*+[\r\n]){%d}" % limits.CHAT_QUEUE)


class Pacer:
    """Tokens of one session.  :param on: without, there is always one."""

    __slots__ = ("_need", "_on", "_tokens", "_when")

    def __init__(self, on: bool) -> None:
        self._on = on
        self._tokens, self._when = float(limits.FLOOD_BURST), -math.inf
        self._need = 0.0  # what was missing when we last said no

    def take(self, cost: float, now: float) -> bool:
        """Take tokens if there are enough, or at least one; what a costly thing owes is waited for."""
        if not self._on or not cost:
            return True
        if self._when != -math.inf:
            gained = max(0.0, now - self._when) * limits.FLOOD_RATE
            self._tokens = min(self._tokens + gained, float(limits.FLOOD_BURST))
        self._when = now
        if self._tokens < min(cost, 1.0):
            self._need = min(cost, 1.0)
            return False
        self._tokens -= cost
        return True

    def owe(self, cost: float) -> None:
        """Take what a thing has cost besides; it is waited for before the next one."""
        if self._on:
            self._tokens -= cost

    @property
    def due(self) -> float:
        """When there will be enough, a little late rather than early."""
        return self._when + max(0.0, self._need - self._tokens) / limits.FLOOD_RATE + 0.001


class Conversation(Session, Generic[Item]):
    """A session over talk; a wire subclasses it.

    What it says to talk are effects (:mod:`netapp.chat.asks`); :meth:`answered` must be called
    with the answer, or the error, of each.  Deliveries and changes become octets at once.
    """

    #: By which door its people come.
    door = "chat"

    def __init__(self, *, flood: bool) -> None:
        self.place: Place | None = None  # where we are present, once we are
        self._queue: deque[Item] = deque()
        self._unsplit = bytearray()  # what has come and has no place in the queue
        self._pacer = Pacer(flood)
        self._asking = False  # something other than saying is unanswered
        self._unstored = 0  # says that are unanswered
        self._held = self._short_of_tokens = self._finished = False
        self._own_deadline = math.inf

    # What a wire says about itself -----------------------------------------------------------

    def split(self, octets: bytes, now: float) -> Sequence[Effect]:
        """Give to :meth:`queue` what octets say.  :raises WireError: drop this peer."""
        raise NotImplementedError

    def split_end(self, now: float) -> Sequence[Effect]:
        """No more will come: give to :meth:`queue` what has no end, once."""
        return ()

    def execute(self, item: Item, now: float) -> Sequence[Effect]:
        """Do one thing that the client has sent."""
        raise NotImplementedError

    def says(self, item: Item) -> bool:
        """Whether it only says something."""
        raise NotImplementedError

    def cost(self, item: Item) -> float:
        """Tokens that it takes."""
        return 1.0

    def on_answer(self, ask: Ask, answer: object, now: float) -> Sequence[Effect]:
        """Talk has done what was asked, or has not: then ``answer`` is an exception."""
        raise NotImplementedError

    def delivered(self, delivery: Delivery) -> bytes:
        """A message as octets for this client; none to pass it over."""
        raise NotImplementedError

    def revoked(self, now: float) -> Sequence[Effect]:
        """The account is not to be used any more: say so, and hang up."""
        raise NotImplementedError

    def changed(self, change: Change) -> bytes:
        """A change as octets for this client; none to pass it over."""
        raise NotImplementedError

    # What a wire calls -----------------------------------------------------------------------

    def ask(self, ask: Ask) -> list[Effect]:
        """Ask something of talk."""
        if isinstance(ask, Say | Direct):
            self._unstored += 1
        else:
            self._asking = True
        return [ask]

    def queue(self, items: Iterable[Item]) -> None:
        """Put items behind all others."""
        self._queue.extend(items)

    def first(self, items: Sequence[Item]) -> None:
        """Put items before all others: the parts of one that is being done."""
        self._queue.extendleft(reversed(items))

    def drop(self) -> None:
        """Forget what waits."""
        self._queue.clear()
        self._unsplit.clear()

    def pump(self, now: float) -> list[Effect]:
        """Do what can be done."""
        effects = self._do_queued(now)
        while self._unsplit and len(self._queue) <= limits.CHAT_QUEUE // 4 and not ends(effects):
            effects += self._go_on(self.split(self._some_lines(), now), now)
        if self._finished and not self._unsplit and not ends(effects):
            effects += self._go_on(self.split_end(now), now)
        if ends(effects):
            self.drop()
        elif self._finished and not self.busy:
            effects.append(Close("the peer has finished"))
        elif self._held != self._is_behind():
            self._held = not self._held
            effects.append(Hold() if self._held else Release())
        return effects

    def _go_on(self, effects: Sequence[Effect], now: float) -> list[Effect]:
        return [*effects] if ends(effects) else [*effects, *self._do_queued(now)]

    def _do_queued(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        self._short_of_tokens = False
        while self._queue and self._may_do(self._queue[0]):
            if not self._pacer.take(self.cost(self._queue[0]), now):
                self._short_of_tokens = True
                break
            done = self.execute(self._queue.popleft(), now)
            self._pacer.owe(sum(len(each) for each in done if isinstance(each, bytes)) // limits.CHAT_ANSWER)
            effects += done
            if ends(effects):
                break
        return effects

    def _some_lines(self) -> bytes:
        lines = _LINES.match(self._unsplit)
        octets = bytes(self._unsplit[: lines.end()] if lines else self._unsplit)
        del self._unsplit[: len(octets)]
        return octets

    def _is_behind(self) -> bool:
        return bool(self._unsplit) or len(self._queue) > limits.CHAT_QUEUE // (4 if self._held else 1)

    def _may_do(self, item: Item) -> bool:
        if self._asking:
            return False
        return not self._unstored or (self._unstored < limits.CHAT_UNSTORED and self.says(item))

    # What the protocol calls -----------------------------------------------------------------

    @property
    def busy(self) -> bool:  # type: ignore[override]
        """Something that was sent is not done yet."""
        return bool(self._queue or self._asking or self._unstored)

    @property
    def deadline(self) -> float:  # type: ignore[override]
        return min(self._own_deadline, self._pacer.due) if self._short_of_tokens else self._own_deadline

    def answered(self, ask: Ask, answer: object, now: float) -> list[Effect]:
        """The answer to something asked: a value, or the exception that it failed with."""
        if isinstance(ask, Say | Direct):
            self._unstored -= 1
            if isinstance(answer, Message):
                return self.pump(now) if self._queue or self._finished else []
        else:
            self._asking = False
        effects = list(self.on_answer(ask, answer, now))
        if ends(effects):
            self.drop()
            return effects
        return effects + self.pump(now)

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        self._unsplit += data
        return self.pump(now)

    def finish(self, now: float) -> Sequence[Effect]:
        self._finished = True
        return self.pump(now)

    def closed(self) -> None:
        self.drop()
        self.place = None  # which knows its connection, and that us


def ends(effects: Sequence[Effect]) -> bool:
    """Whether they hang up."""
    return bool(effects) and isinstance(effects[-1], Close)
