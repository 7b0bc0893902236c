"""What stands behind a question, looked up and written once, and kept until its zone changes."""

from copy import copy
from dataclasses import replace
from typing import Final

from netapp.core import limits
from netapp.dns.query.memory import Memory
from netapp.dns.query.plain import name_of
from netapp.dns.query.render import Body, render
from netapp.names.lookup.walk import look_up
from netapp.names.model import (
    CNAME,
    DNAME,
    DS,
    NOERROR,
    REFUSED,
    SERVFAIL,
    Lookup,
    Nodes,
    RecordSet,
    parent,
)
from netapp.names.snapshot import ANYWHERE, Snapshot
from netapp.names.zone import Zone

#: The names of a zone, and what those get that are not among them.
Kin = tuple[Nodes, Body]
#: Outcomes that say nothing more; nobody keeps them.
_EMPTY: Final = {rcode: render(Lookup(rcode), b"\0", do=False) for rcode in (REFUSED, SERVFAIL)}
#: Sets whose targets are looked up too.
_LEADING: Final = frozenset({CNAME, DNAME})


class Bodies:
    """By folded name and type, and ``d`` behind them for a client that wants signatures.

    :ivar snapshot: what is looked up in.
    :ivar known: those that are kept: of names that are there.
    :ivar kin: by the length of the first label and the name above, what all names get that are not there.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._memory: Memory[Body] = Memory(limits.DNS_ANSWERS)
        self._families: Memory[Kin] = Memory(limits.DNS_ANSWERS)
        self._free: dict[bytes, Zone] = {}  # names and the zones that answer for all that is below them
        self.known: Final = self._memory.held
        self.kin: Final = self._families.held

    def use(self, snapshot: Snapshot) -> frozenset[bytes]:
        """Look up in this snapshot from now on.  :returns: what belongs to these is to be forgotten."""
        changed = snapshot.differing(self.snapshot)
        self.snapshot = snapshot
        self._free.clear()
        self._memory.forget(changed)
        self._families.forget(changed)
        return changed

    def find(self, qname: bytes, qtype: int, do: bool) -> Body:
        """:param qname: folded."""
        found = look_up(self.snapshot, qname, qtype, do)
        raw = not qname.isascii()
        if raw and (found.rcode == REFUSED or not found.exact):
            found = self._in_ascii(qname, qtype, found) or found
        if found.rcode in _EMPTY:
            return _EMPTY[found.rcode]
        body = render(found, qname, do=do)
        above = qtype == DS and found.zone is not None and found.zone.origin == qname
        if raw or above:  # what decides may stand under another name, or in the zone above
            body = copy(body)
            body.home = ANYWHERE
        elif body.home is None:
            body.home = self._home(found, qname)
        mark = qtype.to_bytes(2, "big") + (b"d" if do else b"")
        if found.exact and found.answer:
            body.lasting = True
            self._memory.lasting.keep(qname + mark, body, body.home)
        elif not raw and found.zone is not None and body.common:
            self._join(found.zone, qname, mark, body)
        return body

    def of_kin(self, qname: bytes, mark: bytes) -> Body | None:
        """What a name gets that is not there, if another beside it and as long was asked for.

        A name in raw UTF-8 has no kin: it may be there as A-labels.

        :param mark: type, and ``d`` for signatures.
        """
        kin = self.kin_of(qname, mark)
        if kin is None or not qname.isascii() or qname in kin[0] or self.is_elsewhere(qname):
            return None
        return kin[1]

    def kin_of(self, qname: bytes, mark: bytes) -> Kin | None:
        return self.kin.get(qname[:1] + qname[1 + qname[0] :] + mark)

    def is_elsewhere(self, qname: bytes) -> bool:
        """Whether a name is a zone or a little name, or one is below it, whatever the zone above has."""
        snapshot = self.snapshot
        return qname in snapshot.zones or qname in snapshot.nodes or qname in snapshot.aside

    def own_set(self, qname: bytes, rdtype: int) -> RecordSet | None:
        """The set of a name that is there, if that is all there is to say; None leaves it to a look-up.

        :param qname: folded; octets that are no name are none that is there.
        :param rdtype: neither one that is given for others nor DS, which another zone may have.
        """
        snapshot = self.snapshot
        node = snapshot.nodes.get(qname)
        if node is None:
            above = qname[1 + qname[0] :]
            zone = self._free.get(above)
            if zone is None:
                zone = self._zone_for(above)
                if zone is None:
                    return None
            node = zone.nodes.get(qname)
            if node is None or qname in zone.cuts or qname in snapshot.zones or qname in snapshot.expired:
                return None
        for each in node:
            if each.rdtype == rdtype:
                return each
        return None

    def _zone_for(self, above: bytes) -> Zone | None:
        """The zone that answers for the names below one that is there; None below its cuts."""
        snapshot, name = self.snapshot, above
        zones, expired = snapshot.zones, snapshot.expired
        while name and name not in expired:
            zone = zones.get(name)
            if zone is not None:
                if above not in zone.nodes or (zone.cuts and zone.topmost_cut(above) is not None):
                    return None
                if len(self._free) >= limits.DNS_ANSWERS:
                    self._free.clear()
                self._free[above] = zone
                return zone
            name = name[1 + name[0] :]
        return None

    def home_of(self, qname: bytes) -> bytes:
        """What the answer of :meth:`own_set` is forgotten with."""
        zone = None if qname in self.snapshot.nodes else self.snapshot.zone_of(qname)
        return qname if zone is None else zone.origin

    def _join(self, zone: Zone, qname: bytes, mark: bytes, body: Body) -> None:
        """Names beside this one that are not there get the same, if those of signed zones want no proof."""
        above = parent(qname)
        if qname in zone.nodes or qname in self.snapshot.hollow or (mark[2:] and zone.signed):
            return
        if above in zone.nodes:
            self._families.lasting.keep(qname[:1] + above + mark, (zone.nodes, body), zone.origin)

    def _home(self, found: Lookup, qname: bytes) -> bytes:
        """What an answer is forgotten with: its zone or little name, or ANYWHERE if it hangs on others."""
        zone, snapshot = found.zone, self.snapshot
        hangs: list[bytes] = [each.owner for each in found.additional]
        for each in found.answer:
            if each.rdtype in _LEADING:
                hangs.extend(rdata.lower() for rdata in each.rdatas)
        if zone is None:
            return ANYWHERE if hangs else qname
        for name in hangs:
            if name in snapshot.nodes or snapshot.zone_of(name) is not zone:
                return ANYWHERE
        return zone.origin

    def _in_ascii(self, qname: bytes, qtype: int, instead: Lookup) -> Lookup | None:
        """What a name in raw UTF-8, as some programs send it, is in our zones as A-labels.

        It is answered under the name that was asked.  Never in a signed zone, which proves that the
        raw name is not there.

        :param instead: what the raw name gets; a wildcard's answer gives way to an exact one alone.
        """
        text = _text(qname)
        name = name_of(text) if text is not None else None
        if name is None:
            return None
        found = look_up(self.snapshot, name, qtype)
        if found.rcode != NOERROR or (instead.rcode == NOERROR and not found.exact):
            return None
        if found.zone is not None and found.zone.signed:
            return None

        def asked(sets: tuple[RecordSet, ...]) -> tuple[RecordSet, ...]:
            return tuple(replace(each, owner=qname) if each.owner == name else each for each in sets)

        return Lookup(
            found.rcode, True, asked(found.answer), asked(found.authority), zone=found.zone, exact=False
        )


def _text(name: bytes) -> str | None:
    """A wire name of UTF-8 labels as text; None if it is no such."""
    labels, at = [], 0
    while name[at]:
        labels.append(name[at + 1 : at + 1 + name[at]])
        at += 1 + name[at]
    if any(b"." in label for label in labels):
        return None
    try:
        return b".".join(labels).decode("utf-8")
    except UnicodeDecodeError:
        return None
