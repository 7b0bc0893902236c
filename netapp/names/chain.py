"""The order of a signed zone's denying records, whatever they are ordered by."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

from netapp.names.model import RecordSet

Key = TypeVar("Key", bytes, int)

#: Changed names up to which they are moved one by one; beyond it all is sorted again.
_FEW = 64
#: Pairs that are sorted at once, and in how many pieces more are.
_PIECE, _PIECES = 20_000, 256


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
        found = bisect_left(self._keys, key)
        return self._owners[found] if found < len(self._keys) and self._keys[found] == key else None

    def before(self, key: Key) -> bytes:
        """The last owner whose key is not above this; the very last before the first.

        :raises IndexError: the chain is empty.
        """
        return self._owners[bisect_right(self._keys, key) - 1]

    def changed(self, gone: list[Key], come: list[tuple[Key, bytes]]) -> "Chain[Key]":
        """This chain without some keys, whether or not they are there, and with others.

        Costs a copy; the order is not sought again for a few.
        """
        made: Chain[Key] = Chain(())
        if len(gone) + len(come) > _FEW:
            left = dict(zip(self._keys, self._owners, strict=True))
            for key in gone:
                left.pop(key, None)
            return Chain((left | dict(come)).items())
        made._keys, made._owners = self._keys.copy(), self._owners.copy()
        for key in gone:
            at = bisect_left(made._keys, key)
            if at < len(made._keys) and made._keys[at] == key:
                del made._keys[at], made._owners[at]
        for key, owner in come:
            at = bisect_left(made._keys, key)
            if at == len(made._keys) or made._keys[at] != key:
                made._keys.insert(at, key)
                made._owners.insert(at, owner)
        return made


def once(*sets: RecordSet) -> tuple[RecordSet, ...]:
    """Sets of one zone, none twice: told apart by what they are, not by what they hold, which costs more."""
    return tuple({id(each): each for each in sets}.values())


def _ordered(pairs: list[tuple[Key, bytes]]) -> list[tuple[Key, bytes]]:
    """Sorted, piece by piece: while a list is sorted no other thread runs, and a million names take 1 s."""
    if len(pairs) <= _PIECE:
        return sorted(pairs)
    bounds = sorted(pairs[:: len(pairs) // _PIECES])[1:]
    pieces: list[list[tuple[Key, bytes]]] = [[] for _ in range(len(bounds) + 1)]
    for pair in pairs:
        pieces[bisect_right(bounds, pair)].append(pair)
    return [pair for piece in pieces for pair in sorted(piece)]
