"""One request over a connection, and the messages that answer it, however many.

What comes is read as fast as it comes, and read into records a piece at a time: a primary may hang
up on who takes half a second for a message (Knot does), and others are to be answered meanwhile.
"""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from twisted.internet import defer, error, interfaces, protocol
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.alarm import Alarm
from netapp.dns.message import HEADER
from netapp.dns.tsig.trust import Trust
from netapp.errors import NetappError

T = TypeVar("T")
#: Takes one message of an answer; gives what came of it all, or None while more must come.  A message
#: that takes a while is taken in steps, each of which gives that.
Receive = Callable[[bytes], T | Iterator[T | None] | None]


class Unanswered(NetappError):
    """The server could not be asked, or did not answer; the text says why."""


class Unreached(Unanswered):
    """There is no connection."""


class Conversation(protocol.Protocol, Generic[T]):
    """One request over a connection, and the messages that answer it.

    :param bound: seconds for all of it.
    """

    transport: Any

    def __init__(
        self,
        message: bytes,
        trust: Trust,
        receive: Receive[T],
        clock: interfaces.IReactorTime,
        bound: float = limits.TRANSFER_IN,
    ) -> None:
        self._message, self._trust, self._receive, self._clock = message, trust, receive, clock
        self._buffer = bytearray()
        self._alarm = Alarm(clock, self._late)
        self._end = clock.seconds() + bound
        self._fresh = 0  # octets since the alarm was set
        self.outcome: defer.Deferred[T] = defer.Deferred(lambda _: self._cancel())
        self._over = self._paused = False
        self._lost = ""  # how the connection has ended, while there is something to be read of it
        self._turn: interfaces.IDelayedCall | None = None
        self._steps: Iterator[T | None] | None = None  # what is left of a message

    def connectionMade(self) -> None:
        octets = self._trust.request(self._message)
        self.transport.write(len(octets).to_bytes(2, "big") + octets)
        self._wait()

    def dataReceived(self, data: bytes) -> None:
        if self._over:
            return
        self._buffer += data
        self._fresh += len(data)
        if self._fresh >= limits.TRANSFER_LEAST:
            self._wait()
        if not self._paused and len(self._buffer) > limits.TRANSFER_AHEAD:
            self._paused = True
            self._alarm.set(self._end)  # it is we who are slow
            self.transport.pauseProducing()
        if self._turn is None:
            self._read()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        self._lost = "closed" if reason.check(error.ConnectionDone) else "broken"
        if self._turn is None:
            self._break_off()

    def _read(self) -> None:
        """Hand on some of what has come; the rest once others have had their turn."""
        self._turn = None
        try:
            outcome = self._messages()
        except NetappError:
            self._fail(Failure())
            return
        if outcome is not None:
            self._stop()
            self.transport.loseConnection()
            self.outcome.callback(outcome)
        elif self._steps is not None or self._whole(0):
            self._turn = self._clock.callLater(0, self._read)
        elif self._lost:
            self._break_off()
        if self._paused and not self._over and len(self._buffer) < limits.TRANSFER_AHEAD // 2:
            self._paused = False
            self.transport.resumeProducing()
            self._wait()

    def _messages(self) -> T | None:
        """What comes of a turn's share of messages.  :raises NetappError: one is not to be believed."""
        at, begun, outcome = 0, self._clock.seconds(), None
        while outcome is None and at < limits.TRANSFER_TURN:
            if self._steps is not None:
                outcome = self._step(self._steps)
            elif end := self._whole(at):
                message, at = bytes(self._buffer[at + 2 : end]), end
                if len(message) < HEADER:
                    raise Unanswered("a message is shorter than its header")
                taken = self._receive(self._trust.answer(message))
                if isinstance(taken, Iterator):
                    self._steps = taken
                else:
                    outcome = taken
            else:
                break
            if not 0 <= self._clock.seconds() - begun < limits.TRANSFER_TURN_TIME:
                break
        del self._buffer[:at]
        if outcome is not None:
            self._trust.finish()
        return outcome

    def _step(self, steps: Iterator[T | None]) -> T | None:
        for outcome in steps:
            return outcome
        self._steps = None
        return None

    def _whole(self, at: int) -> int:
        """Where the message that begins there ends; 0 if not all of it has come."""
        if len(self._buffer) - at < 2:
            return 0
        end = at + 2 + int.from_bytes(self._buffer[at : at + 2], "big")
        return end if end <= len(self._buffer) else 0

    def _break_off(self) -> None:
        self._fail(Failure(Unanswered(f"the connection was {self._lost} before the end")))

    def _wait(self) -> None:
        self._fresh = 0
        self._alarm.set(min(self._end, self._clock.seconds() + limits.TRANSFER_SILENCE))

    def _late(self) -> None:
        if self._clock.seconds() >= self._end:
            why = "it takes too long"
        else:
            why = "it is too slow" if self._fresh else "it has fallen silent"
        self._fail(Failure(Unanswered(why)))

    def _fail(self, failure: Failure) -> None:
        if not self._over:
            self._stop()
            self.transport.abortConnection()
            self.outcome.errback(failure)

    def _cancel(self) -> None:
        self._stop()
        self.transport.abortConnection()

    def _stop(self) -> None:
        if not self._over:
            self._over = True
            self._steps = None
            self._buffer.clear()
            self._alarm.end()
            if self._turn is not None and self._turn.active():
                self._turn.cancel()
