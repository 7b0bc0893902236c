"""The chat service from its configuration."""

from collections.abc import Callable
from typing import Any

from twisted.application.service import IService

from netapp.chat.config import DEFAULTS, IRC_DEFAULT, PLUGIN, Config
from netapp.chat.entrance import Entrance
from netapp.chat.irc.render import Renderer
from netapp.chat.irc.session import IrcSession
from netapp.chat.lines.session import LineSession
from netapp.chat.protocol import ChatProtocol, Fanout
from netapp.core import listen, text
from netapp.core.access import Access
from netapp.core.metrics import Metrics
from netapp.core.services import House
from netapp.core.strangers import Page
from netapp.core.streams import Peer, SessionFactory
from netapp.people.directory import People
from netapp.talk.talk import Talk


def chat_service(
    config: Config,
    talk: Talk,
    people: People | None,
    metrics: Metrics,
    reactor: Any,
    page: Page | None = None,
) -> IService:
    """Every listener of the configuration, under one service.

    :param people: who has an account; None for guests only.
    :param page: where a browser that comes here is sent.
    :raises ConfigError: a listener that cannot be.
    """
    house, access = House(), Access(config.allow, config.proxy)
    entrance, fanout = Entrance(talk, people), Fanout(reactor)
    lines, irc = _sessions(config, talk, reactor)

    def factory_of(session: Callable[[], Any]) -> SessionFactory:
        def build(peer: Peer) -> ChatProtocol:
            return ChatProtocol(session(), reactor, peer, talk, entrance, fanout)

        return SessionFactory(build, access, page)

    for descriptions, session, hint, option in (
        (listen.descriptions(config.listen, DEFAULTS, config.interface), lines, _hint_lines, "--listen"),
        (_irc_descriptions(config), irc, _hint_irc, "--irc"),
    ):
        for description in descriptions:
            factory = factory_of(session)
            listener = listen.StreamListener(PLUGIN, description, factory, reactor, hint, option)
            listener.setServiceParent(house)
    _measure(metrics, talk)
    return house


def _sessions(
    config: Config, talk: Talk, reactor: Any
) -> tuple[Callable[[], LineSession], Callable[[], IrcSession]]:
    """What makes a session of each kind."""
    renderer = Renderer()

    def lines() -> LineSession:
        tongue = text.Tongue(config.encoding)
        return LineSession(talk, tongue, config.lang, reactor.seconds(), flood=config.flood)

    def irc() -> IrcSession:
        tongue = text.Tongue(config.encoding)
        return IrcSession(talk, renderer, tongue, config.lang, reactor.seconds(), flood=config.flood)

    return lines, irc


def _irc_descriptions(config: Config) -> tuple[str, ...]:
    if config.irc == "none":
        return ()
    given = (config.irc,) if config.irc else ()
    return listen.descriptions(given, (IRC_DEFAULT,), config.interface)


def _measure(metrics: Metrics, talk: Talk) -> None:
    metrics.counter("netapp_talk_messages", "Messages said.", lambda: talk.messages)
    metrics.counter("netapp_talk_unstored", "Messages that could not be stored.", lambda: talk.unstored)
    metrics.gauge("netapp_talk_presences", "Connections present in talk.", lambda: talk.presences)


def _hint_lines(host: str, port: int) -> str:
    return f"nc {host} {port}"


def _hint_irc(host: str, port: int) -> str:
    return f"irssi -c {host} -p {port}"
