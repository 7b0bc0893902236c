"""Carries octets between a transport and a :class:`netapp.core.sessions.Session`.

One protocol for every stream service: it sleeps until the session's deadline, writes what stands
together in one write, stops reading from a peer that does not read, and fences errors in, so that
no session ends another's.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet import interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netapp.core import limits
from netapp.core.alarm import Alarm
from netapp.core.connections import Carrier, Peer, SessionFactory, carry_on, peer_of
from netapp.core.sendfile import BodySender, tell_cut_off
from netapp.core.sessions import Body, Close, Effect, Noticed, Session
from netapp.core.sockets import can_half_close
from netapp.core.strangers import Misdirected, http_answer
from netapp.errors import Busy, WireError

if TYPE_CHECKING:
    from netapp.core.explain.doors import Watched

__all__ = ["Carrier", "Peer", "SessionFactory", "SessionProtocol", "peer_of"]


@implementer(interfaces.IHalfCloseableProtocol, interfaces.IPushProducer)
class SessionProtocol(protocol.Protocol):
    """Carries one session's octets; a service subclasses it to :meth:`perform` its own effects."""

    _log = Logger()
    transport: Any  # ITCPTransport, or a test's

    def __init__(self, session: Session, clock: interfaces.IReactorTime) -> None:
        self.session, self.clock = session, clock
        self.factory: SessionFactory | None = None
        self._alarm = Alarm(clock, self._wake)
        self.closing = False
        self._gone = False  # the transport has told us so
        self._heard = False  # the peer has sent something, so that any handshake is over
        self._finished = False  # the peer sends no more
        self._unread = 0  # octets written since the transport told us to pause
        self._stalled_until = math.inf
        self._lingers_until = math.inf
        self._sender: BodySender | None = None
        self.witness: Watched | None = None  # of --explain

    # What Twisted calls ----------------------------------------------------------------------

    def connectionMade(self) -> None:
        if interfaces.ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        if self.factory is not None and self.factory.witness is not None:
            self.witness = self.factory.witness.met(self.transport)
        self.run(self.session.open)

    def dataReceived(self, data: bytes) -> None:
        self._heard = True
        if self.witness is not None:
            self.witness.heard(data)
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
        if self.witness is not None:
            self.witness.lost(reason, self._finished)
        self.closing = self._gone = True
        self._alarm.end()
        try:
            self.session.closed()
        except Exception:
            self._log.failure("a session could not be let go")
        if self.factory is not None:
            self.factory.lost(self)

    def pauseProducing(self) -> None:
        """The peer does not read: neither do we, and not for ever.

        A transport says so again at every write, which must not begin the count anew.  TLS says so too
        while its handshake lasts, which goes on by reading.
        """
        if self._stalled_until != math.inf:
            return
        self._unread = 0
        self._stalled_until = self.clock.seconds() + limits.STALLED
        if self._heard or not interfaces.ISSLTransport.providedBy(self.transport):
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
        except WireError as error:
            self.perform_all(error.effects)
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
            if isinstance(effect, Noticed):
                if self.witness is not None:
                    self.witness.noticed(effect.key, effect.fields)
                continue
            self.send(b"".join(pending))
            pending.clear()
            if isinstance(effect, Close):
                self.close(abort=effect.abort, linger=effect.linger)
            elif isinstance(effect, Misdirected):
                self.send(self._misdirected(effect))
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

    def _misdirected(self, effect: Misdirected) -> bytes:
        host = peer_of(self.transport.getHost())[0]
        page = self.factory.page.url(host) if self.factory is not None else None
        return http_answer(effect.service, page, effect.lang)

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
        if self.witness is not None:
            self.witness.said(octets)

    def close(self, *, abort: bool = False, linger: bool = False) -> None:
        """Hang up; what is written still leaves within the stall limit, unless ``abort``.

        A body that is being sent is cut off: its peer sees a reset, never a clean end.
        """
        abort = abort or self._sender is not None
        if self.closing:
            if abort:
                self.transport.abortConnection()
            elif self._lingers_until != math.inf:
                self._hang_up()
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
        if linger and not self._finished and can_half_close(self.transport):
            self._lingers_until = now + limits.LINGER
            self.transport.loseWriteConnection()
            self.transport.resumeProducing()
        else:
            tls = interfaces.ISSLTransport.providedBy(self.transport)
            if tls:
                self.transport.resumeProducing()  # TLS ends by hearing the peer's own end
            self.transport.loseConnection()
        self._sleep()

    def hand_over(self, successor: Carrier, octets: bytes) -> None:
        """Let another protocol carry this connection from here on; it hears ``octets`` first."""
        self.closing = True
        self._alarm.end()
        self._gone = True
        self.transport.unregisterProducer()
        self.session.closed()
        if self.witness is not None:
            self.witness.leave()
        if self.factory is not None:
            self.factory.replaced(self, successor)
        carry_on(self.transport, successor)
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
        if self.witness is not None:
            self.witness.streaming(body, self._sender)
        self._sender.start().addCallbacks(self._streamed, self._broken)

    def _streamed(self, _: None) -> None:
        if self.witness is not None:
            self.witness.streamed()
        self._forget_sender()
        self.transport.registerProducer(self, True)
        self.run(self.session.sent)
        if not self.closing and self._sender is None:
            self._read_on()

    def _broken(self, failure: Failure) -> None:
        if self.witness is not None:
            self.witness.cut_off(failure)
        self._forget_sender()
        self.closing = True  # the sender has ended the connection, or it was gone
        tell_cut_off(self._log, failure)

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
        """Wake when something of ours or of the session's is due next."""
        if not self._gone:
            due = self._lingers_until if self.closing else self.session.deadline
            self._alarm.set(min(due, self._stalled_until))

    def _wake(self) -> None:
        now = self.clock.seconds()
        if now >= self._stalled_until:
            self.close(abort=True)
        elif self.closing and now >= self._lingers_until:
            self._hang_up()
            self._sleep()
        elif not self.closing and now >= self.session.deadline:
            if self.witness is not None:
                self.witness.ticked()
            self.run(self.session.tick)
        else:
            self._sleep()
