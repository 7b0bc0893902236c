"""The order of a signed zone's denying records, whatever they are ordered by."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

Key = TypeVar("Key", bytes, int)
T = TypeVar("T")

#: Pairs that are sorted at once, and in how many pieces more are.
_PIECE, _PIECES = 20_000, 256
#: Changes that are made one by one in a copy.
_FEW = 32


class Chain(Generic[Key]):
    """Owners by a key that orders them; nothing in it changes.

    :param pairs: each key with its owner.
    """

    __slots__ = ("_keys", "_owners")

    def __init__(self, pairs: Iterable[tuple[Key, bytes]]) -> None:
        ordered = _ordered(list(pairs))
        self._keys: list[Key] = [key for key, _ in ordered]
        self._owners = [owner for _, owner in ordered]

    def __len__(self) -> int:
        return len(self._keys)

    def at(self, key: Key) -> bytes | None:
        """The owner with this key."""
        found = self._place(key)
        return self._owners[found] if found < len(self._keys) and self._keys[found] == key else None

    def before(self, key: Key) -> bytes:
        """The last owner whose key is not above this; the very last before the first.

        :raises IndexError: the chain is empty.
        """
        return self._owners[bisect_right(self._keys, key) - 1]

    def changed(self, gone: Iterable[Key], come: Iterable[tuple[Key, bytes]]) -> "Chain[Key]":
        """This chain without some keys, whether or not they are there, and with others.

        Costs a copy; the order is not sought again.
        """
        added = dict(come)
        gaps = sorted(self._place(key) for key in set(gone) - added.keys() if self.at(key) is not None)
        made: Chain[Key] = Chain(())
        made._keys, made._owners = _without(self._keys, gaps), _without(self._owners, gaps)
        new = sorted(pair for pair in added.items() if made.at(pair[0]) is None)
        places = [made._place(key) for key, _ in new]
        made._owners = _with(made._owners, places, [owner for _, owner in new])
        made._keys = _with(made._keys, places, [key for key, _ in new])
        return made

    def _place(self, key: Key) -> int:
        return bisect_left(self._keys, key)


def _without(values: list[T], gaps: list[int]) -> list[T]:
    """What is not at these places, which rise; the same list if that is all."""
    if len(gaps) <= _FEW:
        return _edited(values, [(at, at + 1, []) for at in gaps])
    left, after = [], 0
    for at in gaps:
        left += values[after:at]
        after = at + 1
    return left + values[after:]


def _with(values: list[T], places: list[int], new: list[T]) -> list[T]:
    """New values before what is at these places, which do not fall; the same list if there are none."""
    if len(new) <= _FEW:
        return _edited(values, [(at, at, [value]) for at, value in zip(places, new, strict=True)])
    all_of_them: list[T] = []
    after = 0
    for at, value in zip(places, new, strict=True):
        all_of_them += values[after:at]
        all_of_them.append(value)
        after = at
    return all_of_them + values[after:]


def _edited(values: list[T], edits: list[tuple[int, int, list[T]]]) -> list[T]:
    """A copy, other values in the place of some, the last of them first."""
    if not edits:
        return values
    edited = values.copy()
    for begin, end, instead in reversed(edits):
        edited[begin:end] = instead
    return edited


def _ordered(pairs: list[tuple[Key, bytes]]) -> list[tuple[Key, bytes]]:
    """Sorted, piece by piece: while a list is sorted no other thread runs, and a million names take 1 s."""
    if len(pairs) <= _PIECE:
        return sorted(pairs)
    bounds = sorted(pairs[:: len(pairs) // _PIECES])[1:]
    pieces: list[list[tuple[Key, bytes]]] = [[] for _ in range(len(bounds) + 1)]
    for pair in pairs:
        pieces[bisect_right(bounds, pair)].append(pair)
    return [pair for piece in pieces for pair in sorted(piece)]
