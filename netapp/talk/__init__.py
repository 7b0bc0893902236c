"""Talk: rooms, direct talks, who is there, and what was said.

A door (line chat, IRC, the LAN messenger) opens the noun once in a process and gives each of its
connections a *presence*::

    talk = shared.noun("talk", lambda: open_talk(state, reactor, people))

    presence = await talk.arrive("小明", member)             # a guest; NameTaken, BadName
    presence = await talk.arrive("pc-7", member, proof=Proof.LAN, unique=True)  # "pc-7_2" if taken
    presence = await talk.arrive("zhao", member, proof=Proof.ACCOUNT, account="17")

    view = await presence.join("lobby")                     # RoomView(name, topic, authors)
    message = await presence.say("lobby", "你好")            # fires once it is stored
    message = await presence.direct("zhao", "hello")        # NoSuchName when nobody has that name
    await presence.rename("小红")
    presence.part("lobby")
    presence.depart("good bye")                             # always, when the connection is gone

    recent = await talk.history("lobby", limit=10)          # oldest first; before=, after= to page

``member`` is the door's own object (:class:`~netapp.talk.model.Member`): its ``deliver(delivery)``
gets every message of its rooms and its direct talks, its own ones too (``delivery.sender`` is the
presence that said it), in the order of their numbers and only after they are stored;
``changed(change)`` gets Joined, Parted, Renamed, TopicSet and Departed values.  Octets are made
once per kind of receiver::

    def deliver(self, delivery):
        self.send(delivery.octets("irc utf-8", render_irc))  # render_irc(delivery) -> bytes

A person with an account may have many presences and is announced once; a guest's and a LAN peer's
name belongs to one presence, and is never that of an account.

The database is the log and the bus is only a hint: whoever sees that a number is missing reads
the rows.  So several processes on one state directory share rooms and history; who is present
stays each process's own knowledge, and so do direct talks as they are delivered.

This module and those it imports know no Twisted; ``Talk`` and ``Presence`` are loaded when somebody
asks for them.
"""

import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netapp.core import limits
from netapp.talk.errors import NameTaken, NoSuchName, NotThere, Refused, StoreFailed, TooMuch
from netapp.talk.model import (
    LOBBY,
    Author,
    Change,
    Delivery,
    Departed,
    Joined,
    Kind,
    Member,
    Message,
    Parted,
    Proof,
    Renamed,
    RoomView,
    TopicSet,
)
from netapp.talk.names import BadName, fold, nickname, room_name, room_shown, tidy_nickname

if TYPE_CHECKING:
    from netapp.core.status.readings import Status
    from netapp.talk.persons import Names
    from netapp.talk.presence import Presence
    from netapp.talk.talk import Talk

__all__ = [
    "LOBBY",
    "Author",
    "BadName",
    "Change",
    "Delivery",
    "Departed",
    "Joined",
    "Kind",
    "Member",
    "Message",
    "NameTaken",
    "NoSuchName",
    "NotThere",
    "Parted",
    "Presence",
    "Proof",
    "Refused",
    "Renamed",
    "RoomView",
    "StoreFailed",
    "Talk",
    "TooMuch",
    "TopicSet",
    "fold",
    "nickname",
    "open_talk",
    "room_name",
    "room_shown",
    "tidy_nickname",
]


def open_talk(
    state: Path, reactor: Any, people: "Names | None" = None, *, days: int = 0, status: "Status | None" = None
) -> "Talk":
    """Talk on a state directory's ``talk.db``, made or migrated if need be.

    :param people: whose names nobody else may take: :class:`netapp.people.directory.People`.
    :param days: that messages are kept; 0 for ever.
    :param status: is told who is present and how long messages are kept.
    :raises ConfigError: the directory or the database cannot be used.
    """
    from netapp.talk.rows import open_store
    from netapp.talk.talk import Talk

    talk = Talk(open_store(state, reactor, days, time.time), reactor, people, wall=time.time)
    if status is not None:
        status.add("present", "talk", talk.whereabouts)
        kept = {"talk_days": days, "talk_room_messages": limits.ROOM_MESSAGES}
        status.add("retention", "talk", lambda: kept)
    return talk


_LAZY: Final = {"Talk": "netapp.talk.talk", "Presence": "netapp.talk.presence"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
