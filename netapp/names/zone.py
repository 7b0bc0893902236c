"""A zone: the names from an origin down to where others are delegated, all at one moment.

Nothing in it changes; :meth:`Zone.changed` gives another.  What a lookup needs is worked out when
the zone is made: which names are only there because others stand below them, and where authority
ends.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Final

from netapp.errors import NetappError
from netapp.names.layered import copied
from netapp.names.model import (
    BESIDE_CNAME,
    CNAME,
    DNAME,
    NS,
    NSEC,
    NSEC3PARAM,
    RRSIG,
    SINGLE,
    SOA,
    Node,
    Record,
    RecordSet,
    find,
    node_of,
    parent,
)
from netapp.names.naming import shown
from netapp.names.rdata import folded

#: Types by which a zone is shaped, or that may not stand as others may.
_SHAPING: Final = frozenset({NS, CNAME, SOA, DNAME})


class BadZone(NetappError):
    """Records that are no zone; it says why."""


class Zone:
    """One zone, immutable.

    :ivar origin: folded wire name of the apex.
    :ivar nodes: every name that exists: those of records, below cuts too, and empty non-terminals.
    :ivar below: how many names stand directly below a name, for those that have any.
    :ivar cuts: owners of NS below the apex and of DNAME; what is below them is not ours to answer.
    :ivar memo: what others have worked out from this zone, by whatever key they choose; what has a
        method ``changed(zone, owners)`` gives that of a changed zone, the rest is not carried over.
    """

    __slots__ = ("below", "cuts", "memo", "nodes", "origin", "soa")

    def __init__(
        self,
        origin: bytes,
        nodes: Mapping[bytes, Node],
        below: Mapping[bytes, int],
        cuts: Mapping[bytes, Node],
    ) -> None:
        """:raises BadZone: there is no SOA at the apex."""
        self.origin, self.nodes, self.below, self.cuts = origin, nodes, below, cuts
        soa = find(nodes.get(origin, ()), SOA)
        if soa is None:
            raise BadZone(f"{shown(origin)} has no SOA record")
        self.soa: RecordSet = soa
        self.memo: dict[str, Any] = {}

    @property
    def serial(self) -> int:
        return serial_of(self.soa.rdatas[0])

    @property
    def minimum_ttl(self) -> int:
        """How long it may be remembered that something is not there: RFC 2308 section 5."""
        return min(self.soa.ttl, int.from_bytes(self.soa.rdatas[0][-4:], "big"))

    @property
    def signed(self) -> str:
        """By what it proves that a name is not there: "nsec" or "nsec3"; "" if it is not signed."""
        apex = self.nodes[self.origin]
        if find(apex, NSEC) is not None:
            return "nsec"
        return "nsec3" if find(apex, NSEC3PARAM) is not None else ""

    def topmost_cut(self, name: bytes) -> bytes | None:
        """The highest cut at a name of this zone, or above it: where authority ends."""
        cuts, shortest, topmost, at = self.cuts, len(self.origin), None, 0
        while len(name) - at >= shortest:
            if (suffix := name[at:]) in cuts:
                topmost = suffix
            at += 1 + name[at]
        return topmost

    def __len__(self) -> int:
        """How many names, empty non-terminals too."""
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"<Zone {shown(self.origin)} {self.serial}>"

    def records(self) -> Iterator[Record]:
        """All records, the SOA first, the RRSIGs of a set behind it."""
        yield from _records(self.soa)
        for node in self.nodes.values():
            for each in node:
                if each is not self.soa:
                    yield from _records(each)

    def changed(self, removed: Iterable[Record], added: Iterable[Record]) -> "Zone":
        """This zone without some records and with others; what is to go and is not there is passed over.

        A set takes the TTL of the last record added to it (RFC 2136 section 3.4.2.2).  Names in rdata
        are compared without regard to case, and what is added and is there keeps its spelling.

        :raises BadZone: no zone would be left.
        """
        owners: dict[bytes, tuple[list[Record], list[Record]]] = {}
        for at, records in enumerate((removed, added)):
            for record in records:
                owners.setdefault(record.owner, ([], []))[at].append(record)
        return self.with_nodes(
            {
                owner: _changed_node(owner, self.nodes.get(owner, ()), less, more)
                for owner, (less, more) in owners.items()
            }
        )

    def with_nodes(self, nodes: Mapping[bytes, Node]) -> "Zone":
        """This zone with other nodes; an empty one takes its name out, unless others stand below it.

        :raises BadZone: no zone would be left.
        """
        draft = Draft(self.origin, copied(self.nodes), copied(self.below), copied(self.cuts))
        for owner, node in nodes.items():
            draft.put(owner, node)
        made = draft.zone()
        for key, known in self.memo.items():
            if (carry_over := getattr(known, "changed", None)) is not None:
                made.memo[key] = carry_over(made, nodes)
        return made


def build_zone(origin: bytes, records: Iterable[Record]) -> Zone:
    """Records to a zone.

    :param origin: folded wire name.
    :raises BadZone: no SOA at the apex or two, a name outside, a CNAME beside other data.

    Source: RFC 1034 section 3.6.2, RFC 2181 section 10.1, RFC 6672 section 2.4.
    """
    nodes: dict[bytes, Any] = {}  # first records, then nodes: a big zone is not held twice
    for record in records:
        others = nodes.get(record.owner)
        if others is None:
            nodes[record.owner] = record  # most names have no other
        elif type(others) is list:
            others.append(record)
        else:
            nodes[record.owner] = [others, record]
    owners = list(nodes)
    for owner in owners:
        each = nodes[owner]
        nodes[owner] = node_of(owner, each) if type(each) is list else _node_of_one(each)
    draft = Draft(origin, nodes, {}, {})
    draft.join(owners)
    return draft.zone()


def _node_of_one(record: Record) -> Node:
    if record.rdtype == RRSIG:
        return ()
    return (RecordSet(record.owner, record.rdtype, record.ttl, (record.rdata,)),)


def serial_of(soa: bytes) -> int:
    """The serial in an SOA's rdata: RFC 1035 section 3.3.13."""
    return int.from_bytes(soa[-20:-16], "big")


