"""Whose connection is served next, so that one who asks much delays no other for long.

Sources in turn, and the connections of each in turn; one step at a time, for a bounded time.  Then
the reactor reads datagrams and hears newcomers, and the rest goes on after that.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

from twisted.internet import interfaces

from netapp.core import limits

Step = Callable[[], object]


class Turns:
    """Steps that wait; a connection has one at a time waiting, and asks again in it.

    What is little is served where it is read, as long as nobody waits and that takes no more than
    half of the time.
    """

    def __init__(self, clock: interfaces.IReactorTime) -> None:
        self._clock = clock
        self._sources: OrderedDict[bytes, deque[Step]] = OrderedDict()  # whose turn is next stands first
        self._going = False
        self._began = self._spent = 0.0

    def wait(self, source: bytes, step: Step) -> None:
        """Have a step made when its source's turn comes.

        :param source: the same for all connections that share a turn.
        """
        self._sources.setdefault(source, deque()).append(step)
        if not self._going:
            self._going = True
            self._clock.callLater(0, self._go_on)

    def allows(self, now: float) -> bool:
        """Whether what has been read may be answered at once."""
        if self._sources:
            return False
        if not 0.0 <= now - self._began < 2 * limits.DNS_TURN:
            self._began, self._spent = now, 0.0
        return self._spent < limits.DNS_TURN

    def took(self, seconds: float) -> None:
        """That was answered, and took so long."""
        self._spent += seconds

    def _go_on(self) -> None:
        sources, seconds = self._sources, self._clock.seconds
        until = seconds() + limits.DNS_TURN
        try:
            while sources:
                source, steps = sources.popitem(last=False)
                step = steps.popleft()
                if steps:
                    sources[source] = steps  # behind all others
                step()
                if seconds() >= until:
                    break
        finally:
            self._going = bool(sources)
            if sources:
                self._clock.callLater(0, self._go_on)
