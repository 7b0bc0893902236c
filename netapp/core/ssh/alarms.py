"""A few things that happen later, each under a name, unless they are called off."""

from collections.abc import Callable

from twisted.internet import interfaces


class Alarms:
    """One connection's.  Nothing is left on the clock for a connection that has gone."""

    def __init__(self, clock: interfaces.IReactorTime) -> None:
        self._clock = clock
        self._set: dict[str, interfaces.IDelayedCall] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._set

    def set(self, name: str, seconds: float, due: Callable[[], object]) -> None:
        """Have something happen in a while, instead of what was to happen under this name."""
        self.cancel(name)
        self._set[name] = self._clock.callLater(seconds, self._ring, name, due)

    def cancel(self, name: str) -> None:
        alarm = self._set.pop(name, None)
        if alarm is not None:
            alarm.cancel()

    def clear(self) -> None:
        for name in list(self._set):
            self.cancel(name)

    def _ring(self, name: str, due: Callable[[], object]) -> None:
        del self._set[name]
        due()
