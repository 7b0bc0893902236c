"""What a client is told once it is registered, and on entering a room."""

from typing import TYPE_CHECKING, Final

import netapp
from netapp.chat.irc import numerics as n
from netapp.chat.irc import wire
from netapp.chat.irc.render import SERVER, prefix
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.sessions import Effect
from netapp.talk import RoomView

if TYPE_CHECKING:
    from netapp.chat.irc.session import IrcSession

PHRASES: Final = Phrases(
    {
        "motd": (
            "这里是 netapp 聊天室。大厅是 #lobby:输入 /join #lobby 进入。",
            "This is the netapp chat.  Everybody meets in the lobby: /join #lobby",
        )
    }
)
_ISUPPORT: Final = (
    "CASEMAPPING=ascii",
    "CHANTYPES=#",
    "CHANMODES=,,,nt",
    "PREFIX=",
    f"CHANLIMIT=#:{limits.ROOMS_EACH}",
    f"CHANNELLEN={limits.ROOM_NAME}",
    f"NICKLEN={limits.NICKNAME}",
    f"TOPICLEN={limits.TOPIC}",
    "NETWORK=netapp",
    f"TARGMAX=JOIN:{limits.IRC_TARGETS},PART:{limits.IRC_TARGETS},PRIVMSG:{limits.IRC_TARGETS},"
    f"NOTICE:{limits.IRC_TARGETS},NAMES:{limits.IRC_TARGETS},WHOIS:1",
)


def welcome_lines(session: "IrcSession") -> list[Effect]:
    """001 to 005, LUSERS and the message of the day: clients wait for some of them."""
    return [
        *session.reply(n.RPL_WELCOME, trailing=f"Welcome to netapp, {prefix(session.author)}"),
        *session.reply(n.RPL_YOURHOST, trailing=f"Your host is {SERVER}, running {_version()}"),
        *session.reply(n.RPL_CREATED, trailing="This server keeps what is said"),
        *session.reply(n.RPL_MYINFO, SERVER, _version(), "i", "nt"),
        *session.reply(n.RPL_ISUPPORT, *_ISUPPORT, trailing="are supported by this server"),
        *users_lines(session),
        *motd_lines(session),
    ]


def users_lines(session: "IrcSession") -> list[Effect]:
    """LUSERS: RFC 2812 section 3.4.2."""
    people, rooms = len(session.views.present()), len(session.views.rooms())
    counted = f"There are {people} users and 0 invisible on 1 server"
    return [
        *session.reply(n.RPL_LUSERCLIENT, trailing=counted),
        *session.reply(n.RPL_LUSERCHANNELS, str(rooms), trailing="channels formed"),
        *session.reply(n.RPL_LUSERME, trailing=f"I have {people} clients and 0 servers"),
    ]


def motd_lines(session: "IrcSession") -> list[Effect]:
    return [
        *session.reply(n.RPL_MOTDSTART, trailing=f"- {SERVER} Message of the day -"),
        *session.reply(n.RPL_MOTD, trailing=f"- {PHRASES.say(session.lang, 'motd')}"),
        *session.reply(n.RPL_ENDOFMOTD, trailing="End of /MOTD command."),
    ]


def version_lines(session: "IrcSession") -> list[Effect]:
    return session.reply(n.RPL_VERSION, _version(), SERVER, trailing="")


def names_lines(session: "IrcSession", view: RoomView) -> list[Effect]:
    """353 and 366: who is in a room."""
    names = [author.name for author in view.authors]
    head = f":{SERVER} {n.RPL_NAMREPLY} {session.nick} = #{view.name} :"
    ended = session.reply(n.RPL_ENDOFNAMES, f"#{view.name}", trailing="End of /NAMES list.")
    return [*wire.filled(head, names, session.receiver.codec), *ended]


def _version() -> str:
    return f"netapp-{netapp.__version__}"
