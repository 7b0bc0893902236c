"""How failed tries slow the next ones down: values and time only.

Three counts are kept: one for a source, one for an account as tried from a source, and one for an
account as tried from anywhere.  Each failure holds the next try back, counted from that failure; a
success forgives the account, but not the source, so that who has one account cannot guess others at
full speed.  Names are counted as they were tried, whether there is such an account or not.

An account that many sources try is guarded: after so many failures in a row, all sources that have
never been let in by it wait for one another.  So a thousand sources guess no faster than one, and
the owner comes in at once from where the owner has been.

Loopback is many people at once, by tunnels and proxies: there only the account is counted, so that
one does not hold up the others.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from netapp.core import limits
from netapp.core.access import is_loopback, source_of

#: Seconds that the prompt waits after the first, second, ... failure; the last for all further ones.
STEPS: Final = (0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 15.0)

#: (source,), (source, account), or (ANYWHERE, account).
Key = tuple[str, ...]
ANYWHERE: Final = "*"


def delay(failures: int) -> float:
    """What ``failures`` in a row cost, in seconds."""
    return STEPS[min(failures, len(STEPS)) - 1] if failures else 0.0


class Throttle:
    """Failures so far.  ``now`` is seconds on one clock.

    ``names`` are mapped names: what was typed may be read as more than one.
    """

    def __init__(self, size: int = limits.THROTTLES) -> None:
        self._size = size
        self._failures: OrderedDict[Key, tuple[int, float]] = OrderedDict()  # count, the last one's time
        self._known: OrderedDict[Key, None] = OrderedDict()  # sources that an account came in from

    def failed(self, host: str, names: Iterable[str], now: float) -> None:
        source, names = source_of(host), frozenset(names)
        accounts = [(source, name) for name in names] + [(ANYWHERE, name) for name in names if name]
        for key in ((source,), *accounts):
            self._failures[key] = (self._count(key, now) + 1, now)
            self._failures.move_to_end(key)
        while len(self._failures) > self._size:
            self._failures.popitem(last=False)

    def succeeded(self, host: str, name: str) -> None:
        key = (source_of(host), name)
        self._failures.pop(key, None)
        self._failures.pop((ANYWHERE, name), None)
        self._known[key] = None
        self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)

    def own_keys(self, host: str, names: Iterable[str]) -> list[Key]:
        """What a try from this source is counted under, always in one order."""
        source = source_of(host)
        accounts: list[Key] = [(source, name) for name in sorted(names)]
        return accounts if is_loopback(host) else [*accounts, (source,)]

    def guarded_keys(self, host: str, names: Iterable[str], now: float) -> list[Key]:
        """What it is counted under with those of other sources; empty for a source that is known."""
        source = source_of(host)
        return [
            (ANYWHERE, name)
            for name in sorted(names)
            if (source, name) not in self._known
            and self._count((ANYWHERE, name), now) >= limits.THROTTLE_GUARDS
        ]

    def wait(self, key: Key, now: float) -> float:
        """Seconds until the next try under a key."""
        last = self._failures[key][1] if key in self._failures else now
        if now < last:
            return 0.0  # the system's clock was set back: nobody waits until it was then
        return max(0.0, last + delay(self._count(key, now)) - now)

    def source_wait(self, host: str, now: float) -> float:
        """Seconds until this source is prompted again; 0 for loopback."""
        return 0.0 if is_loopback(host) else self.wait((source_of(host),), now)

    def account_wait(self, host: str, names: Iterable[str], now: float) -> float:
        """Seconds until this source may try these names again."""
        source, names = source_of(host), frozenset(names)
        keys = [(source, name) for name in names] + self.guarded_keys(host, names, now)
        return max((self.wait(key, now) for key in keys), default=0.0)

    def at(self, host: str) -> "SourceThrottle":
        return SourceThrottle(self, host)

    def _count(self, key: Key, now: float) -> int:
        count, last = self._failures.get(key, (0, now))
        return count if now - last < limits.THROTTLE_FORGETS else 0


class SourceThrottle:
    """A throttle as one source meets it."""

    def __init__(self, throttle: Throttle, host: str) -> None:
        self._throttle, self._host = throttle, host

    def wait(self, now: float) -> float:
        """Seconds until this source is prompted again."""
        return self._throttle.source_wait(self._host, now)

    def account_wait(self, names: Iterable[str], now: float) -> float:
        """Seconds until it may try these mapped names again."""
        return self._throttle.account_wait(self._host, names, now)
