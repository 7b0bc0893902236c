"""The quick way of a question of the common form, and what is remembered of it.

Most requests differ in their name alone: their flags, counts and OPT record are those of thousands
before.  Of these nothing is read but the name; what they get is what :mod:`netapp.dns.query.answers`
would give them slowly.
"""

from collections.abc import Callable
from typing import Final

from netapp.core import limits
from netapp.dns import wire
from netapp.dns.message import AA, CD, HEADER, NOERROR, OPT, QR, RD
from netapp.dns.options import COOKIE, EDE, Ede, option
from netapp.dns.query.bodies import Bodies
from netapp.dns.query.edns import COOKIE_HEAD
from netapp.dns.query.memory import CUT
from netapp.dns.query.render import Body
from netapp.dns.query.short import Short
from netapp.dns.wire import STREAM, Edns, Query
from netapp.names.model import REFUSED, SERVFAIL
from netapp.names.naming import MAX_LABEL, MAX_NAME

#: Outcomes of a lookup that are told in a word.
EXPLAINED: Final = {
    REFUSED: (REFUSED, Ede.NOT_AUTHORITATIVE),
    SERVFAIL: (SERVFAIL, Ede.INVALID_DATA),
}
#: What stands before a cookie of the client's part alone.
COOKIE_BEGINS: Final = b"\0\x0a\0\x08"
#: Types that no record has: RFC 6895 section 3.1.
NO_TYPES: Final = frozenset({0, OPT, *range(wire.FIRST_META, wire.LAST_META + 1)})


class Quick:
    """Answers without their ids, and without the cookie at their end.

    :param number: an answer to a number of one octet, which stands behind it where it is ready.
    :param cookies: whether there are any.
    :ivar plain: the short ways of requests without a cookie; ``cookied`` of those with one at their end.
    """

    def __init__(self, bodies: Bodies, number: Callable[[bytes], int], *, cookies: bool) -> None:
        self._bodies, self._number, self._cookies = bodies, number, cookies
        self.plain, self.cookied = Short(bodies), Short(bodies)
        self._opts: dict[bytes, Opt] = {b"": _NO_OPT}

    def forget(self, zones: frozenset[bytes]) -> None:
        """Forget what belongs to some zones."""
        self.plain.forget(zones)
        self.cookied.forget(zones)

    def answer(self, request: bytes, stop: int, *, stream: bool) -> bytes | None:
        """None for a request that is to be read slowly.

        :param stop: where the octets of its cookie begin, or its end.
        """
        head = _HEADS.get(request[2:12])
        if head is None:
            return None
        high, low, records = head
        end = request.find(b"\0", HEADER) + 1
        opt = self._opts.get(request[end + 4 : stop])
        if opt is None or opt.records != records or request[end + 2 : end + 4] != _IN or stop < end + 4:
            return None
        cookie = stop != len(request)
        if cookie is not opt.cookie:  # cut off where it would begin
            return None
        qname = request[HEADER:end].lower()
        mark = request[end : end + 2] + b"d" if opt.do else request[end : end + 2]
        body = self._body(qname, mark, opt.do)
        if body is None:
            return None
        counts, tail, flags = body.counts_opt if records else body.counts, body.tail, body.flags
        ours = opt.octets if body.home is not None else opt.explaining[body.rcode]
        room = (STREAM if stream else opt.size) - end - 4 - len(ours) - (24 if cookie else 0)
        if cut_short := body.size > room:
            flags, counts, tail = body.cut(room, bool(records))
        before, after = bytes((high | flags, low | body.rcode)) + counts, tail + ours
        answer = before + request[HEADER : end + 4] + after
        if not stream and body.home is not None:
            short, number = self.cookied if cookie else self.plain, self._number(answer)
            cut, last = request[:stop], bytes((number | CUT if cut_short else number,))
            if request.startswith(qname, HEADER):  # no random case: the very octets may come again
                shelf = short.ready.lasting if body.lasting else short.ready.fleeting
                shelf.keep(cut[2:], answer + last, body.home)
            if body.lasting and not body.rcode:
                before = bytes((high | AA, low)) + (_ONE_OPT if records else _ONE)
                short.learn(
                    cut, end, opt.do, opt.size - (24 if cookie else 0), (before, ours + bytes((number,)))
                )
            elif body.common and not body.lasting:
                self._found(short, cut, qname, mark, body, (before, after + last))
        return answer

    def _found(
        self, short: Short, request: bytes, qname: bytes, mark: bytes, body: Body, around: tuple[bytes, bytes]
    ) -> None:
        """Found a family, if its names have that in common."""
        kin = self._bodies.kin_of(qname, mark)
        if kin is not None and kin[1] is body and body.home is not None:
            short.found(request, qname, kin[0], around, body.home)

    def learn(self, request: bytes, query: Query) -> None:
        """An OPT record without options, or with a cookie alone, need not be read the next time."""
        edns = query.edns
        if edns is None or edns.version or request[6:12] != b"\0\0\0\0\0\1" or len(edns.options) > 1:
            return
        stop = before_cookie(request)
        if edns.options:
            ((code, octets),) = edns.options
            if code != COOKIE or len(octets) != len(request) - stop or not self._cookies:
                return
        if len(self._opts) >= limits.DNS_OPTS:
            self._opts = {b"": _NO_OPT}
        self._opts[request[HEADER + len(query.question) : stop]] = Opt(edns)

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
        self.size = wire.limit(edns, stream=False)
        self.octets = _opt(edns, b"")
        self.explaining = {
            rcode: _opt(edns, option(EDE, ede.to_bytes(2, "big"))) for rcode, (_, ede) in EXPLAINED.items()
        }


def _opt(edns: Edns | None, options: bytes) -> bytes:
    """Our OPT record without the cookie at its end, if the request had one."""
    if edns is None:
        return b""
    cookie = COOKIE_HEAD + bytes(24) if edns.options else b""
    return wire.opt(edns.do, NOERROR, options + cookie)[: -24 if cookie else None]


def before_cookie(request: bytes) -> int:
    """Where the octets of a cookie begin that may be all that ends a request; else its end."""
    if request[-28:-24] == COOKIE_HEAD:
        return len(request) - 24
    return len(request) - 8 if request[-12:-8] == COOKIE_BEGINS else len(request)


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
#: Counts of an answer of one record, without and with an OPT record.
_ONE: Final = bytes((0, 1, 0, 1, 0, 0, 0, 0))
_ONE_OPT: Final = bytes((0, 1, 0, 1, 0, 0, 0, 1))
_IN: Final = b"\0\1"
#: Flags and counts of common requests to the answer's flags and the number of additional records.
_HEADS: Final = {
    bytes((rd, adcd, 0, 1, 0, 0, 0, 0, 0, records)): (QR | rd, adcd & CD, records)
    for rd in (0, RD)
    for adcd in (0x00, 0x10, 0x20, 0x30)
    for records in (0, 1)
}
