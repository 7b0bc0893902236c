"""Octets of a request to octets of its answer, over a snapshot of names: a pure function, but
for what it remembers.

Three ways, from the shortest.  *ready*: a whole datagram behind its id to the whole answer behind
its id; what reads the socket looks there itself.  The same with a cookie at the end, which is the
client's own.  *quick*: a question of the common form; a random case (RFC 4343) or another cookie
ends here, since what stands behind the question is kept by folded question.  All else is read
slowly and strictly.

A new snapshot has forgotten what belongs to zones that have changed, and no more.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from netapp.core import limits
from netapp.core.text import Encoding
from netapp.dns import wire
from netapp.dns.bodies import Bodies
from netapp.dns.chaos import Identity
from netapp.dns.cookies import CLIENT, Cookies
from netapp.dns.edns import COOKIE_HEAD, EDE, Ede, Options, option
from netapp.dns.memory import Memory
from netapp.dns.plain import Unknown, is_own, read_name
from netapp.dns.render import STREAM, Body
from netapp.dns.wire import Edns, Query, Tongue
from netapp.errors import WireError
from netapp.names.model import REFUSED, SERVFAIL
from netapp.names.naming import MAX_LABEL, MAX_NAME
from netapp.names.snapshot import Snapshot


class Elsewhere(Enum):
    """A request that is more than a look-up: see :mod:`netapp.dns.requests`."""

    ELSEWHERE = "elsewhere"


ELSEWHERE: Final = Elsewhere.ELSEWHERE
#: None for silence.
Answer = bytes | Elsewhere | None


class Source(Protocol):
    """Who asks."""

    @property
    def packed(self) -> bytes:
        """The address, 4 or 16 octets; none for a UNIX socket's peer."""


