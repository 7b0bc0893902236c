"""``twistd netapp-chat``: the command line of the chat service, nothing else."""

from typing import Any, ClassVar

from twisted.application.service import IService

from netapp.chat.config import PLUGIN, Config
from netapp.chat.service import chat_service
from netapp.core.config import ServiceOptions, one_of
from netapp.core.running import Shared, alone
from netapp.people import open_people
from netapp.talk import open_talk


class Options(ServiceOptions):
    table = "chat"
    longdesc = "Rooms to talk in, for telnet and nc (lines) and for IRC clients."
    examples = (
        "twistd -n netapp-chat",
        "twistd -n netapp-chat --listen tcp:8080 --irc none",
        "twistd -n netapp-chat --irc tcp:6697:interface=127.0.0.1 --flood off --lang en",
    )
    optParameters: ClassVar[list[list[Any]]] = [
        ["irc", None, Config.irc, 'What IRC listens on; "none" turns it off.  [default: tcp:6667]'],
        ["flood", None, "on", "Hold back who says too much at once: on or off.", one_of("on", "off")],
    ]


def config_from(options: Options) -> Config:
    return Config(**options.shared(), irc=options["irc"], flood=options["flood"] == "on")


def part(options: Options, shared: Shared) -> IService:
    """The service as a part of a process: this plugin's, or the hub's."""
    state = options.state_path
    days = options["keep-talk"]
    people = shared.noun("people", lambda: open_people(state, shared.reactor, status=shared.status))
    talk = shared.noun(
        "talk", lambda: open_talk(state, shared.reactor, people, days=days, status=shared.status)
    )
    return chat_service(config_from(options), talk, people, shared.metrics, shared.reactor, shared.page)


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
