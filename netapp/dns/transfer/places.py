"""The places that there are for transfers out, and what holds one: a transfer until it has ended."""

from collections import Counter
from collections.abc import Callable, Iterator
from weakref import WeakSet

from twisted.internet import interfaces

from netapp.core import limits
from netapp.dns.requests import BrokenOff
from netapp.dns.transfer.packing import TooLong


class Sending(Iterator[bytes]):
    """The messages of one transfer; it holds its place until it has ended or is let go.

    :param source: who reads them.
    :param ended: called once, with why it ended early, "" for not.
    :ivar moved: when the peer last had read enough for a message more.
    """

    def __init__(
        self,
        made: Iterator[bytes],
        clock: interfaces.IReactorTime,
        source: str,
        ended: Callable[["Sending", str], object],
    ) -> None:
        self._made, self._clock, self._ended = made, clock, ended
        self.source = source
        self.begun = self.moved = clock.seconds()
        self.octets = 0
        self._over = False
        self._why = ""

    def __next__(self) -> bytes:
        """:raises BrokenOff: there is no end to come."""
        if not self._over:
            self.moved = self._clock.seconds()
            if self.moved - self.begun > limits.TRANSFER_OUT:
                self.break_off(f"the peer has not read it in {limits.TRANSFER_OUT:g} s")
        if self._over:
            if self._why:
                raise BrokenOff(self._why)
            raise StopIteration
        try:
            message = next(self._made)
        except StopIteration:
            self._finish("")
            raise
        except TooLong:
            self.break_off("a record is too large for a message")
            raise BrokenOff(self._why) from None
        self.octets += len(message)
        return message

    def break_off(self, why: str) -> None:
        """Whoever reads it is to see that it has no end."""
        self._why = why
        self._finish(why)

    def close(self) -> None:
        """Nobody reads any more."""
        self._finish("the peer has gone")

    def _finish(self, why: str) -> None:
        if not self._over:
            self._over = True
            self._ended(self, why)

    def __del__(self) -> None:
        self.close()


class Places:
    """Who holds them: so many of one source, and when all are taken, those who read give way to nobody."""

    def __init__(self, clock: interfaces.IReactorTime) -> None:
        self._clock = clock
        self._sendings: WeakSet[Sending] = WeakSet()
        self._held: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        return self._held.total()

    def is_free(self, source: str) -> bool:
        """Whether there is one for a source.

        When all are taken, one is made free whose peer has read nothing for a while and holds more
        than the newcomer: of who holds the most, the one that has waited longest.
        """
        if self._held[source] >= limits.TRANSFERS_OUT_EACH:
            return False
        if self.taken < limits.TRANSFERS_OUT:
            return True
        late, least = self._clock.seconds() - limits.TRANSFER_IDLE, self._held[source]
        idle = [each for each in self._sendings if each.moved <= late and self._held[each.source] > least]
        if not idle:
            return False
        max(idle, key=lambda each: (self._held[each.source], -each.moved)).break_off("others need its place")
        return True

    def take(self, sending: Sending) -> None:
        self._sendings.add(sending)
        self._held[sending.source] += 1

    def leave(self, sending: Sending) -> None:
        self._sendings.discard(sending)
        self._held -= Counter((sending.source,))
