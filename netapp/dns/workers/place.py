"""One worker's place: its sockets, who reads them, and when a process is begun there."""

import math
from collections.abc import Callable, Sequence
from socket import socket
from typing import Any, Protocol

from twisted.internet import defer, interfaces
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.alarm import Alarm
from netapp.core.datagrams import Datagrams
from netapp.dns.requests import Client, Outcome
from netapp.dns.workers.process import FIRST, Spawn, WorkerProcess


class Crew(Protocol):
    """All places: :class:`netapp.dns.workers.crew.Crew`."""

    def process(self, place: "Place") -> WorkerProcess:
        """For one more process."""

    def handle(self, octets: bytes, client: Client) -> Outcome: ...

    def counted(self, growth: dict[tuple[Any, ...], float]) -> None: ...

    def listening(self) -> None:
        """A worker reads its sockets."""

    def settle(self) -> None:
        """A worker has newer names, or has gone."""


class Place:
    """Keeps a worker there.

    :param sockets: its own, one for each listener.
    :param standing: handlers that answer in its stead, one for each socket.
    :param adopt: has a handler read a socket; gives the port.
    :ivar worker: the process that is there, ready or not.
    :ivar restarts: how often one was started again.
    """

    _log = Logger()

    def __init__(
        self,
        number: int,
        crew: Crew,
        sockets: Sequence[socket],
        standing: Sequence[Datagrams],
        adopt: Callable[[int, Datagrams], Any],
        spawn: Spawn,
        clock: interfaces.IReactorTime,
    ) -> None:
        self.name = f"worker {number}"
        self._crew, self._sockets, self._standing = crew, sockets, standing
        self._adopt, self._spawn, self._clock = adopt, spawn, clock
        self.worker: WorkerProcess | None = None
        self.restarts = 0
        self._ports: list[Any] = []  # of the first of the sockets, or of all
        self._alarm = Alarm(clock, self._stand_in)
        self._pause, self._began = 0.0, 0.0
        self._timer: interfaces.IDelayedCall | None = None
        self._stopping: defer.Deferred[None] | None = None

    def start(self) -> None:
        self._stand_in()
        self._begin()

    def stop(self) -> "defer.Deferred[None]":
        """Have the process end; it may finish what it has."""
        self._stopping = defer.Deferred()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self.worker is None:
            self._stopping.callback(None)
        else:
            self.worker.end("TERM")
            self._timer = self._clock.callLater(limits.WORKER_END, self.worker.end, "KILL")
        return self._stopping.addCallback(lambda _: self._leave())

    # This process in its stead -------------------------------------------------------------------

    def _stand_in(self) -> None:
        """Read each socket; what cannot be read now is tried again until a worker reads it."""
        read = len(self._ports)
        try:
            for each, handler in zip(self._sockets[read:], self._standing[read:], strict=True):
                self._ports.append(self._adopt(each.fileno(), handler))
        except OSError as problem:  # no descriptor is left, or no memory
            self._log.error(
                "netapp-dns: {name}: nobody answers at its sockets until they can be read: {problem}",
                name=self.name,
                problem=problem,
            )
            self._alarm.set(self._clock.seconds() + limits.WORKER_ADOPT)

    def _stand_back(self) -> Any:
        self._alarm.set(math.inf)
        ports, self._ports = self._ports, []
        return defer.gatherResults([defer.maybeDeferred(each.stopListening) for each in ports])

    def _leave(self) -> Any:
        self._alarm.end()
        return self._stand_back()

    # What its process says -----------------------------------------------------------------------

    def handle(self, octets: bytes, client: Client) -> Outcome:
        return self._crew.handle(octets, client)

    def using(self) -> None:
        self._crew.settle()

    def listening(self) -> None:
        self._stand_back()
        self._crew.listening()

    def resting(self) -> None:
        self._stand_in()
        self._crew.settle()

    def counted(self, growth: dict[tuple[Any, ...], float]) -> None:
        self._crew.counted(growth)

    def ended(self, why: str, words: str) -> None:
        self.worker = None
        self._crew.settle()
        if self._stopping is not None:
            if self._timer is not None and self._timer.active():
                self._timer.cancel()
            self._stopping.callback(None)
            return
        self._stand_in()
        now = self._clock.seconds()
        self._pause = limits.WORKER_PAUSE if now - self._began >= limits.WORKER_STEADY else self._pause * 2
        self._pause = min(max(self._pause, limits.WORKER_PAUSE), limits.WORKER_PAUSE_MOST)
        self._timer = self._clock.callLater(self._pause, self._again, why, words)

    def _again(self, why: str, words: str) -> None:
        """Told of now, not when it ended: it may have ended a moment before this process is to."""
        self._log.error(
            "netapp-dns: {name} {why}; it is started again after {pause:g} s{words}",
            name=self.name,
            why=why,
            pause=self._pause,
            words=f" (its last words: {words})" if words else "",
        )
        self.restarts += 1
        self._begin()

    def _begin(self) -> None:
        self._began = self._clock.seconds()
        self.worker = process = self._crew.process(self)
        try:
            self._spawn(process, [each.fileno() for each in self._sockets])
        except OSError as problem:  # no memory, or too many processes
            self.ended(f"cannot be started: {problem}", "")


def child_descriptors(sockets: Sequence[int]) -> dict[int, Any]:
    """What ``spawnProcess`` gives a worker: a pipe each way, one for its words, its sockets."""
    return {0: "w", 1: "r", 2: "r"} | dict(enumerate(sockets, FIRST))
