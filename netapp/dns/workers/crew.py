"""All workers of one name service."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from twisted.application import service
from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.log import callWithContext

import netapp
from netapp.core import limits
from netapp.core.metrics import Metrics
from netapp.core.udp.ports import adopt_datagrams
from netapp.dns.requests import Client, Handler, Outcome, Request, Requests
from netapp.dns.workers.feed import Feed, broken
from netapp.dns.workers.listener import SharedListener
from netapp.dns.workers.place import Place, child_descriptors
from netapp.dns.workers.process import REOPEN, WorkerProcess
from netapp.dns.workers.tally import Sum
from netapp.names.snapshot import Snapshot
from netapp.names.store import Names

_SILENT: Final = {"log_format": ""}
_MODULE: Final = "netapp.dns.workers.worker"


class Crew(service.Service):
    """Starts the workers when the listeners have their sockets.

    :param count: workers.
    :param listeners: whose sockets they read.
    :param settings: gives what a worker is to know: see :func:`netapp.dns.workers.settings.settings`.
    :param total: takes their counts.
    """

    _log = Logger()

    def __init__(
        self,
        count: int,
        listeners: Sequence[SharedListener],
        names: Names,
        requests: Requests,
        settings: Callable[[], dict[str, Any]],
        total: Sum,
        reactor: Any,
    ) -> None:
        self._count, self._listeners = count, listeners
        self._names, self._requests, self._settings = names, requests, settings
        self._total, self._reactor = total, reactor
        self._places: list[Place] = []
        self._snapshot = names.snapshot
        self._waiting: list[tuple[int, defer.Deferred[None], Any]] = []
        self._ending: list[defer.Deferred[None]] = []
        names.changes.subscribe(self._changed)
        for each in listeners:
            each.wait = self.end

    def startService(self) -> None:
        super().startService()
        self._places = [
            Place(
                number + 1,
                self,
                [each.sockets[number] for each in self._listeners],
                [each.standing[number] for each in self._listeners],
                self._adopt,
                self._spawn,
                self._reactor,
            )
            for number in range(self._count)
        ]
        for place in self._places:
            place.start()

    def stopService(self) -> "defer.Deferred[None]":
        super().stopService()
        return self.end()

    def end(self) -> "defer.Deferred[None]":
        """Have all workers end, however often it is asked.  :returns: fires when they have."""
        done: defer.Deferred[None] = defer.Deferred()
        self._ending.append(done)
        if len(self._ending) == 1:
            for each in self._waiting:
                self._settled(*each)
            places, self._waiting, self._places = self._places, [], []
            defer.DeferredList([place.stop() for place in places]).addCallback(self._ended)
        return done

    def _ended(self, _: object) -> None:
        ending, self._ending = self._ending, []
        for each in ending:
            each.callback(None)

    def count(self, metrics: Metrics) -> None:
        metrics.gauge("netapp_dns_workers", "Workers that answer.", self._listening)
        metrics.counter(
            "netapp_dns_worker_restarts",
            "Workers that were started again.",
            lambda: sum(place.restarts for place in self._places),
        )

    def told(self) -> dict[str, Any]:
        """What ``netapp status`` shows."""
        return {"workers": {"wanted": self._count, "answering": self._listening()}}

    def reopen(self) -> None:
        """Have the query log begun anew."""
        for worker in self._workers():
            worker.say(REOPEN)

    # The newest names ----------------------------------------------------------------------------

    def _changed(self, snapshot: Snapshot) -> None:
        before, self._snapshot = self._snapshot, snapshot
        workers = self._workers()
        if not workers:
            return
        touched = snapshot.touched_since(before)
        origins = broken(before, snapshot, self._names.history)
        for worker in workers:
            worker.feed.follow(touched, origins)
            worker.bring(snapshot)

    def after(self, handler: Handler) -> Handler:
        """What a handler answers, once the workers have the names that it has made.

        Who changes a zone and asks again at once may come to any of them.
        """

        def handle(request: Request) -> Outcome:
            outcome = handler(request)
            if isinstance(outcome, defer.Deferred):
                return outcome.addCallback(self._when_settled)
            return self._when_settled(outcome) if isinstance(outcome, bytes) and self._behind() else outcome

        return handle

    def _when_settled(self, answer: bytes | None) -> Any:
        if not self._behind():
            return answer
        done: defer.Deferred[None] = defer.Deferred()
        timer = self._reactor.callLater(limits.WORKER_SETTLE, done.callback, None)
        self._waiting.append((self._snapshot.version, done, timer))
        return done.addCallback(lambda _: answer)

    def settle(self) -> None:
        """A worker has newer names, or has gone: whoever waited for no other one may go on."""
        oldest = min((worker.used for worker in self._answering()), default=self._snapshot.version)
        waiting, self._waiting = self._waiting, []
        for version, done, timer in waiting:
            if version <= oldest or not timer.active():
                self._settled(version, done, timer)
            else:
                self._waiting.append((version, done, timer))

    @staticmethod
    def _settled(_: int, done: "defer.Deferred[None]", timer: Any) -> None:
        if timer.active():
            timer.cancel()
            done.callback(None)

    def _behind(self) -> bool:
        return any(worker.used < self._snapshot.version for worker in self._answering())

    def _workers(self) -> list[WorkerProcess]:
        return [place.worker for place in self._places if place.worker is not None]

    def _listening(self) -> int:
        return sum(worker.listens for worker in self._workers())

    def _answering(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers() if worker.answers]

    # For a place ---------------------------------------------------------------------------------

    def process(self, place: Place) -> WorkerProcess:
        feed = Feed(self._names.history)
        return WorkerProcess(place.name, place, feed, self._settings(), self._names.snapshot, self._reactor)

    def listening(self) -> None:
        """A worker reads its sockets."""
        if self._listening() == self._count:
            self._log.info("netapp-dns: {count} workers answer", count=self._count)

    def handle(self, octets: bytes, client: Client) -> Outcome:
        return self._requests.handle(octets, client)

    def counted(self, growth: dict[tuple[Any, ...], float]) -> None:
        self._total.add(growth)

    def _adopt(self, descriptor: int, handler: Any) -> Any:
        """Twisted's own lines for each port would look like a fault: their reader changes, they stay."""
        port = callWithContext(_SILENT, adopt_datagrams, self._reactor, descriptor, handler, limits.DATAGRAM)
        port.connectionLost = partial(callWithContext, _SILENT, port.connectionLost)
        return port

    def _spawn(self, process: WorkerProcess, sockets: list[int]) -> None:
        """Begin a process with our own Python and our own netapp, wherever we run."""
        ours = str(Path(netapp.__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [ours, os.environ.get("PYTHONPATH")]))
        self._reactor.spawnProcess(
            process,
            sys.executable,
            [sys.executable, "-P", "-m", _MODULE],
            env=os.environ | {"PYTHONPATH": path},
            childFDs=child_descriptors(sockets),
        )