class Draft:
    """A zone that is being made.

    :param nodes: the apex at least, with or without records; all three are written to.
    """

    def __init__(
        self,
        origin: bytes,
        nodes: MutableMapping[bytes, Node],
        below: MutableMapping[bytes, int],
        cuts: MutableMapping[bytes, Node],
    ) -> None:
        self._origin, self._nodes, self._below, self._cuts = origin, nodes, below, cuts

    def zone(self) -> Zone:
        return Zone(self._origin, self._nodes, self._below, self._cuts)

    def join(self, owners: Iterable[bytes]) -> None:
        """Take names that have their nodes already into the tree."""
        for owner in owners:
            node = self._nodes[owner]
            if len(node) != 1 or node[0].rdtype in _SHAPING:
                self._check(owner, node)
                self._note_cut(owner, node)
            if owner != self._origin:
                self._hang(owner)

    def put(self, owner: bytes, node: Node) -> None:
        """Give a name its node; an empty one takes the name out, unless others stand below it."""
        self._check(owner, node)
        self._note_cut(owner, node)
        known = owner in self._nodes
        if node or owner in self._below or owner == self._origin:
            self._nodes[owner] = node
            if not known and owner != self._origin:
                self._hang(owner)
        elif known:
            self._take_out(owner)

    def _hang(self, owner: bytes) -> None:
        """Count a new name with the one above it, which is made if it is not there."""
        above = parent(owner)
        if len(above) >= len(self._origin) and above in self._nodes:
            self._below[above] = self._below.get(above, 0) + 1
            return
        missing: list[bytes] = []
        above = owner
        while True:
            if len(above) <= len(self._origin):
                raise BadZone(f"{shown(owner)} is not in the zone {shown(self._origin)}")
            above = parent(above)
            if above in self._nodes:
                break
            missing.append(above)
        self._nodes.update(dict.fromkeys(missing, ()))
        for name in (owner, *missing):
            self._below[parent(name)] = self._below.get(parent(name), 0) + 1

    def _take_out(self, owner: bytes) -> None:
        """Take a name out, and each above it that was there for it alone."""
        while owner != self._origin:
            del self._nodes[owner]
            owner = parent(owner)
            self._below[owner] -= 1
            if self._below[owner]:
                return
            del self._below[owner]
            if self._nodes[owner]:
                return

    def _note_cut(self, owner: bytes, node: Node) -> None:
        delegated = owner != self._origin and find(node, NS) is not None
        if delegated or find(node, DNAME) is not None:
            self._cuts[owner] = node
        else:
            self._cuts.pop(owner, None)

    def _check(self, owner: bytes, node: Node) -> None:
        for each in node:
            if each.rdtype in SINGLE and len(each.rdatas) > 1:
                kind = {CNAME: "CNAME", DNAME: "DNAME", SOA: "SOA"}[each.rdtype]
                raise BadZone(f"{shown(owner)} has more than one {kind} record")
            if each.rdtype == SOA and owner != self._origin:
                raise BadZone(f"{shown(owner)} has an SOA record and is not the apex {shown(self._origin)}")
        if find(node, CNAME) is not None and any(each.rdtype not in BESIDE_CNAME for each in node):
            raise BadZone(f"{shown(owner)} has a CNAME record beside other data")


def records_of(node: Node) -> list[Record]:
    """A node's records, the RRSIGs of a set behind it."""
    return [record for each in node for record in _records(each)]


def _records(each: RecordSet) -> Iterator[Record]:
    for rdata in each.rdatas:
        yield Record(each.owner, each.rdtype, rdata, each.ttl)
    for rdata in each.signatures:
        yield Record(each.owner, RRSIG, rdata, each.ttl)


def _changed_node(owner: bytes, node: Node, removed: list[Record], added: list[Record]) -> Node:
    kept = records_of(node)
    if removed:
        gone = {(record.rdtype, folded(record.rdtype, record.rdata)) for record in removed}
        kept = [each for each in kept if (each.rdtype, folded(each.rdtype, each.rdata)) not in gone]
    ttls = {record.rdtype: record.ttl for record in added if record.rdtype != RRSIG}
    return tuple(
        each
        if each.rdtype not in ttls
        else RecordSet(owner, each.rdtype, ttls[each.rdtype], each.rdatas, each.signatures)
        for each in node_of(owner, [*kept, *added])
    )
