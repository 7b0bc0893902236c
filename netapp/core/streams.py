"""Carries octets between a transport and a :class:`netapp.core.sessions.Session`.

One protocol for every stream service: it sleeps until the session's deadline, writes what stands
together in one write, stops reading from a peer that does not read, and fences errors in, so that
no session ends another's.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet import address, defer, interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netapp.core import limits
from netapp.core.access import Access, is_loopback, plain_host
from netapp.core.sendfile import BodySender, Shrunk
from netapp.core.sessions import Body, Close, Effect, Session
from netapp.errors import Busy, WireError

Peer = tuple[str, int]


class Carrier(Protocol):
    """What a factory needs to know of a protocol that carries one of its connections."""

    factory: "SessionFactory | None"
    transport: Any

    @property
    def busy(self) -> bool:
        """A transfer is under way that a stop should wait for."""

    def close(self, *, abort: bool = False) -> None:
        """Hang up."""

    def makeConnection(self, transport: Any) -> None: ...

    def dataReceived(self, data: bytes) -> None: ...


@implementer(interfaces.IHalfCloseableProtocol, interfaces.IPushProducer)
class SessionProtocol(protocol.Protocol):
    """Carries one session's octets; a service subclasses it to :meth:`perform` its own effects."""

    _log = Logger()
    transport: Any  # ITCPTransport, or a test's

    def __init__(self, session: Session, clock: interfaces.IReactorTime) -> None:
        self.session, self.clock = session, clock
        self.factory: SessionFactory | None = None
        self._timer: interfaces.IDelayedCall | None = None
        self.closing = False
        self._gone = False  # the transport has told us so
        self._finished = False  # the peer sends no more
        self._unread = 0  # octets written since the transport told us to pause
        self._stalled_until = math.inf
        self._lingers_until = math.inf
        self._sender: BodySender | None = None

    # What Twisted calls ----------------------------------------------------------------------

    def connectionMade(self) -> None:
        if interfaces.ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self.run(self.session.open)

    def dataReceived(self, data: bytes) -> None:
        self.run(self.session.receive, data)

    def readConnectionLost(self) -> None:
        if not self._finished:
            self._finished = True
            if self._lingers_until != math.inf:
                self._hang_up()
            self.run(self.session.finish)

    def writeConnectionLost(self) -> None:
        if not self.closing:  # not our own half-close
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        self.closing = self._gone = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        try:
            self.session.closed()
        except Exception:
            self._log.failure("a session could not be let go")
        if self.factory is not None:
            self.factory.lost(self)

    def pauseProducing(self) -> None:
        """The peer does not read: neither do we, and not for ever.

        A transport says so again at every write, which must not begin the count anew.
        """
        if self._stalled_until != math.inf:
            return
        self._unread = 0
        self._stalled_until = self.clock.seconds() + limits.STALLED
        self.transport.pauseProducing()
        self._sleep()

    def resumeProducing(self) -> None:
        self._stalled_until = math.inf
        self._read_on()

    def stopProducing(self) -> None:
        """The connection is going; :meth:`connectionLost` does the work."""

    # What sessions and services call ---------------------------------------------------------

    @property
    def busy(self) -> bool:
        """A transfer is under way that a stop should wait for."""
        return self._sender is not None or self.session.busy

    def run(self, step: Callable[..., Sequence[Effect]], *args: object) -> None:
        """Call ``step(*args, now)`` of the session and perform what it gives back.

        Nothing happens once we have hung up: who holds an answer for this peer need not ask.
        """
        if self.closing:
            return
        try:
            self.perform_all(step(*args, self.clock.seconds()))
        except WireError:
            self.malformed()
            self.close(abort=False)
        except Busy:
            self.close(abort=True)  # a reset, so that nobody takes it for an answer
        except Exception:
            self._log.failure("a session of {peer} failed", peer=peer_of(self.transport.getPeer()))
            self.close(abort=True)
        if self.factory is not None and self.factory.draining and not self.busy:
            self.close()
        if not self.closing:
            self._sleep()

    def perform_all(self, effects: Sequence[Effect]) -> None:
        """Perform effects in order, what stands together in one write, until one hangs up."""
        pending: list[bytes] = []
        for effect in effects:
            if isinstance(effect, bytes):
                pending.append(effect)
                continue
            self.send(b"".join(pending))
            pending.clear()
            if isinstance(effect, Close):
                self.close(abort=effect.abort, linger=effect.linger)
            elif isinstance(effect, Body):
                self._stream(effect)
                return
            elif not self.closing:
                self.perform(effect)
            if self.closing:
                return
        self.send(b"".join(pending))

    def perform(self, effect: Effect) -> None:
        """Perform a service's own effect."""
        raise TypeError(f"{type(self).__name__} cannot perform {effect!r}")

    def send(self, octets: bytes) -> None:
        """Write, unless the peer has let too much wait: then it loses its connection."""
        if not octets or self.closing:
            return
        if self._stalled_until != math.inf:
            self._unread += len(octets)
            if self._unread > limits.UNSENT:
                self.close(abort=True)
                return
        self.transport.write(octets)

    def close(self, *, abort: bool = False, linger: bool = False) -> None:
        """Hang up; what is written still leaves within the stall limit, unless ``abort``.

        A body that is being sent is cut off: its peer sees a reset, never a clean end.
        """
        abort = abort or self._sender is not None
        if self.closing:
            if abort:
                self.transport.abortConnection()
            return
        self.closing = True
        if self._sender is not None:
            self._sender.cancel()
            self._sender = None
        self.transport.unregisterProducer()
        if abort:
            self.transport.abortConnection()
            return
        now = self.clock.seconds()
        self._stalled_until = min(self._stalled_until, now + limits.STALLED)
        if linger and not self._finished and _can_half_close(self.transport):
            self._lingers_until = now + limits.LINGER
            self.transport.loseWriteConnection()
            self.transport.resumeProducing()
        else:
            self.transport.loseConnection()
        self._sleep()

    def hand_over(self, successor: Carrier, octets: bytes) -> None:
        """Let another protocol carry this connection from here on; it hears ``octets`` first."""
        self.closing = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._gone = True
        self.transport.unregisterProducer()
        self.session.closed()
        if self.factory is not None:
            self.factory.replaced(self, successor)
        self.transport.protocol = successor
        successor.makeConnection(self.transport)
        successor.dataReceived(octets)

    def malformed(self) -> None:
        """The peer's octets were against its specification: counted, never logged line by line."""
        if self.factory is not None:
            self.factory.malformed += 1

    # Streaming -------------------------------------------------------------------------------

    def _stream(self, body: Body) -> None:
        if self.closing:
            body.close()
            return
        self.transport.unregisterProducer()
        self._stalled_until = math.inf  # the sender has its own watch
        self.transport.pauseProducing()
        self._sender = BodySender(body, self.transport, self.clock)
        self._sender.start().addCallbacks(self._streamed, self._broken)

    def _streamed(self, _: None) -> None:
        self._forget_sender()
        self.transport.registerProducer(self, True)
        self.run(self.session.sent)
        if not self.closing and self._sender is None:
            self._read_on()

    def _broken(self, failure: Failure) -> None:
        self._forget_sender()
        self.closing = True  # the sender has ended the connection, or it was gone
        if failure.check(Shrunk):
            self._log.warn("a transfer was cut off: {reason}", reason=failure.getErrorMessage())

    def _forget_sender(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None and self.factory is not None:
            self.factory.streamed += sender.sent

    def _read_on(self) -> None:
        if not self._finished:  # reading on would find the same end of the stream again
            self.transport.resumeProducing()

    def _hang_up(self) -> None:
        self._lingers_until = math.inf
        self.transport.loseConnection()

    # Sleeping --------------------------------------------------------------------------------

    def _sleep(self) -> None:
        """Have the timer fire no later than the next deadline; one that fires early sleeps on."""
        if self._gone:
            return
        due = min(self._lingers_until if self.closing else self.session.deadline, self._stalled_until)
        if due == math.inf:
            return
        delay = max(0.0, due - self.clock.seconds())
        if self._timer is None or not self._timer.active():
            self._timer = self.clock.callLater(delay, self._wake)
        elif due < self._timer.getTime():
            self._timer.reset(delay)

    def _wake(self) -> None:
        now = self.clock.seconds()
        if now >= self._stalled_until:
            self.close(abort=True)
        elif self.closing and now >= self._lingers_until:
            self._hang_up()
            self._sleep()
        elif not self.closing and now >= self.session.deadline:
            self.run(self.session.tick)
        else:
            self._sleep()


class SessionFactory(protocol.Factory):
    """Makes a protocol for each peer that may have one, and ends them all at a stop.

    :param build: a peer's (address, port) to a protocol that carries a new session.
    """

    noisy = False

    def __init__(self, build: Callable[[Peer], SessionProtocol], access: Access) -> None:
        self._build, self._access = build, access
        self._protocols: set[Carrier] = set()
        self._per_host: Counter[str] = Counter()
        self._hosts: dict[Carrier, str] = {}
        self._emptied: list[defer.Deferred[None]] = []
        self.draining = False
        self.accepted = self.refused = self.malformed = 0
        self.streamed = 0  # octets of bodies

    @property
    def connections(self) -> int:
        """Connections that stand now."""
        return len(self._protocols)

    def startFactory(self) -> None:
        self.draining = False

    def buildProtocol(self, addr: interfaces.IAddress | None) -> SessionProtocol | None:  # type: ignore[override]
        peer = peer_of(addr)
        host = peer[0]
        if not self._admits(host):
            self.refused += 1
            return None
        self.accepted += 1
        built = self._build(peer)
        built.factory = self
        self._protocols.add(built)
        self._hosts[built] = host
        self._per_host[host] += 1
        return built

    def replaced(self, before: Carrier, after: Carrier) -> None:
        """One protocol has handed its connection to another."""
        after.factory = self
        self._protocols.discard(before)
        self._protocols.add(after)
        self._hosts[after] = self._hosts.pop(before)

    def lost(self, gone: Carrier) -> None:
        """A protocol's connection has ended."""
        self._protocols.discard(gone)
        host = self._hosts.pop(gone, None)
        if host is not None:
            self._per_host[host] -= 1
            if not self._per_host[host]:
                del self._per_host[host]
        if not self._protocols:
            emptied, self._emptied = self._emptied, []
            for each in emptied:
                each.callback(None)

    def drain(self, clock: interfaces.IReactorTime) -> defer.Deferred[None]:
        """Admit nobody more and end every session; a transfer under way gets until the drain limit."""
        self.draining = True
        if not self._protocols:
            return defer.succeed(None)
        waiting: defer.Deferred[None] = defer.Deferred()
        self._emptied.append(waiting)
        bound = clock.callLater(limits.DRAIN, self._abort_all)
        for each in list(self._protocols):
            if not each.busy:
                each.close()
        return waiting.addBoth(lambda _: bound.cancel() if bound.active() else None)

    def _abort_all(self) -> None:
        for each in list(self._protocols):
            each.close(abort=True)

    def _admits(self, host: str) -> bool:
        if self.draining or not self._access.permits(host):
            return False
        if len(self._protocols) >= limits.CONNECTIONS:
            return False
        return self._per_host[host] < limits.CONNECTIONS_PER_ADDRESS or is_loopback(host)


def peer_of(addr: interfaces.IAddress | None) -> Peer:
    """The (address, port) of a peer; ("", 0) for a UNIX socket's."""
    if isinstance(addr, address.IPv4Address | address.IPv6Address):
        return plain_host(addr.host), addr.port
    return "", 0


def _can_half_close(transport: Any) -> bool:
    return interfaces.ITCPTransport.providedBy(transport)
