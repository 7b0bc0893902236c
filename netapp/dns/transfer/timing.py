"""When a secondary is due: the refresh, retry and expire of its SOA, RFC 1035 section 3.3.13.

Times are seconds on one clock; the jitter keeps zones apart that were loaded together.
"""

import math
from dataclasses import dataclass, field

from netapp.core import limits
from netapp.names.zone import Zone


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an SOA says, within our bounds."""

    refresh: float
    retry: float
    expire: float


def numbers_of(zone: Zone) -> Numbers:
    """An expire that is not above the refresh would end the zone between two looks (RFC 1912 2.2)."""
    rdata = zone.soa.rdatas[0]
    refresh, retry, expire = (int.from_bytes(rdata[at : at + 4], "big") for at in (-16, -12, -8))
    bounded = _within(refresh, limits.ZONE_REFRESH)
    tries = _within(retry, limits.ZONE_RETRY)
    return Numbers(bounded, tries, max(_within(expire, limits.ZONE_EXPIRE), bounded + tries))


@dataclass(slots=True)
class Timing:
    """One zone's due times; ``numbers`` is None while there is no zone."""

    numbers: Numbers | None = None
    due: float = 0.0
    expires: float = math.inf
    failures: int = field(default=0)

    def loaded(self, numbers: Numbers, now: float, age: float) -> None:
        """A zone that was on the disk, last refreshed so long ago: its primary is asked at once."""
        self.numbers, self.due, self.expires = numbers, now, now + numbers.expire - age

    def refreshed(self, numbers: Numbers, now: float, jitter: float) -> None:
        """The primary has it, or has nothing newer.  :param jitter: 0 to 1."""
        self.numbers, self.failures = numbers, 0
        self.due = now + _sooner(numbers.refresh, jitter)
        self.expires = now + numbers.expire

    def failed(self, now: float, jitter: float) -> None:
        """No primary has answered."""
        first, most = limits.ZONE_FIRST_RETRY
        wait = min(first * 2.0**self.failures, most) if self.numbers is None else self.numbers.retry
        self.failures = min(self.failures + 1, 32)
        self.due = now + _sooner(wait, jitter)


def _within(number: float, bounds: tuple[float, float]) -> float:
    return min(max(float(number), bounds[0]), bounds[1])


def _sooner(seconds: float, jitter: float) -> float:
    return seconds * (1.0 - limits.ZONE_JITTER * jitter)
