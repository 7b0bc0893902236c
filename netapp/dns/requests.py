"""Requests that are more than a look-up: updates, notifications, transfers, and what is signed.

A plain question never comes here: :class:`netapp.dns.query.answers.Answers` has it answered before.  A
signature is taken off, and what comes back is signed (RFC 8945), whatever it is.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.dns import wire
from netapp.dns.message import (
    AXFR,
    FORMERR,
    HEADER,
    IXFR,
    NOERROR,
    NOTAUTH,
    NOTIMP,
    OPCODE,
    QUERY,
    REFUSED,
    SERVFAIL,
    TC,
    name_end,
)
from netapp.dns.tsig import signing
from netapp.dns.tsig.keys import Key, Keyring
from netapp.dns.tsig.latest import Early
from netapp.dns.tsig.record import Signature, read_signed
from netapp.dns.tsig.signing import Refused, Signer
from netapp.errors import NetappError, WireError

#: What an operator does about signatures that do not hold.
_CURES: Final = {
    signing.BADSIG: "see that it has the same secret there",
    signing.BADTIME: "its clock and ours are {off:+} s apart",
    signing.BADTRUNC: "it must not be cut",
}

_TIME: Final = 6  # octets of our own time in an answer of BADTIME: RFC 8945 section 5.2.3

#: What a request gets: a message, silence, either of them later, or over a stream messages one
#: after another, made as the peer reads; :class:`BrokenOff` out of it has the connection reset.
Outcome = bytes | None | defer.Deferred[bytes | None] | Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks.  ``host`` is as Twisted has it."""

    host: str
    port: int
    stream: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose signature, if it had one, is sound and taken off."""

    octets: bytes  # at least the header's 12
    client: Client
    key: Key | None = None  # whose signature it was
    signed: int = 0  # when, by the signature: seconds since 1970
    came: int = 0  # when, by our clock

    @property
    def room(self) -> int:
        """Octets that each message of the answer must leave for its signature."""
        return signing.room(self.key) if self.key is not None else 0


class BrokenOff(NetappError):
    """An iterator of messages stops before their end: the peer must not take it for one."""


#: May raise :class:`Early` of a request that is signed.
Handler = Callable[[Request], Outcome]


class Requests:
    """By opcode and type to whoever answers.

    :param query: answers a plain question, which comes here if it is signed.
    :param time: gives seconds since 1970.
    :ivar on_opcode: handlers of :data:`NOTIFY` and :data:`UPDATE`.
    :ivar on_type: handlers of queries for AXFR and IXFR.
    :ivar malformed: requests whose records, or whose signature, could not be read.
    :ivar unverified: signatures that did not hold, by their TSIG error.
    :ivar tally: is told of each answer that goes out over a stream, of many messages of the first.
    """

    _log = Logger()

    def __init__(
        self,
        query: Handler = lambda request: None,
        keyring: Keyring | None = None,
        time: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._query, self._time = query, time
        self._keyring = keyring if keyring is not None else Keyring()
        self.on_opcode: Final[dict[int, Handler]] = {}
        self.on_type: Final[dict[int, Handler]] = {}
        self.malformed = 0
        self.unverified: Counter[int] = Counter()
        self._complained: dict[tuple[bytes, int], float] = {}
        self.tally: Callable[[bytes, Client], object] | None = None

    def handle(self, octets: bytes, client: Client) -> Outcome:
        """Answer one message of 12 octets or more with QR clear."""
        outcome = self._handle(octets, client)
        if self.tally is None or not client.stream or outcome is None:
            return outcome
        if isinstance(outcome, defer.Deferred):
            return outcome.addCallback(self._told, client)
        return (
            self._told(outcome, client) if isinstance(outcome, bytes) else self._first_told(outcome, client)
        )

    def _told(self, answer: bytes | None, client: Client) -> bytes | None:
        if answer is not None and self.tally is not None:
            self.tally(answer, client)
        return answer

    def _first_told(self, messages: Iterator[bytes], client: Client) -> Iterator[bytes]:
        try:
            for number, message in enumerate(messages):
                if not number:
                    self._told(message, client)
                yield message
        finally:
            _close(messages)

    def _handle(self, octets: bytes, client: Client) -> Outcome:
        try:
            read = read_signed(octets, limits.DNS_UPDATE_RECORDS)
        except WireError:
            self.malformed += 1
            return wire.reply(octets, FORMERR)
        if read is None:
            return self._answer(Request(octets, client))
        return self._answer_signed(octets, *read, client)

    # What is signed ----------------------------------------------------------------------------

    def _answer_signed(self, came: bytes, octets: bytes, signature: Signature, client: Client) -> Outcome:
        """:param came: the request as it came; ``octets`` is it before it was signed."""
        plain, now = came[:2] + octets[2:], self._time()
        try:
            signer = signing.verified(octets, signature, self._keyring, now)
        except Refused as refused:
            return self._refuse(Request(plain, client), refused, len(came))
        request = Request(plain, client, signer.key, signature.time, int(now))
        try:
            outcome = self._answer(request)
        except Early as early:
            return self._refuse(request, Refused(signing.BADTIME, signature, signer, str(early)), len(came))
        if outcome is None or isinstance(outcome, bytes):
            return self._signed(outcome, request, signer)
        if isinstance(outcome, defer.Deferred):
            return outcome.addCallback(self._signed, request, signer)
        return self._each_signed(outcome, signer)

    def _refuse(self, request: Request, refused: Refused, came: int) -> bytes:
        self.unverified[refused.error] += 1
        self._complain(refused, request.client)
        return self._refusal(request, refused, came)

    def _complain(self, refused: Refused, client: Client) -> None:
        """Tell an operator whose key is wrong somewhere; of keys that we have alone, which are few."""
        name, now = refused.signature.name, self._time()
        which = name, refused.error
        if self._keyring.get(name) is None or now - self._complained.get(which, -math.inf) < limits.TSIG_LOG:
            return
        self._complained[which] = now
        off = refused.signature.time - int(now)
        self._log.warn(
            "netapp-dns: {peer}: {reason}: {cure}",
            peer=client.host,
            reason=str(refused),
            cure=refused.why
            or _CURES.get(refused.error, "see that it has the same algorithm there").format(off=off),
        )

    def _refusal(self, request: Request, refused: Refused, came: int) -> bytes:
        """What is said of a signature that does not hold: RFC 8945 section 5.2.

        Anybody can send such a datagram in another's name, with the names of its TSIG record as
        pointers: what would be longer than the request is had over TCP.

        :param came: octets of the request.
        """
        plain = request.octets
        if refused.error == FORMERR:
            return wire.reply(plain, FORMERR)
        answer, room = _reply(plain, NOTAUTH), _limit(request)
        if refused.signer is not None:
            if len(answer) + refused.signer.room + _TIME > room:
                answer = _cut(answer, NOTAUTH)
            return refused.signer.refuse(answer, refused, self._time())
        said = signing.unsigned_refusal(answer, refused, self._time())
        return said if request.client.stream or len(said) <= min(came, room) else _cut(answer, NOTAUTH)

    def _signed(self, answer: bytes | None, request: Request, signer: Signer) -> bytes | None:
        if answer is None:
            return None
        if len(answer) + signer.room > _limit(request):
            answer = _cut(answer)
        return signer.sign(answer, self._time())

    def _each_signed(self, messages: Iterator[bytes], signer: Signer) -> Iterator[bytes]:
        try:
            for message in messages:
                yield signer.sign(message, self._time())
        finally:
            _close(messages)

    # Whoever answers ---------------------------------------------------------------------------

    def _answer(self, request: Request) -> Outcome:
        handler = self._handler(request.octets)
        if handler is None:
            opcode = request.octets[2] & OPCODE
            return _reply(request.octets, NOTIMP if opcode else REFUSED)
        try:
            outcome = handler(request)
        except Early:
            raise
        except Exception:
            return self._failed(Failure(), request)
        if isinstance(outcome, defer.Deferred):
            outcome.addErrback(self._failed, request)
        return outcome

    def _handler(self, octets: bytes) -> Handler | None:
        opcode = (octets[2] & OPCODE) >> 3
        if opcode != QUERY:
            return self.on_opcode.get(opcode)
        qtype = _qtype(octets)
        if qtype in (AXFR, IXFR):
            return self.on_type.get(qtype)
        return self._query

    def _failed(self, failure: Failure, request: Request) -> bytes:
        self._log.failure("a request of {peer} failed", failure, peer=request.client.host)
        return _reply(request.octets, SERVFAIL)


def _close(messages: Iterator[bytes]) -> None:
    """Whoever reads them has gone: so may what they are made from."""
    close = getattr(messages, "close", None)
    if close is not None:
        close()


def _reply(octets: bytes, rcode: int) -> bytes:
    """A reply without records; the question is given back if it can be read."""
    try:
        query = wire.parse_query(octets)
    except WireError:
        query = None
    return wire.reply(octets, rcode, query=query)


def _qtype(octets: bytes) -> int:
    """The question's type; 0 for none."""
    try:
        query = wire.parse_query(octets)
    except WireError:
        return 0
    return query.qtype


def _limit(request: Request) -> int:
    """Octets of an answer that this client takes."""
    try:
        edns = wire.parse_query(request.octets).edns
    except WireError:
        edns = None
    return wire.limit(edns, stream=request.client.stream)


def _cut(answer: bytes, rcode: int = NOERROR) -> bytes:
    """An answer that its signature makes too long: the question alone, TC, and NOERROR.

    Source: RFC 8945 section 5.3.
    """
    asked = answer[4:6]
    end = name_end(answer, HEADER) + 4 if asked != b"\0\0" else HEADER
    head = answer[:2] + bytes((answer[2] | TC, answer[3] & 0xF0 | rcode))
    return head + asked + bytes(6) + answer[HEADER:end]
