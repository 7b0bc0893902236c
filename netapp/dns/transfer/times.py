"""When each zone was last known to be the newest, kept beyond this process.

Without it a server that is started every day would serve for ever what it had of a primary that
has gone: the SOA's expire counts from the last refresh (RFC 1035 section 3.3.13).
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twisted.internet import defer, interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits, state
from netapp.names.naming import shown

_FILE: Final = Path("dns", "refreshed")
#: Runs a write where it holds up nobody.
Aside = Callable[[Callable[[], None]], "defer.Deferred[None]"]


class Forgotten:
    """Remembers nothing."""

    def get(self, origin: bytes) -> float | None:
        return None

    def put(self, origin: bytes, when: float) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Kept:
    """A small file of the state directory, a line for each zone; written within a while after a change.

    What a crash loses of it is that while.

    :param clock: by the time that has passed.
    :param time: gives seconds since 1970.  A refresh is as long ago as it is, though the system's
        clock has been set since: the file has when it was by the new time, soon after that too.  What
        was not refreshed since we began stays as it is there.
    """

    _log = Logger()

    def __init__(
        self, folder: Path, clock: interfaces.IReactorTime, aside: Aside, time: Callable[[], float]
    ) -> None:
        self._path, self._clock, self._aside, self._time = folder / _FILE, clock, aside, time
        self._times = _read(self._path)
        self._passed: dict[bytes, float] = {}  # of those since we began: when, by our clock
        self._written = -math.inf  # how far apart the clocks were then; not while there is more to write
        self._timer: interfaces.IDelayedCall | None = None

    def get(self, origin: bytes) -> float | None:
        passed = self._passed.get(origin)
        return passed + self._apart() if passed is not None else self._times.get(origin)

    def put(self, origin: bytes, when: float) -> None:
        self._passed[origin] = when - self._apart()
        self._written = -math.inf

    def start(self) -> None:
        self._timer = self._clock.callLater(limits.ZONE_TIMES, self._look)

    def stop(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._passed:
            try:
                _write(self._path, self._all())
            except OSError:
                self._unwritten(Failure())

    def _apart(self) -> float:
        return self._time() - self._clock.seconds()

    def _all(self) -> dict[bytes, float]:
        apart = self._apart()
        return self._times | {origin: passed + apart for origin, passed in self._passed.items()}

    def _look(self) -> None:
        """Write what is not written, or is by another time than the system's clock has now."""
        apart = self._apart()
        if self._passed and abs(apart - self._written) > limits.CLOCK_STEP:
            times, self._written = self._all(), apart
            self._aside(lambda: _write(self._path, times)).addErrback(self._unwritten)
        self.start()

    def _unwritten(self, failure: Failure) -> None:
        failure.trap(OSError)
        self._log.error(
            "{path} cannot be written: {why}", path=str(self._path), why=failure.getErrorMessage()
        )


def _read(path: Path) -> dict[bytes, float]:
    """What is kept; nothing where it cannot be read: each zone then counts from now."""
    times: dict[bytes, float] = {}
    try:
        for line in path.read_text("ascii").splitlines():
            origin, when = line.split()[:2]
            times[bytes.fromhex(origin)] = float(when)
    except (OSError, ValueError):
        pass
    return times


def _write(path: Path, times: dict[bytes, float]) -> None:
    state.make(path.parent)
    state.put(path, "".join(f"{origin.hex()} {when:.0f} {shown(origin)}\n" for origin, when in times.items()))
