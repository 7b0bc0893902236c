"""Dynamic update: RFC 2136.  An answer goes out when the change is on the disk.

What cannot be done here: updates of zones that come from a primary are not forwarded (section 6;
NOTAUTH), and those of signed zones are refused, since nobody could sign them.
"""

import hashlib
import struct
from collections import Counter
from collections.abc import Callable
from typing import Final

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.access import plain_host
from netapp.core.metrics import Metrics
from netapp.dns import wire
from netapp.dns.allow import Allowed
from netapp.dns.message import BADVERS, FORMERR, NOERROR, NOTAUTH, REFUSED, SERVFAIL
from netapp.dns.once import Once
from netapp.dns.options import EDE, Ede, option
from netapp.dns.requests import Outcome, Request
from netapp.dns.tsig.latest import Latest
from netapp.dns.update.wire import Head, parse_head, parse_update
from netapp.errors import Busy, Unavailable, WireError
from netapp.names.changing.updating import IN, Refused, Update
from netapp.names.changing.zones import NoSuchZone
from netapp.names.naming import shown
from netapp.names.store import Names
from netapp.names.zone import BadZone, Zone

_WHY: Final = {
    Ede.NOT_AUTHORITATIVE: b"updates go to the primary",
    Ede.NOT_SUPPORTED: b"the zone is signed elsewhere",
}

#: Host, port (None for a stream's, whatever it is), and what was sent.
_Sender = tuple[str, int | None, bytes]


