"""All names at one moment: zones, and the little names beside them.

A little name (of ``--record``, a hosts file, this host) is a zone of its own with one name in it.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Final
from weakref import ref

from netapp.names.model import Nodes, parent
from netapp.names.zone import Zone

_ROOT: Final = b"\0"
#: Stands for answers that hang on more than one zone or name; no wire name is empty.
ANYWHERE: Final = b""


class Snapshot:
    """What readers see; nothing in it changes.

    :param nodes: the little names.
    :param version: rises with every change.
    :param zones: by their origins.
    :param expired: origins of zones of which nothing may be said: they could not be refreshed in time
        (RFC 1035 section 3.3.13), or have not come yet.
    :param before: the snapshot that this one follows.
    :param touched: origins; zones that are not among them are as they were then.
    :ivar hollow: what is there in a zone for the sake of little names below it alone: empty
        non-terminals (RFC 4592 section 2.2.2), whose names no zone has.
    :ivar aside: ``expired`` and ``hollow``: the zone that such a name is in does not know of it.
    """

    __slots__ = (
        "__weakref__",
        "_before",
        "_touched",
        "aside",
        "expired",
        "hollow",
        "nodes",
        "version",
        "zones",
    )

    def __init__(
        self,
        nodes: Nodes,
        version: int,
        zones: Mapping[bytes, Zone] | None = None,
        expired: frozenset[bytes] = frozenset(),
        before: "Snapshot | None" = None,
        touched: frozenset[bytes] = frozenset(),
    ) -> None:
        self.nodes, self.version = nodes, version
        self.zones: Mapping[bytes, Zone] = zones or {}
        self.expired = expired
        self._before = ref(before) if before is not None else None  # it must not stay for our sake
        self._touched = touched
        self.hollow = self._hollow_of(before)
        self.aside = expired | self.hollow if self.hollow else expired

    def __len__(self) -> int:
        return len(self.nodes) + sum(map(len, self.zones.values()))

    def zone_of(self, name: bytes) -> Zone | None:
        """The zone with the longest origin that this name is in, or that it is."""
        zones = self.zones
        while True:
            zone = zones.get(name)
            if zone is not None or name == _ROOT:
                return zone
            name = name[1 + name[0] :]  # written out: a call costs as much as the rest

    def is_expired(self, name: bytes) -> bool:
        """Whether the zone with the longest origin that this name is in is one of the expired."""
        while name not in self.expired:
            if name in self.zones or name == _ROOT:
                return False
            name = parent(name)
        return True

    def _hollow_of(self, before: "Snapshot | None") -> frozenset[bytes]:
        """``hollow``; as it was before where neither little names nor origins are others."""
        zones = self.zones
        if not zones or not self.nodes:
            return frozenset()
        if (
            before is not None
            and before.nodes is self.nodes
            and all((origin in zones) == (origin in before.zones) for origin in self._touched)
        ):
            return before.hollow
        return _hollow(self.nodes, zones)

    def touched_since(self, older: "Snapshot") -> Set[bytes]:
        """Origins; every zone that is not as it was in ``older``, or has come or gone, is among them."""
        if self is older:
            return frozenset()
        if self._before is not None and self._before() is older:
            return self._touched
        return self.zones.keys() | older.zones.keys() | self.expired | older.expired

    def differing(self, older: "Snapshot") -> frozenset[bytes]:
        """What is to be forgotten of the answers from ``older``.

        Origins of zones and little names: those that are others now, and with one that is new or
        gone all that it stands below, which had its names to answer for.  :data:`ANYWHERE` is
        among them if anything is, for answers that hang on several.
        """
        origins = self.touched_since(older)
        changed, new = set[bytes](), set[bytes]()
        for origin in origins:
            if (origin in self.expired) != (origin in older.expired):
                served = origin in self.zones or origin in older.zones
                (changed if served else new).add(origin)  # one that waits had no answers of its own
        _compare(self.zones, older.zones, origins, changed, new)
        if self.nodes is not older.nodes:
            _compare(self.nodes, older.nodes, self.nodes.keys() | older.nodes.keys(), changed, new)
        changed |= new
        for owner in new:
            while owner != _ROOT:
                owner = parent(owner)
                changed.add(owner)
        return frozenset(changed | {ANYWHERE}) if changed else frozenset()


def _hollow(nodes: Iterable[bytes], zones: Mapping[bytes, Zone]) -> frozenset[bytes]:
    """Names above some names, up to the zones that these are in."""
    found = set[bytes]()
    for above in {name[1 + name[0] :] for name in nodes if name != _ROOT}:  # hosts stand beside each other
        path = []
        while above not in zones and above not in found and above != _ROOT:
            path.append(above)
            above = above[1 + above[0] :]
        if above in zones or above in found:
            found.update(path)
    return frozenset(found)


def _compare(
    now: Mapping[bytes, object],
    before: Mapping[bytes, object],
    owners: Iterable[bytes],
    changed: set[bytes],
    new: set[bytes],
) -> None:
    """Sort what differs: what has come or gone is ``new``."""
    for owner in owners:
        one, other = now.get(owner), before.get(owner)
        if one is other:
            continue
        if one is None or other is None:
            new.add(owner)
        elif one != other:
            changed.add(owner)
