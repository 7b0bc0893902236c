"""One search under way: a part at a time, so that no search keeps the others waiting.

Cost: a filter that names a value of an attribute, alone or within an *and*, is answered from the
snapshot's index, whatever number of people there are; any other looks at each entry in scope.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from netapp.login.ldap import filters, schema
from netapp.login.ldap.entries import Entry, Snapshot, Values
from netapp.login.ldap.wire import Search


class Ended(Enum):
    """How a part of a search ended."""

    LATER = auto()  # it has had its turn
    FULL = auto()  # as many as were wanted, and there is another
    DONE = auto()


@dataclass(frozen=True, slots=True)
class Part:
    entries: list[Entry]
    spent: int  # comparisons
    ended: Ended


class Searching:
    """A search in one snapshot, which goes on where it stopped."""

    def __init__(self, request: Search, snapshot: Snapshot, top: Entry) -> None:
        self.request = request
        self.given = 0  # entries, in all parts
        self._cost = filters.cost(request.filter)
        self._test = filters.test_of(request.filter)
        self._entries = _in_scope(request, snapshot, top)
        self._next: Entry | None = None

    def go_on(self, most: float, turn: int) -> Part:
        """Look for more.

        :param most: entries to find; it ends when there is one more than these.
        :param turn: comparisons to make, about; giving a value costs as much as one.
        """
        found: list[Entry] = []
        spent = 0
        while True:
            if self._next is None:
                entry = next(self._entries, None)
                if entry is None:
                    return Part(found, spent, Ended.DONE)
                spent += self._cost
                self._next = entry if self._test(entry) else None
            if self._next is not None:
                if len(found) >= most:
                    return Part(found, spent, Ended.FULL)
                found.append(self._next)
                self.given += 1
                spent += sum(len(values.octets) for values in self._next.attributes.values())
                self._next = None
            if spent >= turn:
                return Part(found, spent, Ended.LATER)


def _in_scope(request: Search, snapshot: Snapshot, top: Entry) -> Iterator[Entry]:
    """Entries that may be meant: fewer than all where the index tells."""
    likely = filters.candidates(request.filter, snapshot.index)
    if request.scope == 0 or likely is None or not snapshot.holds(top):
        return snapshot.beneath(top, request.scope)
    return _among(likely, top, request.scope)


def _among(likely: Collection[Entry], top: Entry, scope: int) -> Iterator[Entry]:
    key = top.name.key
    for each in likely:
        own = each.name.key
        if own[1:] == key if scope == 1 else own[len(own) - len(key) :] == key:
            yield each


def chooser(wanted: tuple[str, ...]) -> Callable[[Entry], list[Values]]:
    """Which attributes of an entry were asked for.

    Source: RFC 4511 section 4.5.1.8; RFC 3673 for "+".
    """
    user, own = not wanted or "*" in wanted, "+" in wanted
    named = {schema.canonical(each) for each in wanted}

    def choose(entry: Entry) -> list[Values]:
        return [
            values
            for key, values in entry.attributes.items()
            if (own if values.attribute.operational else user) or key in named
        ]

    return choose
