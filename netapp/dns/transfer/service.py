"""Transfers of zones, both ways, as a part of the name service."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from twisted.application import service
from twisted.internet import defer, threads

from netapp.core import limits
from netapp.core.clock import Elapsed
from netapp.core.metrics import Metrics
from netapp.dns.allow import allowed
from netapp.dns.config import Config
from netapp.dns.message import NOTIFY
from netapp.dns.requests import Requests
from netapp.dns.transfer.asking import Asker
from netapp.dns.transfer.fetching import Fetching
from netapp.dns.transfer.notified import Notified
from netapp.dns.transfer.notify import Notifier
from netapp.dns.transfer.outgoing import Outgoing
from netapp.dns.transfer.queues import Queue
from netapp.dns.transfer.secondary import Secondaries, Secondary
from netapp.dns.transfer.servers import primaries, targets
from netapp.dns.transfer.times import Forgotten, Kept
from netapp.dns.tsig.keys import Keyring
from netapp.errors import ConfigError
from netapp.names.naming import shown
from netapp.names.store import Names

T = TypeVar("T")


class Transfers(service.Service):
    """Everything of this folder that runs.

    :param time: gives seconds since 1970.
    :param elapsed: seconds that have passed since any moment.
    :raises ConfigError: a value that cannot be, or a zone that has a file too.
    """

    def __init__(
        self,
        names: Names,
        keyring: Keyring,
        config: Config,
        reactor: Any,
        time: Callable[[], float],
        elapsed: Callable[[], float],
    ) -> None:
        self._names = names
        chance = random.SystemRandom()
        ident = partial(chance.randrange, 1 << 16)
        asker = Asker(reactor, keyring, time, config.interface)
        aside = partial(_aside, reactor)
        followed = primaries(config.primary, keyring)
        self._refuse_files(set(followed))
        clock = Elapsed(reactor, elapsed)
        self._times: Kept | Forgotten = Forgotten()
        if followed and config.state is not None:
            self._times = Kept(config.state, clock, aside, time)
        looks = Queue(limits.ZONE_LOOKS, limits.ZONE_LOOKS_EACH)
        turns = Queue(limits.TRANSFERS_IN, limits.TRANSFERS_IN_EACH)
        fetching = Fetching(asker, names, ident, aside, looks, turns)
        self.secondaries = Secondaries(
            Secondary(origin, servers, names, fetching, clock, chance.random, time, self._times)
            for origin, servers in followed.items()
        )
        self.outgoing = Outgoing(
            names, allowed(config.allow_transfer, keyring, "allow-transfer").permits, reactor
        )
        self.notified = Notified(
            self.secondaries, allowed(config.allow_notify, keyring, "allow-notify").permits
        )
        self.notifier = Notifier(targets(config.notify, keyring), asker, reactor, ident)
        self._unsubscribe: Callable[[], None] = lambda: None
        self.secondaries.load()
        names.followed = self.secondaries.status

    def join(self, requests: Requests) -> None:
        """Have requests for transfers, and NOTIFYs, answered."""
        requests.on_type.update(self.outgoing.handlers())
        requests.on_opcode[NOTIFY] = self.notified.handle

    def count(self, metrics: Metrics) -> None:
        metrics.counter("netapp_dns_transfers_out", "Zones sent to others.", lambda: self.outgoing.sent)
        metrics.counter(
            "netapp_dns_transfers_refused",
            "Transfers that somebody may not have.",
            lambda: self.outgoing.refused,
        )
        metrics.counter(
            "netapp_dns_transfers_broken_off",
            "Transfers to others that ended early.",
            lambda: self.outgoing.broken,
        )
        metrics.gauge(
            "netapp_dns_transfers_running", "Zones that are being sent now.", lambda: self.outgoing.running
        )
        metrics.counter("netapp_dns_notifies_in", "NOTIFYs of our primaries.", lambda: self.notified.heard)
        metrics.counter("netapp_dns_notifies_refused", "NOTIFYs of strangers.", lambda: self.notified.refused)
        metrics.counter("netapp_dns_notifies_out", "NOTIFYs to others.", lambda: self.notifier.sent)

    def startService(self) -> None:
        super().startService()
        self._unsubscribe = self._names.zone_changed.subscribe(lambda each: self.notifier.changed(each.zone))
        for zone in self._names.snapshot.zones.values():  # it may be another than when we stopped
            self.notifier.changed(zone)
        self._times.start()
        self.secondaries.start()

    def stopService(self) -> None:
        super().stopService()
        self._unsubscribe()
        self.notifier.stop()
        self.secondaries.stop()
        self._times.stop()

    def _refuse_files(self, followed: set[bytes]) -> None:
        for each in self._names.zone_statuses():
            if each.origin in followed:
                zone = shown(each.origin)
                raise ConfigError(
                    f"--primary: the zone {zone} has a file too: leave out the one or the other"
                )


def _aside(reactor: Any, work: Callable[[], T]) -> "defer.Deferred[T]":
    return threads.deferToThreadPool(reactor, reactor.getThreadPool(), work)
