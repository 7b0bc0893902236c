"""What talk is made of: values, and what is handed to those who are present."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

#: The room that everybody finds.
LOBBY: Final = "lobby"


class Kind(StrEnum):
    """What a message is."""

    SAY = "say"
    ACT = "act"  #: what somebody does: "/me waves"
    NOTICE = "notice"  #: nothing may answer it by itself
    EVENT = "event"  #: told by the house, not by a person


class Proof(StrEnum):
    """How sure it is that an author is who the name says."""

    ACCOUNT = "account"
    GUEST = "guest"
    LAN = "lan"  #: a machine's own word, as in IP Messenger


@dataclass(frozen=True, slots=True)
class Author:
    """Who said it.  :param account: the account's immutable id, or None."""

    name: str
    proof: Proof = Proof.GUEST
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is stored.

    :param room: a room's name, or a direct talk's key, which begins with ``@``.
    :param id: random, unique.
    :param time: seconds since 1970 UTC.
    :param reply_to: the id of another message.
    """

    room: str
    id: str
    time: float
    kind: Kind
    author: Author
    text: str
    reply_to: str | None = None

    def stored(self, number: int) -> "Message":
        """The message, once it has its number."""
        return Message(
            number, self.room, self.id, self.time, self.kind, self.author, self.text, self.reply_to
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message.  ``number`` rises by one within its room; other fields as in :class:`Draft`.

    :param withdrawn: taken back by its author: the text is empty, the place remains.
    """

    number: int
    room: str
    id: str
    time: float
    kind: Kind
    author: Author
    text: str
    reply_to: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as it is now.

    :param authors: the people present, each once, in order of arrival.
    :param last: the number of its newest message.
    """

    name: str
    topic: str = ""
    authors: tuple[Author, ...] = ()
    last: int = 0


class Delivery:
    """One message on its way to those present.

    :param sender: the presence that said it; None when another process or the house did.
    :param to: whom a direct message is for; None in a room.
    """

    __slots__ = ("message", "rendered", "sender", "to")

    def __init__(self, message: Message, sender: Any = None, to: Author | None = None) -> None:
        self.message, self.sender, self.to = message, sender, to
        #: What :meth:`octets` has made so far; whoever is in a hurry may look here first.
        self.rendered: dict[Any, bytes] = {}

    def octets(self, key: object, render: "Callable[[Delivery], bytes]") -> bytes:
        """This message as octets for one kind of receiver, made once.

        :param key: names the kind of receiver; an object that is compared by identity is fastest.
        """
        try:
            return self.rendered[key]
        except KeyError:
            made = self.rendered[key] = render(self)
            return made


@dataclass(frozen=True, slots=True)
class Joined:
    room: str
    author: Author


@dataclass(frozen=True, slots=True)
class Parted:
    room: str
    author: Author
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Renamed:
    old: Author
    new: Author


@dataclass(frozen=True, slots=True)
class TopicSet:
    room: str
    topic: str
    author: Author


@dataclass(frozen=True, slots=True)
class Departed:
    """A person has left all rooms and the house.  ``rooms`` are those that were shared."""

    author: Author
    rooms: tuple[str, ...]
    reason: str = ""


Change = Joined | Parted | Renamed | TopicSet | Departed


class Member(Protocol):
    """One connection of a door, as talk sees it.  Neither method may raise or wait.

    It may have a ``door``, a word that says which it is: "chat", "irc".
    """

    def deliver(self, delivery: Delivery) -> object:
        """A message of a room or a direct talk."""

    def changed(self, change: Change) -> object:
        """Somebody came, went, or changed a name or a topic; one's own changes are told too."""
