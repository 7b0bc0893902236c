"""Presences: what one connection does in talk."""

from typing import TYPE_CHECKING

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.talk import names
from netapp.talk.errors import NoSuchName, NotThere, TooMuch
from netapp.talk.model import (
    Author,
    Change,
    Delivery,
    Departed,
    Joined,
    Kind,
    Member,
    Message,
    Parted,
    Renamed,
    RoomView,
    TopicSet,
)
from netapp.talk.persons import Person
from netapp.talk.room import Room

if TYPE_CHECKING:
    from netapp.talk.talk import Talk


class Presence:
    """One connection's place in talk.  :meth:`depart` must be called when the connection is gone."""

    _log = Logger()
    __slots__ = ("_changed", "_talk", "deliver", "departed", "door", "person", "rooms")

    def __init__(self, talk: "Talk", person: Person, member: Member) -> None:
        self._talk, self.person = talk, person
        self.deliver, self._changed = member.deliver, member.changed
        self.door: str = getattr(member, "door", "")
        self.rooms: dict[str, Room] = {}
        self.departed = False

    @property
    def author(self) -> Author:
        """Who this is to others now."""
        return self.person.author

    def tell(self, change: Change) -> None:
        """Tell the member of a change; one that cannot take it keeps it from nobody."""
        try:
            self._changed(change)
        except Exception:
            self._log.failure("a change did not reach {name}", name=self.author.name)

    # Coming and going ------------------------------------------------------------------------

    def join(self, room: str) -> defer.Deferred[RoomView]:
        """Enter a room, which is made if need be.  :raises BadName: not a room's name.
        :raises TooMuch: in too many rooms.  (Errors come through the Deferred.)
        """
        return defer.ensureDeferred(self._join(room))

    async def _join(self, room: str) -> RoomView:
        name = names.room_name(room)
        if name in self.rooms:
            return self.rooms[name].view()
        if len(self.rooms) >= limits.ROOMS_EACH:
            raise TooMuch(f"one can be in {limits.ROOMS_EACH} rooms")
        place = await self._talk.open_room(name)
        if self.departed:
            self._talk.close_room(place)
        elif name not in self.rooms:
            self.rooms[name] = place
            if place.add(self):
                change = Joined(name, self.author)
                place.tell(change)
                self._talk.changes.publish(change)
        return place.view()

    def part(self, room: str, reason: str = "") -> None:
        """Leave a room.  :raises NotThere: not in it."""
        place = self._place(room)
        change = Parted(place.name, self.author, reason)
        audience = place.presences
        del self.rooms[place.name]
        if place.remove(self):
            _tell(audience, change)
            self._talk.changes.publish(change)
        self._talk.close_room(place)

    def depart(self, reason: str = "") -> None:
        """Leave everything; a second time does nothing.  One's own member is not told."""
        if self.departed:
            return
        self.departed = True
        rooms, self.rooms = self.rooms, {}
        left = [place for place in rooms.values() if place.remove(self)]
        self._talk.forget(self)
        if left:
            change = Departed(self.author, tuple(place.name for place in left), reason)
            _tell(dict.fromkeys(other for place in left for other in place.presences), change)
            self._talk.changes.publish(change)
        for place in rooms.values():
            self._talk.close_room(place)

    def rename(self, name: str) -> defer.Deferred[None]:
        """Take another name, this person's every presence with it.

        :raises BadName: it cannot be one.  :raises NameTaken: it is somebody's.
        """
        return defer.ensureDeferred(self._rename(name))

    async def _rename(self, name: str) -> None:
        wanted = names.nickname(name)
        old = self.author
        if wanted == old.name:
            return
        await self._talk.persons.take_name(self.person, wanted)
        if not self.person.presences:  # all have departed meanwhile
            self._talk.persons.release(self.person, wanted)
            return
        self.person.author = Author(wanted, old.proof, old.account)
        self._talk.announce(self.person, Renamed(old, self.person.author))

    # Saying ----------------------------------------------------------------------------------

    def say(
        self, room: str, text: str, kind: Kind = Kind.SAY, reply_to: str | None = None
    ) -> defer.Deferred[Message]:
        """Say something in a room one is in; fires when it is stored, with the message.

        Fails with NotThere, TooMuch (a text too long, too much waiting), or what the store says;
        then nobody gets it.
        """
        place = self.rooms.get(room)
        if place is None:
            try:
                place = self._place(room)
            except Exception:
                return defer.fail()
        return self._talk.post_in(place, self.author, text, kind, reply_to, self)

    def direct(self, to: str, text: str, kind: Kind = Kind.SAY) -> defer.Deferred[Message]:
        """Say something to one person; the sender's own presences get it too.

        Fails with NoSuchName when nobody present has that name, and as :meth:`say` does.
        """
        other = self._talk.persons.find(to)
        if other is None:
            return defer.fail(Failure(NoSuchName(f"nobody is called {to!r}")))
        key = f"@{min(self.person.key, other.key)},{max(self.person.key, other.key)}"
        draft = self._talk.draft(key, self.author, text, kind, None)
        return self._talk.store(draft).addCallback(self._give_direct, other)

    def _give_direct(self, message: Message, other: Person) -> Message:
        delivery = Delivery(message, self, other.author)
        for presence in dict.fromkeys((*other.presences, *self.person.presences)):
            try:
                presence.deliver(delivery)
            except Exception:
                self._log.failure("a message did not reach {name}", name=presence.author.name)
        return message

    def set_topic(self, room: str, topic: str) -> defer.Deferred[None]:
        """Set what a room is about; fires when it is stored.  Fails with NotThere, TooMuch."""
        return defer.ensureDeferred(self._set_topic(room, topic))

    async def _set_topic(self, room: str, topic: str) -> None:
        place = self._place(room)
        if len(topic) > limits.TOPIC:
            raise TooMuch(f"a topic has at most {limits.TOPIC} characters")
        await self._talk.store_topic(place.name, topic)
        place.topic = topic
        change = TopicSet(place.name, topic, self.author)
        place.tell(change)
        self._talk.changes.publish(change)

    def _place(self, room: str) -> Room:
        place = self.rooms.get(room) or self.rooms.get(names.room_name(room))
        if place is None:
            raise NotThere(f"not in the room {room!r}")
        return place


def _tell(audience: "dict[Presence, None] | tuple[Presence, ...]", change: Change) -> None:
    for presence in audience:
        presence.tell(change)
