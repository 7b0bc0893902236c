"""Time that never goes back while a process runs.

The system's clock can be set, and a machine can sleep.  :class:`Steady` counts with the monotonic
clock and adds the largest difference that the system's clock has ever had from it:

- Set back, it goes on as if nothing had happened, ahead of the system's clock until the process
  ends: nothing that expires lives a second longer than its span.
- Set forward, and after a sleep of the machine, it goes forward too: what expires may end early,
  and never late.

A second process on the machine may so have another time.  What one reads of another's, or of an
earlier one's, is therefore judged by :func:`is_alive`: what was made in the future is not alive.

One-time codes (RFC 6238) and times for people to read are of the system's clock itself, since
others count by it: :attr:`Steady.wall`.

The reactor's own seconds are such a time in every process: :func:`keep_steady`.

Where to end early does harm, as a zone's expiry does, the time that has passed is counted instead:
:class:`Elapsed`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet import interfaces
from twisted.logger import Logger
from twisted.python import runtime
from zope.interface import implementer

from netapp.core import limits

_log = Logger()


def warn(step: float) -> None:
    """Say in the log that the system's clock has made a step of so many seconds."""
    _log.critical(
        "the system's clock went {direction} by {seconds:.0f} s; {consequence}",
        direction="forward" if step > 0 else "back",
        seconds=abs(step),
        consequence="sessions and tokens may end early by that"
        if step > 0
        else "what expires still ends when it would have: start netapp again to count by the new time",
    )


@dataclass(frozen=True, slots=True)
class Wall:
    """The system's clock itself, for whoever asks a clock for its seconds."""

    seconds: Callable[[], float]


class Steady:
    """:param wall: seconds since 1970, as the system's clock has them: ``time.time``.
    :param monotonic: seconds since any moment, which nobody sets: ``time.monotonic``.
    :param stepped: called once for each step of the system's clock of more than
        ``limits.CLOCK_STEP``, with its seconds; a small step or a slow drift is not told of.
    """

    def __init__(
        self,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        stepped: Callable[[float], object] = warn,
    ) -> None:
        self.wall, self._monotonic, self._stepped = wall, monotonic, stepped
        self._apart = self._most = wall() - monotonic()

    def seconds(self) -> float:
        """Seconds since 1970: not below the system's clock, nor below what was given before."""
        monotonic = self._monotonic()
        apart = self.wall() - monotonic
        step, self._apart = apart - self._apart, apart
        self._most = max(self._most, apart)
        if abs(step) > limits.CLOCK_STEP:
            self._stepped(step)
        return monotonic + self._most


@implementer(interfaces.IReactorTime)
class Elapsed:
    """A reactor's timers, and the time that has passed, whatever the system's clock is set to.

    Set forward, calls come early: whoever has them looks at the seconds again, as
    :class:`netapp.core.alarm.Alarm` does.  A reactor may not count a machine's sleep, and they come late
    then: such an alarm looks each ``limits.ELAPSED_LOOK``.

    :param elapsed: :data:`netapp.core.platform.elapsed`.
    """

    def __init__(self, reactor: interfaces.IReactorTime, elapsed: Callable[[], float]) -> None:
        self._reactor, self._elapsed = reactor, elapsed

    def seconds(self) -> float:
        return self._elapsed()

    def callLater(
        self,
        delay: float,
        callable: Callable[..., Any],  # noqa: A002  (the interface has it so)
        *args: object,
        **kwargs: object,
    ) -> Any:
        return self._reactor.callLater(delay, callable, *args, **kwargs)

    def getDelayedCalls(self) -> Any:
        return self._reactor.getDelayedCalls()


def is_alive(created: float, expires: float, now: float) -> bool:
    """Whether ``now`` is within a span.  :param created: up to a minute in the future is now."""
    return created - limits.CLOCK_STEP <= now < expires


def keep_steady(reactor: Any, wall: Callable[[], float], monotonic: Callable[[], float]) -> None:
    """Have a reactor's timers go by time that never goes back; by the system's clock all of them would
    stand still until it is again what it was.

    A reactor that has another clock of its own, as that of asyncio has, keeps it.
    """
    if reactor.seconds is runtime.seconds:
        reactor.seconds = Steady(wall, monotonic, lambda step: None).seconds
