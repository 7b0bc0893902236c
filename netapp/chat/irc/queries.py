"""The commands that only ask: people, rooms and modes."""

from typing import TYPE_CHECKING

from netapp.chat.irc import numerics as n
from netapp.chat.irc import wire
from netapp.chat.irc.render import SERVER
from netapp.chat.irc.welcome import names_lines
from netapp.core import limits
from netapp.core.sessions import Effect
from netapp.talk import Author, BadName, Proof, RoomView, fold, room_name

if TYPE_CHECKING:
    from netapp.chat.irc.session import IrcSession

Params = tuple[str, ...]


def room_of(target: str) -> str | None:
    """A channel's room, or None for what is no channel."""
    try:
        return room_name(target) if target.startswith("#") else None
    except BadName:
        return None


def no_channel(session: "IrcSession", target: str) -> list[Effect]:
    shown = target.partition(" ")[0][: limits.ROOM_NAME] or "*"
    return session.reply(n.ERR_NOSUCHCHANNEL, shown, trailing="No such channel")


def names(session: "IrcSession", params: Params) -> list[Effect]:
    if not params or not params[0]:
        return session.reply(n.RPL_ENDOFNAMES, "*", trailing="End of /NAMES list.")
    effects: list[Effect] = []
    for target in params[0].split(",")[: limits.IRC_TARGETS]:
        room = room_of(target)
        view = session.views.room(room) if room is not None else None
        shown = RoomView(room or target.removeprefix("#").partition(" ")[0][: limits.ROOM_NAME])
        effects += names_lines(session, view or shown)
    return effects


def who(session: "IrcSession", params: Params) -> list[Effect]:
    """RFC 1459 section 4.5.1, for a room or one nick; a mask finds nobody."""
    mask = params[0] if params and params[0] else "*"
    room = room_of(mask)
    view = session.views.room(room) if room is not None else None
    if view is not None:
        found, where = list(view.authors), f"#{view.name}"
    else:
        author = session.views.author(mask)
        found, where = [author] if author is not None else [], "*"
    return [
        *(_who_line(session, where, author) for author in found),
        *session.reply(n.RPL_ENDOFWHO, mask.partition(" ")[0], trailing="End of /WHO list."),
    ]


def _who_line(session: "IrcSession", where: str, author: Author) -> bytes:
    words = (where, author.proof.value, SERVER, SERVER, author.name, "H")
    return session.line(n.RPL_WHOREPLY, session.nick, *words, trailing=f"0 {author.name}")


def whois(session: "IrcSession", params: Params) -> list[Effect]:
    if not params or not params[-1]:
        return session.reply(n.ERR_NONICKNAMEGIVEN, trailing="No nickname given")
    asked = params[1] if len(params) > 1 else params[0]
    asked = asked.partition(",")[0].partition(" ")[0]
    author = session.views.author(asked)
    ended = session.reply(n.RPL_ENDOFWHOIS, asked, trailing="End of /WHOIS list.")
    if author is None:
        return session.reply(n.ERR_NOSUCHNICK, asked, trailing="No such nick") + ended
    name = author.name
    effects = session.reply(n.RPL_WHOISUSER, name, author.proof.value, SERVER, "*", trailing=name)
    rooms = [f"#{view.name}" for view in session.views.rooms() if author in view.authors]
    head = f":{SERVER} {n.RPL_WHOISCHANNELS} {session.nick} {name} :"
    effects += wire.filled(head, rooms, session.receiver.codec)
    effects += session.reply(n.RPL_WHOISSERVER, name, SERVER, trailing="netapp")
    if author.proof is Proof.ACCOUNT:
        effects += session.reply(n.RPL_WHOISACCOUNT, name, name, trailing="is logged in as")
    return effects + ended


def whowas(session: "IrcSession", params: Params) -> list[Effect]:
    """Who was here is not kept."""
    asked = params[0].partition(" ")[0] or "*"
    return [
        *session.reply(n.ERR_WASNOSUCHNICK, asked, trailing="There was no such nickname"),
        *session.reply(n.RPL_ENDOFWHOWAS, asked, trailing="End of WHOWAS"),
    ]


def list_rooms(session: "IrcSession", params: Params) -> list[Effect]:
    wanted = {room_of(target) for target in params[0].split(",")} if params and params[0] else None
    effects: list[Effect] = []
    for view in session.views.rooms():
        if wanted is None or view.name in wanted:
            count = str(len(view.authors))
            effects += session.reply(n.RPL_LIST, f"#{view.name}", count, trailing=view.topic)
    return effects + session.reply(n.RPL_LISTEND, trailing="End of /LIST")


def mode(session: "IrcSession", params: Params) -> list[Effect]:
    """There are no modes to set; what clients ask by themselves is answered."""
    if not params[0].startswith("#"):
        if fold(params[0]) != fold(session.nick):
            return session.reply(n.ERR_USERSDONTMATCH, trailing="Cannot change mode for other users")
        return session.reply(n.RPL_UMODEIS, "+i")
    room = room_of(params[0])
    if room is None or session.views.room(room) is None:
        return no_channel(session, params[0])
    if len(params) == 1:
        return session.reply(n.RPL_CHANNELMODEIS, params[0], "+nt")
    if params[1].removeprefix("+") == "b" and len(params) == 2:
        return session.reply(n.RPL_ENDOFBANLIST, params[0], trailing="End of channel ban list")
    return session.reply(n.ERR_CHANOPRIVSNEEDED, params[0], trailing="You're not channel operator")


def userhost(session: "IrcSession", params: Params) -> list[Effect]:
    found = [author for author in map(session.views.author, params[:5]) if author is not None]
    shown = " ".join(f"{author.name}=+{author.proof.value}@{SERVER}" for author in found)
    return session.reply(n.RPL_USERHOST, trailing=shown)


def ison(session: "IrcSession", params: Params) -> list[Effect]:
    asked = [name for param in params for name in param.split(" ") if name][:64]
    present = [author.name for author in map(session.views.author, asked) if author is not None]
    return session.reply(n.RPL_ISON, trailing=" ".join(present))


def away(session: "IrcSession", params: Params) -> list[Effect]:
    """Said, but not shown to others yet."""
    if params and params[0]:
        return session.reply(n.RPL_NOWAWAY, trailing="You have been marked as being away")
    return session.reply(n.RPL_UNAWAY, trailing="You are no longer marked as being away")