class Answers:
    """Answers from one snapshot after another.

    :param unknown: the plain answer for a name that we do not have.
    :param encoding: how it is written; "auto" as the question was.
    :param cookies: makes them; none are said without it.
    :param identity: what this server says of itself.
    :ivar ready: a datagram behind its id to the answer behind its id, and one octet more: the number
        that ``number`` gives to its kind, so that whoever sends it can count it without reading it.
    :ivar number: an answer behind its id to a number of one octet.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        unknown: str,
        encoding: Encoding,
        cookies: Cookies | None = None,
        identity: Identity = Identity(),  # noqa: B008  (it is immutable)
    ) -> None:
        self._unknown = Unknown(unknown, encoding)
        self._own = self._unknown.own()
        self._snapshot = snapshot
        self._bodies = Bodies(snapshot)
        self._identity = identity
        self._options = Options(cookies, identity.nsid)
        self._ready: Memory[bytes] = Memory(limits.DNS_ANSWERS, limits.DNS_FLEETING_ANSWERS)
        self._cookied: Memory[bytes] = Memory(limits.DNS_ANSWERS, limits.DNS_FLEETING_ANSWERS)
        self.ready: Final = self._ready.held
        self._ready_but_cookie: Final = self._cookied.held
        self._texts: dict[bytes, bytes] = {}
        self._opts: dict[bytes, _Opt] = {b"": _NO_OPT}
        self.number: Callable[[bytes], int] = lambda answer: 0
        self.malformed = 0

    def use(self, snapshot: Snapshot) -> None:
        """Answer from this snapshot from now on."""
        self._snapshot = snapshot
        self._texts.clear()
        changed = self._bodies.use(snapshot)
        self._ready.forget(changed)
        self._cookied.forget(changed)

    def datagram(self, datagram: bytes, source: Source | None = None) -> Answer:
        """The answer to one datagram."""
        rest = datagram[2:]
        known = self.ready.get(rest)
        if known is not None:
            return datagram[:2] + known[:-1]
        stop = len(datagram)
        if rest[-2:] != b"\0\0" and (stop := _before_cookie(datagram)) != len(datagram):
            rest = datagram[2:stop]
            known = self._ready_but_cookie.get(rest)
            if known is not None:
                return datagram[:2] + known + self._cookie(datagram, stop, source)
        answer = self._quick(datagram, rest, stop, source, stream=False)
        if answer is not None:
            return answer
        text = self._texts.get(datagram)
        if text is not None:
            return text
        tongue = wire.classify(datagram)
        if tongue is Tongue.DNS:
            return self._slowly(datagram, source, stream=False)
        if tongue is Tongue.TEXT and not _is_noise(datagram):
            return self.text(datagram)
        self.malformed += 1
        return None

    def message(self, message: bytes, source: Source | None = None) -> Answer:
        """The answer to a DNS message of 12 octets or more that came over a stream."""
        known = self.ready.get(message[2:])
        if known is not None and not known[0] & wire.TC:
            return message[:2] + known[:-1]
        stop = _before_cookie(message)
        if stop != len(message):
            known = self._ready_but_cookie.get(message[2:stop])
            if known is not None and not known[0] & wire.TC:
                return message[:2] + known + self._cookie(message, stop, source)
        answer = self._quick(message, b"", stop, source, stream=True)
        return answer if answer is not None else self._slowly(message, source, stream=True)

    def text(self, octets: bytes) -> bytes | None:
        """The answer to a plain question, without a line end; None if it is our own reply."""
        if is_own(octets, self._own):
            return None
        name, codec = read_name(octets)
        address = self._snapshot.address(name) if name is not None else None
        if address is None:
            return self._unknown.said_in(codec)
        answer = address.encode("ascii")
        if len(self._texts) >= limits.DNS_ANSWERS:
            self._texts.clear()
        self._texts[octets] = answer
        return answer

    def verified(self, request: bytes, source: Source | None, *, stream: bool, room: int) -> bytes:
        """The answer to a question whose signature is sound and taken off.

        :param room: octets that the answer must leave for its own.
        """
        try:
            query = wire.parse_query(request)
        except WireError:
            return self._malformed(request)
        return self._plainly(request, query, source, stream=stream, room=room)

    # What a limiter asks -----------------------------------------------------------------------

    def is_proved(self, request: bytes, source: Source) -> bool:
        """Whether a request shows that its sender gets what is sent to its address."""
        edns = _edns_of(request)
        return self._options.is_proved(edns, source.packed)

    def bad_cookie(self, request: bytes, source: Source) -> bytes | None:
        """BADCOOKIE with a fresh cookie, for a client that has shown half of one; None for others.

        Source: RFC 7873 section 5.2.3.
        """
        edns = _edns_of(request)
        if edns is None or edns.version or edns.option(wire.COOKIE) is None:
            return None
        query = wire.parse_query(request)
        options = self._options.answering(edns, source.packed, stream=False)
        return wire.reply(request, wire.BADCOOKIE, query=query, options=options)

    # The quick way -----------------------------------------------------------------------------

    def _quick(
        self, request: bytes, rest: bytes, stop: int, source: Source | None, *, stream: bool
    ) -> bytes | None:
        """An answer to a request of the common form, as :meth:`_plainly` would give it; None for all others.

        :param rest: what it is remembered by.
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
        qname = request[wire.HEADER : end].lower()
        body = self._quick_body(qname, request[end : end + 2], opt.do)
        if body is None:
            return None
        question = request[wire.HEADER : end + 4]
        counts, tail, flags = body.counts_opt if records else body.counts, body.tail, body.flags
        ours = opt.octets if body.home is not None else opt.explaining[body.rcode]
        cookie = stop != len(request)
        room = (STREAM if stream else opt.size) - end - 4 - len(ours) - (24 if cookie else 0)
        if body.size > room:
            flags, counts, tail = body.cut(room, bool(records))
        answer = b"".join((bytes((high | flags, low | body.rcode)), counts, question, tail, ours))
        if not stream and body.home is not None and question.startswith(qname):
            memory = self._cookied if cookie else self._ready
            kept = answer if cookie else answer + bytes((self.number(answer),))
            (memory.lasting if body.lasting else memory.fleeting).keep(rest, kept, body.home)
        if cookie:
            return request[:2] + answer + self._cookie(request, stop, source)
        return request[:2] + answer

    def _quick_body(self, qname: bytes, qtype: bytes, do: bool) -> Body | None:
        """:param qname: what is kept by it is kept by good names only: no need to look at its labels."""
        if not qname:
            return None
        mark = qtype + b"d" if do else qtype
        body = self._bodies.known.get(qname + mark)
        if body is None:
            body = self._bodies.of_kin(qname, qname[1 + qname[0] :], mark)
        if body is None:
            number = qtype[0] << 8 | qtype[1]
            if number in _NO_TYPES or not _is_name(qname):
                return None
            body = self._bodies.find(qname, number, do)
        return body

    def _cookie(self, request: bytes, stop: int, source: Source | None) -> bytes:
        return self._options.cookie(request[stop : stop + CLIENT], source.packed if source else b"")

    # The slow way ------------------------------------------------------------------------------

    def _slowly(self, request: bytes, source: Source | None, *, stream: bool) -> Answer:
        if request[2] & wire.QR:
            return None  # an answer to somebody; answering it could go on for ever
        opcode = request[2] & wire.OPCODE
        if opcode:
            return ELSEWHERE if opcode in _ELSEWHERE else wire.reply(request, wire.NOTIMP)
        try:
            query = wire.parse_query(request)
        except WireError:
            return self._malformed(request)
        if query.signed or query.qtype in (wire.AXFR, wire.IXFR):
            return ELSEWHERE
        self._learn(request, query)
        return self._plainly(request, query, source, stream=stream)

    def _malformed(self, request: bytes) -> bytes:
        self.malformed += 1
        return wire.reply(request, wire.FORMERR)

    def _plainly(
        self, request: bytes, query: Query, source: Source | None, *, stream: bool, room: int = 0
    ) -> bytes:
        edns, address = query.edns, source.packed if source else b""
        refusal = _refusal(query)
        body = self._body(query) if refusal is None else None
        if body is not None and body.home is None:
            refusal = _EXPLAINED[body.rcode]
        if body is None or refusal is not None:
            rcode, ede = refusal or (wire.REFUSED, None)
            options = self._options.answering(edns, address, stream=stream, ede=ede)
            return wire.reply(request, rcode, query=query, options=options)
        options = self._options.answering(edns, address, stream=stream)
        opt = b"" if edns is None else wire.opt(edns.do, wire.NOERROR, options)
        left = _limit(edns, stream=stream) - room - wire.HEADER - len(query.question) - len(opt)
        flags, counts, tail = body.flags, body.counts if edns is None else body.counts_opt, body.tail
        if body.size > left:
            flags, counts, tail = body.cut(left, edns is not None)
        head = wire.answer_head(request, flags=flags, rcode=body.rcode)
        return head + counts + query.question + tail + opt

    def _body(self, query: Query) -> Body:
        if query.qclass == wire.CH:
            return self._identity.body(query)
        do = query.edns is not None and query.edns.do
        return self._bodies.known.get(
            query.qname + query.question[-4:-2] + (b"d" if do else b"")
        ) or self._bodies.find(query.qname, query.qtype, do)

    def _learn(self, request: bytes, query: Query) -> None:
        """An OPT record without options, or with a cookie alone, need not be read the next time."""
        edns = query.edns
        if edns is None or edns.version or request[6:12] != b"\0\0\0\0\0\1" or len(edns.options) > 1:
            return
        stop = _before_cookie(request)
        if edns.options:
            ((code, octets),) = edns.options
            if code != wire.COOKIE or len(octets) != len(request) - stop or not self._options.has_cookies:
                return
        if len(self._opts) >= limits.DNS_OPTS:
            self._opts = {b"": _NO_OPT}
        self._opts[request[wire.HEADER + len(query.question) : stop]] = _Opt(edns)


