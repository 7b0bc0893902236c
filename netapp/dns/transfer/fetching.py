"""One look at one primary: is there anything newer, and if so it is taken over, whole or not at all."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from twisted.internet import defer
from twisted.logger import Logger

from netapp.core import bulk, limits
from netapp.dns.message import NOERROR
from netapp.dns.transfer.conversing import Receive, Unanswered, Unreached
from netapp.dns.transfer.exact import Inexact, as_one
from netapp.dns.transfer.incoming import (
    Backwards,
    Broken,
    Current,
    Differences,
    Inbound,
    Outcome,
    Refused,
    Whole,
)
from netapp.dns.transfer.queues import Queue
from netapp.dns.transfer.servers import Server
from netapp.dns.transfer.wire import parse_reply, records_at, request
from netapp.errors import NetappError, WireError
from netapp.names.changing.changes import Change, difference
from netapp.names.lookup.denial import prepare
from netapp.names.model import SOA
from netapp.names.naming import shown
from netapp.names.serial import newer
from netapp.names.zone import BadZone, Zone, build_zone, serial_of

T = TypeVar("T")
#: A zone that came whole, and how it differs from the one before, where that is worth knowing.
Built = tuple[Zone, Change | None]


class Asks(Protocol):
    """Carries our questions: :class:`netapp.dns.transfer.asking.Asker`, or a test's."""

    async def first_answer(self, server: Server, message: bytes) -> bytes: ...

    async def by_stream(self, server: Server, message: bytes, receive: Receive[T]) -> T: ...


class Aside(Protocol):
    """Runs what takes a while where it holds up nobody."""

    def __call__(self, work: Callable[[], T], /) -> "defer.Deferred[T]": ...


class Holds(Protocol):
    """What a secondary does to the names."""

    def submit(self, origin: bytes, decide: Callable[[Zone], Change | None]) -> "defer.Deferred[Zone]": ...

    def replace(self, origin: bytes, zone: Zone) -> "defer.Deferred[Zone]": ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A newer zone is served.  ``octets`` is what came over the wire for it."""

    zone: Zone
    kind: str  # AXFR or IXFR
    octets: int


class Fetching:
    """Looks at primaries.

    :param ident: gives a random id.
    :param looks: bounds the looks at once.
    :param turns: bounds the transfers at once.
    """

    _log = Logger()

    def __init__(
        self,
        asks: Asks,
        names: Holds,
        ident: Callable[[], int],
        aside: Aside,
        looks: Queue,
        turns: Queue,
    ) -> None:
        self._asks, self._names, self._ident, self._aside = asks, names, ident, aside
        self._looks, self._turns = looks, turns

    async def look(self, server: Server, origin: bytes, have: Zone | None) -> Taken | None:
        """Take over what a primary has, if it is newer.

        :param have: what is served; None for nothing, or for what has expired.
        :returns: None if there is nothing newer.
        :raises NetappError: it failed, and nothing has changed; the text says why.
        """
        if have is not None:
            known = have
            asked = self._looks.run(
                server, lambda: defer.ensureDeferred(self._is_newer(server, origin, known))
            )
            if not await asked:
                return None
        return await self._turns.run(
            server, lambda: defer.ensureDeferred(self._transfer(server, origin, have))
        )

    async def _is_newer(self, server: Server, origin: bytes, have: Zone) -> bool:
        message = request(self._ident(), origin, SOA)
        try:
            theirs = _serial(await self._asks.first_answer(server, message), origin)
        except WireError as error:
            raise Broken(str(error)) from None
        if theirs != have.serial and not newer(theirs, have.serial):
            raise Backwards(theirs, have.serial)
        return theirs != have.serial

    async def _transfer(self, server: Server, origin: bytes, have: Zone | None) -> Taken | None:
        if have is not None:
            try:
                return await self._once(server, origin, have, whole=False)
            except Backwards:
                raise
            except (Broken, Inexact) as error:
                self._log.info(
                    "zone {zone}: {server} is asked for all of it: {why}",
                    zone=shown(origin), server=server, why=str(error),
                )  # fmt: skip
        return await self._once(server, origin, have, whole=True)

    async def _once(self, server: Server, origin: bytes, have: Zone | None, *, whole: bool) -> Taken | None:
        soa = have.soa.rdatas[0] if have is not None else None
        inbound = Inbound(origin, soa, self._ident(), whole=whole)
        try:
            outcome: Outcome = await self._asks.by_stream(server, inbound.request(), inbound.steps)
        except NetappError as error:
            if inbound.records > limits.TRANSFER_BULK:
                self._aside(partial(_forget, inbound))
            if whole or inbound.begun or not isinstance(error, Unanswered) or isinstance(error, Unreached):
                raise
            raise Broken(str(error)) from None  # perhaps it knows no IXFR
        if isinstance(outcome, Current):
            return None
        zone, kind = await self._applied(origin, outcome, have)
        return Taken(zone, kind, inbound.octets)

    async def _applied(self, origin: bytes, outcome: Outcome, have: Zone | None) -> tuple[Zone, str]:
        if isinstance(outcome, Differences):
            try:
                return await self._changed(origin, outcome.changes), "IXFR"
            except BadZone as error:  # ours is another than they begin with
                raise Inexact(str(error)) from None
        assert isinstance(outcome, Whole)
        whole = outcome
        zone, change = await self._aside(lambda: _built(origin, whole, have))
        if change is not None:  # those who follow us can have it as differences too
            with suppress(Inexact):
                return await self._changed(origin, (change,)), "AXFR"
        return await self._names.replace(origin, zone), "AXFR"

    def _changed(self, origin: bytes, changes: Sequence[Change]) -> "defer.Deferred[Zone]":
        return self._names.submit(origin, lambda zone: as_one(zone, changes))


def _built(origin: bytes, whole: Whole, have: Zone | None) -> Built:
    """The zone, and how it differs from what is there, if that is little.

    :raises BadZone: the records are no zone.
    """
    count = len(whole)
    with bulk.work() if count > limits.TRANSFER_BULK else nullcontext():
        try:
            zone = prepare(build_zone(origin, whole.records()))
            change = difference(have, zone) if have is not None and newer(zone.serial, have.serial) else None
        finally:
            whole.let_go()
    most = min(limits.TRANSFER_CHANGE, count // 2)
    return zone, change if change is not None and len(change) <= most else None


def _forget(inbound: Inbound) -> None:
    with bulk.work():
        inbound.let_go()


def _serial(message: bytes, origin: bytes) -> int:
    """The serial in the answer to a question for the SOA.

    :raises Broken: there is none.
    :raises WireError: it cannot be read.
    """
    reply = parse_reply(message)
    if reply.rcode != NOERROR:
        raise Refused(reply.rcode)
    for record in records_at(message, reply.start, reply.answers):
        if record.owner == origin and record.rdtype == SOA:
            return serial_of(record.rdata)
    raise Broken("it has no SOA for it")
