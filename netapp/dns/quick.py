"""The quick way of a question of the common form, and what is remembered of it.

Most requests differ in their name alone: their flags, counts and OPT record are those of thousands
before.  Of these nothing is read but the name; what they get is what :mod:`netapp.dns.answers`
would give them slowly.
"""

from collections.abc import Callable
from typing import Final

from netapp.core import limits
from netapp.dns import wire
from netapp.dns.bodies import Bodies
from netapp.dns.edns import COOKIE_HEAD, EDE, Ede, option
from netapp.dns.memory import Memory
from netapp.dns.render import STREAM, Body
from netapp.dns.wire import Edns, Query
from netapp.names.model import REFUSED, SERVFAIL, Nodes
from netapp.names.naming import MAX_LABEL, MAX_NAME

#: Outcomes of a lookup that are told in a word.
EXPLAINED: Final = {
    REFUSED: (wire.REFUSED, Ede.NOT_AUTHORITATIVE),
    SERVFAIL: (wire.SERVFAIL, Ede.INVALID_DATA),
}
#: Types that no record has: RFC 6895 section 3.1.
NO_TYPES: Final = frozenset({0, wire.OPT, *range(wire.FIRST_META, wire.LAST_META + 1)})

#: All names of a zone; what stands before and behind the question in the answer to one that is not
#: among them; how many octets of a request follow that name; and what it is forgotten with.
Family = tuple[Nodes, bytes, bytes, int, bytes]


class Quick:
    """Answers without their ids, and without the cookie at their end.

    :param number: an answer to a number of one octet, which stands behind it where it is ready.
    :param cookies: whether there are any.
    :ivar ready: what has been answered, by the datagram behind its id.
    :ivar cookied: the same of requests with a cookie at their end, both without its octets.
    """

    def __init__(self, bodies: Bodies, number: Callable[[bytes], int], *, cookies: bool) -> None:
        self._bodies, self._number, self._cookies = bodies, number, cookies
        self.ready: Memory[bytes] = Memory(limits.DNS_ANSWERS, limits.DNS_FLEETING_ANSWERS)
        self.cookied: Memory[bytes] = Memory(limits.DNS_ANSWERS, limits.DNS_FLEETING_ANSWERS)
        self._families: Memory[Family] = Memory(limits.DNS_ANSWERS)
        self._family: Final = self._families.held
        self._opts: dict[bytes, Opt] = {b"": _NO_OPT}
        self._seen: set[int] = set()  # hashes of requests whose answers were not kept

    def forget(self, zones: frozenset[bytes]) -> None:
        """Forget what belongs to some zones."""
        for memory in (self.ready, self.cookied, self._families):
            memory.forget(zones)

    def of_family(self, rest: bytes) -> bytes | None:
        """What a name gets that is not there, if another of its family has been answered; as in ``ready``.

        Requests of a family differ in the octets of their first label alone.

        :param rest: a datagram behind its id.
        """
        if len(rest) <= _QNAME:
            return None
        family = self._family.get(rest[: _QNAME + 1] + rest[_QNAME + 1 + rest[_QNAME] :])
        if family is None:
            return None
        nodes, before, after, behind, home = family
        qname = rest[_QNAME:-behind].lower()
        snapshot = self._bodies.snapshot
        if qname in nodes or qname in snapshot.zones or qname in snapshot.nodes:
            return None
        answer = b"".join((before, rest[_QNAME : _QNAME + 4 + len(qname)], after))
        number = hash(rest)
        if number in self._seen:
            self.ready.fleeting.keep(rest, answer, home)
        elif len(self._seen) >= limits.DNS_ANSWERS:
            self._seen.clear()
        else:
            self._seen.add(number)
        return answer

    def answer(self, request: bytes, stop: int, *, stream: bool) -> bytes | None:
        """None for a request that is to be read slowly.

        :param stop: where the octets of its cookie begin, or its end.
        """
        head = _HEADS.get(request[2:12])
        if head is None:
            return None
        high, low, records = head
        end = request.find(b"\0", wire.HEADER) + 1
        opt = self._opts.get(request[end + 4 : stop])
        if opt is None or opt.records != records or request[end + 2 : end + 4] != _IN or stop < end + 4:
            return None
        cookie = stop != len(request)
        if cookie is not opt.cookie:  # cut off where it would begin
            return None
        qname = request[wire.HEADER : end].lower()
        mark = request[end : end + 2] + b"d" if opt.do else request[end : end + 2]
        body = self._body(qname, mark, opt.do)
        if body is None:
            return None
        counts, tail, flags = body.counts_opt if records else body.counts, body.tail, body.flags
        ours = opt.octets if body.home is not None else opt.explaining[body.rcode]
        room = (STREAM if stream else opt.size) - end - 4 - len(ours) - (24 if cookie else 0)
        if body.size > room:
            flags, counts, tail = body.cut(room, bool(records))
        before, after = bytes((high | flags, low | body.rcode)) + counts, tail + ours
        answer = before + request[wire.HEADER : end + 4] + after
        if stream or body.home is None:
            return answer
        if request.startswith(qname, wire.HEADER):  # no random case: the very octets may come again
            memory = self.cookied if cookie else self.ready
            kept = answer + bytes((self._number(answer),))
            (memory.lasting if body.lasting else memory.fleeting).keep(request[2:stop], kept, body.home)
        if not cookie and body.common and not body.lasting:
            self._found(request, qname, mark, body, (before, after + bytes((self._number(answer),))))
        return answer

    def _found(
        self, request: bytes, qname: bytes, mark: bytes, body: Body, around: tuple[bytes, bytes]
    ) -> None:
        """Found a family, if its names have that in common."""
        kin = self._bodies.kin_of(qname, mark)
        if kin is None or kin[1] is not body or body.home is None:
            return
        key = request[2 : wire.HEADER + 1] + request[wire.HEADER + 1 + qname[0] :]
        behind = len(request) - wire.HEADER - len(qname)
        self._families.lasting.keep(key, (kin[0], *around, behind, body.home), body.home)

    def learn(self, request: bytes, query: Query) -> None:
        """An OPT record without options, or with a cookie alone, need not be read the next time."""
        edns = query.edns
        if edns is None or edns.version or request[6:12] != b"\0\0\0\0\0\1" or len(edns.options) > 1:
            return
        stop = before_cookie(request)
        if edns.options:
            ((code, octets),) = edns.options
            if code != wire.COOKIE or len(octets) != len(request) - stop or not self._cookies:
                return
        if len(self._opts) >= limits.DNS_OPTS:
            self._opts = {b"": _NO_OPT}
        self._opts[request[wire.HEADER + len(query.question) : stop]] = Opt(edns)

    def _body(self, qname: bytes, mark: bytes, do: bool) -> Body | None:
        """:param qname: what is kept by it is kept by good names only: no need to look at its labels."""
        if not qname:
            return None
        body = self._bodies.known.get(qname + mark)
        if body is None:
            body = self._bodies.of_kin(qname, mark)
        if body is None:
            number = mark[0] << 8 | mark[1]
            if number in NO_TYPES or not _is_name(qname):
                return None
            body = self._bodies.find(qname, number, do)
        return body


