"""What a search looks for, and whether an entry is it.

An answer is true, false, or None for undefined: of an attribute that is not known nothing can be
said, nor its opposite.

Source: RFC 4511 section 4.5.1.7.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from netapp.core import limits
from netapp.login.ldap import matching, schema
from netapp.login.ldap.entries import Entry


@dataclass(frozen=True, slots=True)
class And:
    """All of them; true of none (RFC 4526)."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """One of them; false of none (RFC 4526)."""

    filters: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    filter: "Filter"


@dataclass(frozen=True, slots=True)
class Equal:
    """Also for approxMatch, which a server may treat alike."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class AtLeast:
    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class AtMost:
    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Present:
    attribute: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """A value that begins, goes on and ends so."""

    attribute: str
    initial: bytes
    inner: tuple[bytes, ...]
    final: bytes


@dataclass(frozen=True, slots=True)
class Extensible:
    """A matching rule that is named: none is supported, so it is undefined."""


Filter = And | Or | Not | Equal | AtLeast | AtMost | Present | Pieces | Extensible
#: Whether an entry is what is looked for.
Test = Callable[[Entry], bool | None]
#: Entries by an attribute's name in lower case and a value as it is compared.
Index = Mapping[tuple[str, object], Collection[Entry]]


def cost(wanted: Filter) -> int:
    """How many comparisons one entry takes, at most."""
    if isinstance(wanted, And | Or):
        return 1 + sum(map(cost, wanted.filters))
    if isinstance(wanted, Not):
        return 1 + cost(wanted.filter)
    return 1 + len(wanted.inner) if isinstance(wanted, Pieces) else 1


def test_of(wanted: Filter) -> Test:
    """A filter made ready: its values are brought into the form in which they are compared once."""
    if isinstance(wanted, And | Or):
        return _joined([test_of(each) for each in wanted.filters], decides=isinstance(wanted, Or))
    if isinstance(wanted, Not):
        return _opposite(test_of(wanted.filter))
    if isinstance(wanted, Extensible):
        return _undefined
    known = schema.attribute(wanted.attribute)
    if known is None:
        return _undefined
    key = known.name.lower()
    if isinstance(wanted, Present):
        return lambda entry: key in entry.attributes
    if isinstance(wanted, Pieces):
        return _by_pieces(key, known.kind, wanted)
    value = matching.normal(known.kind, wanted.value)
    if value is None:
        return _undefined
    if isinstance(wanted, Equal):
        return lambda entry: value in entry.values(key)
    if known.kind not in matching.ORDERED:
        return _undefined
    return _in_order(key, value, least=isinstance(wanted, AtLeast))


def candidates(wanted: Filter, index: Index) -> Collection[Entry] | None:
    """Entries among which are all that are looked for; None where only a look at each tells."""
    if isinstance(wanted, Equal):
        known = schema.attribute(wanted.attribute)
        value = matching.normal(known.kind, wanted.value) if known is not None else None
        return () if known is None or value is None else index.get((known.name.lower(), value), ())
    if isinstance(wanted, Extensible):
        return ()
    if isinstance(wanted, And):
        found = [each for filter_ in wanted.filters if (each := candidates(filter_, index)) is not None]
        return min(found, key=len, default=None)
    if isinstance(wanted, Or):
        return _all_of(candidates(each, index) for each in wanted.filters)
    return None


def _all_of(found: Iterable[Collection[Entry] | None]) -> Collection[Entry] | None:
    together: dict[Entry, None] = {}  # a set that keeps the order
    looked_at = 0
    for each in found:
        looked_at += 0 if each is None else len(each)
        if each is None or looked_at > limits.LDAP_AT_ONCE:
            return None  # to look at each entry, in turns, is the better way
        together.update(dict.fromkeys(each))
    return together


def _undefined(entry: Entry) -> bool | None:
    return None


def _joined(tests: list[Test], *, decides: bool) -> Test:
    """And, or Or.  :param decides: the answer of one that settles it for all."""

    def test(entry: Entry) -> bool | None:
        answer: bool | None = not decides
        for each in tests:
            said = each(entry)
            if said is decides:
                return decides
            if said is None:
                answer = None
        return answer

    return test


def _opposite(test: Test) -> Test:
    def opposite(entry: Entry) -> bool | None:
        said = test(entry)
        return None if said is None else not said

    return opposite


def _in_order(key: str, bound: Any, *, least: bool) -> Test:
    def test(entry: Entry) -> bool | None:
        values: Iterable[Any] = entry.values(key)
        return any(value >= bound if least else value <= bound for value in values)

    return test


_NOTHING: Final = ""


def _by_pieces(key: str, kind: schema.Kind, wanted: Pieces) -> Test:
    given = (wanted.initial, *wanted.inner, wanted.final)
    pieces = [matching.piece(kind, each) for each in given]
    if kind not in matching.PIECEWISE or None in pieces:
        return _undefined
    initial, *inner, final = [each or _NOTHING for each in pieces]

    def test(entry: Entry) -> bool | None:
        return any(_has(str(value), initial, inner, final) for value in entry.values(key))

    return test


def _has(value: str, initial: str, inner: list[str], final: str) -> bool:
    if not value.startswith(initial):
        return False
    at, end = len(initial), len(value) - len(final)
    for each in inner:
        found = value.find(each, at, max(end, 0))
        if found < 0:
            return False
        at = found + len(each)
    return at <= end and value.endswith(final)
