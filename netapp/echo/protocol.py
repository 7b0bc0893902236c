"""Carries the answering machine's octets; with an operator, to and from the desk."""

from collections.abc import Callable, Iterable

from twisted.internet import interfaces

from netapp.core import access, datagrams, farewell, limits, text
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

    def perform(self, effect: Effect) -> None:
        if isinstance(effect, Show) and self._desk is not None:
            self._desk.arrived(Arrived(*self._peer, effect.text), self._typed)
        else:
            super().perform(effect)

    def _typed(self, line: str) -> bool:
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
        arrived = Arrived(host, peer[1], tongue.read(datagram).rstrip("\r\n"))
        if arrived.text == farewell.GOODBYE:
            self._desk.show(arrived)
            return ()
        if farewell.is_q(arrived.text):
            self._desk.show(arrived)
            return [tongue.write(farewell.GOODBYE)]
        self._desk.arrived(arrived, _Once(lambda line: self._send_line(line, tongue, peer)))
        return ()

    def _send_line(self, line: str, tongue: text.Tongue, peer: datagrams.Peer) -> bool:
        return self.send(text.cut(tongue.write(line), limits.PLAIN_ANSWER, tongue.codec), peer)


class _Once:
    """An answer to one datagram: a second would be taken for the answer to the next (T15, T20)."""

    def __init__(self, answer: Answer) -> None:
        self._answer: Answer | None = answer

    def __call__(self, line: str) -> bool:
        answer, self._answer = self._answer, None
        return answer is not None and answer(line)