class Opt:
    """What is known of a request by its OPT record.

    :ivar cookie: whether one is at its end.
    :ivar octets: our own, but for the cookie at its end; ``explaining`` the same by rcode, with a reason.
    """

    __slots__ = ("cookie", "do", "explaining", "octets", "records", "size")

    def __init__(self, edns: Edns | None) -> None:
        self.records = 0 if edns is None else 1
        self.do = edns is not None and edns.do
        self.cookie = edns is not None and bool(edns.options)
        self.size = limit(edns, stream=False)
        self.octets = _opt(edns, b"")
        self.explaining = {
            rcode: _opt(edns, option(EDE, ede.to_bytes(2, "big"))) for rcode, (_, ede) in EXPLAINED.items()
        }


def _opt(edns: Edns | None, options: bytes) -> bytes:
    """Our OPT record without the cookie at its end, if the request had one."""
    if edns is None:
        return b""
    cookie = COOKIE_HEAD + bytes(24) if edns.options else b""
    return wire.opt(edns.do, wire.NOERROR, options + cookie)[: -24 if cookie else None]


def limit(edns: Edns | None, *, stream: bool) -> int:
    """Octets of an answer: RFC 6891 section 6.2.5, and never what a link would cut in pieces."""
    if stream:
        return STREAM
    return wire.LEAST_DATAGRAM if edns is None else min(edns.size, limits.DNS_DATAGRAM)


def before_cookie(request: bytes) -> int:
    """Where the octets of a cookie begin that may be all that ends a request; else its end."""
    if request[-28:-24] == COOKIE_HEAD:
        return len(request) - 24
    return len(request) - 8 if request[-12:-8] == b"\0\x0a\0\x08" else len(request)


def _is_name(name: bytes) -> bool:
    """Whether octets up to and with their first zero octet are a name."""
    at, last = 0, len(name) - 1
    while at < last:
        length = name[at]
        if length > MAX_LABEL:
            return False
        at += 1 + length
    return at == last < MAX_NAME


_NO_OPT: Final = Opt(None)
_QNAME: Final = wire.HEADER - 2  # where the name begins in a datagram behind its id
_IN: Final = b"\0\1"
#: Flags and counts of common requests to the answer's flags and the number of additional records.
_HEADS: Final = {
    bytes((rd, adcd, 0, 1, 0, 0, 0, 0, 0, records)): (wire.QR | rd, adcd & wire.CD, records)
    for rd in (0, wire.RD)
    for adcd in (0x00, 0x10, 0x20, 0x30)
    for records in (0, 1)
}
