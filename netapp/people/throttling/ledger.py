"""What is counted of failed tries, as rows that can be stored and taken back: values only."""

import math
from collections.abc import Iterable, Iterator
from typing import Final

from netapp.core import limits
from netapp.people.throttling.counts import MOST, Changes, Counts, Places, Row
from netapp.people.throttling.guesses import Sprays

#: A count's letter, a colon, and what it is of.  The letters: an account from anywhere (a), a site's
#: network (s), failures at many accounts (d), a network (n), an account at a source (p), an address (h).
Key = str
#: The order in which a try takes its counts of either kind.
ORDER: Final = "asdnph"
#: Those that sources have in common: taken once a try's own are waited out.
SHARED: Final = "as"
_FORGETS: Final = dict.fromkeys(ORDER, limits.THROTTLE_FORGETS) | {
    "a": limits.THROTTLE_ACCOUNT_FORGETS,
    "d": limits.SPRAY_FORGETS,
}
_KEY: Final = 128  # characters of a stored key


class Ledger:
    """Counts of every kind, with what has changed in them since it was last asked.

    :param size: rows of each kind.
    """

    def __init__(self, size: int) -> None:
        self.places = Places()
        self._counts = {kind: Counts(size, _FORGETS[kind]) for kind in ORDER}
        self._sprays = Sprays(size)
        self._dirty: dict[Key, None] = {}
        self._gone: dict[Key, None] = {}

    def __len__(self) -> int:
        return sum(map(len, self._counts.values()))

    def row(self, key: Key, now: float) -> Row:
        """Failures and the last one's time; of no failures when there is none, or none that counts."""
        return self._counts[key[:1]].get(key, now)

    def fail(self, key: Key, now: float) -> None:
        """One failure more."""
        self._set(key, (min(self.row(key, now)[0] + 1, MOST), now))

    def fail_at(self, source: str, accounts: Iterable[str], now: float) -> None:
        """A failure of a source at an account: at many within minutes it is one more of that kind."""
        failed_at = max((self._sprays.add(source, account, now) for account in accounts), default=0)
        if failed_at >= limits.SPRAY_ACCOUNTS:
            self.fail(f"d:{source}", now)
            self._sprays.settle(source, now)

    def forgive(self, keys: Iterable[Key], now: float) -> None:
        """Start anew.  Rows of no failures stay for a while, so that other processes learn of it."""
        for key in keys:
            row = self._counts[key[:1]].raw(key)
            if row is not None and row[0]:
                self._set(key, (0, now))
            if key[:1] == "p":
                self._sprays.discard(*_parted(key))

    def of_account(self, account: str) -> Iterator[Key]:
        """The keys of an account, from anywhere and at each source."""
        yield f"a:{account}"
        yield from [key for key in self._counts["p"] if _parted(key)[1] == account]

    # What is stored --------------------------------------------------------------------------

    def merge(self, rows: Iterable[tuple[str, int, float]], now: float) -> None:
        """Take stored rows; the later time is true, and one in the future is now."""
        news = []
        for key, failures, last in rows:
            if key[:1] not in self._counts or len(key) > _KEY or not math.isfinite(last):
                self._gone[key] = None
            elif not self._has(key, failures, last):  # most are read again and again
                news.append((last, key, max(0, min(failures, MOST))))
        for last, key, failures in sorted(news):
            self._merge(key, (failures, last), now)

    def take(self, now: float) -> Changes:
        """What has changed since the last call."""
        for counts in self._counts.values():
            for key in counts.sweep(now):
                self._lose(key)
        rows = [(key, row) for key in self._dirty if (row := self._counts[key[:1]].raw(key)) is not None]
        gone = list(self._gone)
        self._dirty, self._gone = {}, {}
        places, gone_places = self.places.take(now)
        return Changes([(key, *row) for key, row in rows], places, gone, gone_places)

    def put_back(self, changes: Changes) -> None:
        """What was taken could not be stored: the next call gives it again."""
        for key, _, _ in changes.rows:
            self._dirty[key] = None
        for key in changes.gone:
            counts = self._counts.get(key[:1])
            if counts is None or counts.raw(key) is None:
                self._gone[key] = None
        self.places.put_back(changes)

    def _has(self, key: Key, failures: int, last: float) -> bool:
        """Whether a stored row is no news."""
        had = self._counts[key[:1]].raw(key)
        return had is not None and (had[1], had[0]) >= (last, failures)

    def _merge(self, key: Key, stored: Row, now: float) -> None:
        counts = self._counts[key[:1]]
        row, had = (stored[0], min(stored[1], now)), counts.raw(key)
        if now - row[1] >= counts.forgets and had is None:
            self._gone[key] = None
        elif had is None or (row[1], row[0]) > (had[1], had[0]):
            self._set(key, row)
            if row == stored:
                self._dirty.pop(key, None)  # as it is here, it is there
            self._merge_spray(key, row)

    def _merge_spray(self, key: Key, row: Row) -> None:
        """Know again at which accounts a source has failed since that last cost it something."""
        if key[:1] == "d":
            self._sprays.settle(key[2:], row[1])
        elif key[:1] == "p":
            source, account = _parted(key)
            settled = self._counts["d"].raw(f"d:{source}")
            if not row[0]:
                self._sprays.discard(source, account)
            elif settled is None or row[1] > settled[1]:
                self._sprays.add(source, account, row[1])

    def _set(self, key: Key, row: Row) -> None:
        self._gone.pop(key, None)
        self._dirty[key] = None
        for driven_out in self._counts[key[:1]].put(key, row):
            self._lose(driven_out)

    def _lose(self, key: Key) -> None:
        self._dirty.pop(key, None)
        self._gone[key] = None


def _parted(key: Key) -> tuple[str, str]:
    """The source and the account of a key of both."""
    source, _, account = key[2:].rpartition(" ")
    return source, account
