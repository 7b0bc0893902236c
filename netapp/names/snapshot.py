"""All names at one moment: zones, and the little names beside them.

A little name (of ``--record``, a hosts file, this host) is a zone of its own with one name in it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from netapp.names.lookup import look_up
from netapp.names.model import CNAME, A, Lookup, Nodes, find, parent
from netapp.names.zone import Zone

_ROOT: Final = b"\0"


class Snapshot:
    """What readers see; nothing in it changes.

    :param nodes: the little names.
    :param version: rises with every change.
    :param zones: by their origins.
    :param expired: origins of zones that could not be refreshed in time: RFC 1035 section 3.3.13.
    """

    __slots__ = ("expired", "nodes", "version", "zones")

    def __init__(
        self,
        nodes: Nodes,
        version: int,
        zones: Mapping[bytes, Zone] | None = None,
        expired: frozenset[bytes] = frozenset(),
    ) -> None:
        self.nodes, self.version = nodes, version
        self.zones: Mapping[bytes, Zone] = zones or {}
        self.expired = expired

    def __len__(self) -> int:
        return len(self.nodes) + sum(map(len, self.zones.values()))

    def __iter__(self) -> Iterator[bytes]:
        yield from self.nodes
        for zone in self.zones.values():
            yield from zone.nodes

    def zone_of(self, name: bytes) -> Zone | None:
        """The zone with the longest origin that this name is in, or that it is."""
        zones = self.zones
        while True:
            zone = zones.get(name)
            if zone is not None or name == _ROOT:
                return zone
            name = parent(name)

    def lookup(self, owner: bytes, rdtype: int, dnssec: bool = False) -> Lookup:
        """What is said to one question.

        :param owner: folded wire name.
        :param dnssec: with the proofs that a signed zone has for it: RFC 4035 section 3.1.
        """
        return look_up(self, owner, rdtype, dnssec)

    def address(self, owner: bytes) -> str | None:
        """The first IPv4 address of a name, after its CNAMEs."""
        found = self.lookup(owner, A).answer
        if not found or found[-1].rdtype != A:
            return None
        return ".".join(map(str, found[-1].rdatas[0]))

    def differing(self, older: "Snapshot") -> frozenset[bytes] | None:
        """The little names whose answers are others than in ``older``; None if that may be any name.

        With aliases about, a name's answer may change with another's.
        """
        if self.zones != older.zones or self.expired != older.expired:
            return None
        for snapshot in (self, older):
            if any(find(node, CNAME) is not None for node in snapshot.nodes.values()):
                return None
        before: Mapping[bytes, Any] = older.nodes
        changed = {
            owner
            for owner, node in self.nodes.items()
            if (was := before.get(owner)) is not node and was != node
        }
        return frozenset(changed | (before.keys() - self.nodes.keys()))
