"""The datagram chat from its configuration."""

import random
import re
import socket
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from twisted.application.service import IService
from twisted.logger import Logger

import netapp
from netapp.core import listen
from netapp.core.access import Access
from netapp.core.datagrams import OwnPorts
from netapp.core.desk import Desk
from netapp.core.metrics import Metrics
from netapp.core.services import House, Notice, Part, Storeys
from netapp.talk.talk import Talk
from netapp.udpchat.config import DEFAULTS, IPMSG_DEFAULT, NOTHING, PLUGIN, Config
from netapp.udpchat.ipmsg.interfaces import Interface, interfaces
from netapp.udpchat.ipmsg.listener import IpmsgListener
from netapp.udpchat.ipmsg.protocol import IpmsgDatagrams, Presence
from netapp.udpchat.ipmsg.session import Session as IpmsgSession
from netapp.udpchat.ipmsg.writer import Identity
from netapp.udpchat.plain.operator import OperatorSession
from netapp.udpchat.plain.protocol import OperatorDatagrams, PlainDatagrams
from netapp.udpchat.plain.session import Session as PlainSession
from netapp.udpchat.words import PHRASES

_log = Logger()


def udpchat_service(
    config: Config,
    talk: Talk,
    numbers: Callable[[], int],
    own: OwnPorts,
    metrics: Metrics,
    reactor: Any,
    desk: Desk | None = None,
    *,
    find: Callable[[], Iterable[Interface]] = interfaces,
) -> IService:
    """Every listener of the configuration, under one service.

    :param numbers: gives packet numbers that rise for ever.
    :param desk: where the operator sits, with ``config.operator``.
    :param find: gives this machine's interfaces.
    :raises ConfigError: a listener that cannot be.
    """
    house = Storeys()  # the farewell leaves before its socket closes
    access = Access(config.allow, config.proxy)
    if config.listen != (NOTHING,):
        _add_plain(house, config, talk, own, access, metrics, desk, reactor)
    if config.ipmsg != NOTHING:
        given = (config.ipmsg,) if config.ipmsg else ()
        (description,) = listen.descriptions(given, (IPMSG_DEFAULT,), config.interface)
        identity = identity_of(socket.gethostname(), PHRASES.say(config.lang, "nickname"))
        session = IpmsgSession(identity, config.encoding, numbers, random.random)
        station = IpmsgDatagrams(session, talk, PHRASES.speaker(config.lang), reactor, access, own)
        _add_ipmsg(house, config, description, station, access, find, reactor)
        _measure_ipmsg(metrics, station)
    return house


def identity_of(hostname: str, nickname: str) -> Identity:
    """Who we are on the LAN.

    FeiQ knows its own kind by a hardware address in the version field: ours is made up from the
    host's name, locally administered, never the machine's (IPMSG 18.1).  The host's name is cut
    short, since a receipt must be no longer than twice a short message.
    """
    host = re.sub(r"[^A-Za-z0-9._-]", "-", hostname.partition(".")[0])[:15] or "host"
    made_up = "02" + sha256(hostname.encode("utf-8", "replace")).hexdigest()[:10].upper()
    version = ".".join(netapp.__version__.split(".")[:2])
    return Identity(
        user=b"netapp",
        host=host.encode("ascii"),
        nickname=nickname,
        group="netapp",
        version=f"1_netapp {version}".encode("ascii"),
        feiq=f"1_lbt6_0#128#{made_up}#0#0#0#4001#9".encode("ascii"),
        info=f"netapp {netapp.__version__}",
    )


def _add_plain(
    house: House,
    config: Config,
    talk: Talk,
    own: OwnPorts,
    access: Access,
    metrics: Metrics,
    desk: Desk | None,
    reactor: Any,
) -> None:
    doors: list[PlainDatagrams | OperatorDatagrams] = []
    for description in listen.descriptions(config.listen, DEFAULTS, config.interface):
        door: PlainDatagrams | OperatorDatagrams
        if desk is not None:
            door = OperatorDatagrams(OperatorSession(config.encoding), desk, reactor, access, own)
        else:
            say = PHRASES.speaker(config.lang)
            session = PlainSession(config.encoding, config.ack, say)
            door = PlainDatagrams(session, talk, say, reactor, access, own)
        doors.append(door)
        listen.DatagramListener(PLUGIN, description, door, reactor, _hint).setServiceParent(house)
    metrics.counter(
        "netapp_udpchat_datagrams", "Plain datagrams.", lambda: sum(door.received for door in doors)
    )
    metrics.counter(
        "netapp_udpchat_answers", "Answers to them.", lambda: sum(door.answered for door in doors)
    )


def _add_ipmsg(
    house: House,
    config: Config,
    description: str,
    station: IpmsgDatagrams,
    access: Access,
    find: Callable[[], Iterable[Interface]],
    reactor: Any,
) -> None:
    bound, _ = listen.parse_datagram(description)
    everywhere = bound in ("", "0.0.0.0", "::")  # noqa: S104  (compared, not bound)
    broadcasts = [each.broadcast for each in find() if everywhere or each.address == bound]
    ears = () if everywhere else broadcasts
    IpmsgListener(PLUGIN, description, station, ears, access, reactor).setServiceParent(house)
    presence = Presence(station, broadcasts if config.announce else (), reactor)

    def start() -> None:
        if config.announce and not broadcasts:
            _log.warn("{plugin}: --announce: no interface here can broadcast", plugin=PLUGIN)
        presence.start()

    Part(start, presence.stop).setServiceParent(house)
    if not config.announce:
        line = "quiet: nothing is broadcast; --announce makes this station known on the LAN"
        Notice(PLUGIN, line, "quiet without --announce").setServiceParent(house)


def _measure_ipmsg(metrics: Metrics, station: IpmsgDatagrams) -> None:
    session = station.session
    metrics.gauge("netapp_ipmsg_peers", "Peers known now.", lambda: len(session.peers))
    metrics.counter("netapp_ipmsg_datagrams", "Packets that came.", lambda: station.received)
    metrics.counter("netapp_ipmsg_malformed", "Packets that were none.", lambda: station.malformed)
    metrics.counter("netapp_ipmsg_messages", "Messages shown.", lambda: session.messages)
    metrics.counter("netapp_ipmsg_repeated", "Copies of messages.", lambda: session.repeated)
    metrics.counter("netapp_ipmsg_receipts", "Receipts sent.", lambda: session.sender.receipts)
    metrics.counter("netapp_ipmsg_delivered", "Messages received by peers.", lambda: session.delivered)


def _hint(host: str, port: int) -> str:
    return f"echo hello | nc -u -w 1 {host} {port}"
