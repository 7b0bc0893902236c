"""A peer's place in the lobby: what it says goes in at once, however long its arrival takes."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.languages import Speaker
from netapp.errors import NetappError
from netapp.talk import LOBBY, Change, Delivery, Kind, Message, Proof, tidy_nickname
from netapp.talk.presence import Presence
from netapp.talk.talk import Talk

#: Gets what others have said, as it is to be shown.
Heard = Callable[[str], object]


class Seat:
    """One peer in the lobby, marked as a LAN peer: its name is only what it says.

    :param name: what it wants to be called; a number is added when somebody is called so.
    :param since: it was here before, up to the message of this number: it is told what came after.
    """

    _log = Logger()

    def __init__(
        self, talk: Talk, name: str, heard: Heard, since: int | None = None, door: str = "udp"
    ) -> None:
        self._talk, self._heard = talk, heard
        self.last, self.door = since, door
        self._held: list[Delivery] | None = None  # while it is told what it has missed
        self._name = tidy_nickname(name, "lan")
        self._presence: Presence | None = None
        self._arriving = False
        self._waiting: list[defer.Deferred[Presence]] = []
        self._begin()

    def say(self, text: str) -> defer.Deferred[Message]:
        """Say something in the lobby; fires when it is stored, with what talk raises otherwise."""
        return self._here().addCallback(lambda presence: presence.say(LOBBY, text))

    def rename(self, name: str) -> defer.Deferred[str]:
        """Be called otherwise.  :returns: the name now.  Fails with BadName, NameTaken."""
        return defer.ensureDeferred(self._rename(name))

    def leave(self) -> None:
        """Go, after what was said before."""
        if self._arriving or self._presence is not None:
            self._here().addCallbacks(lambda presence: presence.depart(), lambda failure: None)

    # What talk calls -------------------------------------------------------------------------

    def deliver(self, delivery: Delivery) -> None:
        if self._held is not None:
            self._held.append(delivery)
            return
        if delivery.to is None:
            if self.last is not None and delivery.message.number <= self.last:
                return  # told already, among what was missed
            self.last = delivery.message.number
        if delivery.sender is not self._presence:
            self._heard(shown(delivery))

    def changed(self, change: Change) -> None:
        """Who comes and goes is not told: a datagram's peer may be gone in a second."""

    # Arriving --------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._arriving = True
        defer.ensureDeferred(self._arrive()).addErrback(self._cannot)

    async def _arrive(self) -> None:
        presence = await self._talk.arrive(self._name, self, proof=Proof.LAN, unique=True)
        try:
            if self.last is not None:
                self._held = []
            await presence.join(LOBBY)
        except BaseException:
            presence.depart()
            raise
        self._presence, self._arriving = presence, False
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(presence)
        if self._held is not None:
            await self._catch_up()

    async def _catch_up(self) -> None:
        """Tell what was said since, then what has come while that was read."""
        try:
            missed = await self._talk.history(LOBBY, limit=limits.IPMSG_MISSED)
        except Exception:
            self._log.failure("what a peer has missed cannot be read")
            missed = []
        held, self._held = self._held or [], None
        first = next((each.message.number for each in held if each.to is None), math.inf)
        for message in missed:
            if message.number < first:
                self.deliver(Delivery(message))
        for delivery in held:
            self.deliver(delivery)

    def _cannot(self, failure: Failure) -> None:
        if not failure.check(NetappError):  # what talk refuses is said to the peer
            self._log.failure("a peer could not enter the lobby", failure)
        self._arriving = False  # the next call tries again
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.errback(failure)

    def _here(self) -> defer.Deferred[Presence]:
        """Fires in the order of the calls."""
        if self._presence is not None:
            return defer.succeed(self._presence)
        waiting: defer.Deferred[Presence] = defer.Deferred()
        self._waiting.append(waiting)
        if not self._arriving:
            self._begin()
        return waiting

    async def _rename(self, name: str) -> str:
        presence = await self._here()
        await presence.rename(name)
        return presence.author.name


class Seats:
    """The seats of one listener's peers, by address.  :param door: which listener, in a word."""

    def __init__(self, talk: Talk, heard: Callable[[Any, str], object], door: str) -> None:
        self._talk, self._heard, self._door = talk, heard, door
        self._seats: dict[Any, Seat] = {}
        self._names: dict[Any, str] = {}
        self._away: dict[Any, int] = {}  # up to which message they were here

    def __len__(self) -> int:
        return len(self._seats)

    def __getitem__(self, who: Any) -> Seat:
        return self._seats[who]

    def take(self, who: Any, name: str) -> None:
        """A peer is there; or it is, and wants to be called otherwise."""
        if who not in self._seats:
            since = self._away.pop(who, None)
            self._seats[who] = Seat(self._talk, name, lambda text: self._heard(who, text), since, self._door)
        elif self._names[who] != name:  # what it had keeps it if that name is taken
            self._seats[who].rename(tidy_nickname(name, "lan")).addErrback(_keeps_its_name)
        self._names[who] = name

    def leave(self, who: Any, *, away: bool = False) -> None:
        """A peer has gone.  :param away: it may come back, and is then told what it has missed."""
        self._away.pop(who, None)
        if (seat := self._seats.pop(who, None)) is not None:
            del self._names[who]
            seat.leave()
            if away and seat.last is not None:
                self._away[who] = seat.last

    def leave_all(self) -> None:
        for who in list(self._seats):
            self.leave(who)


def _keeps_its_name(failure: Failure) -> None:
    failure.trap(NetappError)


def shown(delivery: Delivery) -> str:
    """A message as a datagram shows it: ``[小明] 你好``."""
    message = delivery.message
    name = message.author.name
    if message.kind is Kind.EVENT:
        return f"({message.text})"
    if message.kind is Kind.ACT:
        return f"* {name} {message.text}"
    if delivery.to is not None:
        return f"[{name} → {delivery.to.name}] {message.text}"
    return f"[{name}] {message.text}"


def who_is_there(talk: Talk, say: Speaker) -> str:
    """Who is in the lobby, for one who asks."""
    return say("who", names=", ".join(author.name for author in talk.members(LOBBY)) or "-")


def say_all(seat: Seat, lines: Sequence[str]) -> defer.Deferred[list[Message]]:
    """Say several lines; fires when all are stored, fails when one is not."""
    stored = defer.gatherResults([seat.say(line) for line in lines], consumeErrors=True)
    return stored.addErrback(_first)


def _first(failure: Failure) -> Failure:
    return failure.value.subFailure if isinstance(failure.value, defer.FirstError) else failure
