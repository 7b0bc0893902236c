"""The noun itself: who is here, which rooms are in use, and the way of a message to its readers."""

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet import defer
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.events import Topic
from netapp.errors import NetappError
from netapp.talk import names
from netapp.talk.bus import Bus, Hint, LocalBus
from netapp.talk.errors import StoreFailed, TooMuch
from netapp.talk.model import (
    LOBBY,
    Author,
    Change,
    Draft,
    Kind,
    Member,
    Message,
    Proof,
    Renamed,
    RoomView,
)
from netapp.talk.persons import Names, Person, Persons
from netapp.talk.presence import Presence
from netapp.talk.room import Room
from netapp.talk.store import Store

T = TypeVar("T")


class Talk:
    """Rooms, direct talks and who is present.

    :param people: knows the accounts' names; None when there are no accounts.
    :param reactor: its clock: seconds since 1970 UTC.
    """

    _log = Logger()

    def __init__(
        self,
        store: Store,
        reactor: IReactorTime,
        people: Names | None = None,
        bus: Bus | None = None,
        *,
        wall: Callable[[], float] | None = None,
    ) -> None:
        self._store, self._reactor, self._wall = store, reactor, wall or reactor.seconds
        self._bus = bus or LocalBus()
        self._rooms: dict[str, Room] = {}
        self.persons = Persons(people)
        self._unsubscribe: Callable[[], None] | None = None
        #: Everything that changes here, for other nouns: see ``netapp.talk.model.Change``.
        self.changes: Topic[Change] = Topic()
        self.presences = self.messages = self.unstored = 0
        self._troubles: dict[str, str] = {}  # what the store cannot do now, and why

    def start(self) -> None:
        self._store.start()
        self._unsubscribe = self._bus.subscribe(self._hinted)
        self._store.watch(lambda: self._bus.publish(Hint(None)))

    def stop(self) -> defer.Deferred[object]:
        """Store what waits, then close."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        return defer.maybeDeferred(self._store.stop)

    # Who is here -----------------------------------------------------------------------------

    def arrive(
        self,
        name: str,
        member: Member,
        *,
        proof: Proof = Proof.GUEST,
        account: str | None = None,
        unique: bool = False,
    ) -> defer.Deferred[Presence]:
        """Be present under a name.

        :param account: the account's id; the person's other presences are joined, by its name.
        :param unique: instead of refusing a name that is taken, add a number to it.
        :raises BadName: it cannot be a name.  :raises NameTaken: it is somebody's.
        :raises TooMuch: too many are present.  (Errors come through the Deferred.)
        """
        return defer.ensureDeferred(self._arrive(name, member, proof, account, unique))

    async def _arrive(
        self, name: str, member: Member, proof: Proof, account: str | None, unique: bool
    ) -> Presence:
        if self.presences >= limits.PRESENCES:
            raise TooMuch(f"{limits.PRESENCES} are present already")
        author = Author(names.nickname(name), proof, account)
        person, moved = await self.persons.arrive(author, unique=unique)
        if moved is not None and (guest := self.persons.find(moved.new.name)) is not None:
            self.announce(guest, moved)
        presence = Presence(self, person, member)
        person.presences.append(presence)
        self.presences += 1
        return presence

    def announce(self, person: Person, change: Renamed) -> None:
        """Tell everyone who shares a room with a person that the name has changed."""
        places = [place for each in person.presences for place in each.rooms.values()]
        audience = dict.fromkeys(other for place in places for other in place.presences)
        audience.update(dict.fromkeys(person.presences))
        for presence in audience:
            presence.tell(change)
        self.changes.publish(change)

    def forget(self, presence: Presence) -> None:
        """A presence has departed; with a person's last one the name is free."""
        self.presences -= 1
        presence.person.presences.remove(presence)
        if not presence.person.presences:
            self.persons.forget(presence.person)

    def author(self, name: str) -> Author | None:
        """Who is present under a name."""
        person = self.persons.find(name)
        return person.author if person is not None else None

    def present(self) -> tuple[Author, ...]:
        """Everyone who is present, in a room or not."""
        return self.persons.present()

    def whereabouts(self) -> list[tuple[str, str]]:
        """Everyone who is present, as (name, door), once for each door."""
        return self.persons.whereabouts()

    # Rooms -----------------------------------------------------------------------------------

    def rooms(self) -> list[RoomView]:
        """The rooms that somebody is in, the lobby first; the lobby is always there."""
        lobby = self._rooms.get(LOBBY)
        others = [room for name, room in sorted(self._rooms.items()) if name != LOBBY and room.presences]
        return [lobby.view() if lobby else RoomView(LOBBY), *(room.view() for room in others)]

    def room(self, room: str) -> RoomView | None:
        """A room in use.  :raises BadName: not a room's name."""
        found = self._rooms.get(names.room_name(room))
        return found.view() if found is not None else None

    def members(self, room: str) -> tuple[Author, ...]:
        """The people in a room, each once.  :raises BadName: not a room's name."""
        found = self._rooms.get(names.room_name(room))
        return found.authors() if found is not None else ()

    def open_room(self, name: str) -> defer.Deferred[Room]:
        """The room of a normal name.  Fails with TooMuch."""
        room = self._rooms.get(name)
        if room is None:
            if len(self._rooms) >= limits.ROOMS and name != LOBBY:
                return defer.fail(TooMuch(f"{limits.ROOMS} rooms are in use already"))
            room = self._rooms[name] = Room(name, self._store, self._reactor.callLater, self.close_room)
        return self._asked("a room could not be read", room.open()).addErrback(self._cannot_open, room)

    def _cannot_open(self, failure: Failure, room: Room) -> Failure:
        self.close_room(room)
        return failure

    def close_room(self, room: Room) -> None:
        """Forget a room that nobody is in."""
        if room.idle and self._rooms.get(room.name) is room:
            del self._rooms[room.name]

    def history(
        self, room: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> defer.Deferred[list[Message]]:
        """Messages of a room, oldest first: the newest, those before or those after a number.

        :param limit: at most so many, and never more than ``limits.HISTORY``.
        """
        name = names.room_name(room)
        limit = min(limit, limits.HISTORY)
        if after is not None:
            reading = self._store.after(name, after, limit=limit)
        else:
            reading = self._store.newest(name, before=before, limit=limit)
        return self._asked("messages could not be read", reading)

    # Saying ----------------------------------------------------------------------------------

    def post(self, room: str, author: Author, text: str, kind: Kind = Kind.EVENT) -> defer.Deferred[Message]:
        """Say something in a room without being in it: what the house itself tells."""
        return defer.ensureDeferred(self._post(room, author, text, kind))

    async def _post(self, room: str, author: Author, text: str, kind: Kind) -> Message:
        place = await self.open_room(names.room_name(room))
        try:
            return await self.post_in(place, author, text, kind, None, None)
        finally:
            self.close_room(place)

    def post_in(
        self, place: Room, author: Author, text: str, kind: Kind, reply_to: str | None, sender: Any
    ) -> defer.Deferred[Message]:
        """Store a message, then deliver it in its turn."""
        draft = self.draft(place.name, author, text, kind, reply_to)

        def deliver(message: Message) -> Message:
            place.stored(message)
            self._bus.publish(Hint(place.name, message.number))
            self.close_room(place)
            return message

        def give_up(failure: Failure) -> Failure:
            place.unstored(draft.id)
            self.close_room(place)
            return failure

        place.sends(draft.id, sender)
        return self.store(draft).addCallbacks(deliver, give_up)

    def draft(self, room: str, author: Author, text: str, kind: Kind, reply_to: str | None) -> Draft:
        return Draft(room, secrets.token_hex(8), self._wall(), kind, author, text, reply_to)

    def store(self, draft: Draft) -> defer.Deferred[Message]:
        """Store a message; what fails is counted, and the failure is the sender's to hear."""
        if len(draft.text) > limits.MESSAGE:
            return defer.fail(TooMuch(f"a message has at most {limits.MESSAGE} characters"))
        self.messages += 1
        storing = defer.maybeDeferred(self._store.add, draft)
        return self._asked("a message could not be stored", storing).addErrback(self._unstored)

    def _unstored(self, failure: Failure) -> Failure:
        self.unstored += 1
        return failure

    def store_topic(self, room: str, topic: str) -> defer.Deferred[None]:
        storing = defer.maybeDeferred(self._store.set_topic, room, topic)
        return self._asked("a topic could not be stored", storing)

    # The store's troubles --------------------------------------------------------------------

    def _asked(self, trouble: str, answer: defer.Deferred[T]) -> defer.Deferred[T]:
        """What the store was asked: why it fails is logged once, until it works or fails otherwise."""
        return answer.addCallbacks(self._answered, self._failed, (trouble,), {}, (trouble,))

    def _answered(self, answer: T, trouble: str) -> T:
        if self._troubles:
            self._troubles.pop(trouble, None)
        return answer

    def _failed(self, failure: Failure, trouble: str) -> Failure:
        reason = str(getattr(failure.value, "orig", failure.value))  # SQLAlchemy's own text has many lines
        if self._troubles.get(trouble) != reason:
            self._troubles[trouble] = reason
            self._log.error("{trouble}: {reason}", trouble=trouble, reason=reason)
        return failure if failure.check(NetappError) else Failure(StoreFailed(f"{trouble}: {reason}"))

    def _hinted(self, hint: Hint) -> None:
        if hint.room is None:
            for room in list(self._rooms.values()):
                if room.presences:
                    room.catch_up()
        elif (found := self._rooms.get(hint.room)) is not None and hint.number > found.last:
            found.catch_up()
