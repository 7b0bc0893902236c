"""The short ways: answers made without reading a request, beside those that are ready.

A request of a *form* that was read once (its flags, type, class and OPT record) differs in its name
alone.  If the name is there with one record, it is answered straight from its zone's node: nothing is
kept at first sight, and the whole answer at the second.  If it is not there, it gets what names of
its *family* get: those beside it, as long as it, asked for in the same form.
"""

import struct
from typing import Final

from netapp.core import limits
from netapp.dns.message import HEADER
from netapp.dns.query.bodies import Bodies
from netapp.dns.query.memory import Memory
from netapp.names.lookup.addresses import WITH_ADDRESSES
from netapp.names.model import ANY, CNAME, DNAME, DS, NSEC, NSEC3, PTR, RRSIG, SOA, Nodes

#: Types whose answers hold more than their set, or names that are written in another way, or that
#: not every zone with the name has to answer for.
_LONG: Final = frozenset({*WITH_ADDRESSES, CNAME, DNAME, PTR, SOA, DS, RRSIG, NSEC, NSEC3, ANY})
#: Where the name begins in a datagram behind its id.
_QNAME: Final = HEADER - 2
_TTL_LENGTH: Final = struct.Struct("!IH")
#: Octets of a datagram beside name, rdata and OPT record: id, type, class and what a record begins with.
_REST: Final = 2 + 4 + 12


#: What is said to requests of one form, around the name and what its record holds: type, DO, room for
#: name and rdata (header included, but the id), what stands before the question, what a record begins
#: with, and what follows it.  Plain tuples both, since others take longer to unpack.
Form = tuple[int, bool, int, bytes, bytes, bytes]
#: All names of a zone; what stands before and behind the question in the answer to one that is not
#: among them; how many octets of a request follow that name; and what it is forgotten with.
Family = tuple[Nodes, bytes, bytes, int, bytes]


class Short:
    """The short ways of requests without cookies, or of those with one at their end: it is cut off.

    Answers are without their ids, with the number of their kind behind them.

    :ivar ready: what has been answered, by the datagram behind its id.
    """

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.ready: Memory[bytes] = Memory(limits.DNS_ANSWERS, limits.DNS_FLEETING_ANSWERS)
        self._families: Memory[Family] = Memory(limits.DNS_ANSWERS)
        self._family: Final = self._families.held
        self._forms: dict[bytes, Form] = {}
        self._seen: set[int] = set()  # hashes of requests whose answers were not kept

    def forget(self, zones: frozenset[bytes]) -> None:
        """Forget what belongs to some zones."""
        self.ready.forget(zones)
        self._families.forget(zones)

    def of_name(self, rest: bytes) -> bytes | None:
        """What a name gets that is there with one record, in a form that is known.

        :param rest: a datagram behind its id.
        """
        end = rest.find(b"\0", _QNAME) + 1
        form = self._forms.get(rest[:_QNAME] + rest[end:])
        if form is None:
            return None
        rdtype, do, room, before, record, after = form
        name = rest[_QNAME:end]
        qname = name.lower()
        found = self._bodies.own_set(qname, rdtype)
        if found is None or len(found.rdatas) != 1 or (do and found.signatures):
            return None
        (rdata,) = found.rdatas
        size = len(rdata)
        if end + size > room:
            return None
        answer = b"".join(
            (before, rest[_QNAME : end + 4], record, _TTL_LENGTH.pack(found.ttl, size), rdata, after)
        )
        if name == qname:  # a random case does not come again
            number = hash(rest)
            if number in self._seen:
                self.ready.lasting.keep(rest, answer, self._bodies.home_of(qname))
            elif len(self._seen) < limits.DNS_ANSWERS:
                self._seen.add(number)
            else:
                self._seen.clear()
        return answer

    def of_family(self, rest: bytes) -> bytes | None:
        """What a name gets that is not there, if another of its family has been answered.

        :param rest: a datagram behind its id.
        """
        if len(rest) <= _QNAME:
            return None
        family = self._family.get(rest[: _QNAME + 1] + rest[_QNAME + 1 + rest[_QNAME] :])
        if family is None:
            return None
        nodes, before, after, behind, home = family
        qname = rest[_QNAME:-behind].lower()
        if not qname.isascii():  # raw UTF-8, which may be there as A-labels
            return None
        snapshot = self._bodies.snapshot
        if qname in nodes or qname in snapshot.zones or qname in snapshot.nodes or qname in snapshot.aside:
            return None
        answer = b"".join((before, rest[_QNAME : _QNAME + 4 + len(qname)], after))
        number = hash(rest)
        if number in self._seen:
            self.ready.fleeting.keep(rest, answer, home)
        elif len(self._seen) < limits.DNS_ANSWERS:
            self._seen.add(number)
        else:
            self._seen.clear()
        return answer

    def learn(self, request: bytes, end: int, do: bool, room: int, around: tuple[bytes, bytes]) -> None:
        """Know a form from now on.

        :param request: up to its cookie; its name ends at ``end``.
        :param room: for the whole answer without its cookie.
        :param around: what stands in the answer before the question and behind the records.
        """
        rdtype = request[end] << 8 | request[end + 1]
        form = request[2:HEADER] + request[end:]
        if rdtype in _LONG or form in self._forms:
            return
        if len(self._forms) >= limits.DNS_FORMS:
            self._forms.clear()
        before, after = around
        left = room - _REST - len(after) + 1  # the number behind it is not sent
        self._forms[form] = (rdtype, do, left, before, b"\xc0\x0c" + request[end : end + 4], after)

    def found(
        self, request: bytes, qname: bytes, nodes: Nodes, around: tuple[bytes, bytes], home: bytes
    ) -> None:
        """Found a family; as :meth:`learn`."""
        key = request[2 : HEADER + 1] + request[HEADER + 1 + qname[0] :]
        behind = len(request) - HEADER - len(qname)
        self._families.lasting.keep(key, (nodes, *around, behind, home), home)
