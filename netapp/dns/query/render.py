"""What a lookup gave, as the octets behind the question.

Owners are compressed, and targets in NS, MX, CNAME, PTR and SOA alone (RFC 3597 section 4; never
DNAME's, RFC 6672 section 2.5, nor SRV's, RFC 2782), against the question and each other.

What is said of names that are not there, or that others look after, is the same for all names of
one length: every pointer in it points into the question's last labels, or further on.  So a zone
keeps it by length, and a new name costs a look-up.
"""

import struct
from collections.abc import Iterable
from typing import Final

from netapp.core import limits
from netapp.dns.message import AA, HEADER, IN, TC
from netapp.dns.wire import STREAM
from netapp.names.model import CNAME, MX, NS, PTR, RRSIG, SOA, Lookup, RecordSet
from netapp.names.zone import Zone

#: The least a record takes: a pointer, type, class, TTL and length.
_RECORD: Final = 12
_POINTERS: Final = 0x4000  # a pointer reaches what is below: RFC 1035 section 4.1.4
_NAMES: Final = frozenset({NS, CNAME, PTR})  # rdata that is one name
_COMPRESSED: Final = _NAMES | {MX, SOA}
_WHOLE: Final = struct.Struct("!HHHIH")  # owner as a pointer, type, class, TTL, length
_MIDDLE: Final = struct.Struct("!HHI")
_LENGTH: Final = struct.Struct("!H")
_COUNTS: Final = struct.Struct("!4H")
_TO_QUESTION: Final = 0xC000 | HEADER

#: Where a set ends, and how many records of each section there are up to there.
Mark = tuple[int, int, int, int]


class Body:
    """All of an answer but its id, its question and its OPT record.

    :ivar flags: AA or none, for octet 2 of the header.
    :ivar counts: of the four sections, eight octets; ``counts_opt`` with an OPT record.
    :ivar tail: what follows the question.
    :ivar size: octets of the tail; more than any message has room for if it is not all there.
    :ivar home: what it is forgotten with, once somebody has said so.
    :ivar lasting: whether its name is there.
    :ivar common: whether every name of this length would get the same from the same sets.
    """

    __slots__ = (
        "_marks", "_needed", "common", "counts", "counts_opt", "flags", "home", "lasting", "rcode", "size",
        "tail",
    )  # fmt: skip

    def __init__(
        self, lookup: Lookup, tail: bytes, counts: tuple[int, int, int], marks: tuple[Mark, ...], needed: int
    ) -> None:
        self.flags = AA if lookup.authoritative else 0
        self.rcode = lookup.rcode
        self.tail = tail
        self.size = len(tail) if needed <= len(marks) else STREAM + 1
        an, ns, ar = counts
        self.counts, self.counts_opt = _COUNTS.pack(1, an, ns, ar), _COUNTS.pack(1, an, ns, ar + 1)
        self._marks, self._needed = marks, needed
        self.home: bytes | None = None
        self.lasting = self.common = False

    def cut(self, room: int, opt: bool) -> tuple[int, bytes, bytes]:
        """As many whole sets as there is room for, what is not needed gone first.

        :param room: octets, for what follows the question.
        :param opt: whether an OPT record is counted.
        :returns: (flags, counts, tail).

        Source: RFC 2181 section 9: TC says that a set is missing, and no set is cut.
        """
        kept = 0
        while kept < len(self._marks) and self._marks[kept][0] <= room:
            kept += 1
        end, an, ns, ar = self._marks[kept - 1] if kept else (0, 0, 0, 0)
        flags = self.flags if kept >= self._needed else self.flags | TC
        return flags, _COUNTS.pack(1, an, ns, ar + opt), self.tail[:end]


def render(lookup: Lookup, qname: bytes, *, do: bool, rdclass: int = IN) -> Body:
    """What follows the question.

    :param qname: folded wire name, the question's.
    :param do: whether signatures are written behind their sets.
    """
    answer = lookup.answer
    if len(answer) == 1 and not lookup.authority and not lookup.additional:
        (only,) = answer
        if only.owner == qname and only.rdtype not in _COMPRESSED and not (do and only.signatures):
            body = _one_set(lookup, only, rdclass)
            body.common = True
            return body
    if not answer and lookup.zone is not None and lookup.authority:
        return _by_length(lookup, lookup.zone, qname, do)
    return _Writer(qname, qname).body(lookup, do)


def _one_set(lookup: Lookup, records: RecordSet, rdclass: int) -> Body:
    """A set of the question's own name with nothing in it that is compressed."""
    rdatas = records.rdatas
    rdtype, ttl, pack = records.rdtype, records.ttl, _WHOLE.pack
    if len(rdatas) == 1:
        (rdata,) = rdatas
        tail = pack(_TO_QUESTION, rdtype, rdclass, ttl, len(rdata)) + rdata
    elif len(rdatas) * _RECORD > STREAM:
        return Body(lookup, b"", (0, 0, 0), (), 1)
    else:
        tail = b"".join([pack(_TO_QUESTION, rdtype, rdclass, ttl, len(each)) + each for each in rdatas])
    count = len(rdatas)
    return Body(lookup, tail, (count, 0, 0), ((len(tail), count, 0, 0),), 1)


