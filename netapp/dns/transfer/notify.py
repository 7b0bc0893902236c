"""NOTIFY out: servers that the operator names are told when a zone has changed (RFC 1996).

A burst of changes is one NOTIFY.  It goes out again until it is answered, each time after a longer
wait, and not for ever; a newer change takes the place of what has not been answered.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet import defer, interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.dns.message import NOERROR, NOTIFY, rcode_name
from netapp.dns.transfer.servers import Server
from netapp.dns.transfer.wire import request
from netapp.errors import NetappError
from netapp.names.model import SOA
from netapp.names.naming import shown
from netapp.names.zone import Zone


class Asks(Protocol):
    """Carries our NOTIFYs: :class:`netapp.dns.transfer.asking.Asker`, or a test's."""

    async def by_datagram(self, server: Server, message: bytes, tries: Sequence[float]) -> bytes: ...


class Notifier:
    """Tells others of zones.

    :param ident: gives a random id.
    """

    _log = Logger()

    def __init__(
        self, targets: Sequence[Server], asks: Asks, clock: interfaces.IReactorTime, ident: Callable[[], int]
    ) -> None:
        self._targets, self._asks, self._clock, self._ident = tuple(targets), asks, clock, ident
        self._changed: dict[bytes, Zone] = {}
        self._timer: interfaces.IDelayedCall | None = None
        self._running: dict[tuple[bytes, Server], defer.Deferred[None]] = {}
        #: Of each server its own: one that is silent holds up nobody else.
        self._turns = {each: defer.DeferredSemaphore(limits.NOTIFY_WAITING) for each in self._targets}
        self._silent: set[Server] = set()  # of whom the log has been told
        self._unwilling: set[Server] = set()
        self.sent = 0

    @property
    def waiting(self) -> int:
        """NOTIFYs that have not been answered."""
        return len(self._running)

    def changed(self, zone: Zone) -> None:
        """A zone is another: tell it soon, with what else changes meanwhile."""
        if not self._targets:
            return
        self._changed[zone.origin] = zone
        if self._timer is None or not self._timer.active():
            self._timer = self._clock.callLater(limits.NOTIFY_SETTLE, self._tell)

    def stop(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._changed.clear()
        running, self._running = self._running, {}
        for each in running.values():
            each.cancel()

    def _tell(self) -> None:
        changed, self._changed = self._changed, {}
        for origin, zone in changed.items():
            for server in self._targets:
                before = self._running.pop((origin, server), None)
                if before is not None:
                    before.cancel()
                self._begin(server, zone)

    def _begin(self, server: Server, zone: Zone) -> None:
        key = (zone.origin, server)
        told = self._turns[server].run(lambda: defer.ensureDeferred(self._notify(server, zone)))
        self._running[key] = told

        def over(outcome: object) -> object:
            if self._running.get(key) is told:
                del self._running[key]
            return outcome

        told.addBoth(over)
        told.addErrback(Failure.trap, defer.CancelledError)
        told.addErrback(
            lambda failure: self._log.failure("a NOTIFY to {server} failed", failure, server=server)
        )

    async def _notify(self, server: Server, zone: Zone) -> None:
        message = request(self._ident(), zone.origin, SOA, opcode=NOTIFY, soa=zone.soa.rdatas[0])
        self.sent += 1
        fields = {"zone": shown(zone.origin), "serial": zone.serial, "server": server}
        try:
            answer = await self._asks.by_datagram(server, message, limits.NOTIFY_TRIES)
        except NetappError as error:
            if server not in self._silent:  # once, until it answers
                self._silent.add(server)
                self._log.warn(
                    "zone {zone}: {server} was not told of serial {serial}: {why}", why=str(error), **fields
                )
            return
        if server in self._silent:
            self._silent.discard(server)
            self._log.info("zone {zone}: {server} answers NOTIFY again", **fields)
        rcode = answer[3] & 15
        if rcode != NOERROR and server not in self._unwilling:
            self._log.warn(
                "zone {zone}: {server} does not want NOTIFY: it answers {rcode}",
                rcode=rcode_name(rcode),
                **fields,
            )
        (self._unwilling.discard if rcode == NOERROR else self._unwilling.add)(server)
