"""Messages and changes as IRC lines, made once for each kind of receiver."""

import time
from typing import Final

from netapp.chat.irc import wire
from netapp.core import limits, text
from netapp.core.text import Codec
from netapp.talk import Author, Change, Delivery, Departed, Joined, Kind, Message, Parted, Renamed, TopicSet

#: What we call ourselves, and the host of everyone: addresses are nobody's business.
SERVER: Final = "netapp"
_VERBS: Final = {Kind.SAY: "PRIVMSG", Kind.ACT: "PRIVMSG", Kind.NOTICE: "NOTICE", Kind.EVENT: "NOTICE"}
_ACTION: Final = (b"\x01ACTION ", b"\x01")


class Receiver:
    """A kind of receiver, compared by identity: ask :class:`Renderer` for it.

    :param timed: it takes the ``time`` tag (IRCv3 server-time).
    """

    __slots__ = ("codec", "timed")

    def __init__(self, codec: Codec, timed: bool) -> None:
        self.codec, self.timed = codec, timed

    def render(self, delivery: Delivery) -> bytes:
        return message_octets(delivery.message, delivery.to, self)


def prefix(author: Author) -> str:
    """``nick!user@host``; the user says how sure the name is."""
    return f"{author.name}!{author.proof.value}@{SERVER}"


def message_octets(message: Message, to: Author | None, receiver: Receiver) -> bytes:
    """One message, in as many lines as it needs."""
    target = f"#{message.room}" if to is None else to.name
    head = text.encode(f":{prefix(message.author)} {_VERBS[message.kind]} {target} :", receiver.codec)
    before, after = _ACTION if message.kind is Kind.ACT else (b"", b"")
    room = limits.IRC_LINE - 2 - len(head) - len(before) - len(after)
    head = _tags(message.time, receiver) + head + before
    after += b"\r\n"
    return b"".join([head + piece + after for piece in wire.split_text(message.text, room, receiver.codec)])


def _tags(seconds: float, receiver: Receiver) -> bytes:
    if not receiver.timed:
        return b""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"@time={stamp}.{int(seconds % 1 * 1000):03d}Z ".encode()


class Renderer:
    """What all sessions of a process have in common: kinds of receivers, and the newest change."""

    def __init__(self) -> None:
        self._receivers: dict[tuple[Codec, bool], Receiver] = {}
        self._change: Change | None = None  # it goes to many at once
        self._octets: dict[Codec, bytes] = {}

    def receiver(self, codec: Codec, timed: bool) -> Receiver:
        key = codec, timed
        if key not in self._receivers:
            self._receivers[key] = Receiver(codec, timed)
        return self._receivers[key]

    def change(self, change: Change, codec: Codec) -> bytes:
        if change is not self._change:
            self._change, self._octets = change, {}
        if codec not in self._octets:
            self._octets[codec] = _change_octets(change, codec)
        return self._octets[codec]


def _change_octets(change: Change, codec: Codec) -> bytes:
    if isinstance(change, Renamed):
        return wire.line(f":{prefix(change.old)}", "NICK", trailing=change.new.name, codec=codec)
    who = f":{prefix(change.author)}"
    if isinstance(change, Joined):
        return wire.line(who, "JOIN", f"#{change.room}", codec=codec)
    if isinstance(change, Parted):
        return wire.line(who, "PART", f"#{change.room}", trailing=change.reason or None, codec=codec)
    if isinstance(change, TopicSet):
        return wire.line(who, "TOPIC", f"#{change.room}", trailing=change.topic, codec=codec)
    assert isinstance(change, Departed)
    return wire.line(who, "QUIT", trailing=change.reason or None, codec=codec)
