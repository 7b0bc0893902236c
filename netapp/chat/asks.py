"""What a session asks of talk.  Each is an effect; the answer comes to ``Conversation.answered``."""

from dataclasses import dataclass
from typing import Protocol

from netapp.errors import NetappError
from netapp.talk import Author, Kind, Message, RoomView


@dataclass(frozen=True, slots=True)
class Arrive:
    """Be present.  Answered with a :class:`Place`.

    :param password: proves that the account of this name is one's own.
    """

    name: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Rename:
    """Answered with None, after everyone has been told."""

    name: str


@dataclass(frozen=True, slots=True)
class Join:
    """Answered with a :class:`Joining`."""

    room: str


@dataclass(frozen=True, slots=True)
class Part:
    """Answered with None."""

    room: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """Answered with the message, after everyone has got it."""

    room: str
    text: str
    kind: Kind = Kind.SAY


@dataclass(frozen=True, slots=True)
class Direct:
    """Answered with the message, after both have got it."""

    to: str
    text: str
    kind: Kind = Kind.SAY


@dataclass(frozen=True, slots=True)
class SetTopic:
    """Answered with None, after everyone has been told."""

    room: str
    topic: str


@dataclass(frozen=True, slots=True)
class Recall:
    """Answered with a list of messages, oldest first."""

    room: str
    limit: int


@dataclass(frozen=True, slots=True)
class Depart:
    """Why we leave, for others to read; not answered.  A ``Close`` follows."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Read no more from this client for now; not answered."""


@dataclass(frozen=True, slots=True)
class Release:
    """Read on; not answered."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """What came was against the specification, and is counted; not answered."""


Ask = Arrive | Rename | Join | Part | Say | Direct | SetTopic | Recall


@dataclass(frozen=True, slots=True)
class Joining:
    """What somebody sees on entering a room."""

    view: RoomView
    recent: tuple[Message, ...]


class WrongPassword(NetappError):
    """The password is not that account's."""


class Place(Protocol):
    """One's own presence, as far as a session looks at it."""

    @property
    def author(self) -> Author: ...


class Views(Protocol):
    """What a session may look up at once.  Names of rooms are in their normal form."""

    def rooms(self) -> list[RoomView]: ...

    def room(self, room: str) -> RoomView | None: ...

    def present(self) -> tuple[Author, ...]: ...

    def author(self, name: str) -> Author | None: ...
