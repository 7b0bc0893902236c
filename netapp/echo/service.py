"""The echo service from its configuration."""

import time
from typing import Any

from twisted.application.service import IService

from netapp.core import listen, text
from netapp.core.access import Access
from netapp.core.datagrams import OwnPorts
from netapp.core.desk import Desk
from netapp.core.metrics import Metrics
from netapp.core.services import House
from netapp.core.streams import Peer, SessionFactory
from netapp.echo.config import DEFAULTS, PLUGIN, Config
from netapp.echo.protocol import EchoDatagrams, EchoProtocol
from netapp.echo.session import Answers, EchoSession, Template


def echo_service(
    config: Config, own: OwnPorts, metrics: Metrics, reactor: Any, desk: Desk | None = None
) -> IService:
    """Every listener of the configuration, under one service.

    :param desk: where the operator sits, with ``config.operator``.
    :raises ConfigError: a template or a listener that cannot be.
    """
    house = House()
    access, answers = Access(config.allow, config.proxy), Answers(Template(config.reply), _time_of_day)

    def tongue() -> text.Tongue:
        return text.Tongue(config.encoding)

    def build(peer: Peer) -> EchoProtocol:
        session = EchoSession(answers, tongue(), peer, once=config.once, operator=config.operator)
        return EchoProtocol(session, reactor, peer, desk)

    for description in listen.descriptions(config.listen, DEFAULTS, config.interface):
        if listen.is_datagram(description):
            datagrams = EchoDatagrams(answers, tongue, desk, reactor, access, own)
            listener: IService = listen.DatagramListener(PLUGIN, description, datagrams, reactor, _hint_udp)
        else:
            listener = listen.StreamListener(
                PLUGIN, description, SessionFactory(build, access), reactor, _hint_tcp
            )
        listener.setServiceParent(house)
    metrics.counter("netapp_echo_answers", "Answers given.", lambda: answers.count)
    return house


def _time_of_day() -> str:
    return time.strftime("%H:%M:%S")


def _hint_tcp(host: str, port: int) -> str:
    return f"echo hello | nc -w 1 {host} {port}"


def _hint_udp(host: str, port: int) -> str:
    return f"echo hello | nc -u -w 1 {host} {port}"
