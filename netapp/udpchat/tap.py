"""``twistd netapp-udpchat``: the command line of the datagram chat, nothing else."""

from typing import Any, ClassVar

from twisted.application.service import IService
from twisted.internet import threads

from netapp.core import limits
from netapp.core.config import ServiceOptions, repeated
from netapp.core.running import Shared, alone
from netapp.core.state import acting_as
from netapp.errors import ConfigError
from netapp.people import open_people
from netapp.talk import open_talk
from netapp.udpchat.config import NOTHING, PLUGIN, Config
from netapp.udpchat.ipmsg.numbers import Numbers
from netapp.udpchat.service import udpchat_service


def _answer(given: str) -> str:
    if len(given.encode("utf-8", "surrogateescape")) > limits.PLAIN_ANSWER:
        raise ValueError(f"an answer has at most {limits.PLAIN_ANSWER} octets")
    return given


class Options(ServiceOptions):
    table = "udpchat"
    longdesc = "The lobby for plain datagrams (nc -u) and for IP Messenger, FeiQ and iptux."
    examples = (
        "twistd -n netapp-udpchat",
        "twistd -n netapp-udpchat --announce",
        "twistd -n netapp-udpchat --listen udp:8080 --ipmsg none --encoding gbk",
        "twistd -n netapp-udpchat --operator",
    )
    opt_listen = repeated(
        "listen",
        'What plain datagrams come to; "none" for IP Messenger alone; repeatable.  [default: udp:9999]',
    )
    opt_l = opt_listen
    optFlags: ClassVar[list[list[Any]]] = [
        ["announce", None, "Broadcast that this IP Messenger station is there."],
        ["operator", None, "Show plain datagrams; send what is typed here to who spoke last."],
    ]
    optParameters: ClassVar[list[list[Any]]] = [
        [
            "ipmsg",
            None,
            Config.ipmsg,
            'What IP Messenger listens on, and TCP of that number; "none" turns it off.  [default: udp:2425]',
        ],
        [
            "ack",
            None,
            Config.ack,
            'Answer to a plain datagram when nobody says anything; "" for none.',
            _answer,
        ],
    ]


def config_from(options: Options) -> Config:
    """:raises ConfigError: nothing is left to listen on."""
    if options.get("listen", ()) == (NOTHING,) and options["ipmsg"] == NOTHING:
        raise ConfigError("--listen none and --ipmsg none leave nothing to listen on")
    return Config(
        **options.shared(),
        ipmsg=options["ipmsg"],
        announce=bool(options["announce"]),
        operator=bool(options["operator"]),
        ack=options["ack"],
    )


def part(options: Options, shared: Shared) -> IService:
    """The service as a part of a process: this plugin's, or the hub's."""
    state, reactor = options.state_path, shared.reactor
    days = options["keep-talk"]
    people = shared.noun("people", lambda: open_people(state, reactor, status=shared.status))
    talk = shared.noun("talk", lambda: open_talk(state, reactor, people, days=days, status=shared.status))
    config = config_from(options)
    numbers = Numbers(
        state / "ipmsg-numbers",
        reactor.seconds,
        lambda work: threads.deferToThreadPool(reactor, reactor.getThreadPool(), work),
    )
    if config.ipmsg != NOTHING:
        with acting_as(shared.user):
            numbers.reserve()
    desk = shared.desk(config.lang) if config.operator else None
    return udpchat_service(config, talk, numbers, shared.own_ports, shared.metrics, reactor, desk)


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