class _Opt:
    """What is known of a request by its OPT record.

    :ivar octets: our own, but for the cookie at its end; ``explaining`` the same by rcode, with a reason.
    """

    __slots__ = ("do", "explaining", "octets", "records", "size")

    def __init__(self, edns: Edns | None) -> None:
        self.records = 0 if edns is None else 1
        self.do = edns is not None and edns.do
        self.size = _limit(edns, stream=False)
        self.octets = _opt(edns, b"")
        self.explaining = {
            rcode: _opt(edns, option(EDE, ede.to_bytes(2, "big"))) for rcode, (_, ede) in _EXPLAINED.items()
        }


def _opt(edns: Edns | None, options: bytes) -> bytes:
    """Our OPT record without the cookie at its end, if the request had one."""
    if edns is None:
        return b""
    cookie = COOKIE_HEAD + bytes(24) if edns.options else b""
    return wire.opt(edns.do, wire.NOERROR, options + cookie)[: -24 if cookie else None]


def _limit(edns: Edns | None, *, stream: bool) -> int:
    """RFC 6891 section 6.2.5, and never what a link would cut in pieces."""
    if stream:
        return STREAM
    return wire.LEAST_DATAGRAM if edns is None else min(edns.size, limits.DNS_DATAGRAM)


_IN: Final = b"\0\1"
#: Flags and counts of common requests to the answer's flags and the number of additional records.
_HEADS: Final = {
    bytes((rd, adcd, 0, 1, 0, 0, 0, 0, 0, records)): (wire.QR | rd, adcd & wire.CD, records)
    for rd in (0, wire.RD)
    for adcd in (0x00, 0x10, 0x20, 0x30)
    for records in (0, 1)
}
_ELSEWHERE: Final = frozenset({4 << 3, 5 << 3})  # NOTIFY and UPDATE, as octet 2 has them
#: Types that no record has: RFC 6895 section 3.1.
_NO_TYPES: Final = frozenset({0, wire.OPT, *range(wire.FIRST_META, wire.LAST_META + 1)})
#: Outcomes of a lookup that are told in a word.
_EXPLAINED: Final = {
    REFUSED: (wire.REFUSED, Ede.NOT_AUTHORITATIVE),
    SERVFAIL: (wire.SERVFAIL, Ede.INVALID_DATA),
}
_NO_OPT: Final = _Opt(None)


