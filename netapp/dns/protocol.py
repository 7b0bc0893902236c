"""Carries the streams of the name service; :mod:`netapp.dns.datagrams` has its datagrams."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.internet import defer, interfaces, protocol
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.datagrams import Peer
from netapp.core.sessions import Effect
from netapp.core.strangers import Page
from netapp.core.streams import SessionFactory, SessionProtocol, peer_of
from netapp.dns.requests import BrokenOff, Client, Requests
from netapp.dns.session import Ask, DnsSession, Hold, More, framed
from netapp.dns.turns import Turns


class DnsProtocol(SessionProtocol):
    """One connection; while answers wait for the peer to read, or for others to have their turn,
    nothing more is read from it.

    :param requests: answers what is more than a look-up.
    :param turns: shared with other connections.
    """

    session: DnsSession
    _waiting = False  # more answers are to be made
    _held = False  # the session takes no more requests for now
    _queued = False  # for our turn
    _running = False

    def __init__(
        self,
        session: DnsSession,
        clock: interfaces.IReactorTime,
        requests: Requests,
        turns: Turns | None = None,
    ) -> None:
        super().__init__(session, clock)
        self._requests, self._turns = requests, turns if turns is not None else Turns(clock)
        self._streams: deque[Iterator[bytes]] = deque()
        self._answers: deque[bytes | None] = deque()  # of others, while we are in the middle of a step

    @property
    def _stalled(self) -> bool:
        return self._stalled_until != math.inf

    def dataReceived(self, data: bytes) -> None:
        if self._turns.free:
            began = self.clock.seconds()
            super().dataReceived(data)
            self._turns.took(self.clock.seconds() - began)
            return
        self._heard = True
        if self.witness is not None:
            self.witness.heard(data)
        self.run(self.session.hear, data)

    def run(self, step: Callable[..., Sequence[Effect]], *args: object) -> None:
        """As the base's.  Of what others answer while it lasts one is taken in after it, the rest when it
        is our turn: requests that are answered at once, however many, do not stand within each other.
        """
        within, self._running = self._running, True
        super().run(step, *args)
        if within:
            return
        if self._answers:
            self._held = False
            super().run(self.session.answered, self._answers.popleft())
            if not self.closing and not self._stalled:
                self._read_on()
        self._running = False
        if self._answers:
            self._wait()

    def perform(self, effect: Effect) -> None:
        if isinstance(effect, More):
            self._waiting = True
            self.transport.pauseProducing()
            self._wait()
        elif isinstance(effect, Hold):
            self._held = True
            self.transport.pauseProducing()
        elif isinstance(effect, Ask):
            self._ask(effect.message)
        else:
            super().perform(effect)

    def resumeProducing(self) -> None:
        super().resumeProducing()
        if self._waiting or self._streams or self._answers:
            self._wait()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        super().connectionLost(reason)
        streams, self._streams = self._streams, deque()
        for each in streams:
            self._let_go(each)

    def _read_on(self) -> None:
        if not self._held and not self._waiting and not self._answers:
            super()._read_on()

    # Our turn ------------------------------------------------------------------------------------

    def _wait(self) -> None:
        if not self._queued and not self._stalled:
            self._queued = True
            self._turns.wait(self.session.shares, self._go_on)

    def _go_on(self) -> None:
        self._queued = False
        if self.closing or self._stalled:
            return
        if self._answers:
            self._answered(self._answers.popleft())
        elif self._waiting:
            self._waiting = False
            self.run(self.session.more)
            if not self.closing and not self._stalled:
                self._read_on()
        self._pump()
        if self._waiting or self._answers:
            self._wait()

    # What is more than a look-up -----------------------------------------------------------------

    def _ask(self, message: bytes) -> None:
        host, port = peer_of(self.transport.getPeer())
        outcome = self._requests.handle(message, Client(host, port, stream=True))
        if isinstance(outcome, defer.Deferred):
            outcome.addCallbacks(self._answered, self._failed)
        elif outcome is None or isinstance(outcome, bytes):
            self._answered(outcome)
        else:
            self._streams.append(outcome)
            self._wait()

    def _answered(self, answer: bytes | None) -> None:
        if self.closing:
            return
        if self._running:
            self._answers.append(answer)
            return
        self._held = False
        self.run(self.session.answered, answer)
        if not self.closing and not self._stalled:
            self._read_on()

    def _failed(self, failure: Failure) -> None:
        self._log.failure("a request of {peer} failed", failure, peer=peer_of(self.transport.getPeer()))
        self._answered(None)

    # Many messages, as the peer reads ------------------------------------------------------------

    def _pump(self) -> None:
        """Send some of what streams, each in its turn; the rest once others have had theirs."""
        size = 0
        while self._streams and not self.closing and not self._stalled:
            if size >= limits.DNS_ANSWERS_AT_ONCE:
                self._wait()
                return
            stream = self._streams.popleft()
            try:
                message = next(stream, None)
            except Exception as error:
                if not isinstance(error, BrokenOff):  # whoever broke it off has said why
                    self._log.failure("a transfer to {peer} failed", peer=peer_of(self.transport.getPeer()))
                self._let_go(stream)
                self.close(abort=True)  # a reset, so that nobody takes it for the end
                return
            if message is None:
                self._answered(None)
                continue
            self._streams.append(stream)
            size += len(message)
            self.send(framed(message))

    def _let_go(self, stream: Iterator[bytes]) -> None:
        close = getattr(stream, "close", None)
        if close is not None:
            close()


class DnsFactory(SessionFactory):
    """Makes room for a newcomer by closing the oldest idle connection (RFC 7766 section 6.2.3)."""

    def __init__(
        self, build: Callable[[Peer], DnsProtocol], access: Access, page: Page | None = None
    ) -> None:
        super().__init__(build, access, page)
        self._by_age: dict[DnsProtocol, None] = {}

    def admitted(self, source: str, build: Callable[[], Any]) -> Any:
        built = super().admitted(source, build)
        self._enter(built)
        return built

    def replaced(self, before: Any, after: Any) -> None:
        """A proxy has said who its client is."""
        super().replaced(before, after)
        self._enter(after)

    def _enter(self, newcomer: Any) -> None:
        if isinstance(newcomer, DnsProtocol):
            self._by_age[newcomer] = None
            if len(self._by_age) > limits.DNS_CONNECTIONS:
                self._close_oldest(but=newcomer)

    def lost(self, gone: Any) -> None:
        self._by_age.pop(gone, None)
        super().lost(gone)

    def _close_oldest(self, *, but: DnsProtocol) -> None:
        for each in self._by_age:
            if each is not but and not each.closing and each.session.idle:
                each.close()
                return
