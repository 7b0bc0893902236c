"""Tables of failed tries and of known places, with their bounds: values only.

Each row's key is a short text without anything typed in it, so that rows can be stored as they are.
"""

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from netapp.core import limits

#: Failures in a row, and the time of the last one.
Row = tuple[int, float]
#: A row with less than this has cost nothing yet.
COSTS: Final = 3
#: The most that is counted: it has long ceased to make a difference, and every store can hold it.
MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be stored, in one transaction; what is gone is to be deleted."""

    rows: list[tuple[str, int, float]] = field(default_factory=list)  # key, failures, the last one's time
    places: list[tuple[str, str, float]] = field(default_factory=list)  # source, account's key, last time
    gone: list[str] = field(default_factory=list)
    gone_places: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rows or self.places or self.gone or self.gone_places)


class Counts:
    """Failures in a row under the keys of one kind.

    Rows that have cost nothing yet and rows that have are kept apart, half of ``size`` each: a flood
    of keys with a failure or two drives no other row out.
    """

    def __init__(self, size: int, forgets: float) -> None:
        self.forgets = forgets
        self._half = max(1, size // 2)
        self._light: OrderedDict[str, Row] = OrderedDict()
        self._heavy: OrderedDict[str, Row] = OrderedDict()

    def __len__(self) -> int:
        return len(self._light) + len(self._heavy)

    def raw(self, key: str) -> Row | None:
        """The row as it is, however old."""
        return self._heavy.get(key) or self._light.get(key)

    def get(self, key: str, now: float) -> Row:
        """The row, of no failures when there is none or it is too old to count."""
        row = self.raw(key)
        return row if row is not None and now - row[1] < self.forgets else (0, now)

    def put(self, key: str, row: Row) -> list[str]:
        """Set a row.  :returns: the keys that it drives out."""
        self.drop(key)
        table = self._heavy if row[0] >= COSTS else self._light
        table[key] = row
        return [table.popitem(last=False)[0] for _ in range(len(table) - self._half)]

    def drop(self, key: str) -> None:
        self._light.pop(key, None)
        self._heavy.pop(key, None)

    def sweep(self, now: float) -> list[str]:
        """Drop what is too old to count.  :returns: its keys."""
        old: list[str] = []
        for table in (self._light, self._heavy):
            while table and now - next(iter(table.values()))[1] >= self.forgets:  # the oldest is first
                old.append(table.popitem(last=False)[0])
        return old

    def __iter__(self) -> Iterator[str]:
        yield from self._light
        yield from self._heavy


class Places:
    """Where accounts were let in from.  Only who is let in makes a row, and each has its own bound:
    one account that comes from everywhere drives no other's places out.
    """

    def __init__(self, accounts: int = limits.PLACES_ACCOUNTS, each: int = limits.PLACES_EACH) -> None:
        self._accounts, self._each = accounts, each
        self._of: OrderedDict[str, OrderedDict[str, float]] = OrderedDict()
        self._at: Counter[str] = Counter()  # accounts by source
        self._dirty: dict[tuple[str, str], None] = {}
        self._gone: dict[tuple[str, str], None] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def last(self, source: str, account: str) -> float:
        """When it was let in from there; minus infinity if it never was."""
        places = self._of.get(account)
        return places.get(source, -math.inf) if places is not None else -math.inf

    def knows(self, source: str, account: str, now: float) -> bool:
        return now - self.last(source, account) < limits.PLACE

    def is_anybodys(self, source: str) -> bool:
        """Whether any account was let in from there."""
        return source in self._at

    def add(self, source: str, account: str, now: float) -> None:
        if not 0 <= now - self.last(source, account) < limits.PLACE_NOTED:
            self._put(source, account, now)
            self._dirty[source, account] = None

    def merge(self, rows: Iterable[tuple[str, str, float]], now: float) -> None:
        """Take stored rows; the later time is true, one in the future is now."""
        for source, account, last in sorted(rows, key=lambda row: row[2]):
            if not now - last < limits.PLACE:  # too old, or no number
                if not self._has(source, account):
                    self._gone[source, account] = None
                continue
            if min(last, now) > self.last(source, account):
                self._put(source, account, min(last, now))
                if last > now:
                    self._dirty[source, account] = None

    def forget(self, account: str) -> None:
        """All places of an account."""
        for source in self._of.pop(account, OrderedDict()):
            self._left(source)
            self._dirty.pop((source, account), None)
            self._gone[source, account] = None

    def take(self, now: float) -> tuple[list[tuple[str, str, float]], list[tuple[str, str]]]:
        """What has changed since the last call, and what is gone."""
        while self._of and now - max(next(iter(self._of.values())).values()) >= limits.PLACE:
            self.forget(next(iter(self._of)))
        dirty, self._dirty = self._dirty, {}
        gone, self._gone = self._gone, {}
        return [(source, account, self._of[account][source]) for source, account in dirty], list(gone)

    def put_back(self, changes: Changes) -> None:
        """What was taken could not be stored."""
        for source, account, _ in changes.places:
            if self._has(source, account):
                self._dirty[source, account] = None
        for source, account in changes.gone_places:
            if not self._has(source, account):
                self._gone[source, account] = None

    def _has(self, source: str, account: str) -> bool:
        return self.last(source, account) > -math.inf

    def _put(self, source: str, account: str, last: float) -> None:
        places = self._of.setdefault(account, OrderedDict())
        if source not in places:
            self._at[source] += 1
        places[source] = last
        places.move_to_end(source)
        self._of.move_to_end(account)
        self._gone.pop((source, account), None)
        while len(places) > self._each:
            driven_out, _ = places.popitem(last=False)
            self._left(driven_out)
            self._dirty.pop((driven_out, account), None)
            self._gone[driven_out, account] = None
        while len(self._of) > self._accounts:
            self.forget(next(iter(self._of)))

    def _left(self, source: str) -> None:
        self._at[source] -= 1
        if not self._at[source]:
            del self._at[source]
