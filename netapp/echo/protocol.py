"""Carries the answering machine's octets; with an operator, to and from the desk."""

import math
from collections.abc import Callable, Iterable

from twisted.internet import interfaces, protocol
from twisted.python.failure import Failure

from netapp.core import access, datagrams, farewell, limits, text
from netapp.core.connections import peer_of
from netapp.core.desk import Answer, Arrived, Desk
from netapp.core.sessions import Effect
from netapp.core.streams import Peer, SessionProtocol
from netapp.echo.session import Answers, EchoSession, Show


class EchoProtocol(SessionProtocol):
    """One connection of the answering machine."""

    session: EchoSession

    def __init__(
        self, session: EchoSession, clock: interfaces.IReactorTime, peer: Peer, desk: Desk | None
    ) -> None:
        super().__init__(session, clock)
        self._peer, self._desk = peer, desk

    def connectionMade(self) -> None:
        super().connectionMade()
        if self._desk is not None:
            self._desk.joined(self._arrived(), self._typed)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        super().connectionLost(reason)
        if self._desk is not None:
            self._desk.left(Arrived(*self._peer, stream=True))

    def perform(self, effect: Effect) -> None:
        if isinstance(effect, Show) and self._desk is not None:
            self._desk.arrived(self._arrived(effect.text, effect.octets), self._typed)
        else:
            super().perform(effect)

    def _arrived(self, shown: str = "", octets: bytes = b"") -> Arrived:
        own = peer_of(self.transport.getHost())
        tongue = self.session.tongue
        return Arrived(*self._peer, shown, octets, tongue, own, stream=True, ready=self._reads)

    def _reads(self) -> bool:
        return self._stalled_until == math.inf

    def _typed(self, line: str | bytes) -> bool:
        if self.closing:
            return False
        self.run(self.session.typed, line)
        return True


class EchoDatagrams(datagrams.Datagrams):
    """The answering machine's datagrams.

    :param tongue: makes what knows a peer's encoding; a datagram's peer is new each time.
    """

    def __init__(
        self,
        answers: Answers,
        tongue: Callable[[], text.Tongue],
        desk: Desk | None,
        clock: interfaces.IReactorTime,
        permitted: access.Access,
        own: datagrams.OwnPorts,
    ) -> None:
        super().__init__(clock, permitted, own)
        self._answers, self._new_tongue, self._desk = answers, tongue, desk

    def heard(self, datagram: bytes, peer: Peer, now: float) -> Iterable[bytes]:
        tongue, host = self._new_tongue(), access.plain_host(peer[0])
        if self._desk is None:
            return [self._answers.datagram(datagram, host, peer[1], tongue)]
        own = peer_of(self.transport.getHost())
        arrived = Arrived(host, peer[1], tongue.read(datagram).rstrip("\r\n"), datagram, tongue, own)
        if arrived.text == farewell.GOODBYE:
            self._desk.show(arrived)
            return ()
        if farewell.is_q(arrived.text):
            self._desk.show(arrived)
            goodbye = tongue.write(farewell.GOODBYE)
            self._desk.told(arrived, goodbye)
            return [goodbye]
        self._desk.arrived(arrived, _Once(lambda line: self._send_line(line, tongue, peer)))
        return ()

    def _send_line(self, line: str | bytes, tongue: text.Tongue, peer: datagrams.Peer) -> bool:
        if isinstance(line, bytes):
            return self.send(line, peer)
        return self.send(text.cut(tongue.write(line), limits.PLAIN_ANSWER, tongue.codec), peer)


class _Once:
    """An answer to one datagram: a second would be taken for the answer to the next (T15, T20)."""

    def __init__(self, answer: Answer) -> None:
        self._answer: Answer | None = answer

    def __call__(self, line: str | bytes) -> bool:
        answer, self._answer = self._answer, None
        return answer is not None and answer(line)