def _by_length(lookup: Lookup, zone: Zone, qname: bytes, do: bool) -> Body:
    """A negative answer or a referral.  Zones know nothing of this but that it is kept."""
    kept = zone.memo.get("bodies")
    if kept is None:
        kept = zone.memo["bodies"] = {}
    authority, additional = lookup.authority, lookup.additional
    key = (id(authority[0]), len(qname), lookup.rcode, do)
    found = kept.get(key)
    if found is not None and found[0] == authority and found[1] == additional:
        body: Body = found[2]
        return body
    if not qname.endswith(authority[0].owner):
        return _Writer(qname, qname).body(lookup, do)
    body = _Writer(qname, authority[0].owner).body(lookup, do)
    body.common = True
    if len(kept) >= limits.DNS_BODIES:
        kept.clear()
    kept[key] = (authority, additional, body)
    return body


class _Writer:
    """Writes sets one after another.

    :param known: the last labels of ``qname``, which pointers may point at.
    """

    def __init__(self, qname: bytes, known: bytes) -> None:
        self._begin = self._at = HEADER + len(qname) + 4
        self._parts: list[bytes] = []
        self._names: dict[bytes, int] = {}
        self._note(known, HEADER + len(qname) - len(known))

    def body(self, lookup: Lookup, do: bool) -> Body:
        additional, glue = _glue_first(lookup)
        counts = [0, 0, 0]
        marks: list[Mark] = []
        needed = len(lookup.answer) + len(lookup.authority) + glue
        for section, sets in enumerate((lookup.answer, lookup.authority, additional)):
            for each in sets:
                if self._at + len(each.rdatas) * _RECORD > STREAM:  # no message could hold it
                    break
                counts[section] += self._set(each, do)
                marks.append((self._at - self._begin, counts[0], counts[1], counts[2]))
            else:
                continue
            break
        _, an, ns, ar = marks[-1] if marks else (0, 0, 0, 0)
        return Body(lookup, b"".join(self._parts), (an, ns, ar), tuple(marks), needed)

    def _set(self, records: RecordSet, do: bool) -> int:
        """:returns: how many records were written."""
        owner, ttl = records.owner, records.ttl
        self._records(owner, records.rdtype, ttl, records.rdatas)
        if not (do and records.signatures):
            return len(records.rdatas)
        self._records(owner, RRSIG, ttl, records.signatures)
        return len(records.rdatas) + len(records.signatures)

    def _records(self, owner: bytes, rdtype: int, ttl: int, rdatas: Iterable[bytes]) -> None:
        middle = _MIDDLE.pack(rdtype, IN, ttl)
        compressed = rdtype in _COMPRESSED
        for rdata in rdatas:
            self._add(self._name(owner, owner, self._at) + middle)
            octets = self._rdata(rdtype, rdata, self._at + 2) if compressed else rdata
            self._add(_LENGTH.pack(len(octets)) + octets)

    def _add(self, octets: bytes) -> None:
        self._parts.append(octets)
        self._at += len(octets)

    def _rdata(self, rdtype: int, rdata: bytes, at: int) -> bytes:
        """Rdata with its names compressed; ``at`` is where it will stand."""
        if rdtype in _NAMES:
            return self._name(rdata, rdata.lower(), at)
        if rdtype == MX:
            return rdata[:2] + self._name(rdata[2:], rdata[2:].lower(), at + 2)
        names, numbers = rdata[:-20], rdata[-20:]
        end = _end(names)
        mname = self._name(names[:end], names[:end].lower(), at)
        rname = self._name(names[end:], names[end:].lower(), at + len(mname))
        return mname + rname + numbers

    def _name(self, name: bytes, folded: bytes, at: int) -> bytes:
        """A name that will stand at ``at``, its last labels a pointer if they were written before."""
        known, label = self._names, 0
        while name[label]:
            suffix = folded[label:]
            found = known.get(suffix)
            if found is not None:
                return name[:label] + _LENGTH.pack(0xC000 | found)
            if at + label < _POINTERS:
                known[suffix] = at + label
            label += 1 + name[label]
        return name

    def _note(self, name: bytes, at: int) -> None:
        label = 0
        while name[label]:
            self._names[name[label:]] = at + label
            label += 1 + name[label]


def _glue_first(lookup: Lookup) -> tuple[tuple[RecordSet, ...], int]:
    """The additional section, and how many sets at its head a referral must not be without.

    Behind a CNAME it is authoritative; NS records are in the authority section of no other answer.

    Source: RFC 9471 section 3.1: glue for name servers below the cut.
    """
    additional = lookup.additional
    cut = next((each.owner for each in lookup.authority if each.rdtype == NS), None)
    if not additional or cut is None:
        return additional, 0
    inside = tuple(each for each in additional if each.owner.endswith(cut))
    return inside + tuple(each for each in additional if not each.owner.endswith(cut)), len(inside)


def _end(name: bytes) -> int:
    """Where the first of two names ends."""
    at = 0
    while name[at]:
        at += 1 + name[at]
    return at + 1
