"""Witnesses: they carry what a listener sees to the rules of ``--explain``, and can harm nothing."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Concatenate, Final, ParamSpec

from twisted.application.service import IService
from twisted.internet import error, interfaces
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.access import is_loopback, plain_host
from netapp.core.alarm import Alarm
from netapp.core.connections import Peer, SessionFactory, peer_of
from netapp.core.datagrams import Datagrams, Rate
from netapp.core.explain import evidence
from netapp.core.explain.datagrams import Correspondence
from netapp.core.explain.streams import Conversation
from netapp.core.explain.teller import Teller
from netapp.core.languages import Lang
from netapp.core.listen import DatagramListener, StreamListener
from netapp.core.sendfile import BodySender
from netapp.core.services import parts
from netapp.core.sessions import Body, Slice

P = ParamSpec("P")
#: The option of the listeners that speak plain text; what stands behind --ssh or --ldap has its own rules.
_PLAIN: Final = "--listen"


def explain_all(house: IService, lang: Lang, reactor: Any) -> None:
    """Have each plain listener in a process witnessed."""
    teller = Teller(lang, reactor)
    for each in parts(house):
        if not isinstance(each, StreamListener | DatagramListener) or each.option != _PLAIN:
            continue
        if isinstance(each, StreamListener) and isinstance(each.factory, SessionFactory):
            each.factory.witness = StreamDoor(each.owner, teller, reactor)
        elif isinstance(each, DatagramListener) and isinstance(each.handler, Datagrams):
            each.handler.witness = DatagramDoor(each.owner, teller, reactor, each.handler)


def fenced(method: "Callable[Concatenate[Any, P], None]") -> "Callable[Concatenate[Any, P], None]":
    """What fails in a witness ends the witness, never what it looks at."""

    def call(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if self.broken:
            return
        try:
            method(self, *args, **kwargs)
        except Exception:
            self.broken = True
            self.teller.failed(Failure())

    call.__doc__ = method.__doc__
    return call


class StreamDoor:
    """A stream listener's witness.  :param owner: the plugin."""

    def __init__(self, owner: str, teller: Teller, clock: Any) -> None:
        self.owner, self.teller, self.clock = owner, teller, clock
        self.greets = False  # it has spoken first: a client that waits then, waits rightly

    def met(self, transport: Any) -> "Watched | None":
        """The witness of one connection; None if there cannot be one."""
        try:
            return Watched(self, transport)
        except Exception:
            self.teller.failed(Failure())
            return None


class Watched:
    """One connection's witness."""

    def __init__(self, door: StreamDoor, transport: Any) -> None:
        self.teller, self._clock, self.broken = door.teller, door.clock, False
        self._door = door
        self._plain = not interfaces.ISSLTransport.providedBy(transport)
        peer = peer_of(transport.getPeer())
        tell = partial(door.teller.tell, door.owner, peer)
        self._rules = Conversation(tell, evidence.Connection(transport), self._clock.seconds())
        self._alarm = Alarm(self._clock, self._wake)
        self._alarm.set(self._rules.deadline)
        self._sender: BodySender | None = None

    @fenced
    def heard(self, data: bytes) -> None:
        self._rules.heard(data, self._clock.seconds())
        self._alarm.set(self._rules.deadline)

    @fenced
    def said(self, octets: bytes) -> None:
        self._door.greets = self._door.greets or self._rules.untouched
        self._rules.said(octets, self._clock.seconds())
        self._alarm.set(self._rules.deadline)

    @fenced
    def ticked(self) -> None:
        """The session's deadline has come."""
        self._rules.ticked(self._clock.seconds())

    @fenced
    def streaming(self, body: Body, sender: BodySender) -> None:
        """A body begins to leave."""
        size = sum(part.count if isinstance(part, Slice) else len(part) for part in body.parts)
        self._sender = sender
        self._rules.streaming(size, self._clock.seconds())
        self._alarm.set(self._rules.deadline)

    @fenced
    def streamed(self) -> None:
        """All of it is with the kernel."""
        self._rules.streamed()
        self._alarm.set(self._rules.deadline)

    @fenced
    def cut_off(self, failure: Failure) -> None:
        """A body could not be sent to its end."""
        if self._sender is not None and failure.check(error.ConnectionLost, ConnectionError):
            self._rules.cut_off(self._sender.sent)
        self.leave()

    @fenced
    def lost(self, reason: Failure, finished: bool) -> None:
        """The connection has ended.  :param finished: the peer had said that it sends no more.

        TLS without its own end is no clean end either, and nothing can be said of that.
        """
        if self._plain and not failure_is_ours(reason):
            self._rules.lost(clean=reason.check(error.ConnectionDone) is not None, finished=finished)
        self.leave()

    @fenced
    def noticed(self, key: str, fields: Mapping[str, object]) -> None:
        """The session gave an effect :class:`netapp.core.sessions.Noticed`."""
        self._rules.noticed(key, fields)

    @fenced
    def leave(self) -> None:
        """There is nothing more to see here."""
        self._alarm.end()
        self.broken = True  # and nothing more is judged

    @fenced
    def _wake(self) -> None:
        if self._door.greets and self._rules.untouched:
            return
        self._rules.tick(self._clock.seconds())
        self._alarm.set(self._rules.deadline)


def failure_is_ours(reason: Failure) -> bool:
    """Whether we have ended the connection by a reset."""
    return reason.check(error.ConnectionAborted) is not None


class DatagramDoor:
    """A datagram listener's witness.  :param owner: the plugin."""

    def __init__(self, owner: str, teller: Teller, clock: Any, handler: Datagrams) -> None:
        self.teller, self._clock, self.broken = teller, clock, False
        self._owner = owner
        self._looks = Rate(limits.EXPLAIN_LOOKS, sources=1)

        def drops() -> int | None:
            return evidence.drops(handler.transport)

        self._rules = Correspondence(self._tell, drops, evidence.is_held)
        self._alarm = Alarm(clock, self._wake)

    @fenced
    def heard(self, datagram: bytes, peer: Peer, now: float) -> None:
        self._rules.heard(datagram, peer, now)
        self._alarm.set(self._rules.deadline)

    @fenced
    def saying(self, octets: bytes, peer: Peer) -> None:
        """This is about to be sent."""
        host = plain_host(peer[0])
        looks = is_loopback(host) and self._looks.admits("", self._clock.seconds())
        self._rules.saying(octets, peer, local=looks)

    @fenced
    def _wake(self) -> None:
        self._rules.tick(self._clock.seconds())
        self._alarm.set(self._rules.deadline)

    def _tell(self, peer: Peer, key: str, fields: Mapping[str, object]) -> None:
        self.teller.tell(self._owner, (plain_host(peer[0]), peer[1]), key, fields)
