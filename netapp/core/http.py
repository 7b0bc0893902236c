"""HTTP/1.1 connections: twisted.web reads the requests, a function answers them, and bodies stream.

Twisted's ``HTTPChannel`` does the parsing and keeps pipelined requests in order.  Ours adds what a
server on a hostile network needs: deadlines that a trickle of octets does not move, no answer to a
request that two servers could read differently, an answer before an unwanted body and not after it,
one response in memory at a time, and files straight from the page cache.

Source: RFC 9110, RFC 9112.  Only public names of twisted.web are used.
"""

import re
from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any, ClassVar, Final

from twisted.internet import defer, interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http
from zope.interface import implementer

from netapp.core import limits
from netapp.core.connections import SessionFactory, peer_of
from netapp.core.exchange import Answer, Asked, Response, is_ambiguous
from netapp.core.sendfile import BodySender, tell_cut_off
from netapp.core.sessions import Body
from netapp.core.sockets import can_half_close
from netapp.core.strangers import bad_request

_BARE_LF: Final = re.compile(rb"(?<=[^\r])\n")


class Request(http.Request):
    """One request, answered as soon as its head is there."""

    channel: "Channel"
    method: bytes
    uri: bytes
    clientproto: bytes

    def gotLength(self, length: int | None) -> None:
        self.content = BytesIO()  # nothing is kept of a body

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self.method, self.uri, self.clientproto = command, path, version
        self.channel.respond(self)


