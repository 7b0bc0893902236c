"""A large mapping with a few changes on top, so that a change of a zone of a million names is small.

What a zone is made of does not change once it is made; another zone shares it and has what is
different in a layer of its own.  When that has grown to a sixteenth, both become one.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final, TypeVar

V = TypeVar("V")
#: Entries of which a copy costs less than a second look in each look-up.
_SMALL: Final = 20_000
_SHARE: Final = 16
_MISSING: Final[Any] = object()
_GONE: Final[Any] = object()


def copied(mapping: Mapping[bytes, V]) -> MutableMapping[bytes, V]:
    """A copy to be changed, while ``mapping`` stays as it is.

    :param mapping: nobody changes it any more.
    """
    if isinstance(mapping, Layered):
        return mapping.copied()
    return Layered(mapping, {}, len(mapping)) if len(mapping) > _SMALL else dict(mapping)


class Layered(MutableMapping[bytes, V]):
    """``top`` over ``base``, which is never written to."""

    __slots__ = ("_base", "_count", "_top")

    def __init__(self, base: Mapping[bytes, V], top: dict[bytes, V], count: int) -> None:
        self._base, self._top, self._count = base, top, count

    def copied(self) -> "Layered[V]":
        if len(self._top) * _SHARE > len(self._base):
            return Layered(dict(self.items()), {}, self._count)
        return Layered(self._base, dict(self._top), self._count)

    def get(self, key: bytes, default: Any = None) -> Any:
        value = self._top.get(key, _MISSING)
        if value is _MISSING:
            return self._base.get(key, default)
        return default if value is _GONE else value

    def __getitem__(self, key: bytes) -> V:
        value: V = self.get(key, _MISSING)
        if value is _MISSING:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        value = self._top.get(key, _MISSING)  # type: ignore[call-overload]
        return key in self._base if value is _MISSING else value is not _GONE

    def __setitem__(self, key: bytes, value: V) -> None:
        self._count += key not in self
        self._top[key] = value

    def __delitem__(self, key: bytes) -> None:
        if key not in self:
            raise KeyError(key)
        self._count -= 1
        if key in self._base:
            self._top[key] = _GONE
        else:
            del self._top[key]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        top, base = self._top, self._base
        for key in base:
            if top.get(key) is not _GONE:
                yield key
        for key, value in top.items():
            if value is not _GONE and key not in base:
                yield key
