"""What a source of records, or of zones, is: others join through these."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from netapp.names.model import Record
from netapp.names.zone import Zone


class Source(Protocol):
    """Something that has records and tells when it has others."""

    #: A read takes a while, and may be done in a thread.
    slow: bool

    def read(self) -> Iterable[Record]:
        """All records now.  :raises ConfigError: they cannot be had; the text names cause and cure."""

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Have ``changed`` called whenever a read would give others.  :returns: call it to end that."""


@dataclass(frozen=True, slots=True)
class ZonesRead:
    """What a source of zones has.

    :ivar zones: by origin; what has not changed since the read before is the same object, what is
        broken is the old one.
    :ivar faults: a line each for what is broken now, with file and line.
    :ivar bearable: those of the faults that a start goes on with: of one file of many.
    :ivar many: origins of zones that are some of many: if what is kept of one cannot be read, a start
        goes on without it.
    :ivar waiting: origins of zones that should be here, and of which nothing could be read yet.
    :ivar asked: somebody asks, and is told again what was told before.
    """

    zones: Mapping[bytes, Zone]
    faults: tuple[str, ...] = ()
    bearable: frozenset[str] = frozenset()
    many: frozenset[bytes] = frozenset()
    waiting: frozenset[bytes] = frozenset()
    asked: bool = True


class ZoneSource(Protocol):
    """Something that has zones and tells when they are others."""

    #: A read takes a while, and may be done in a thread.
    slow: bool

    def read(self) -> ZonesRead:
        """All zones now.  :raises ConfigError: they cannot be had; the text names cause and cure."""

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Have ``changed`` called whenever a read would give others.  :returns: call it to end that."""


class ReadOnReload:
    """A source that is read when somebody asks, and says nothing between."""

    slow = False

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        return lambda: None
