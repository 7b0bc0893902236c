"""The commands of the line chat: their names in both languages, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from netapp.chat import asks
from netapp.chat.lines import wire
from netapp.core import limits, text
from netapp.core.sessions import Close, Effect
from netapp.talk import LOBBY, BadName, Kind, nickname, room_name

if TYPE_CHECKING:
    from netapp.chat.lines.session import LineSession

#: What a command does; it is given what stands after its name.
Do = Callable[["LineSession", str], list[Effect]]


@dataclass(frozen=True, slots=True)
class Spec:
    """:param names: the first is the command's own.  :param usage: shown when something is missing."""

    names: tuple[str, ...]
    do: Do
    usage: str = ""


def _join(session: "LineSession", rest: str) -> list[Effect]:
    try:
        return session.ask(asks.Join(room_name(rest)))
    except BadName as problem:
        return [session.line("name " + problem.reason)]


def _leave(session: "LineSession", rest: str) -> list[Effect]:
    return [session.line("stay")] if session.room == LOBBY else session.ask(asks.Part(session.room))


def _rooms(session: "LineSession", rest: str) -> list[Effect]:
    rooms = [
        session.say("room", room=session.shown(view.name), count=len(view.authors))
        for view in session.views.rooms()
    ]
    return [session.line("rooms", rooms=", ".join(rooms))]


def _who(session: "LineSession", rest: str) -> list[Effect]:
    return [session.who_is_here()]


def _msg(session: "LineSession", rest: str) -> list[Effect]:
    to, _, words = rest.partition(" ")
    if not words.strip():
        return _usage(session, "msg")
    return session.ask(asks.Direct(to, text.visible(words.strip())))


def _me(session: "LineSession", rest: str) -> list[Effect]:
    return session.ask(asks.Say(session.room, text.visible(rest), Kind.ACT))


def _nick(session: "LineSession", rest: str) -> list[Effect]:
    try:
        return session.ask(asks.Rename(nickname(rest)))
    except BadName as problem:
        return [session.line("name " + problem.reason)]


def _topic(session: "LineSession", rest: str) -> list[Effect]:
    if rest:
        return session.ask(asks.SetTopic(session.room, text.visible(rest)))
    view = session.views.room(session.room)
    if view is None or not view.topic:
        return [session.line("no topic")]
    return [session.line("topic is", topic=wire.lines_of(view.topic)[0])]


def _history(session: "LineSession", rest: str) -> list[Effect]:
    count = int(rest) if rest.isascii() and rest.isdigit() and len(rest) < 6 else limits.CHAT_HISTORY
    return session.ask(asks.Recall(session.room, max(1, count)))


def _help(session: "LineSession", rest: str) -> list[Effect]:
    return [session.line("help")]


def quit_chat(session: "LineSession", rest: str) -> list[Effect]:
    return [session.line("bye"), asks.Depart(text.visible(rest)), Close("quit")]


COMMANDS: Final = (
    Spec(("join", "j", "加入"), _join, "/join ROOM"),
    Spec(("leave", "part", "离开"), _leave),
    Spec(("rooms", "list", "房间"), _rooms),
    Spec(("who", "names", "在线", "谁"), _who),
    Spec(("msg", "tell", "w", "私聊"), _msg, "/msg NAME TEXT"),
    Spec(("me", "动作"), _me, "/me ACTION"),
    Spec(("nick", "name", "改名"), _nick, "/nick NAME"),
    Spec(("topic", "主题"), _topic),
    Spec(("history", "历史"), _history),
    Spec(("help", "h", "?", "帮助"), _help),
    Spec(("quit", "exit", "q", "退出"), quit_chat),
)
_BY_NAME: Final = {name: spec for spec in COMMANDS for name in spec.names}


def is_command(line: str) -> bool:
    """Whether a line is one; ``//`` says a slash."""
    return (line.startswith("/") and not line.startswith("//")) or line.lower() == "quit"


def do_command(session: "LineSession", line: str) -> list[Effect]:
    """Do what a line orders."""
    word, _, rest = line.removeprefix("/").partition(" ")
    spec = _BY_NAME.get(word.lower())
    if spec is None:
        return [session.line("unknown", command="/" + text.visible(word))]
    rest = rest.strip()
    return spec.do(session, rest) if rest or not spec.usage else _usage(session, spec.names[0])


def _usage(session: "LineSession", name: str) -> list[Effect]:
    return [session.line("usage", usage=_BY_NAME[name].usage)]
