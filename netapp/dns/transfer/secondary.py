"""The zones that come from primaries: when each is due, and what is done then.

A zone is due by its SOA (:mod:`netapp.dns.transfer.timing`), or at once when a primary says NOTIFY
(RFC 1996).  Its primaries are tried in turn.  However many NOTIFYs come, one look is under way and
at most one follows it.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from twisted.internet import defer, interfaces
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.alarm import Alarm
from netapp.core.text import visible
from netapp.dns.transfer.fetching import Fetching, Holds, Taken
from netapp.dns.transfer.servers import Server
from netapp.dns.transfer.timing import Timing, numbers_of
from netapp.errors import NetappError
from netapp.names.naming import shown
from netapp.names.zone import Zone


class Names(Holds, Protocol):
    """What is asked of the names."""

    def add_secondary(self, origin: bytes) -> Zone | None: ...

    def expire(self, origin: bytes) -> None: ...

    def refreshed(self, origin: bytes) -> None: ...


class Times(Protocol):
    """Remembers, beyond this process, when a zone was last known to be the newest: seconds since 1970."""

    def get(self, origin: bytes) -> float | None: ...

    def put(self, origin: bytes, when: float) -> None: ...


class Secondary:
    """One zone that comes from primaries.

    :param random: gives 0 to 1.
    :param time: gives seconds since 1970.
    """

    _log = Logger()

    def __init__(
        self,
        origin: bytes,
        primaries: Sequence[Server],
        names: Names,
        fetching: Fetching,
        clock: interfaces.IReactorTime,
        random: Callable[[], float],
        time: Callable[[], float],
        times: Times,
    ) -> None:
        self.origin, self.primaries = origin, tuple(primaries)
        self._names, self._fetching, self._clock = names, fetching, clock
        self._random, self._time, self._times = random, time, times
        self._timing = Timing()
        self._alarm = Alarm(clock, self._wake, limits.ELAPSED_LOOK)
        self._first = 0  # of the primaries, the one to try first
        self._zone: Zone | None = None
        self._expired = False
        self._running: defer.Deferred[None] | None = None
        self._again = False
        self._stopped = True
        self._began = -math.inf
        self.error = ""  # why the last look failed; "" after one that did not
        self._said: dict[Server, set[str]] = {}  # what the log was told of each

    # From outside ----------------------------------------------------------------------------------

    def load(self) -> None:
        """Serve what is on the disk.  :raises ConfigError: it cannot be read."""
        self._zone = self._names.add_secondary(self.origin)

    def start(self) -> None:
        """Begin to look."""
        self._stopped = False
        now = self._clock.seconds()
        if self._zone is not None:
            last = self._times.get(self.origin)
            age = max(0.0, self._time() - last) if last is not None else 0.0
            self._timing.loaded(numbers_of(self._zone), now, age)
        self._timing.due = now
        self._sleep()

    def stop(self) -> None:
        self._stopped = True
        self._alarm.set(math.inf)
        running, self._running = self._running, None
        if running is not None:
            running.cancel()

    def notified(self, host: str, serial: int | None) -> None:
        """A primary says that the zone has changed.

        :param host: who says so; it is asked first.
        :param serial: the one that it names, a hint that is not to be trusted (RFC 1996 section 3.7).
        """
        if self._zone is not None and serial == self._zone.serial and not self._expired:
            return
        for number, server in enumerate(self.primaries):
            if server.is_at(host):
                self._first = number
                break
        if self._running is not None:
            self._again = True
            return
        self._timing.due = min(self._timing.due, max(self._clock.seconds(), self._began + limits.NOTIFY_LOOK))
        self._sleep()

    def look(self) -> None:
        """The operator wants it looked at now."""
        if self._running is None:
            self._timing.due = self._clock.seconds()
            self._sleep()

    def status(self) -> dict[str, Any]:
        """For who asks how it stands; times are seconds since 1970."""
        offset = self._time() - self._clock.seconds()
        expires = self._timing.expires
        return {
            "primary": str(self.primaries[self._first]),
            "next": self._timing.due + offset,
            "expires": expires + offset if expires != math.inf else None,
            "fault": visible(self.error)[: limits.STATUS_LINE],
        }

    # Due times -------------------------------------------------------------------------------------

    def _sleep(self) -> None:
        if self._stopped:
            return
        due = self._timing.due if self._running is None else math.inf
        self._alarm.set(min(due, math.inf if self._expired else self._timing.expires))

    def _wake(self) -> None:
        now = self._clock.seconds()
        if now >= self._timing.expires and not self._expired:
            self._expired = True
            self._names.expire(self.origin)
            self._log.error(
                "zone {zone}: expired after {seconds:g} s without its primaries; SERVFAIL until one answers",
                zone=shown(self.origin),
                seconds=self._timing.numbers.expire if self._timing.numbers is not None else 0,
            )
        if now >= self._timing.due and self._running is None:
            self._look()
        self._sleep()  # it may expire while a look is under way

    def _look(self) -> None:
        self._again, self._began = False, self._clock.seconds()
        looking = self._running = defer.ensureDeferred(self._try_each())
        looking.addErrback(self._failed)
        looking.addCallback(self._looked, looking)

    def _failed(self, failure: Any) -> None:
        if not failure.check(defer.CancelledError):
            self._log.failure("zone {zone}: a look at its primaries failed", failure, zone=shown(self.origin))
            self._timing.failed(self._clock.seconds(), self._random())

    def _looked(self, _: object, looking: object) -> None:
        if self._running is looking:
            self._running = None
        if self._again:
            self._timing.due = max(self._clock.seconds(), self._began + limits.NOTIFY_LOOK)
        self._sleep()

    # One look --------------------------------------------------------------------------------------

    async def _try_each(self) -> None:
        """Ask the primaries in turn until one has something to say."""
        count = len(self.primaries)
        for number in [(self._first + step) % count for step in range(count)]:
            server, begun = self.primaries[number], self._clock.seconds()
            try:
                taken = await self._fetching.look(server, self.origin, None if self._expired else self._zone)
            except NetappError as error:
                self._complain(server, str(error))
                continue
            self._first = number
            self._refreshed(server, taken, self._clock.seconds() - begun)
            return
        self._first = (self._first + 1) % count
        self._timing.failed(self._clock.seconds(), self._random())

    def _complain(self, server: Server, why: str) -> None:
        """Say each reason once, and not many of them, until the server answers."""
        self.error = f"{server}: {why}"
        said = self._said.setdefault(server, set())
        if why not in said and len(said) < limits.FAULTS_LOGGED:
            said.add(why)
            self._log.warn(
                "zone {zone}: nothing from {server}: {why}; trying on",
                zone=shown(self.origin),
                server=server,
                why=why,
            )

    def _refreshed(self, server: Server, taken: Taken | None, seconds: float) -> None:
        zone = shown(self.origin)
        self.error = ""
        if taken is not None:
            self._zone = taken.zone
            self._log.info(
                "zone {zone}: serial {serial} from {server} by {kind}, {octets} octets in {seconds} s",
                zone=zone, serial=taken.zone.serial, server=server, kind=taken.kind,
                octets=taken.octets, seconds=round(seconds, 3),
            )  # fmt: skip
        else:
            self._names.refreshed(self.origin)
        if self._said.pop(server, None) is not None or self._expired:
            self._log.info("zone {zone}: {server} answers again", zone=zone, server=server)
        self._expired = False
        assert self._zone is not None
        self._timing.refreshed(numbers_of(self._zone), self._clock.seconds(), self._random())
        self._times.put(self.origin, self._time())


class Secondaries(Mapping[bytes, Secondary]):
    """All zones that come from primaries, by origin."""

    def __init__(self, zones: Iterable[Secondary]) -> None:
        self._zones = {each.origin: each for each in zones}

    def __getitem__(self, origin: bytes) -> Secondary:
        return self._zones[origin]

    def __iter__(self) -> Any:
        return iter(self._zones)

    def __len__(self) -> int:
        return len(self._zones)

    def load(self) -> None:
        for each in self._zones.values():
            each.load()

    def start(self) -> None:
        for each in self._zones.values():
            each.start()

    def stop(self) -> None:
        for each in self._zones.values():
            each.stop()

    def look(self) -> None:
        """Ask the primaries of all now."""
        for each in self._zones.values():
            each.look()

    def status(self, origin: bytes) -> dict[str, Any]:
        """As :attr:`netapp.names.store.Names.followed` has it."""
        zone = self._zones.get(origin)
        return zone.status() if zone is not None else {}
