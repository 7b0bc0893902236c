"""All names at one moment: zones, and the little names beside them.

A little name (of ``--record``, a hosts file, this host) is a zone of its own with one name in it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from netapp.names.lookup import look_up
from netapp.names.model import A, Lookup, Nodes, parent
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
            name = name[1 + name[0] :]  # written out: a call costs as much as the rest

    def is_expired(self, name: bytes) -> bool:
        """Whether the zone with the longest origin that this name is in is one of the expired."""
        while name not in self.expired:
            if name in self.zones or name == _ROOT:
                return False
            name = parent(name)
        return True

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

    def differing(self, older: "Snapshot") -> frozenset[bytes]:
        """What is to be forgotten of the answers from ``older``.

        Origins of zones and little names: those that are others now, and with one that is new or
        gone all that it stands below, which had its names to answer for.  :data:`ANYWHERE` is
        among them if anything is, for answers that hang on several.
        """
        changed: set[bytes] = set(self.expired ^ older.expired)
        new: set[bytes] = set()
        for now, before in ((self.zones, older.zones), (self.nodes, older.nodes)):
            if now is before:
                continue
            for owner, one in now.items():
                other = before.get(owner)
                if other is None:
                    new.add(owner)
                elif other is not one and other != one:
                    changed.add(owner)
            new.update(before.keys() - now.keys())
        changed |= new
        for owner in new:
            while owner != _ROOT:
                owner = parent(owner)
                changed.add(owner)
        return frozenset(changed | {ANYWHERE}) if changed else frozenset()