class Updates:
    """Carries out updates.

    :param permitted: who may send them.
    :param seconds: the time on a clock that only rises.
    :ivar answered: how many updates there were, by rcode.
    """

    _log = Logger()

    def __init__(self, names: Names, permitted: Allowed, seconds: Callable[[], float]) -> None:
        self._names, self._permitted, self._seconds = names, permitted, seconds
        # Of those by datagram: who waits for their rcodes over a stream, and when they were carried out.
        self._running: dict[_Sender, list[defer.Deferred[int]]] = {}
        self._done: dict[_Sender, float] = {}  # the oldest first
        self._told = Once()
        self._latest = Latest()
        self.answered: Counter[int] = Counter()

    def handle(self, request: Request) -> Outcome:
        """The answer to one UPDATE, later if it has to wait for the disk.

        A datagram that comes again while its update is on its way gets no answer of its own: the
        first one's is for it too.  If it comes soon after, the answer was lost: it is given again,
        and the update is not done twice.  So it is over a stream too, where a client goes on whose
        answer by datagram was lost or cut.

        :raises Early: it was signed before another by its key that has been carried out.
        """
        try:
            head = parse_head(request.octets)
            refusal = self._refusal(request, head)
            if refusal is not None:
                return self._reply(request, head, *refusal)
            update = parse_update(request.octets, head)
        except WireError:
            return self._count(FORMERR, wire.reply(request.octets, FORMERR))
        if any(len(each.rdata) > limits.TRANSFER_RECORD for each in update.updates):
            return self._reply(request, head, REFUSED)  # no transfer could carry it
        return self._submit(request, head, update)

    def count(self, metrics: Metrics) -> None:
        done, all_of_them = self.answered.__getitem__, self.answered.total
        metrics.counter("netapp_dns_updates", "Updates carried out.", lambda: done(NOERROR))
        metrics.counter(
            "netapp_dns_updates_refused",
            "Updates that were not, whatever the reason.",
            lambda: all_of_them() - done(NOERROR),
        )

    def _refusal(self, request: Request, head: Head) -> tuple[int, Ede | None] | None:
        """Why an update is not looked into: rcode and extended error."""
        origin = head.origin
        zone = self._names.snapshot.zones.get(origin)
        if head.edns is not None and head.edns.version:
            return BADVERS, None
        if zone is None or head.zclass != IN:
            return NOTAUTH, None
        if not self._permitted.permits(request.client.host, request.key):
            self._tell(request, origin, "--allow-update says who may send one")
            return REFUSED, Ede.PROHIBITED
        if not self._names.is_primary(origin):
            self._tell(request, origin, "the zone comes from a primary, which takes its updates")
            return NOTAUTH, Ede.NOT_AUTHORITATIVE
        if zone.signed:
            self._tell(request, origin, "the zone is signed: change it where its keys are")
            return REFUSED, Ede.NOT_SUPPORTED
        return None

    def _tell(self, request: Request, origin: bytes, why: str) -> None:
        """Say in the log why not, as the clients mostly do not; once of a source and a zone, until many
        others have been refused."""
        host = plain_host(request.client.host)
        if self._told.is_new((host, origin, why)):
            key = f" with the key {request.key}" if request.key is not None else " without a key"
            self._log.warn(
                "zone {zone}: an update of {host}{key} is refused: {why}",
                zone=shown(origin), host=host, key=key, why=why,
            )  # fmt: skip

    def _submit(self, request: Request, head: Head, update: Update) -> Outcome:
        host, stream = request.client.host, request.client.stream
        sent = hashlib.sha256(request.octets).digest()
        sender = host, None if stream else request.client.port, sent
        if self._is_done(sender):
            return self._reply(request, head, NOERROR)
        waiting = self._running.get(sender)
        if waiting is not None:
            return self._same(request, head, waiting) if stream else None
        senders: tuple[_Sender, ...] = () if stream else (sender, (host, None, sent))
        return self._begun(request, head, update, senders)

    def _same(self, request: Request, head: Head, waiting: list[defer.Deferred[int]]) -> Outcome:
        """The answer of an update that is on its way."""
        rcode: defer.Deferred[int] = defer.Deferred()
        waiting.append(rcode)
        answer: defer.Deferred[bytes | None] = rcode.addCallback(
            lambda found: self._reply(request, head, found)
        )
        return answer

    def _begun(self, request: Request, head: Head, update: Update, senders: tuple[_Sender, ...]) -> Outcome:
        """:param senders: as which it is known when it comes again."""
        if request.key is not None:
            self._latest.take(request.key.name, request.signed, request.came)
        waiting: list[defer.Deferred[int]] = []
        self._running.update(dict.fromkeys(senders, waiting))

        def ended(outcome: Zone | Failure) -> bytes:
            rcode = SERVFAIL
            try:
                rcode = self._rcode(outcome, head) if isinstance(outcome, Failure) else NOERROR
            finally:
                self._end(senders, waiting, rcode)
            return self._reply(request, head, rcode)

        done: defer.Deferred[bytes] = self._names.submit(head.origin, update).addBoth(ended)
        return done  # type: ignore[return-value]  # bytes are bytes or None

    def _end(self, senders: tuple[_Sender, ...], waiting: list[defer.Deferred[int]], rcode: int) -> None:
        for each in senders:
            if self._running.get(each) is waiting:  # not that of another port
                del self._running[each]
            if rcode == NOERROR:
                self._done.pop(each, None)
                self._done[each] = self._seconds()
        for answer in waiting:
            answer.callback(rcode)

    def _is_done(self, sender: _Sender) -> bool:
        """Whether this very message was carried out lately; what is longer ago is forgotten."""
        late = self._seconds() - limits.DNS_UPDATE_REPEATED
        while self._done and (
            len(self._done) > limits.DNS_UPDATES_KNOWN or next(iter(self._done.values())) < late
        ):
            del self._done[next(iter(self._done))]
        return sender in self._done

    def _rcode(self, failure: Failure, head: Head) -> int:
        """:raises Exception: a failure of ours."""
        failure.trap(Refused, BadZone, NoSuchZone, Busy, Unavailable)
        error = failure.value
        if isinstance(error, Refused):
            return error.rcode
        if isinstance(error, BadZone):
            self._log.info("an update of {zone} is refused: {error}", zone=shown(head.origin), error=error)
            return REFUSED
        return NOTAUTH if isinstance(error, NoSuchZone) else SERVFAIL

    def _reply(self, request: Request, head: Head, rcode: int, ede: Ede | None = None) -> bytes:
        options = b""
        if ede is not None and head.edns is not None:
            options = option(EDE, struct.pack("!H", ede) + _WHY.get(ede, b""))
        return self._count(rcode, wire.reply(request.octets, rcode, query=head.query, options=options))

    def _count(self, rcode: int, answer: bytes) -> bytes:
        self.answered[rcode] += 1
        return answer
