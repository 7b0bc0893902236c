"""The table of commands, and those that come, go and speak.  The questions are in ``queries.py``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from netapp.chat import asks
from netapp.chat.irc import numerics as n
from netapp.chat.irc import queries
from netapp.chat.irc.render import SERVER
from netapp.chat.irc.welcome import motd_lines, users_lines, version_lines
from netapp.chat.irc.wire import Command
from netapp.core import limits
from netapp.core.sessions import Effect
from netapp.talk import BadName, Kind, fold, nickname, room_name

if TYPE_CHECKING:
    from netapp.chat.irc.session import IrcSession

Params = tuple[str, ...]
Do = Callable[["IrcSession", Params], list[Effect]]

#: The capabilities that a client may ask for: https://ircv3.net/irc/
CAPABILITIES: Final = ("echo-message", "server-time")


@dataclass(frozen=True, slots=True)
class Spec:
    """:param params: as many are needed.  :param before: allowed before registration."""

    do: Do
    params: int = 0
    before: bool = False
    cost: float = 1.0


# Registration --------------------------------------------------------------------------------


def _pass(session: "IrcSession", params: Params) -> list[Effect]:
    if session.place is not None:
        return session.reply(n.ERR_ALREADYREGISTERED, trailing="You may not reregister")
    session.password = params[0]
    return []


def _nick(session: "IrcSession", params: Params) -> list[Effect]:
    if not params or not params[0]:
        return session.reply(n.ERR_NONICKNAMEGIVEN, trailing="No nickname given")
    try:
        name = nickname(params[0])
    except BadName:
        shown = params[0].partition(" ")[0][: limits.NICKNAME] or "*"
        return session.reply(n.ERR_ERRONEUSNICKNAME, shown, trailing="Erroneous nickname")
    if session.place is not None:
        return session.ask(asks.Rename(name))
    session.wanted = name
    return session.register()


def _user(session: "IrcSession", params: Params) -> list[Effect]:
    if session.place is not None:
        return session.reply(n.ERR_ALREADYREGISTERED, trailing="You may not reregister")
    session.user = params[0] or "user"
    return session.register()


def _cap(session: "IrcSession", params: Params) -> list[Effect]:
    """Source: https://ircv3.net/specs/extensions/capability-negotiation"""
    subcommand = params[0].upper()
    if subcommand in ("LS", "REQ") and session.place is None:
        session.negotiating = True
    if subcommand == "LS":
        return [session.line("CAP", session.nick, "LS", trailing=" ".join(CAPABILITIES))]
    if subcommand == "LIST":
        return [session.line("CAP", session.nick, "LIST", trailing=" ".join(sorted(session.caps)))]
    if subcommand == "REQ":
        return _cap_request(session, params[1] if len(params) > 1 else "")
    if subcommand == "END":
        session.negotiating = False
        return session.register()
    return session.reply(n.ERR_INVALIDCAPCMD, params[0][:64] or "*", trailing="Invalid CAP command")


def _cap_request(session: "IrcSession", request: str) -> list[Effect]:
    wanted = request.split(" ")
    if any(cap.removeprefix("-") not in CAPABILITIES for cap in wanted if cap):
        return [session.line("CAP", session.nick, "NAK", trailing=request)]
    for cap in filter(None, wanted):
        if cap.startswith("-"):
            session.caps.discard(cap[1:])
        else:
            session.caps.add(cap)
    session.adjust_receiver()
    return [session.line("CAP", session.nick, "ACK", trailing=request)]


def _ping(session: "IrcSession", params: Params) -> list[Effect]:
    if not params or not params[0]:
        return session.reply(n.ERR_NOORIGIN, trailing="No origin specified")
    return [session.line("PONG", SERVER, trailing=params[0])]


def _pong(session: "IrcSession", params: Params) -> list[Effect]:
    return []


def _quit(session: "IrcSession", params: Params) -> list[Effect]:
    return session.end(f"Quit: {params[0]}" if params and params[0] else "Quit")


# Rooms ---------------------------------------------------------------------------------------


def _each(session: "IrcSession", command: str, params: Params) -> list[Effect]:
    """Do a command for each of a list of targets, in order, as commands of their own."""
    targets = [target for target in params[0].split(",") if target]
    if len(targets) > limits.IRC_TARGETS:
        return session.reply(n.ERR_TOOMANYTARGETS, targets[-1], trailing="Too many targets")
    session.first([Command(command, (target, *params[1:])) for target in targets])
    return []


def _join(session: "IrcSession", params: Params) -> list[Effect]:
    if params[0] == "0":
        session.first([Command("PART", (f"#{room}",)) for room in sorted(session.rooms)])
        return []
    if "," in params[0]:
        return _each(session, "JOIN", params)
    try:
        if not params[0].startswith("#"):
            raise BadName(params[0], "sign")
        name = room_name(params[0])
    except BadName:
        return queries.no_channel(session, params[0])
    if name in session.rooms:
        return []
    forwarded: list[Effect] = []
    if f"#{name}" != fold(params[0]):  # the lobby's other name: clients must learn the one we use
        forwarded = session.reply(n.ERR_LINKCHANNEL, params[0], f"#{name}", trailing="That is this channel")
    return forwarded + session.ask(asks.Join(name))


