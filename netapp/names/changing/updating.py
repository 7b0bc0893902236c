"""Dynamic update: what a request asks of a zone, decided; RFC 2136 section 3.

The request's records come as values, the zone as it is, and a change of it goes out, or the rcode
that the requestor gets.  All of a request is done or nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.errors import NetappError
from netapp.names.changing.changes import Change, framed, soa_record, with_serial
from netapp.names.model import (
    CNAME,
    FORMERR,
    NOTZONE,
    NS,
    NSEC,
    NSEC3,
    NSEC3PARAM,
    NXDOMAIN,
    NXRRSET,
    REFUSED,
    RRSIG,
    SINGLE,
    SOA,
    YXDOMAIN,
    YXRRSET,
    Record,
    find,
)
from netapp.names.naming import is_within
from netapp.names.rdata import folded
from netapp.names.serial import after, newer
from netapp.names.zone import Zone, serial_of

IN, NONE, ANY = 1, 254, 255  # classes: RFC 2136 section 2.4, 2.5
#: Types that no zone holds: RFC 6895 section 3.1, and OPT.
_META: Final = frozenset({0, 41, *range(128, 256)})
#: What only whoever signs a zone may put there.
_SIGNERS: Final = frozenset({RRSIG, NSEC, NSEC3, NSEC3PARAM})


class Refused(NetappError):
    """The request is not carried out; ``rcode`` says why."""

    def __init__(self, rcode: int, reason: str) -> None:
        super().__init__(reason)
        self.rcode = rcode


@dataclass(frozen=True, slots=True)
class Item:
    """A record of a request; its class says what is meant by it.

    ``owner`` is folded, names in ``rdata`` are whole.
    """

    owner: bytes
    rdtype: int
    rdclass: int
    ttl: int
    rdata: bytes


@dataclass(frozen=True, slots=True)
class Update:
    """What a request asks."""

    origin: bytes
    prerequisites: tuple[Item, ...] = ()
    updates: tuple[Item, ...] = ()

    def __call__(self, zone: Zone) -> Change | None:
        """The change; None if nothing is changed by it.

        :raises Refused: a prerequisite does not hold, the request is malformed, or the zone is signed.
        """
        if zone.signed:  # since whoever asks has looked
            raise Refused(REFUSED, "nobody here can sign what changes")
        _check_prerequisites(zone, self.prerequisites)
        for item in self.updates:
            _prescan(zone, item)
        touched = _Touched(zone)
        for item in self.updates:
            touched.do(item)
        return touched.change()


# Prerequisites: section 3.2 -------------------------------------------------------------------------


def _check_prerequisites(zone: Zone, items: tuple[Item, ...]) -> None:
    """:raises Refused: one of them does not hold.  Source: RFC 2136 section 3.2.5."""
    values: dict[tuple[bytes, int], set[bytes]] = {}
    for item in items:
        if item.ttl:
            raise Refused(FORMERR, "a prerequisite with a TTL")
        _see_inside(zone, item)
        if item.rdclass in (ANY, NONE):
            if item.rdata:
                raise Refused(FORMERR, "a prerequisite of class ANY or NONE with rdata")
            _check_presence(zone, item)
        elif item.rdclass == IN and item.rdtype not in _META:
            values.setdefault((item.owner, item.rdtype), set()).add(folded(item.rdtype, item.rdata))
        else:
            raise Refused(FORMERR, "a prerequisite of another class or a type of questions")
    for (owner, rdtype), rdatas in values.items():
        found = find(zone.nodes.get(owner, ()), rdtype)
        if found is None or {folded(rdtype, rdata) for rdata in found.rdatas} != rdatas:
            raise Refused(NXRRSET, "a set is not as it should be")


def _check_presence(zone: Zone, item: Item) -> None:
    """:raises Refused: what should be there is not, or the other way round."""
    node = zone.nodes.get(item.owner, ())
    wanted = item.rdclass == ANY
    if item.rdtype == ANY:
        if bool(node) != wanted:
            raise Refused(NXDOMAIN if wanted else YXDOMAIN, "a name is in use, or not")
    elif item.rdtype in _META:
        raise Refused(FORMERR, "a prerequisite with a type of questions")
    elif (find(node, item.rdtype) is not None) != wanted:
        raise Refused(NXRRSET if wanted else YXRRSET, "a set is there, or not")


def _see_inside(zone: Zone, item: Item) -> None:
    """:raises Refused: a name is not in the zone."""
    if not is_within(item.owner, zone.origin):
        raise Refused(NOTZONE, "a name outside the zone")


# The updates: section 3.4 ---------------------------------------------------------------------------


def _prescan(zone: Zone, item: Item) -> None:
    """:raises Refused: it is malformed.  Source: RFC 2136 section 3.4.1.3."""
    _see_inside(zone, item)
    if item.rdclass == IN:
        malformed = item.rdtype in _META
    elif item.rdclass == ANY:
        malformed = bool(item.ttl or item.rdata) or (item.rdtype in _META and item.rdtype != ANY)
    else:
        malformed = item.rdclass != NONE or bool(item.ttl) or item.rdtype in _META
    if malformed:
        raise Refused(FORMERR, "an update of no form that there is")
    if item.rdtype in _SIGNERS:
        raise Refused(REFUSED, "a record that only a signer makes")


class _Set:
    """Records of one owner and type: folded rdata to rdata, in order."""

    __slots__ = ("rdatas", "ttl")

    def __init__(self, ttl: int, rdatas: dict[bytes, bytes]) -> None:
        self.ttl, self.rdatas = ttl, rdatas


class _Touched:
    """The names that an update touches, type by type, as they become one item after another."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._nodes: dict[bytes, dict[int, _Set]] = {}

    def do(self, item: Item) -> None:
        """Source: RFC 2136 section 3.4.2.7."""
        if item.rdclass == IN:
            self._add(item)
        elif item.rdclass == ANY:
            self._delete_sets(item)
        else:
            self._delete_record(item)

    def change(self) -> Change | None:
        """What it all comes to; the serial is raised once, unless the update did so itself."""
        old = soa_record(self._zone)
        new = self._soa(old)
        removed, added = list(self._gone()), list(self._come())
        if new == old:
            if not removed and not added:
                return None
            new = with_serial(old, after(self._zone.serial))
        elif not newer(serial_of(new.rdata), self._zone.serial):  # two SOAs, half of all serials apart
            new = with_serial(new, after(self._zone.serial))
        return framed(old, new, removed, added)

    # One update --------------------------------------------------------------------------------------

    def _add(self, item: Item) -> None:
        node = self._node(item.owner)
        if item.rdtype == CNAME:
            if any(rdtype != CNAME for rdtype in node):
                return
        elif CNAME in node:
            return
        if item.rdtype == SOA and (SOA not in node or not self._is_later(item)):
            return
        found = node.setdefault(item.rdtype, _Set(item.ttl, {}))
        found.ttl = item.ttl
        key = folded(item.rdtype, item.rdata)
        if item.rdtype in SINGLE and key not in found.rdatas:  # it takes the old one's place
            found.rdatas.clear()
        full = len(found.rdatas) >= limits.ZONE_SET or len(self._zone) >= limits.ZONE_RECORDS
        if full and key not in found.rdatas:
            raise Refused(REFUSED, "too many records")
        found.rdatas.setdefault(key, item.rdata)

    def _is_later(self, item: Item) -> bool:
        (now,) = self._node(item.owner)[SOA].rdatas.values()
        return len(item.rdata) >= _SOA and newer(serial_of(item.rdata), serial_of(now))

    def _delete_sets(self, item: Item) -> None:
        node = self._node(item.owner)
        kept = (SOA, NS) if item.owner == self._zone.origin else ()
        for rdtype in [item.rdtype] if item.rdtype != ANY else list(node):
            if rdtype not in kept:
                node.pop(rdtype, None)

    def _delete_record(self, item: Item) -> None:
        node = self._node(item.owner)
        found = node.get(item.rdtype)
        key = folded(item.rdtype, item.rdata)
        if item.rdtype == SOA or found is None or key not in found.rdatas:
            return
        if len(found.rdatas) > 1:
            del found.rdatas[key]
        elif item.rdtype != NS or item.owner != self._zone.origin:  # the apex keeps its last one
            del node[item.rdtype]

    # Before and after --------------------------------------------------------------------------------

    def _node(self, owner: bytes) -> dict[int, _Set]:
        node = self._nodes.get(owner)
        if node is None:
            node = self._nodes[owner] = {
                each.rdtype: _Set(each.ttl, {folded(each.rdtype, rdata): rdata for rdata in each.rdatas})
                for each in self._zone.nodes.get(owner, ())
            }
        return node

    def _soa(self, old: Record) -> Record:
        if self._zone.origin not in self._nodes:
            return old
        found = self._nodes[self._zone.origin][SOA]
        (rdata,) = found.rdatas.values()
        return Record(self._zone.origin, SOA, rdata, found.ttl)

    def _gone(self) -> Iterator[Record]:
        for owner, node in self._nodes.items():
            for each in self._zone.nodes.get(owner, ()):
                now = node.get(each.rdtype)
                whole = now is None or now.ttl != each.ttl
                for rdata in each.rdatas:
                    if whole or (now is not None and folded(each.rdtype, rdata) not in now.rdatas):
                        yield Record(owner, each.rdtype, rdata, each.ttl)

    def _come(self) -> Iterator[Record]:
        for owner, node in self._nodes.items():
            before = self._zone.nodes.get(owner, ())
            for rdtype, now in node.items():
                was = find(before, rdtype)
                same = was is not None and was.ttl == now.ttl
                known = {folded(rdtype, rdata) for rdata in was.rdatas} if was is not None and same else ()
                for key, rdata in now.rdatas.items():
                    if key not in known:
                        yield Record(owner, rdtype, rdata, now.ttl)


#: The least that an SOA's rdata has: two names and five numbers.
_SOA: Final = 22
