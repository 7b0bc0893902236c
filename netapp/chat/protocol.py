"""Carries a conversation's octets, and does with talk what the session asks."""

import math
from collections.abc import Callable
from typing import Any

from twisted.internet import defer, interfaces, protocol, tcp
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.chat import asks
from netapp.chat.asks import Ask, Joining
from netapp.chat.conversation import Conversation
from netapp.chat.entrance import Entrance
from netapp.core import limits
from netapp.core.sessions import Effect
from netapp.core.streams import Peer, SessionProtocol
from netapp.errors import NetappError, StateError
from netapp.people.model import Account
from netapp.talk import Change, Delivery
from netapp.talk.presence import Presence
from netapp.talk.talk import Talk


class Fanout:
    """One write for all that a turn of the reactor has for a connection.

    A message to a room is put down at each member; then each member is written to once, whatever
    the number of messages.
    """

    _log = Logger()

    def __init__(self, clock: interfaces.IReactorTime) -> None:
        self._clock = clock
        self._waiting: list[ChatProtocol] = []

    def add(self, member: "ChatProtocol") -> None:
        if not self._waiting:
            self._clock.callLater(0, self._flush)
        self._waiting.append(member)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            try:
                each.flush()
            except Exception:
                self._log.failure("a member could not be written to")