@implementer(interfaces.IHalfCloseableProtocol)
class Channel(http.HTTPChannel):
    """One connection's requests, in order, each answered by ``answer``.

    :param answer: a request's head to its response, or to one that comes later.  Who gives the
        latter bounds the wait; it is cancelled when the client has gone.
    """

    _log = Logger()
    requestFactory: ClassVar[Any] = Request  # type: ignore[misc]
    maxHeaders = 100
    transport: Any
    persistent: bool

    def __init__(self, answer: Answer, clock: interfaces.IReactorTime) -> None:
        super().__init__()
        self._answer, self._clock = answer, clock
        self.timeOut = None  # Twisted's own begins anew with each octet
        self._timer: interfaces.IDelayedCall | None = None
        self._owner: SessionFactory | None = None
        self._line: tuple[bytes, bytes, bytes] | None = None  # the request line, once it is there
        self._in_head = False
        self._tail = b""  # the last octets that came
        self._sender: BodySender | None = None
        self._later: defer.Deferred[Response] | None = None  # a response that is waited for
        self._closing = self._finished = False

    # What a SessionFactory asks of a carrier.  HTTPChannel's own ``factory`` is an HTTPFactory.

    @property
    def factory(self) -> SessionFactory | None:
        return None

    @factory.setter
    def factory(self, factory: SessionFactory | None) -> None:
        self._owner = factory

    @property
    def busy(self) -> bool:
        """A response is under way."""
        return self._sender is not None or self._later is not None

    def close(self, *, abort: bool = False) -> None:
        """Hang up; a response that is under way is cut off, and seen to be."""
        abort = abort or self._sender is not None
        if self._sender is not None:
            self._sender.cancel()
            self._sender = None
        self._closing = True
        self._forget_later()
        self.transport.unregisterProducer()
        if abort:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()

    @property
    def _stopping(self) -> bool:
        return self._owner is not None and self._owner.draining

    def _due_in(self, seconds: float | None, due: Callable[[], object] | None = None) -> None:
        """Have one thing happen later, instead of what was to happen before."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None if seconds is None else self._clock.callLater(seconds, due or self.close)

    # What Twisted calls ----------------------------------------------------------------------

    def connectionMade(self) -> None:
        super().connectionMade()
        self._due_in(limits.FILE_IDLE)

    def dataReceived(self, data: bytes) -> None:
        if self._closing:
            return  # read and dropped, so that the peer's system keeps our answer
        if not self._in_head and not self.busy:
            self._in_head = True
            self._tail = b""  # the request before may have ended with a LF
            self._due_in(limits.HTTP_HEAD)
        seen = self._tail + data
        self._tail = seen[-3:]
        if self._in_head and _BARE_LF.search(seen.partition(b"\r\n\r\n")[0]):
            self._refuse()  # RFC 9112 section 2.2; a line that never ends would only wait
            return
        super().dataReceived(data)

    def readConnectionLost(self) -> None:
        self._finished = True
        if self._later is not None:
            self._due_in(limits.HTTP_GONE)
        elif not self.busy:  # else the answer is on its way, and more may have been asked before
            self._closing = True
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our own half-close."""

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self._closing = True
        self._forget_later()
        self._due_in(None)
        super().connectionLost(reason)
        if self._owner is not None:
            self._owner.lost(self)

    # Reading a head --------------------------------------------------------------------------

    def lineReceived(self, line: bytes) -> None:
        if self._closing:
            return
        if b"\n" in line or b"\r" in line or (self._line is not None and line[:1] in (b" ", b"\t")):
            self._refuse()  # a bare CR or LF, or a folded line: RFC 9112 sections 2.2 and 5.2
            return
        if self._line is None and line:
            words = line.split(b" ")
            if len(words) != 3:
                self._refuse()
                return
            self._line = words[0], words[1], words[2]
        super().lineReceived(line)

    def allHeadersReceived(self) -> None:
        self._in_head = False
        self._due_in(None)
        request, line = self.requests[-1], self._line
        assert line is not None
        values = request.requestHeaders.getRawHeaders
        if is_ambiguous(values(b"Host", []), values(b"Transfer-Encoding", []), line[2]):
            self._refuse()
            return
        request.requestHeaders.removeHeader(b"Expect")  # no body is wanted, so none is asked for
        super().allHeadersReceived()
        if self.length != 0:
            # A body: answer at once and end the connection, whatever of it may still come.
            self.persistent = False
            self._closing = True
            request.requestReceived(*line)

    def allContentReceived(self) -> None:
        self._line = None
        if not self._closing:
            super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:
        if not self._closing:
            super().rawDataReceived(data)

    def _refuse(self) -> None:
        """Answer what is no request, and say no more on this connection."""
        if self._owner is not None:
            self._owner.malformed += 1
        self.persistent = False
        self.transport.write(bad_request())
        self._linger()

    # Answering -------------------------------------------------------------------------------

    def respond(self, request: Request) -> None:
        """Answer a request; the next one is read when this answer has left."""
        try:
            headers = {
                name.decode("latin-1").lower(): [value.decode("latin-1") for value in values]
                for name, values in request.requestHeaders.getAllRawHeaders()
            }
            answer = self._answer(Asked(request.method.decode("latin-1"), request.uri, headers))
        except Exception:
            answer = self._failed(Failure())
        if isinstance(answer, Response):
            self._reply(answer, request)
        else:
            self._wait_for(answer, request)

    def _wait_for(self, answer: Coroutine[Any, Any, Response], request: Request) -> None:
        later = self._later = defer.Deferred.fromCoroutine(answer)
        if self._finished:
            self._due_in(limits.HTTP_GONE)
        later.addErrback(self._failed).addCallback(self._answered, later, request)
        later.addErrback(self._unsayable)

    def _answered(self, response: Response, later: object, request: Request) -> None:
        if self._later is not later:  # nobody is there to be told
            Body(response.parts).close()
            return
        self._later = None
        self._due_in(None)
        self._reply(response, request)

    def _forget_later(self) -> None:
        later, self._later = self._later, None
        if later is not None:
            later.cancel()

    def _failed(self, failure: Failure) -> Response:
        if self._later is not None or not failure.check(defer.CancelledError):
            self._log.failure("a request of {peer} failed", failure, peer=peer_of(self.getPeer()))
        return Response(500, (("Content-Length", "0"),), close=True)

    def _unsayable(self, failure: Failure) -> None:
        self._log.failure("a response could not be written", failure)
        self.close(abort=True)

    def _reply(self, response: Response, request: Request) -> None:
        if response.close or self._stopping or not self.persistent:
            self.persistent = False
            request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        request.setResponseCode(response.status)
        for name, value in response.headers:
            request.responseHeaders.addRawHeader(name, value)
        request.write(b"")  # the head
        self._stream(request, response)

    def _stream(self, request: Request, response: Response) -> None:
        body = Body(response.parts)
        if request.method == b"HEAD":
            body.close()
            body = Body(())
        # While a body leaves, it is the transport's producer; the channel is again afterwards.
        self.transport.unregisterProducer()
        self._sender = BodySender(body, self.transport, self._clock)
        self._sender.start().addCallbacks(self._streamed, self._broken, callbackArgs=(request,))

    def _streamed(self, _: None, request: Request) -> None:
        self._forget_sender()
        self.transport.registerProducer(self, True)
        self.resumeProducing()  # everything has left, whatever was paused before
        self._due_in(limits.FILE_IDLE)
        request.finish()  # and begin the next one, if it has come
        if (self._finished or self._stopping) and not (self.busy or self._closing):
            self.close()

    def _broken(self, failure: Failure) -> None:
        self._forget_sender()
        self._closing = True
        tell_cut_off(self._log, failure)

    def _forget_sender(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None and self._owner is not None:
            self._owner.streamed += sender.sent

    def loseConnection(self) -> None:
        """Twisted has no more to say: the last response is out, or it was a bad request."""
        self._linger()

    def _linger(self) -> None:
        """Say that we have finished, but read on for a moment: see :class:`netapp.core.sessions.Close`."""
        self._closing = True
        self.transport.unregisterProducer()
        transport: Any = self.transport
        if can_half_close(transport) and not self._finished:
            transport.loseWriteConnection()
            self._due_in(limits.LINGER, transport.loseConnection)
        else:
            transport.loseConnection()