def _refusal(query: Query) -> tuple[int, Ede | None] | None:
    """The rcode for a question that no record could answer; None to look it up."""
    if query.edns is not None and query.edns.version > 0:
        return wire.BADVERS, None
    if not query.question:
        return wire.NOERROR, None
    if query.qtype in (0, wire.OPT):
        return wire.FORMERR, None
    if query.qtype in _NO_TYPES:
        return wire.NOTIMP, Ede.NOT_SUPPORTED
    if query.qclass not in (wire.IN, wire.CH):
        return wire.REFUSED, Ede.NOT_AUTHORITATIVE
    return None


def _is_name(name: bytes) -> bool:
    """Whether octets up to and with their first zero octet are a name."""
    at, last = 0, len(name) - 1
    while at < last:
        length = name[at]
        if length > MAX_LABEL:
            return False
        at += 1 + length
    return at == last < MAX_NAME


def _before_cookie(request: bytes) -> int:
    """Where the octets of a cookie begin that may be all that ends a request; else its end."""
    if request[-28:-24] == COOKIE_HEAD:
        return len(request) - 24
    return len(request) - 8 if request[-12:-8] == b"\0\x0a\0\x08" else len(request)


def _edns_of(request: bytes) -> Edns | None:
    if len(request) < wire.HEADER or request[2] & (wire.QR | wire.OPCODE):
        return None
    try:
        return wire.parse_query(request).edns
    except WireError:
        return None


def _is_noise(datagram: bytes) -> bool:
    """No encoding has 0xFF; where the flags would be it has QR set, so it wants no answer."""
    return len(datagram) >= wire.HEADER and datagram[2] == 0xFF