class ChatProtocol(SessionProtocol):
    """One connection of the chat, and its member of talk."""

    session: Conversation[Any]

    def __init__(
        self,
        session: Conversation[Any],
        clock: interfaces.IReactorTime,
        peer: Peer,
        talk: Talk,
        entrance: Entrance,
        fanout: Fanout,
    ) -> None:
        super().__init__(session, clock)
        self._peer, self._talk, self._entrance, self._fanout = peer, talk, entrance, fanout
        self._presence: Presence | None = None
        self._proof: defer.Deferred[Any] | None = None  # a password is being tried
        self._outbox: list[bytes] = []
        self._send_now: Callable[[bytes], int] | None = None  # the socket's, where octets go as they are
        self._held = False
        self._reason = ""
        self._unwatch: Callable[[], None] | None = None  # the account's changes
        self._kept: list[Delivery | Change] | None = None  # what comes while a room is entered

    # What Twisted calls ----------------------------------------------------------------------

    def connectionMade(self) -> None:
        if isinstance(self.transport, tcp.Connection) and not getattr(self.transport, "TLS", False):
            self._send_now = self.transport.socket.send
        super().connectionMade()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        self._outbox = []
        self._send_now = None
        super().connectionLost(reason)
        if self._proof is not None:
            self._proof.cancel()  # nobody waits for it any more: its place in the queue is free
        self._watch_no_more()
        self._depart()
        self._presence = self._kept = None  # the presence knows us: no cycle is left to the collector

    @property
    def door(self) -> str:
        """Which of this service's doors it is."""
        return self.session.door

    # What talk calls -------------------------------------------------------------------------

    def deliver(self, delivery: Delivery) -> None:
        if self._kept is not None:
            self._kept.append(delivery)
        elif octets := self.session.delivered(delivery):
            outbox = self._outbox
            if not outbox:
                self._fanout.add(self)
            outbox.append(octets)

    def changed(self, change: Change) -> None:
        if self._kept is not None:
            self._kept.append(change)
        elif octets := self.session.changed(change):
            if not self._outbox:
                self._fanout.add(self)
            self._outbox.append(octets)

    # Writing ---------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what has been put down, past the reactor when nothing waits before it.

        A write through the transport would ask the kernel three times: to watch the socket, to
        send, and to watch it no more.
        """
        outbox = self._outbox
        if not outbox or self.closing:
            return
        octets = outbox[0] if len(outbox) == 1 else b"".join(outbox)
        outbox.clear()
        transport = self.transport
        if self._send_now is not None and not (transport.dataBuffer or transport._tempDataBuffer):
            try:
                sent = self._send_now(octets)
            except OSError:
                sent = 0  # full, or broken: the transport finds out which
            if sent == len(octets):
                return
            octets = octets[sent:]
        super().send(octets)

    def send(self, octets: bytes) -> None:
        if octets:
            if self._outbox:
                self.flush()
            super().send(octets)

    def close(self, *, abort: bool = False, linger: bool = False) -> None:
        if not abort and not self.closing:
            self.flush()
        super().close(abort=abort, linger=linger)
        self._depart()  # not when the transport has let go: it may take its time

    def _depart(self) -> None:
        if self._presence is not None:
            self._presence.depart(self._reason)

    def _read_on(self) -> None:
        if not self._held:
            super()._read_on()

    # What the session asks -------------------------------------------------------------------

    def perform(self, effect: Effect) -> None:
        if isinstance(effect, asks.Hold):
            self._held = True
            self.transport.pauseProducing()
        elif isinstance(effect, asks.Release):
            self._held = False
            if self._stalled_until == math.inf:
                self._read_on()
        elif isinstance(effect, asks.Depart):
            self._reason = effect.reason
        elif isinstance(effect, asks.Malformed):
            self.malformed()
        else:
            ask: Any = effect
            self._do(ask).addBoth(self._answered, ask)

    def _answered(self, answer: object, ask: Ask) -> None:
        if isinstance(answer, Failure):
            if not answer.check(NetappError, defer.CancelledError):
                self._log.failure("{ask} failed", answer, ask=type(ask).__name__)
            answer = answer.value
        kept: list[Delivery | Change] = []
        if isinstance(ask, asks.Join):
            kept, self._kept = self._kept or kept, None
        self.run(self.session.answered, ask, answer)
        for each in kept:
            if isinstance(each, Delivery):
                self.deliver(each)
            else:
                self.changed(each)

    def _do(self, ask: Ask) -> "defer.Deferred[Any]":
        if isinstance(ask, asks.Arrive):
            return defer.ensureDeferred(self._arrive(ask))
        presence = self._presence
        if presence is None:
            return defer.fail(StateError(f"{type(ask).__name__} before the arrival"))
        if isinstance(ask, asks.Say):
            return presence.say(ask.room, ask.text, ask.kind)
        if isinstance(ask, asks.Direct):
            return presence.direct(ask.to, ask.text, ask.kind)
        if isinstance(ask, asks.Join):
            return defer.ensureDeferred(self._join(presence, ask.room))
        if isinstance(ask, asks.Part):
            return defer.maybeDeferred(presence.part, ask.room, ask.reason)
        if isinstance(ask, asks.Rename):
            return presence.rename(ask.name)
        if isinstance(ask, asks.SetTopic):
            return presence.set_topic(ask.room, ask.topic)
        if isinstance(ask, asks.Recall):
            return self._talk.history(ask.room, limit=ask.limit)
        raise TypeError(f"{type(self).__name__} cannot perform {ask!r}")

    async def _arrive(self, ask: asks.Arrive) -> Presence:
        self._proof = defer.ensureDeferred(self._prove(ask))
        try:
            account = await self._proof
            presence = await self._entrance.arrive(ask.name, account, self)
        except Exception:
            self._watch_no_more()  # who comes next may be somebody else
            raise
        finally:
            self._proof = None
        if self.closing:
            presence.depart()
        else:
            self._presence = presence
        return presence

    async def _prove(self, ask: asks.Arrive) -> Account | None:
        """The account that the password opens, watched from before it was last looked at."""
        verdict = await self._entrance.prove(ask.name, ask.password, self._peer[0])
        if verdict is None:
            return None
        if not self.closing:
            self._unwatch = self._entrance.watch(verdict, lambda: self.run(self.session.revoked))
        await self._entrance.see_still(verdict)
        return verdict.account

    def _watch_no_more(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    async def _join(self, presence: Presence, room: str) -> Joining:
        self._kept = []  # until the room as it was has been shown
        view = await presence.join(room)
        recent = await self._talk.history(room, before=view.last + 1, limit=limits.CHAT_RECENT)
        return Joining(view, tuple(recent))
