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

    What is little is served where it is read, as long as nobody waits and this turn of the reactor
    has time for it.
    """

    def __init__(self, clock: interfaces.IReactorTime) -> None:
        self._clock = clock
        self._sources: OrderedDict[bytes, deque[Step]] = OrderedDict()  # whose turn is next stands first
        self._going = False
        self._spent = 0.0
        self._resetting = False

    def wait(self, source: bytes, step: Step) -> None:
        """Have a step made when its source's turn comes.

        :param source: the same for all connections that share a turn.
        """
        self._sources.setdefault(source, deque()).append(step)
        if not self._going:
            self._going = True
            self._clock.callLater(0, self._go_on)

    @property
    def free(self) -> bool:
        """Whether what has been read may be answered at once."""
        return not self._sources and self._spent < limits.DNS_TURN

    def took(self, seconds: float) -> None:
        """That was answered at once, and took so long.

        A few such go uncounted from one turn of the reactor to the next: most have no more.
        """
        self._spent += max(seconds, 0.0)  # a clock may be set back
        if self._spent > limits.DNS_TURN / 2 and not self._resetting:
            self._resetting = True
            self._clock.callLater(0, self._reset)

    def _reset(self) -> None:
        self._resetting, self._spent = False, 0.0

    def _go_on(self) -> None:
        sources, seconds = self._sources, self._clock.seconds
        began = seconds()
        until = began + limits.DNS_TURN
        try:
            while sources:
                source, steps = sources.popitem(last=False)
                step = steps.popleft()
                if steps:
                    sources[source] = steps  # behind all others
                step()
                if not began <= seconds() < until:
                    break
        finally:
            self._going = bool(sources)
            if sources:
                self._clock.callLater(0, self._go_on)
