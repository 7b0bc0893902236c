"""Transfers out: AXFR (RFC 5936) and IXFR (RFC 1995).

A transfer is an iterator of messages, each made when the peer has read the one before.  It holds
the zone of the moment when it was asked for, which nothing changes: what is sent is one version.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from twisted.internet import interfaces
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.access import source_of
from netapp.dns import wire
from netapp.dns.message import (
    AA,
    AXFR,
    BADVERS,
    FORMERR,
    HEADER,
    IN,
    IXFR,
    NOERROR,
    NOTAUTH,
    REFUSED,
    SERVFAIL,
    TC,
)
from netapp.dns.once import Once
from netapp.dns.requests import Client, Handler, Outcome, Request
from netapp.dns.transfer.packing import change_sets, messages, zone_sets
from netapp.dns.transfer.places import Places, Sending
from netapp.dns.transfer.wire import records_at
from netapp.dns.tsig.keys import Key
from netapp.errors import WireError
from netapp.names.changing.changes import Change, condensed
from netapp.names.model import SOA
from netapp.names.naming import shown
from netapp.names.serial import newer
from netapp.names.snapshot import Snapshot
from netapp.names.zone import Zone, serial_of

_RECORD_LEAST: Final = 13  # octets that a record takes in a message


class Zones(Protocol):
    """What is asked of the names."""

    snapshot: Snapshot

    def history(self, origin: bytes, since: int) -> tuple[Change, ...] | None: ...


class Outgoing:
    """Answers queries for AXFR and IXFR.

    :param permits: (host, key) to whether that client may have our zones.
    """

    _log = Logger()

    def __init__(
        self, zones: Zones, permits: Callable[[str, Key | None], bool], clock: interfaces.IReactorTime
    ) -> None:
        self._zones, self._permits, self._clock = zones, permits, clock
        self._places = Places(clock)
        self._strangers, self._told = Once(), Once()
        self.sent = self.broken = self.refused = 0

    @property
    def running(self) -> int:
        """Transfers that are under way."""
        return self._places.taken

    def handlers(self) -> dict[int, Handler]:
        """By question type."""
        return {AXFR: self.axfr, IXFR: self.ixfr}

    def axfr(self, request: Request) -> Outcome:
        """All of a zone, over a stream only: RFC 5936 section 4.2."""
        zone, query, rcode = self._asked(request)
        if rcode is None and not request.client.stream:
            rcode = REFUSED
        if zone is None or rcode is not None:
            return wire.reply(request.octets, rcode or NOTAUTH, query=query)
        return self._sending(request, query, zone, None)

    def ixfr(self, request: Request) -> Outcome:
        """What has changed since a serial; all of the zone if that is not known any more."""
        zone, query, rcode = self._asked(request)
        serial = None
        if rcode is None and zone is not None:
            try:
                serial = serial_asked(request.octets, query)
            except WireError:
                rcode = FORMERR
        if zone is None or serial is None:
            return wire.reply(request.octets, rcode or NOTAUTH, query=query)
        if not newer(zone.serial, serial):  # current, or from the future: RFC 1995 section 2
            return self._one_soa(request, query, zone)
        changes = self._zones.history(zone.origin, serial)
        if changes and changes[-1].new_serial != zone.serial:
            changes = None
        if not request.client.stream:
            return self._datagram(request, query, zone, changes)
        return self._sending(request, query, zone, _worthwhile(changes, zone))

    # What is asked, and whether it may be had ------------------------------------------------

    def _asked(self, request: Request) -> tuple[Zone | None, wire.Query, int | None]:
        """The zone that is asked for, or why not."""
        query = wire.parse_query(request.octets)  # it was read once already
        if query.edns is not None and query.edns.version:
            return None, query, BADVERS
        snapshot = self._zones.snapshot
        zone = snapshot.zones.get(query.qname) if query.qclass == IN else None
        if zone is None:
            return None, query, SERVFAIL if query.qname in snapshot.expired else NOTAUTH
        if not self._permits(request.client.host, request.key):
            self._refuse(request, zone)
            return None, query, REFUSED
        if zone.origin in snapshot.expired:
            return None, query, SERVFAIL
        return zone, query, None

    def _refuse(self, request: Request, zone: Zone) -> None:
        self.refused += 1
        host = request.client.host
        if self._strangers.is_new((host, zone.origin)):
            key = f" with the key {request.key}" if request.key is not None else " without a key"
            self._log.warn(
                "zone {zone}: not given to {host}{key}: --allow-transfer says who may have it",
                zone=shown(zone.origin), host=host, key=key,
            )  # fmt: skip

    # The answers -----------------------------------------------------------------------------

    def _one_soa(self, request: Request, query: wire.Query, zone: Zone) -> bytes:
        soa = (zone.origin, SOA, zone.soa.ttl, zone.soa.rdatas)
        message = next(messages(_head(request), query.question, _opt(query), [soa]))
        if request.client.stream or len(message) <= _room(request, query):
            return message
        return next(messages(_head(request, TC), query.question, _opt(query), []))

    def _datagram(
        self, request: Request, query: wire.Query, zone: Zone, changes: Sequence[Change] | None
    ) -> bytes:
        """All differences if they fit, else the new SOA alone: RFC 1995 section 2.

        They are counted first: anybody can send a datagram in another's name.
        """
        if changes and _count(changes) <= limits.TRANSFER_CONDENSED:
            message = self._fitting(request, query, zone, changes)
            if message is None and len(changes) > 1:
                message = self._fitting(request, query, zone, (condensed(changes),))
            if message is not None:
                return message
        return self._one_soa(request, query, zone)

    def _fitting(
        self, request: Request, query: wire.Query, zone: Zone, changes: Sequence[Change]
    ) -> bytes | None:
        room = _room(request, query)
        if _count(changes) * _RECORD_LEAST >= room:
            return None
        made = messages(_head(request), query.question, _opt(query), change_sets(zone, changes), room)
        message = next(made)
        return message if len(message) <= room and next(made, None) is None else None

    def _sending(
        self, request: Request, query: wire.Query, zone: Zone, changes: Sequence[Change] | None
    ) -> Outcome:
        source = source_of(request.client.host)
        if not self._places.is_free(source):
            self.refused += 1
            self._warn_of(
                "zone {zone}: not given to {host}: too many transfers are under way",
                zone=shown(zone.origin),
                host=source,
            )
            return wire.reply(request.octets, SERVFAIL, query=query)
        sets = zone_sets(zone) if changes is None else change_sets(zone, changes)
        made = messages(_head(request), query.question, _opt(query), sets)
        kind = "AXFR" if changes is None else "IXFR"

        def ended(sending: Sending, why: str) -> None:
            self._ended(request.client, zone, kind, sending, why)

        sending = Sending(made, self._clock, source, ended)
        self._places.take(sending)
        return sending

    def _ended(self, client: Client, zone: Zone, kind: str, sending: Sending, why: str) -> None:
        self._places.leave(sending)
        fields = {
            "zone": shown(zone.origin), "serial": zone.serial, "kind": kind, "host": client.host,
            "octets": sending.octets, "seconds": round(self._clock.seconds() - sending.begun, 3),
        }  # fmt: skip
        if why:
            self.broken += 1
            self._warn_of(
                "zone {zone}: {kind} to {host} ended early: {why}",
                zone=shown(zone.origin), kind=kind, host=source_of(client.host), why=why,
            )  # fmt: skip
            return
        self.sent += 1
        self._log.info(
            "zone {zone}: serial {serial} sent to {host} by {kind}, {octets} octets in {seconds} s", **fields
        )

    def _warn_of(self, line: str, **fields: object) -> None:
        """Say it, but not again and again."""
        if self._told.is_new((line, *fields.values(), self._clock.seconds() // limits.TRANSFER_TOLD)):
            self._log.warn(line, **fields)


def serial_asked(octets: bytes, query: wire.Query) -> int:
    """The serial that an IXFR's client has, in the authority section: RFC 1995 section 3.

    :raises WireError: there is no such SOA, or it cannot be read.
    """
    if octets[8:10] == b"\0\1":
        record = next(records_at(octets, HEADER + len(query.question), 1))
        if (record.owner, record.rdtype) == (query.qname, SOA):
            return serial_of(record.rdata)
    raise WireError("an IXFR without the SOA that is there already", source="RFC 1995 section 3")


def _worthwhile(changes: Sequence[Change] | None, zone: Zone) -> Sequence[Change] | None:
    """The differences that are worth sending; None for all of the zone instead."""
    if not changes:
        return None
    if len(changes) > 1 and 2 * len(short := condensed(changes)) < _count(changes):
        changes = (short,)
    return changes if _is_shorter(changes, zone) else None


def _count(changes: Sequence[Change]) -> int:
    return sum(map(len, changes))


def _is_shorter(changes: Sequence[Change], zone: Zone) -> bool:
    """Whether differences have fewer records than the zone.  It counts no further than need be."""
    left = _count(changes)
    if left <= len(zone):
        return True
    for _ in zone.records():
        left -= 1
        if left < 0:
            return True
    return False


def _room(request: Request, query: wire.Query) -> int:
    """Octets that this client takes in a datagram, beside a signature."""
    return wire.limit(query.edns, stream=False) - request.room


def _head(request: Request, flags: int = 0) -> bytes:
    return wire.answer_head(request.octets, flags=AA | flags, rcode=NOERROR)


def _opt(query: wire.Query) -> bytes:
    return b"" if query.edns is None else wire.opt(query.edns.do)
