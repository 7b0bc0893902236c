"""``twistd netapp-echo``: the command line of the echo service, nothing else."""

from typing import Any, ClassVar

from twisted.application.service import IService

from netapp.core.config import ServiceOptions
from netapp.core.running import Shared, alone
from netapp.echo.config import PLUGIN, Config
from netapp.echo.service import echo_service


class Options(ServiceOptions):
    table = "echo"
    longdesc = "Answers every chunk and every datagram: with what came, or by a template."
    examples = (
        "twistd -n netapp-echo",
        "twistd -n netapp-echo --listen tcp:7777 --reply 'OK!'",
        "twistd -n netapp-echo --listen tcp:8080 --operator --once --encoding gbk",
    )
    optFlags: ClassVar[list[list[Any]]] = [
        ["once", None, "Answer one chunk, then close."],
        ["operator", None, "Show what arrives; send what is typed here to who spoke last."],
    ]
    optParameters: ClassVar[list[list[Any]]] = [
        ["reply", None, Config.reply, "The answer; {data}, {host}, {port}, {time}, {count} are filled in."],
    ]


def config_from(options: Options) -> Config:
    return Config(
        **options.shared(),
        reply=options["reply"],
        once=bool(options["once"]),
        operator=bool(options["operator"]),
    )


def part(options: Options, shared: Shared) -> IService:
    """The service as a part of a process: this plugin's, or the hub's."""
    config = config_from(options)
    desk = shared.desk(config.lang) if config.operator else None
    return echo_service(config, shared.own_ports, shared.metrics, shared.reactor, desk)


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
