"""Carries what one server asks another: a datagram that is sent again, a connection for one request.

Answers are taken from whom was asked alone, with the id that was asked, to the question that was
asked, and signed if the request was.
"""

import ipaddress
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from twisted.internet import defer, endpoints, error, interfaces, protocol, udp
from twisted.python.log import callWithContext

from netapp.core import limits
from netapp.core.alarm import Alarm
from netapp.dns.message import HEADER, OPCODE, QR, TC, name_end
from netapp.dns.transfer.conversing import Conversation, Receive, Unanswered, Unreached
from netapp.dns.transfer.servers import Server
from netapp.dns.tsig.keys import Keyring
from netapp.dns.tsig.signing import Unverified
from netapp.dns.tsig.trust import Trust
from netapp.errors import WireError

T = TypeVar("T")


#: Twisted's own lines for each port say nothing to an operator: in this context they have no text.
_QUIET: Final = {"log_format": ""}


class Question(protocol.DatagramProtocol):
    """One request by datagram, sent again until it is answered: each wait is one try."""

    noisy = False
    transport: Any

    def __init__(
        self,
        server: Server,
        message: bytes,
        trust: Trust,
        clock: interfaces.IReactorTime,
        tries: Sequence[float],
    ) -> None:
        self._server, self._message, self._trust = server, message, trust
        self._clock, self._tries = clock, list(tries)
        self._reason = "it does not answer"
        self._alarm = Alarm(clock, self._again)
        self.answer: defer.Deferred[bytes] = defer.Deferred(lambda _: self._end())
        self._over = False

    def begin(self) -> None:
        """Ask, once the port is open."""
        self._octets = self._trust.request(self._message)
        try:
            self.transport.connect(self._server.host, self._server.port)
        except OSError as problem:  # there is no way to it, or we may not
            self._unsent(problem)
        else:
            self._again()

    def _again(self) -> None:
        if not self._tries:
            self._fail()
            return
        self._alarm.set(self._clock.seconds() + self._tries.pop(0))
        try:
            self.transport.write(self._octets)
        except OSError as problem:
            self._unsent(problem)

    def _unsent(self, problem: OSError) -> None:
        self._reason = problem.strerror or str(problem)
        self._fail()

    def datagramReceived(self, datagram: bytes, addr: object) -> None:
        if self._over or not answers(datagram, self._message):
            return
        try:
            plain = self._trust.lone(datagram)
        except (WireError, Unverified) as problem:  # anybody may have sent it: wait on
            self._reason = str(problem)
            return
        self._end()
        self.answer.callback(plain)

    def connectionRefused(self) -> None:
        self._reason = "nobody listens there"
        self._fail()

    def stopProtocol(self) -> None:
        """Twisted closes a port of one peer for what the kernel reports of it: that is a refusal too."""
        if not self._over:
            self.connectionRefused()

    def _fail(self) -> None:
        if not self._over:
            self._end()
            self.answer.errback(Unanswered(self._reason))

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._alarm.end()
            if self.transport is not None:
                self.transport.stopListening()


class _Once(protocol.Factory):
    noisy = False


class Asker:
    """Asks other servers.

    :param time: gives seconds since 1970, for signatures.
    :param source: the address that we ask from, where it can reach a server; by default what the
        system takes, which may be another than the one that the server knows us by.
    """

    def __init__(
        self, reactor: Any, keyring: Keyring, time: Callable[[], float], source: str | None = None
    ) -> None:
        self._reactor, self._keyring, self._time = reactor, keyring, time
        self._source = source

    async def by_datagram(
        self, server: Server, message: bytes, tries: Sequence[float] = limits.TRANSFER_ASK
    ) -> bytes:
        """The answer to one request, its signature taken off.  :raises Unanswered: there is none."""
        question = Question(server, message, self._trust(server), self._reactor, tries)
        interface = source_for(server.host, self._source) or ("::" if ":" in server.host else "")
        try:
            port = callWithContext(_QUIET, self._reactor.listenUDP, 0, question, interface, limits.DATAGRAM)
        except error.CannotListenError as problem:
            raise Unanswered(f"no socket: {problem.socketError}") from None
        if isinstance(port, udp.Port):
            port.connectionLost = partial(callWithContext, _QUIET, port.connectionLost)  # type: ignore[method-assign]
        question.begin()
        return await question.answer

    async def by_stream(
        self, server: Server, message: bytes, receive: Receive[T], bound: float = limits.TRANSFER_IN
    ) -> T:
        """What ``receive`` makes of the answer.

        :raises Unanswered: the connection cannot be made, or ends before the answer does.
        :raises NetappError: what ``receive`` raises.
        """
        talk = Conversation(message, self._trust(server), receive, self._reactor, bound)
        kind = endpoints.TCP6ClientEndpoint if ":" in server.host else endpoints.TCP4ClientEndpoint
        source = source_for(server.host, self._source)
        endpoint = kind(
            self._reactor,
            server.host,
            server.port,
            timeout=limits.TRANSFER_CONNECT,
            bindAddress=(source, 0) if source is not None else None,
        )
        try:
            await endpoint.connect(_Once.forProtocol(lambda: talk))
        except error.ConnectionRefusedError:
            raise Unreached("nobody listens there") from None
        except error.ConnectingCancelledError:  # which is no CancelledError
            raise defer.CancelledError() from None
        except (error.ConnectError, OSError) as problem:  # Twisted's own, or its link is not there
            raise Unreached(f"it cannot be reached: {_reason(problem)}") from None
        return await talk.outcome

    async def first_answer(self, server: Server, message: bytes) -> bytes:
        """The one message that answers a request, by datagram, or by stream where that fails.

        :raises Unanswered: there is none.
        """
        try:
            answer = await self.by_datagram(server, message)
            if not answer[2] & TC:
                return answer
        except Unanswered as problem:
            reason = problem
        else:
            reason = Unanswered("its answer is cut")

        def receive(octets: bytes) -> bytes | None:
            if not answers(octets, message):
                raise Unanswered("it answers another question")
            return octets

        try:
            return await self.by_stream(server, message, receive, sum(limits.TRANSFER_ASK))
        except Unanswered:
            raise reason from None

    def _trust(self, server: Server) -> Trust:
        return Trust(server.key_in(self._keyring), self._time)


def _reason(problem: Exception) -> str:
    """What a connection failed of; Twisted's errors have the number of it, or the system's own."""
    cause = getattr(problem, "osError", problem)
    if isinstance(cause, int):
        return os.strerror(cause)
    return (cause.strerror or str(cause)) if isinstance(cause, OSError) else "no answer"


def source_for(host: str, source: str | None) -> str | None:
    """The address to ask a server from; None for the system's choice.

    One of another family, or of this machine alone, reaches nobody there.
    """
    if source is None:
        return None
    ours, theirs = (ipaddress.ip_address(each.partition("%")[0]) for each in (source, host))
    fits = (
        not ours.is_unspecified
        and ours.version == theirs.version
        and (ours.is_loopback, ours.is_link_local) == (theirs.is_loopback, theirs.is_link_local)
    )
    return source if fits else None


def answers(datagram: bytes, request: bytes) -> bool:
    """Whether octets may be the answer to a request: id, opcode and question are its own."""
    if len(datagram) < HEADER or datagram[:2] != request[:2] or not datagram[2] & QR:
        return False
    if (datagram[2] ^ request[2]) & OPCODE:
        return False
    if datagram[4:6] == b"\0\0":
        return True  # an error need not give it back
    end = name_end(request, HEADER) + 4
    return datagram[HEADER:end].lower() == request[HEADER:end].lower()
