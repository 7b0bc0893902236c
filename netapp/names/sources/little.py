"""The little names beside the zones: of two sources the stronger's, and of none what a zone has."""

from collections.abc import Iterable, Mapping, Sequence

from netapp.names.model import Node, Nodes
from netapp.names.snapshot import Snapshot
from netapp.names.sources.shelves import Shelf
from netapp.names.zone import Zone


class LittleNames:
    """All of them, worked out again only where a zone that has changed may make a difference.

    :ivar nodes: as they are now.
    """

    def __init__(self) -> None:
        self.nodes: Nodes = {}
        self._origins: Mapping[bytes, Zone] = {}
        self._within: dict[bytes, list[bytes]] = {}  # weak names by the zone that they are in
        self._hidden: set[bytes] = set()  # those that their zone has

    def gather(self, shelves: Sequence[Shelf], zones: Mapping[bytes, Zone]) -> None:
        """:param shelves: the strongest first; what the operator wrote beats zones too."""
        weak: dict[bytes, Node] = {}
        for shelf in reversed(shelves):
            if not shelf.strong:
                weak.update(shelf.nodes)
        self._origins, self._within, self._hidden = zones, {}, set()
        zone_of = Snapshot({}, 0, zones).zone_of
        for owner in weak if zones else ():
            if (zone := zone_of(owner)) is not None:
                self._within.setdefault(zone.origin, []).append(owner)
                if owner in zone.nodes:
                    self._hidden.add(owner)
        nodes = {owner: node for owner, node in weak.items() if owner not in self._hidden}
        for shelf in reversed(shelves):
            if shelf.strong:
                nodes.update(shelf.nodes)
        self.nodes = nodes

    def touched(self, changed: Iterable[bytes], zones: Mapping[bytes, Zone]) -> bool:
        """Whether they must be gathered again.

        :param changed: origins of zones that have changed since this was asked last, or have come or gone.
        """
        return any(
            (origin in zones) != (origin in self._origins)
            or any((owner in zones[origin].nodes) != (owner in self._hidden) for owner in within)
            for origin in changed
            for within in [self._within.get(origin, ())]
        )
