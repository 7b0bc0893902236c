"""Octets of a request to octets of its answer, over a snapshot of names: a pure function, but
for what it remembers.

The ways in order, each for what the one before it has not; what reads the socket takes the first
three itself (:mod:`netapp.dns.datagrams`).

1. *ready*: a whole datagram behind its id to the whole answer behind its id.
2. *short* (:mod:`netapp.dns.query.short`): a name in a request of a known form.  A cookie at the end
   is the client's own: without it both ways are the same, and it is put behind again.
3. *text* (:mod:`netapp.dns.query.texts`): a plain question to its address.
4. *quick* (:mod:`netapp.dns.query.quick`): a question of the common form is taken apart, and what
   stands behind a question in its answer is kept (:mod:`netapp.dns.query.bodies`).
5. All else is read slowly and strictly; whatever the ways above say, this one would say too.

A new snapshot has forgotten what belongs to zones that have changed, and no more.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from netapp.core.text import Encoding
from netapp.dns import wire
from netapp.dns.message import (
    AXFR,
    BADCOOKIE,
    BADVERS,
    CH,
    FORMERR,
    HEADER,
    IN,
    IXFR,
    NOERROR,
    NOTIFY,
    NOTIMP,
    OPCODE,
    OPT,
    QR,
    REFUSED,
    UPDATE,
)
from netapp.dns.options import COOKIE, Ede
from netapp.dns.query.bodies import Bodies
from netapp.dns.query.chaos import Identity
from netapp.dns.query.cookies import CLIENT, Cookies
from netapp.dns.query.edns import COOKIE_HEAD, Options
from netapp.dns.query.memory import CUT
from netapp.dns.query.plain import Unknown
from netapp.dns.query.quick import COOKIE_BEGINS, EXPLAINED, NO_TYPES, Quick, before_cookie
from netapp.dns.query.render import Body
from netapp.dns.query.texts import Texts
from netapp.dns.wire import Edns, Query, Tongue
from netapp.errors import StateError, WireError
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
        With :data:`CUT <netapp.dns.query.memory.CUT>` in it the answer is for a datagram alone.
    :ivar number: an answer behind its id to a number below CUT.
    :ivar unknown: the plain answers for names that we do not have.
    :ivar short_text: a plain question of a name as it stands to its answer, its number behind it; None
        for all that must be read.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        unknown: str,
        encoding: Encoding,
        cookies: Cookies | None = None,
        identity: Identity = Identity(),  # noqa: B008  (it is immutable)
    ) -> None:
        said = Unknown(unknown, encoding)
        self.unknown: Final = said.said()
        self._bodies = Bodies(snapshot)
        self._identity = identity
        self._options = Options(cookies, identity.nsid)
        self._server_part: Final = cookies.server_part if cookies is not None else _no_cookie
        self.number: Callable[[bytes], int] = lambda answer: 0
        self._quick = Quick(self._bodies, lambda answer: self.number(answer), cookies=cookies is not None)
        self._plain, self._cookied = self._quick.plain, self._quick.cookied
        self._of_family: Final = self._plain.of_family
        self._of_name: Final = self._plain.of_name
        self.ready: Final = self._plain.ready.held
        self._cookied_ready: Final = self._cookied.ready.held
        self._texts = Texts(self._bodies, said, lambda answer: self.number(answer))
        self.short_text: Final = self._texts.short
        self.malformed = 0

    def use(self, snapshot: Snapshot) -> None:
        """Answer from this snapshot from now on."""
        self._texts.forget()
        self._quick.forget(self._bodies.use(snapshot))

    def datagram(self, datagram: bytes, source: Source | None = None) -> Answer:
        """The answer to one datagram."""
        rest, address = datagram[2:], source.packed if source else b""
        known = self.ready.get(rest) or self.short(rest, address)
        if known is not None:
            return datagram[:2] + known[:-1]
        text = self.short_text(datagram)
        return text[:-1] if text is not None else self.long(datagram, source)

    def long(self, datagram: bytes, source: Source | None) -> Answer:
        """The answer to a datagram for which no shorter way has one."""
        stop = before_cookie(datagram)
        known = self._quick.answer(datagram, stop, stream=False)
        if known is not None:
            return self._with_cookie(datagram, known, stop, source)
        tongue = wire.classify(datagram)
        if tongue is Tongue.DNS:
            return self._slowly(datagram, source, stream=False)
        if tongue is Tongue.TEXT and not _is_noise(datagram):
            return self.text(datagram)
        self.malformed += 1
        return None

    def message(self, message: bytes, source: Source | None = None) -> Answer:
        """The answer to a DNS message of 12 octets or more that came over a stream."""
        rest, address = message[2:], source.packed if source else b""
        known = self.ready.get(rest) or self.short(rest, address)
        if known is not None and not known[-1] & CUT:
            return message[:2] + known[:-1]
        stop = before_cookie(message)
        known = self._quick.answer(message, stop, stream=True)
        if known is not None:
            return self._with_cookie(message, known, stop, source)
        return self._slowly(message, source, stream=True)

    def short(self, rest: bytes, address: bytes) -> bytes | None:
        """What is said to a request of a form or a family that is known, as in ``ready``.

        :param rest: the request behind its id.
        :param address: its sender's, packed.
        """
        if rest[-28:-24] == COOKIE_HEAD:  # as before_cookie has it
            cut, client = rest[:-24], rest[-24:-16]
        elif rest[-12:-8] == COOKIE_BEGINS:
            cut, client = rest[:-8], rest[-8:]
        else:
            return self._of_family(rest) or self._of_name(rest)
        known = self._cookied_ready.get(cut) or self._cookied.of_family(cut) or self._cookied.of_name(cut)
        if known is None:
            return None
        return known[:-1] + client + self._server_part(client, address) + known[-1:]

    def _with_cookie(self, request: bytes, answer: bytes, stop: int, source: Source | None) -> bytes:
        """:param answer: behind its id, up to the cookie if the request ended with one."""
        if stop == len(request):
            return request[:2] + answer
        client = request[stop : stop + CLIENT]
        return request[:2] + answer + self._options.cookie(client, source.packed if source else b"")

    def text(self, octets: bytes) -> bytes | None:
        """The answer to a plain question, without a line end; None if it is our own reply."""
        return self._texts.answer(octets)

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
        if edns is None or edns.version or edns.option(COOKIE) is None:
            return None
        query = wire.parse_query(request)
        options = self._options.answering(edns, source.packed, stream=False)
        return wire.reply(request, BADCOOKIE, query=query, options=options)

    # The slow way ------------------------------------------------------------------------------

    def _slowly(self, request: bytes, source: Source | None, *, stream: bool) -> Answer:
        if request[2] & QR:
            return None  # an answer to somebody; answering it could go on for ever
        opcode = request[2] & OPCODE
        if opcode:
            return ELSEWHERE if opcode in _ELSEWHERE else wire.reply(request, NOTIMP)
        try:
            query = wire.parse_query(request)
        except WireError:
            return self._malformed(request)
        if query.signed or query.qtype in (AXFR, IXFR):
            return ELSEWHERE
        self._quick.learn(request, query)
        return self._plainly(request, query, source, stream=stream)

    def _malformed(self, request: bytes) -> bytes:
        self.malformed += 1
        return wire.reply(request, FORMERR)

    def _plainly(
        self, request: bytes, query: Query, source: Source | None, *, stream: bool, room: int = 0
    ) -> bytes:
        edns, address = query.edns, source.packed if source else b""
        refusal = _refusal(query)
        body = self._body(query) if refusal is None else None
        if body is not None and body.home is None:
            refusal = EXPLAINED[body.rcode]
        if body is None or refusal is not None:
            rcode, ede = refusal or (REFUSED, None)
            options = self._options.answering(edns, address, stream=stream, ede=ede)
            return wire.reply(request, rcode, query=query, options=options)
        options = self._options.answering(edns, address, stream=stream)
        opt = b"" if edns is None else wire.opt(edns.do, NOERROR, options)
        left = wire.limit(edns, stream=stream) - room - HEADER - len(query.question) - len(opt)
        flags, counts, tail = body.flags, body.counts if edns is None else body.counts_opt, body.tail
        if body.size > left:
            flags, counts, tail = body.cut(left, edns is not None)
        head = wire.answer_head(request, flags=flags, rcode=body.rcode)
        return head + counts + query.question + tail + opt

    def _body(self, query: Query) -> Body:
        if query.qclass == CH:
            return self._identity.body(query)
        do = query.edns is not None and query.edns.do
        return self._bodies.known.get(
            query.qname + query.question[-4:-2] + (b"d" if do else b"")
        ) or self._bodies.find(query.qname, query.qtype, do)


def _no_cookie(client: bytes, address: bytes) -> bytes:
    raise StateError("a cookie where there are none")  # nothing is kept that would have one


_ELSEWHERE: Final = frozenset({NOTIFY << 3, UPDATE << 3})  # as octet 2 has them


def _refusal(query: Query) -> tuple[int, Ede | None] | None:
    """The rcode for a question that no record could answer; None to look it up."""
    if query.edns is not None and query.edns.version > 0:
        return BADVERS, None
    if not query.question:
        return NOERROR, None
    if query.qtype in (0, OPT):
        return FORMERR, None
    if query.qtype in NO_TYPES:
        return NOTIMP, Ede.NOT_SUPPORTED
    if query.qclass not in (IN, CH):
        return REFUSED, Ede.NOT_AUTHORITATIVE
    return None


def _edns_of(request: bytes) -> Edns | None:
    if len(request) < HEADER or request[2] & (QR | OPCODE):
        return None
    try:
        return wire.parse_query(request).edns
    except WireError:
        return None


def _is_noise(datagram: bytes) -> bool:
    """No encoding has 0xFF; where the flags would be it has QR set, so it wants no answer."""
    return len(datagram) >= HEADER and datagram[2] == 0xFF
