"""What stands behind a question, looked up and written once, and kept until its zone changes."""

from dataclasses import replace
from typing import Final

from netapp.core import limits
from netapp.dns.memory import Memory
from netapp.dns.render import Body, render
from netapp.names.model import CNAME, DNAME, NOERROR, NXDOMAIN, REFUSED, SERVFAIL, Lookup, RecordSet
from netapp.names.naming import BadName, wire_name
from netapp.names.snapshot import ANYWHERE, Snapshot

#: Sets whose targets are looked up too.
_LEADING: Final = frozenset({CNAME, DNAME})


class Bodies:
    """By folded name and type, and ``d`` behind them for a client that wants signatures.

    :ivar known: those that are kept: of names that are there.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._memory: Memory[Body] = Memory(limits.DNS_ANSWERS, 0)
        self.known: Final = self._memory.held

    def use(self, snapshot: Snapshot) -> frozenset[bytes]:
        """Look up in this snapshot from now on.  :returns: what belongs to these is to be forgotten."""
        changed = snapshot.differing(self._snapshot)
        self._snapshot = snapshot
        self._memory.forget(changed)
        return changed

    def find(self, qname: bytes, qtype: int, do: bool) -> Body:
        """:param qname: folded."""
        found = self._snapshot.lookup(qname, qtype, do)
        if found.rcode in (REFUSED, NXDOMAIN) and not qname.isascii():
            found = self._in_ascii(qname, qtype) or found
        body = render(found, qname, do=do)
        if found.rcode in (REFUSED, SERVFAIL) or body.home is not None:
            return body
        body.home = self._home(found, qname)
        if found.exact and found.answer:
            body.lasting = True
            self._memory.keep(
                qname + qtype.to_bytes(2, "big") + (b"d" if do else b""), body, body.home, lasting=True
            )
        return body

    def _home(self, found: Lookup, qname: bytes) -> bytes:
        """What an answer is forgotten with: its zone or little name, or ANYWHERE if it hangs on others."""
        zone, snapshot = found.zone, self._snapshot
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

    def _in_ascii(self, qname: bytes, qtype: int) -> Lookup | None:
        """What a name in raw UTF-8, as some programs send it, is in our zones as A-labels.

        It is answered under the name that was asked.  Never in a signed zone, which proves that the
        raw name is not there.
        """
        text = _text(qname)
        if text is None:
            return None
        try:
            name = wire_name(text)
        except BadName:
            return None
        found = self._snapshot.lookup(name, qtype)
        if found.rcode != NOERROR or not found.exact or (found.zone is not None and found.zone.signed):
            return None

        def asked(sets: tuple[RecordSet, ...]) -> tuple[RecordSet, ...]:
            return tuple(replace(each, owner=qname) if each.owner == name else each for each in sets)

        return replace(found, answer=asked(found.answer), authority=asked(found.authority), exact=False)


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
