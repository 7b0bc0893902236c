"""A worker: a process that answers datagrams, and does nothing else.

It knows what it is told.  It ends when its pipe does, so that no starter, however it dies, leaves
one behind; the terminal's signals are its starter's to hear.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from twisted.internet import defer, main, protocol, stdio
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    globalLogBeginner,
)
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.clock import keep_steady
from netapp.core.datagrams import OwnPorts, Peer
from netapp.core.signals import Ending
from netapp.core.udp.batch import Batch
from netapp.core.udp.ports import adopt_datagrams
from netapp.dns.query.answers import Answers
from netapp.dns.query.chaos import Identity
from netapp.dns.query.cookies import Cookies
from netapp.dns.watch.datagrams import WatchedDatagrams
from netapp.dns.watch.watch import Watch
from netapp.dns.workers import process as starter
from netapp.dns.workers.feed import USE, Copy
from netapp.dns.workers.relay import Relay
from netapp.dns.workers.settings import config_of
from netapp.dns.workers.tally import Growth
from netapp.dns.workers.wire import Frames, pack
from netapp.errors import ConfigError


class _Datagrams(WatchedDatagrams):
    """Says that something has been counted, and that its socket is of no more use."""

    stirred: Any = staticmethod(lambda: None)
    lost: Any = staticmethod(lambda: None)

    def stopProtocol(self) -> None:
        super().stopProtocol()
        self.lost()

    def batchReceived(self, batch: Batch) -> None:
        super().batchReceived(batch)
        self.stirred()

    def datagramReceived(self, datagram: bytes, addr: Peer) -> None:
        super().datagramReceived(datagram, addr)
        self.stirred()

    def _say_later(self, *given: Any) -> None:
        super()._say_later(*given)
        self.stirred()


class Worker(protocol.Protocol):
    """What its pipe has it do."""

    _log = Logger()
    transport: Any

    def __init__(self, reactor: Any, ending: Ending) -> None:
        self._reactor, self._ending = reactor, ending
        self._frames, self._copy = Frames(), Copy()
        self._relay = Relay(lambda *asked: self._say(starter.ASK, *asked))
        self._handlers: list[_Datagrams] = []
        self._ports: list[Any] = []
        self._timer: Any = None
        self._watch: Watch | None = None
        self._gone: defer.Deferred[None] = defer.Deferred()
        self._kinds: dict[str, Callable[..., object]] = self._copy.kinds | {
            USE: self._use,
            starter.SETTINGS: self._settle,
            starter.LISTEN: self._listen,
            starter.REST: self._rest,
            starter.ANSWER: self._relay.answered,
            starter.REOPEN: self._reopen,
            starter.WHERE: lambda: self._say(starter.HERE),
        }

    @property
    def snapshot(self) -> Any:
        """The newest names, for the watch."""
        return self._copy.snapshot

    # The pipe ------------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        for kind, *values in self._frames.receive(data):
            self._kinds[kind](*values)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        self._gone.callback(None)
        self._ending.stop()

    def _say(self, *values: Any) -> None:
        self.transport.write(pack(*values))

    # What it is told -----------------------------------------------------------------------------

    def _settle(self, told: dict[str, Any]) -> None:
        config = config_of(told)
        cookies = Cookies(told["secrets"], time.time)
        identity = Identity(config.nsid.encode(), config.server_version.encode())
        answers = self._answers = Answers(self.snapshot, config.unknown, config.encoding, cookies, identity)
        watch = self._watch = Watch(
            config, self, answers, self._relay, self._reactor, time.perf_counter, patient=True
        )
        if watch.log is not None:
            watch.log.start()
        own = OwnPorts()
        for port in told["own"]:
            own.add(port)
        access = Access(config.allow)
        for _ in range(told["sockets"]):
            made: Any = watch.datagrams(access, own, kind=_Datagrams)
            made.stirred, made.lost = self._stirred, self._lost
            self._handlers.append(made)
        self._growth = Growth(watch, answers, self._handlers)

    def _use(self, version: int, expired: list[bytes]) -> None:
        self._answers.use(self._copy.use(version, expired))
        gc.freeze()  # names hold no cycles: they need not be looked through
        self._say(starter.USING, version)

    def _listen(self) -> None:
        for each in self._ports:
            each.startReading()
        self._ports = self._ports or [
            adopt_datagrams(self._reactor, descriptor, handler, limits.DATAGRAM)
            for descriptor, handler in enumerate(self._handlers, starter.FIRST)
        ]
        self._say(starter.LISTENING)

    def _rest(self) -> None:
        """Much comes; answers that are waited for still go out."""
        for each in self._ports:
            each.stopReading()
        self._say(starter.RESTING)

    def _reopen(self) -> None:
        if self._watch is not None and self._watch.log is not None:
            try:
                self._watch.log.reopen()
            except ConfigError as problem:  # it writes on into the file that it has
                self._log.error("query log: not begun anew: {problem}", problem=problem)

    def _lost(self) -> None:
        """A worker without its sockets is none: its starter begins another."""
        if not self._ending.begun:
            self._log.error("a socket is lost")
            self._ending.stop()

    # What it has counted -------------------------------------------------------------------------

    def _stirred(self) -> None:
        if self._timer is None:
            self._timer = self._reactor.callLater(limits.WORKER_COUNTS, self._count)

    def _count(self) -> None:
        self._timer = None
        if growth := self._growth.take():
            self._say(starter.COUNTS, growth)

    # Its end -------------------------------------------------------------------------------------

    async def end(self) -> None:
        """Let out what is on its way, and tell what was counted last."""
        if self._watch is None or self._gone.called:
            return
        idle = self._relay.idle().addTimeout(limits.WORKER_END / 2, self._reactor)
        await idle.addErrback(lambda failure: failure.trap(defer.TimeoutError))
        for each in self._ports:
            await defer.maybeDeferred(each.stopListening)
        if self._watch.log is not None:
            await self._watch.log.stop()
        self._count()
        self.transport.loseConnection()
        await self._gone


def _line(event: Any) -> str:
    text = formatEvent(event)
    failure = event.get("log_failure")
    return f"{text}\n" if failure is None else f"{text}\n{failure.getTraceback()}\n"


def run() -> None:
    """The process, from its first moment to its last."""
    for each in (signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    pipe = os.dup(starter.OUT)
    os.dup2(starter.ERR, starter.OUT)  # whatever prints, prints into the log
    reactor: Any = EPollReactor()
    keep_steady(reactor, time.time, time.monotonic)
    main.installReactor(reactor)
    warnings = LogLevelFilterPredicate(LogLevel.warn)
    globalLogBeginner.beginLoggingTo(
        [FilteringLogObserver(FileLogObserver(sys.stderr, _line), [warnings])], redirectStandardIO=False
    )
    ending = Ending(reactor)
    ending.guard()  # who ends a whole group of processes ends its starter too, who ends it again
    worker = Worker(reactor, ending)
    pipes: Any = stdio.StandardIO  # of POSIX; types know Windows' too
    pipes(worker, stdin=starter.IN, stdout=pipe, reactor=reactor)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: defer.ensureDeferred(worker.end()))
    reactor.run()


if __name__ == "__main__":
    run()
