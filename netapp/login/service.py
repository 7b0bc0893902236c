"""The login service from its configuration."""

from typing import Any

from twisted.application.service import IService
from twisted.cred.portal import Portal
from twisted.logger import Logger

from netapp.core import listen, text
from netapp.core.access import Access
from netapp.core.metrics import Metrics
from netapp.core.services import House, Part
from netapp.core.strangers import Page
from netapp.core.streams import Peer, SessionFactory
from netapp.login.config import DEFAULTS, PLUGIN, Config
from netapp.login.protocol import LoginProtocol
from netapp.login.realm import LoginRealm
from netapp.login.session import PHRASES, LoginSession
from netapp.people.checkers import AccountChecker
from netapp.people.directory import People

_log = Logger()


def login_service(
    config: Config, people: People, metrics: Metrics, reactor: Any, page: Page | None = None
) -> IService:
    """Every listener of the configuration, under one service.

    :param page: where a browser that comes here is sent.
    :raises ConfigError: a listener that cannot be.
    """
    house, access, realm = House(), Access(config.allow), LoginRealm(people)
    portal, say = Portal(realm, [AccountChecker(people)]), PHRASES.speaker(config.lang)

    def build(peer: Peer) -> LoginProtocol:
        throttle = people.throttle.at(peer[0])
        held = throttle.wait(reactor.seconds())
        session = LoginSession(say, text.Tongue(config.encoding), throttle, held=held)
        return LoginProtocol(session, reactor, peer, portal)

    descriptions = listen.descriptions(config.listen, DEFAULTS, config.interface)
    factories = []
    for description in descriptions:
        factory = SessionFactory(build, access, page)
        factories.append(factory)
        listen.StreamListener(PLUGIN, description, factory, reactor, _hint).setServiceParent(house)
    in_clear = not all(map(listen.is_tls, descriptions))
    Part(lambda: _tell(config, people, in_clear), lambda: None).setServiceParent(house)
    metrics.counter("netapp_login_admitted", "Logins that were right.", lambda: people.admitted)
    metrics.counter("netapp_login_refused", "Logins that were wrong.", lambda: people.refused)
    metrics.gauge(
        "netapp_login_connections",
        "Connections that stand now.",
        lambda: sum(factory.connections for factory in factories),
    )
    return house


def _tell(config: Config, people: People, in_clear: bool) -> None:
    if in_clear:
        _log.info("{owner}: passwords travel in clear here: for a network that you trust", owner=PLUGIN)

    def count(accounts: Any) -> None:
        if not accounts:
            _log.info("{owner}: there is no account yet: {command}", owner=PLUGIN, command=config.add_command)

    people.all().addCallback(count).addErrback(
        lambda failure: _log.failure("{owner}: the accounts cannot be read", failure, owner=PLUGIN)
    )


def _hint(host: str, port: int) -> str:
    return f"telnet {host} {port}"