def _part(session: "IrcSession", params: Params) -> list[Effect]:
    if "," in params[0]:
        return _each(session, "PART", params)
    room = queries.room_of(params[0])
    if room is None or session.views.room(room) is None:
        return queries.no_channel(session, params[0])
    if room not in session.rooms:
        return session.reply(n.ERR_NOTONCHANNEL, params[0], trailing="You're not on that channel")
    return session.ask(asks.Part(room, params[1] if len(params) > 1 else ""))


def _topic(session: "IrcSession", params: Params) -> list[Effect]:
    room = queries.room_of(params[0])
    view = session.views.room(room) if room is not None else None
    if room is None or view is None:
        return queries.no_channel(session, params[0])
    if len(params) == 1:
        if not view.topic:
            return session.reply(n.RPL_NOTOPIC, params[0], trailing="No topic is set")
        return session.reply(n.RPL_TOPIC, params[0], trailing=view.topic)
    if room not in session.rooms:
        return session.reply(n.ERR_NOTONCHANNEL, params[0], trailing="You're not on that channel")
    return session.ask(asks.SetTopic(room, params[1][: limits.TOPIC]))


# Saying --------------------------------------------------------------------------------------


def _privmsg(session: "IrcSession", params: Params) -> list[Effect]:
    if not params or not params[0]:
        return session.reply(n.ERR_NORECIPIENT, trailing="No recipient given (PRIVMSG)")
    if len(params) < 2 or not params[1]:
        return session.reply(n.ERR_NOTEXTTOSEND, trailing="No text to send")
    if "," in params[0]:
        return _each(session, "PRIVMSG", params)
    return _say(session, params[0], params[1], Kind.SAY)


def _notice(session: "IrcSession", params: Params) -> list[Effect]:
    """A notice is never answered: RFC 1459 section 4.4.2."""
    if len(params) < 2 or not params[0] or not params[1]:
        return []
    if "," in params[0]:
        targets = params[0].split(",")[: limits.IRC_TARGETS]
        session.first([Command("NOTICE", (target, params[1])) for target in targets])
        return []
    room = queries.room_of(params[0])
    if params[0].startswith("#") and room not in session.rooms:
        return []
    return _say(session, params[0], params[1], Kind.NOTICE)


def _say(session: "IrcSession", target: str, words: str, kind: Kind) -> list[Effect]:
    if words.startswith("\x01"):
        body = words.strip("\x01")
        if not body.startswith("ACTION ") or kind is not Kind.SAY:
            return []  # client-to-client questions are not relayed: they tell on people
        words, kind = body.removeprefix("ACTION "), Kind.ACT
    if not target.startswith("#"):
        return session.ask(asks.Direct(target, words, kind))
    room = queries.room_of(target)
    if room in session.rooms and room is not None:
        return session.ask(asks.Say(room, words, kind))
    if room is None or session.views.room(room) is None:
        return queries.no_channel(session, target)
    return session.reply(n.ERR_CANNOTSENDTOCHAN, target, trailing="Cannot send to channel: join it first")


#: Every command there is; the client's word is looked up here and nowhere else.
COMMANDS: Final[dict[str, Spec]] = {
    "PASS": Spec(_pass, 1, before=True, cost=0),
    "NICK": Spec(_nick, before=True),
    "USER": Spec(_user, 4, before=True, cost=0),
    "CAP": Spec(_cap, 1, before=True, cost=0),
    "PING": Spec(_ping, before=True, cost=0.1),
    "PONG": Spec(_pong, before=True, cost=0),
    "QUIT": Spec(_quit, before=True, cost=0),
    "JOIN": Spec(_join, 1, cost=0.5),
    "PART": Spec(_part, 1),
    "TOPIC": Spec(_topic, 1),
    "PRIVMSG": Spec(_privmsg),
    "NOTICE": Spec(_notice),
    "NAMES": Spec(queries.names),
    "WHO": Spec(queries.who),
    "WHOIS": Spec(queries.whois, cost=2),  # looks into every room
    "WHOWAS": Spec(queries.whowas, 1),
    "LIST": Spec(queries.list_rooms, cost=2),
    "MODE": Spec(queries.mode, 1, cost=0.1),
    "USERHOST": Spec(queries.userhost, 1, cost=0.5),
    "ISON": Spec(queries.ison, 1, cost=0.5),
    "AWAY": Spec(queries.away),
    "LUSERS": Spec(lambda session, params: users_lines(session)),
    "MOTD": Spec(lambda session, params: motd_lines(session)),
    "VERSION": Spec(lambda session, params: version_lines(session)),
}
