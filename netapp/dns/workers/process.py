"""One worker as its starter sees it: what it is told, what it asks, and its last words."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from twisted.internet import defer, interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.alarm import Alarm
from netapp.core.text import visible
from netapp.dns.requests import Client, Outcome
from netapp.dns.workers.feed import Feed
from netapp.dns.workers.wire import Frames, pack
from netapp.errors import WireError
from netapp.names.snapshot import Snapshot

IN, OUT, ERR, FIRST = 0, 1, 2, 3  # a worker's descriptors; from FIRST on its sockets
# What a worker says.
ASK, USING, LISTENING, RESTING, COUNTS, HERE = "ask", "using", "listening", "resting", "counts", "here"
# What it is told, beside names.
SETTINGS, LISTEN, REST, ANSWER, REOPEN, WHERE = "settings", "listen", "rest", "answer", "reopen", "where"
_MINUTE: Final = 60.0


class Starter(Protocol):
    """Who has started a worker: :class:`netapp.dns.workers.place.Place`."""

    def handle(self, octets: bytes, client: Client) -> Outcome:
        """A request that is more than a look-up."""

    def using(self) -> None:
        """The worker has newer names."""

    def listening(self) -> None:
        """It reads its sockets now."""

    def resting(self) -> None:
        """It does not, until it has what it is told."""

    def counted(self, growth: dict[tuple[Any, ...], float]) -> None: ...

    def ended(self, why: str, words: str) -> None:
        """:param words: the last that it said."""


class WorkerProcess(protocol.ProcessProtocol):
    """A worker's pipe.

    :param name: the worker, for the log.
    :param settings: what it is to know, as a frame's values have it.
    :ivar used: the version of names that it answers from; -1 for none.
    :ivar answers: whether it has been told to read its sockets; ``listens``: whether it does.
    """

    _log = Logger()
    transport: Any
    _pipe: Any = None

    def __init__(
        self,
        name: str,
        starter: Starter,
        feed: Feed,
        settings: dict[str, Any],
        snapshot: Snapshot,
        clock: interfaces.IReactorTime,
    ) -> None:
        self.name, self.feed = name, feed
        self._starter, self._clock = starter, clock
        self.used, self.answers, self.listens = -1, False, False
        self._newest, self._sent = snapshot, -1
        self._first: deque[bytes] = deque([pack(SETTINGS, settings)])
        self._pieces: Iterator[bytes] | None = None
        self._idle = True
        self._frames = Frames(limits.WORKER_FRAME)
        self._lines = _Lines(clock)
        self._alarm = Alarm(clock, self._quiet)
        self._owes = self._looked = False
        self._why = ""

    # What it is told ---------------------------------------------------------------------------

    def connectionMade(self) -> None:
        self._pipe = self.transport.pipes[IN]
        self._idle = False
        self._pipe.registerProducer(self, False)

    def bring(self, snapshot: Snapshot) -> None:
        """Have it answer from these names soon."""
        self._newest = snapshot
        self._wake()

    def say(self, *values: Any) -> None:
        """Something short, which does not wait for names."""
        self._first.append(pack(*values))
        self._wake()

    def _wake(self) -> None:
        if self._idle and self._pipe is not None:
            self.resumeProducing()

    def resumeProducing(self) -> None:
        """The pipe has taken what there was."""
        feeding = self._pieces is not None  # very much, of which it has taken some
        frames: list[bytes] = []
        size = 0
        while size < limits.WORKER_PIECE and (frame := self._next()) is not None:
            frames.append(frame)
            size += len(frame)
        self._idle = not frames
        if frames:
            self._pipe.write(b"".join(frames))
        self._watch(feeding or self._pieces is not None)

    def stopProducing(self) -> None:
        """The pipe has gone."""
        self._pipe, self._pieces = None, None
        self._first.clear()

    def _next(self) -> bytes | None:
        if self._first:
            return self._first.popleft()
        while True:
            if self._pieces is not None and (piece := next(self._pieces, None)) is not None:
                return piece
            if self._newest.version == self._sent:
                self._pieces = None
                break
            self._sent = self._newest.version
            self._pieces = self.feed.pieces(self._newest)
            if self.feed.heavy and self.answers:  # it would answer from old names all the while
                return pack(REST)
        if not self.answers:
            self.answers = True
            return pack(LISTEN)
        return None

    # Whether it lives ---------------------------------------------------------------------------

    def _watch(self, alive: bool) -> None:
        """A worker owes that it takes what it is told, and that it says so; of one that owes nothing
        it is asked now and then where it is.

        :param alive: it has just done some of it; how often it is told more is nothing that it does.
        """
        owes = not self._idle or self.used != self._sent or self._looked
        if alive or owes != self._owes:
            self._owes = owes
            self._alarm.set(self._clock.seconds() + (limits.WORKER_STUCK if owes else limits.WORKER_LOOK))

    def _quiet(self) -> None:
        if self._owes:
            self.end("KILL", f"did not read for {limits.WORKER_STUCK:.0f} s")
        else:
            self._looked = True
            self.say(WHERE)

    def end(self, signal: str, why: str = "") -> None:
        """Have the process end.  :param signal: TERM or KILL."""
        self._why = why or self._why
        try:
            self.transport.signalProcess(signal)
        except Exception as problem:  # it has ended already, and will be heard of
            self._log.debug("{name}: {problem}", name=self.name, problem=problem)

    # What it says -------------------------------------------------------------------------------

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if childFD == ERR:
            for line in self._lines.receive(data):
                self._log.error("netapp-dns: {name}: {line}", name=self.name, line=line)
            return
        try:
            for kind, *values in self._frames.receive(data):
                self._heard(kind, values)
        except Exception as problem:
            if not isinstance(problem, WireError):
                self._log.failure("what {name} says cannot be taken", name=self.name)
            self.end("KILL", f"sent something else than it should: {problem}")

    def _heard(self, kind: str, values: list[Any]) -> None:
        if kind == ASK:
            self._asked(*values)
        elif kind == COUNTS:
            self._starter.counted(*values)
        elif kind == USING:
            (self.used,) = values
            self._watch(True)
            self._starter.using()
        elif kind == LISTENING:
            self.listens = True
            self._starter.listening()
        elif kind == RESTING:
            self.answers = self.listens = False
            self._starter.resting()
            self._wake()
        elif kind == HERE:
            self._looked = False
            self._watch(True)

    def _asked(self, number: int, octets: bytes, host: str, port: int) -> None:
        outcome: Outcome = None
        try:
            outcome = self._starter.handle(octets, Client(host, port, stream=False))
        except Exception:  # a failure of ours costs one request, not the worker that carried it
            self._failed(Failure())
        if isinstance(outcome, defer.Deferred):
            outcome.addErrback(self._failed)
            outcome.addCallback(lambda answer: self.say(ANSWER, number, answer))
        else:
            self.say(ANSWER, number, outcome if isinstance(outcome, bytes) else None)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("a request failed", failure)

    def processEnded(self, reason: Failure) -> None:
        self._alarm.end()
        self.stopProducing()
        self.answers = self.listens = False
        status: Any = reason.value
        why = self._why
        if not why and status.signal is not None:
            why = f"was ended by signal {status.signal}"
        self._starter.ended(why or f"ended with status {status.exitCode}", self._lines.last)


class _Lines:
    """Lines of a worker, each of them short, and not too many."""

    def __init__(self, clock: interfaces.IReactorTime) -> None:
        self._clock, self._rest = clock, b""
        self._since, self._count = clock.seconds(), 0
        self.last = ""

    def receive(self, data: bytes) -> Iterator[str]:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[: limits.WORKER_LINE]
        for line in filter(None, map(bytes.rstrip, lines)):
            self.last = visible(line[: limits.WORKER_LINE].decode("utf-8", "replace"))
            if self._admits():
                yield self.last

    def _admits(self) -> bool:
        now = self._clock.seconds()
        if now - self._since >= _MINUTE:
            self._since, self._count = now, 0
        self._count += 1
        return self._count <= limits.WORKER_LINES


#: What makes a worker: (its pipe here, descriptors of its sockets).
Spawn = Callable[[WorkerProcess, list[int]], object]
