"""Carries plain datagrams: to and from the lobby, or an operator's desk."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from twisted.internet import interfaces
from twisted.python.failure import Failure

from netapp.core import datagrams
from netapp.core.access import Access, plain_host
from netapp.core.alarm import Alarm
from netapp.core.connections import peer_of
from netapp.core.datagrams import OwnPorts, Peer
from netapp.core.desk import Arrived, Desk
from netapp.core.languages import Speaker
from netapp.core.text import Tongue
from netapp.errors import NetappError
from netapp.talk import BadName, NameTaken
from netapp.talk.talk import Talk
from netapp.udpchat.plain.operator import OperatorSession, Show
from netapp.udpchat.plain.session import Answer, Asked, Effect, Joined, Left, Owed, Said, Session
from netapp.udpchat.seats import Seats, say_all, who_is_there


class PlainDatagrams(datagrams.Datagrams):
    """The lobby's door for plain datagrams."""

    def __init__(
        self,
        session: Session,
        talk: Talk,
        say: Speaker,
        clock: interfaces.IReactorTime,
        access: Access,
        own: OwnPorts,
    ) -> None:
        super().__init__(clock, access, own)
        self.session, self._talk, self._say = session, talk, say
        self.seats = Seats(talk, self._heard_in_lobby, "udp")
        self._alarm = Alarm(clock, self._wake)

    def heard(self, datagram: bytes, peer: Peer, now: float) -> Iterable[bytes]:
        self._perform(self.session.receive(datagram, peer, now))
        return ()

    def stopProtocol(self) -> None:
        super().stopProtocol()
        self._alarm.end()
        self.seats.leave_all()

    def _heard_in_lobby(self, who: Peer, text: str) -> None:
        self._perform(self.session.line(who, text, self.clock.seconds()))

    def _wake(self) -> None:
        self._perform(self.session.tick(self.clock.seconds()))

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Answer(octets, to):
                    self.send(octets, to)
                case Joined(who):
                    self.seats.take(who, plain_host(who[0]))
                case Said(who, lines, owed):
                    stored = say_all(self.seats[who], lines)
                    stored.addCallbacks(self._stored, self._unstored, (owed,), {}, (owed,))
                    stored.addErrback(self._failed)
                case Asked():
                    self._asked(effect)
                case Left(who):
                    self.seats.leave(who)
        self._alarm.set(self.session.deadline)

    def _stored(self, _: object, owed: Owed) -> None:
        self._perform(self.session.stored(owed, self.clock.seconds()))

    def _unstored(self, failure: Failure, owed: Owed) -> None:
        """Talk has logged why, if it is the disk's fault."""
        if not failure.check(NetappError):
            self._failed(failure)
        self._answer("not stored", owed)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("a peer's message could not be stored or answered", failure)

    def _asked(self, asked: Asked) -> None:
        if asked.command == "/who":
            there = who_is_there(self._talk, self._say)
            self._perform(self.session.answer(asked.owed, there, self.clock.seconds()))
            return
        renaming = self.seats[asked.who].rename(asked.argument)
        renaming.addCallback(lambda name: self._answer("renamed", asked.owed, name=name))
        renaming.addErrback(self._cannot, asked)

    def _cannot(self, failure: Failure, asked: Asked) -> None:
        if failure.check(BadName, NameTaken):
            key = "name taken" if failure.check(NameTaken) else "bad name"
            self._answer(key, asked.owed, name=asked.argument)
            return
        if not failure.check(NetappError):
            self._log.failure("a peer could not be renamed", failure)
        self._answer("not stored", asked.owed)

    def _answer(self, key: str, owed: Owed, **fields: object) -> None:
        self._perform(self.session.answer(owed, self._say(key, **fields), self.clock.seconds()))


class OperatorDatagrams(datagrams.Datagrams):
    """Plain datagrams to and from a person at the terminal."""

    def __init__(
        self,
        session: OperatorSession,
        desk: Desk,
        clock: interfaces.IReactorTime,
        access: Access,
        own: OwnPorts,
    ) -> None:
        super().__init__(clock, access, own)
        self.session, self._desk = session, desk

    def heard(self, datagram: bytes, peer: Peer, now: float) -> Iterable[bytes]:
        own, tongue = peer_of(self.transport.getHost()), Tongue(self.session.encoding)
        arrived = Arrived(plain_host(peer[0]), peer[1], "", datagram, tongue, own)
        for each in self.session.receive(datagram, peer, now):
            if isinstance(each, Show):
                self._desk.arrived(replace(arrived, text=each.text), lambda line: self._typed(line, peer))
            else:
                self._desk.told(arrived, each)
                yield each

    def _typed(self, line: str | bytes, peer: Peer) -> bool:
        octets = self.session.typed(line, peer, self.clock.seconds())
        return octets is not None and self.send(octets, peer)
