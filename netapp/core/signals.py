"""SIGHUP: everything that can be read again is read again.  SIGTERM, SIGINT: one end, however many come."""

import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.application import service
from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.errors import ConfigError, ToldApart


class Hangup(service.Service):
    """Calls each reloader, one after another, when the process gets a SIGHUP.

    Signals that come before all have read, which may take Deferreds' time, are one more reading
    after it: a storm of them leaves no queue.

    A reloader that fails is logged and does not keep the others from theirs: what is the
    operator's fault, a ConfigError, in one line.

    ``told`` is called with True when a reading begins, and with False when all have read.
    """

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._reloaders: list[tuple[str, Callable[[], object]]] = []
        self._before: Any = None
        self._reading = self._again = False
        self._unsound: dict[str, str] = {}
        self.told: Callable[[bool], object] = lambda begins: None

    def add(self, name: str, reload: Callable[[], object]) -> None:
        self._reloaders.append((name, reload))

    def faults(self) -> list[str]:
        """What the last reading has found wrong and nobody else tells of, a line each."""
        return list(self._unsound.values())

    def startService(self) -> None:
        super().startService()
        if hasattr(signal, "SIGHUP"):
            # Twisted leaves this signal alone; its handler runs between two octets of anything,
            # so the work goes to the reactor's turn.
            self._before = signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self.reload))

    def stopService(self) -> None:
        super().stopService()
        self._again = False
        if self._before is not None:
            signal.signal(signal.SIGHUP, self._before)
            self._before = None

    def reload(self) -> None:
        if self._reading:
            self._again = True
            return
        self._reading = True
        self.told(True)
        outcomes = [
            defer.maybeDeferred(reload).addCallbacks(
                self._read, self._unread, callbackArgs=(name,), errbackArgs=(name,)
            )
            for name, reload in self._reloaders
        ]
        defer.DeferredList(outcomes).addCallback(self._all_read)

    def _all_read(self, _: object) -> None:
        self._reading, again, self._again = False, self._again, False
        if again:
            self.reload()
        else:
            self.told(False)

    def _read(self, _: object, name: str) -> None:
        self._unsound.pop(name, None)
        self._log.info("{name}: read again", name=name)

    def _unread(self, failure: Failure, name: str) -> None:
        if failure.check(ConfigError):
            reason = failure.getErrorMessage()
            self._log.error("{name}: not read again: {reason}", name=name, reason=reason, standing=True)
            self._unsound.pop(name, None)
            if not failure.check(ToldApart):
                self._unsound[name] = f"{name}: not read again: {reason}"
        else:
            self._log.failure("{name} could not be read again", failure, name=name)


class Ending:
    """The one end of a process, by however many signals and reasons of its own.

    Twisted's reactor refuses a second stop, and logs that as its own failure.

    :ivar begun: whether it ends.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor, self.begun = reactor, False

    def guard(self) -> None:
        """Take the reactor's signals once it runs: it has set its own handlers only then."""
        self._reactor.callWhenRunning(self._take)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._begin)

    def stop(self) -> None:
        """Have the process end, if it does not yet."""
        if self._begin():
            self._reactor.stop()

    def _take(self) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            stops = signal.getsignal(each)
            if callable(stops):  # neither ignored nor the system's
                signal.signal(each, partial(self._heard, stops))

    def _heard(self, stops: Callable[..., object], *given: Any) -> None:
        if self._begin():
            stops(*given)

    def _begin(self) -> bool:
        """:returns: whether nobody has before."""
        begun, self.begun = self.begun, True  # no call between: no signal's handler either
        return not begun
