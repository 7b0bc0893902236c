"""What is remembered of answers: bounded, and forgotten zone by zone."""

from collections.abc import Iterable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
#: In the octet behind a ready answer: sets were left out of it, for which a stream has room.
CUT: Final = 0x80


class Memory(Generic[T]):
    """Values by octets.  What random names could fill has a bound of its own, and evicts nothing else.

    Beyond a bound all of that kind is forgotten: rare, and what is asked often is soon back.

    :param lasting: how many values for names that are there.
    :param fleeting: how many others.
    :ivar held: all of them; whoever only reads may have the dictionary itself.
    """

    def __init__(self, lasting: int, fleeting: int = 0) -> None:
        self.held: dict[bytes, T] = {}
        self.lasting, self.fleeting = Shelf(self.held, lasting), Shelf(self.held, fleeting)

    def forget(self, zones: Iterable[bytes]) -> None:
        """Forget what belongs to some zones."""
        for zone in zones:
            self.lasting.forget(zone)
            self.fleeting.forget(zone)


class Shelf(Generic[T]):
    """One kind of what is remembered, under its bound."""

    def __init__(self, held: dict[bytes, T], most: int) -> None:
        self._held, self._most = held, most
        self._count = 0
        self._keys: dict[bytes, list[bytes]] = {}

    def keep(self, key: bytes, value: T, zone: bytes) -> None:
        """:param zone: what it is forgotten with; see :meth:`Memory.forget`."""
        if self._count >= self._most:
            for each in list(self._keys):
                self.forget(each)
        self._count += 1
        self._held[key] = value
        keys = self._keys.get(zone)
        if keys is None:
            self._keys[zone] = [key]
        else:
            keys.append(key)

    def forget(self, zone: bytes) -> None:
        keys = self._keys.pop(zone, ())
        self._count -= len(keys)
        for key in keys:
            self._held.pop(key, None)
