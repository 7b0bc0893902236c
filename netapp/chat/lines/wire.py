"""Messages and changes as lines of text."""

import re
import time
from typing import Final

from netapp.core import text
from netapp.core.languages import Lang, Phrases
from netapp.talk import Author, Change, Departed, Joined, Kind, Message, Parted, Renamed, TopicSet, room_shown

#: What an IRC client colours with: see https://modern.ircdocs.horse/formatting.
_FORMATS: Final = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)

PHRASES: Final = Phrases(
    {
        "joined": ("* {name} 来了", "* {name} has joined"),
        "joined room": ("#{room} * {name} 来了", "#{room} * {name} has joined"),
        "parted": ("* {name} 离开了", "* {name} has left"),
        "parted room": ("#{room} * {name} 离开了", "#{room} * {name} has left"),
        "departed": ("* {name} 下线了", "* {name} is gone"),
        "renamed": ("* {old} 改名为 {name}", "* {old} is now called {name}"),
        "topic": ("* {name} 把主题改为:{topic}", "* {name} has set the topic: {topic}"),
        "no topic": ("* {name} 清除了主题", "* {name} has cleared the topic"),
        "to you": ("[{name} → 你] {text}", "[{name} -> you] {text}"),
        "from you": ("[你 → {name}] {text}", "[you -> {name}] {text}"),
    }
)


def lines_of(message_text: str) -> list[str]:
    """A message's text as lines that a terminal can be given."""
    plain = _FORMATS.sub("", message_text)
    return [text.visible(line) for line in plain.split("\n")]


def message_line(message: Message, *, here: str | None, lang: Lang, timed: bool = False) -> str:
    """A room's message, with CR LF after each of its lines.

    :param here: the room that the reader looks at; another room's name is shown.
    """
    name = text.visible(message.author.name)
    before = "" if here == message.room else f"#{room_shown(message.room, lang)} "
    if timed:
        before += time.strftime("%H:%M ", time.localtime(message.time))
    form = {Kind.SAY: f"[{name}] ", Kind.ACT: f"* {name} ", Kind.NOTICE: f"-{name}- ", Kind.EVENT: "* "}
    return "".join(f"{before}{form[message.kind]}{line}\r\n" for line in lines_of(message.text))


def direct_line(message: Message, to: Author, *, mine: bool, lang: Lang) -> str:
    """A direct message, as its writer or its reader sees it."""
    key, name = ("from you", to.name) if mine else ("to you", message.author.name)
    shown = [f"* {line}" if message.kind is Kind.ACT else line for line in lines_of(message.text)]
    return "".join(PHRASES.say(lang, key, name=name, text=line) + "\r\n" for line in shown)


def change_line(change: Change, *, here: str, lang: Lang) -> str:
    """A change as one line."""
    if isinstance(change, Joined | Parted):
        key = "joined" if isinstance(change, Joined) else "parted"
        if change.room != here:
            key += " room"
        line = PHRASES.say(lang, key, name=change.author.name, room=room_shown(change.room, lang))
    elif isinstance(change, Renamed):
        line = PHRASES.say(lang, "renamed", old=change.old.name, name=change.new.name)
    elif isinstance(change, TopicSet):
        key = "topic" if change.topic else "no topic"
        line = PHRASES.say(lang, key, name=change.author.name, topic=lines_of(change.topic)[0])
    else:
        assert isinstance(change, Departed)
        line = PHRASES.say(lang, "departed", name=change.author.name)
    return line + "\r\n"
