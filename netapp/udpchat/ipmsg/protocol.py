"""Carries IP Messenger's datagrams to and from the lobby, and refuses file requests."""

from collections.abc import Iterable, Sequence

from twisted.internet import defer, interfaces
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from netapp.core import datagrams, limits
from netapp.core.access import Access
from netapp.core.alarm import Alarm
from netapp.core.datagrams import OwnPorts, Peer
from netapp.core.languages import Speaker
from netapp.core.sessions import Close, Effect, Session
from netapp.errors import NetappError
from netapp.talk.talk import Talk
from netapp.udpchat.ipmsg import effects, session
from netapp.udpchat.ipmsg.wire import Command
from netapp.udpchat.lines import lines_of
from netapp.udpchat.seats import Seats, say_all, who_is_there

#: From NOOPERATION, which wakes the segment, to the entry; from there to its repetition (IPMSG 5.5).
WAKING = 0.25
AGAIN = 5.0
#: Between the two exits (IPMSG 5.5).
EXIT_AGAIN = 0.1


class IpmsgDatagrams(datagrams.Datagrams):
    """The lobby's door for IP Messenger, FeiQ and iptux."""

    def __init__(
        self,
        station: session.Session,
        talk: Talk,
        say: Speaker,
        clock: interfaces.IReactorTime,
        access: Access,
        own: OwnPorts,
    ) -> None:
        super().__init__(clock, access, own)
        self.session, self._talk, self._say = station, talk, say
        self.seats = Seats(talk, self._heard_in_lobby, "feiq")
        self._alarm = Alarm(clock, self._wake)

    def heard(self, datagram: bytes, peer: Peer, now: float) -> Iterable[bytes]:
        self._perform(self.session.receive(datagram, peer, now))
        return ()

    def stopProtocol(self) -> None:
        super().stopProtocol()
        self._alarm.end()
        self.seats.leave_all()

    # What the service calls ------------------------------------------------------------------

    def broadcast(self, command: Command, addresses: Iterable[str]) -> None:
        """One presence packet, with one number, to each broadcast address.  Source: IPMSG 1.3, 5.1."""
        octets = self.session.announcement(command)
        host = self.transport.getHost()
        for address in addresses:
            mapped = f"::ffff:{address}" if ":" in host.host else address
            self.send(octets, (mapped, host.port))

    def goodbye(self) -> None:
        """Tell those who list us that we go."""
        self._perform(self.session.goodbye())

    # Effects ---------------------------------------------------------------------------------

    def _heard_in_lobby(self, who: Peer, text: str) -> None:
        self._perform(self.session.tell(who, text, self.clock.seconds()))

    def _wake(self) -> None:
        self._perform(self.session.tick(self.clock.seconds()))

    def _perform(self, todo: Sequence[effects.Effect]) -> None:
        for effect in todo:
            match effect:
                case effects.Send(octets, to):
                    self.send(octets, to)
                case effects.Joined(who, name):
                    self.seats.take(who, name)
                case effects.Said(who, text, receipt):
                    stored = say_all(self.seats[who], lines_of(text))
                    stored.addCallbacks(self._stored, self._unstored, (receipt,), {}, (receipt,))
                    stored.addErrback(self._failed)
                case effects.Asked(who, command):
                    self._perform(self.session.reply(who, self._reply(command), self.clock.seconds()))
                case effects.Away(who):
                    self.seats.leave(who, away=True)
                case effects.Left(who):
                    self.seats.leave(who)
        self._alarm.set(self.session.deadline)

    def _reply(self, command: str) -> str:
        return who_is_there(self._talk, self._say) if command == "/who" else self._say("help ipmsg")

    def _stored(self, _: object, receipt: effects.Receipt) -> None:
        self._perform(self.session.stored(receipt, self.clock.seconds()))

    def _unstored(self, failure: Failure, receipt: effects.Receipt) -> None:
        """Talk has logged why, if it is the disk's fault; without a receipt the peer sends it again."""
        if not failure.check(NetappError):
            self._failed(failure)
        self.session.unstored(receipt)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("a peer's message could not be stored or answered", failure)


class Presence:
    """Comes and goes, with broadcasts or without.

    :param addresses: gives the broadcast addresses of now.
    """

    def __init__(
        self,
        station: IpmsgDatagrams,
        addresses: Iterable[str],
        clock: interfaces.IReactorTime,
    ) -> None:
        self._station, self._clock = station, clock
        self._addresses = tuple(addresses)
        self._calls: list[interfaces.IDelayedCall] = []

    def start(self) -> None:
        """Source: IPMSG 5.5."""
        if not self._addresses:
            return
        self._station.transport.setBroadcastAllowed(True)
        self._broadcast(Command.NOOPERATION)
        self._calls = [
            self._clock.callLater(after, self._broadcast, Command.BR_ENTRY)
            for after in (WAKING, WAKING + AGAIN)
        ]

    async def _leave(self) -> None:
        for pause in (0.0, EXIT_AGAIN):
            if pause:
                await deferLater(self._clock, pause)
            self._station.goodbye()
            self._broadcast(Command.BR_EXIT)

    def stop(self) -> defer.Deferred[None]:
        """BR_EXIT, twice, since nobody answers it.  Source: IPMSG 5.5."""
        for call in self._calls:
            if call.active():
                call.cancel()
        if not self._addresses and not len(self._station.session.peers):
            return defer.succeed(None)
        return defer.ensureDeferred(self._leave())

    def _broadcast(self, command: Command) -> None:
        if self._addresses:
            self._station.broadcast(command, self._addresses)


class Refusal(Session):
    """A file request: nothing is offered, so it gets a close without an octet.  Source: IPMSG 10.5."""

    def open(self, now: float) -> Sequence[Effect]:
        self.deadline = now + limits.IPMSG_REQUEST
        return ()

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        return [Close("no file is offered")]

    def tick(self, now: float) -> Sequence[Effect]:
        return [Close("no request")]
