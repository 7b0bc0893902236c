"""The login service from its configuration."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from twisted.application.service import IService
from twisted.cred.portal import Portal

from netapp.core import listen, text
from netapp.core.access import Access
from netapp.core.metrics import Metrics
from netapp.core.services import House, Notice
from netapp.core.state import User, acting_as
from netapp.core.status.readings import Status
from netapp.core.strangers import Page
from netapp.core.streams import Peer, SessionFactory
from netapp.errors import ConfigError
from netapp.login.config import DEFAULTS, PLUGIN, Config
from netapp.login.prompt.protocol import LoginProtocol
from netapp.login.prompt.session import LoginSession
from netapp.login.prompt.words import PHRASES
from netapp.login.realm import LoginRealm
from netapp.login.shell import words
from netapp.people.checkers import ChainChecker
from netapp.people.directory import People
from netapp.people.model import Account

_IN_CLEAR: Final = (
    "passwords travel in clear here: for a network that you trust; for others "
    "--ssh tcp:2022, or --listen ssl:9999:privateKey=login.key:certKey=login.crt"
)
#: A door: its descriptions, its factory, the option that opens it, and how somebody tries it, over TLS too.
_Door = tuple[tuple[str, ...], SessionFactory, str, listen.Hint, listen.Hint]


def login_service(
    config: Config,
    people: People,
    metrics: Metrics,
    reactor: Any,
    page: Page | None = None,
    state: Path | None = None,
    user: User = None,
    status: Status | None = None,
) -> IService:
    """Every listener of the configuration, under one service.

    :param page: where a browser that comes here is sent.
    :param state: the state directory, in which the SSH door keeps its host key.
    :param user: who the process will be, and whose the key is.
    :param status: is told who is present.
    :raises ConfigError: a listener that cannot be.
    """
    house, access, realm = House(), Access(config.allow, config.proxy), LoginRealm(people)
    portal = Portal(realm, [ChainChecker(people, *config.auth)])
    people.chosen_policy = config.password_policy or people.chosen_policy
    descriptions = listen.descriptions(config.listen, DEFAULTS, config.interface)
    factories = []
    for description in descriptions:
        factory = SessionFactory(_prompt(config, people, portal, reactor), access, page)
        factories.append(factory)
        listen.StreamListener(PLUGIN, description, factory, reactor, _hint).setServiceParent(house)
    with acting_as(user):
        others = list(_other_doors(config, people, portal, state, reactor, access, metrics))
    factories += _opened(house, others, reactor)
    if not all(map(listen.is_tls, descriptions)):
        Notice(PLUGIN, _IN_CLEAR, "passwords in clear").setServiceParent(house)
    _NobodyYet(config, people).setServiceParent(house)
    _count(metrics, people, realm, factories)
    if status is not None:
        status.add("present", "login", realm.whereabouts)
    return house


def _opened(house: House, doors: Iterable[Any], reactor: Any) -> Iterator[Any]:
    """The factories of these doors, whose listeners are in the house."""
    for own, factory, option, *hints in doors:
        yield factory
        for description in own:
            hint = hints[listen.is_tls(description)]
            listener = listen.StreamListener(PLUGIN, description, factory, reactor, hint, option, hint)
            listener.setServiceParent(house)


def _prompt(config: Config, people: People, portal: Portal, reactor: Any) -> Any:
    """:returns: a peer to the protocol that prompts it."""
    say, shell_says = PHRASES.speaker(config.lang), words.PHRASES.speaker(config.lang)

    def build(peer: Peer) -> LoginProtocol:
        throttle = people.throttle.at(peer[0])
        held = throttle.wait(reactor.seconds())
        tongue = text.Tongue(config.encoding)
        session = LoginSession(say, tongue, throttle, held=held, shell=config.shell)
        return LoginProtocol(session, reactor, peer, portal, people, shell_says)

    return build


def _other_doors(
    config: Config,
    people: People,
    portal: Portal,
    state: Path | None,
    reactor: Any,
    access: Access,
    metrics: Metrics,
) -> Iterator[_Door]:
    """The doors that the configuration opens; what a closed one needs is not imported."""
    if config.ssh:
        from netapp.login.ssh.service import ssh_factory

        if state is None:
            raise ConfigError("--ssh needs a state directory for its host key")
        door = ssh_factory(config, people, portal, state, reactor, access)
        yield config.ssh, door, "--ssh", _hint_ssh, _hint_ssh
    if config.http:
        from netapp.login.http.service import http_factory

        own = tuple(map(listen.on_loopback, config.http))
        door = http_factory(config, people, portal, reactor, access, metrics)
        yield own, door, "--http", _hint_http("http"), _hint_http("https")
    if config.ldap:
        from netapp.login.ldap.service import ldap_factory

        own = tuple(map(listen.on_loopback, config.ldap))
        door = ldap_factory(config, people, portal, reactor, access, metrics)
        yield own, door, "--ldap", _hint_ldap("ldap", config), _hint_ldap("ldaps", config)


def _count(metrics: Metrics, people: People, realm: LoginRealm, factories: list[SessionFactory]) -> None:
    metrics.counter("netapp_login_admitted", "Logins that were right.", lambda: people.admitted)
    metrics.counter("netapp_login_refused", "Logins that were wrong.", lambda: people.refused)
    metrics.gauge("netapp_login_visitors", "Sessions after a login that stand now.", lambda: realm.present)
    metrics.gauge(
        "netapp_login_connections",
        "Connections that stand now.",
        lambda: sum(factory.connections for factory in factories),
    )


class _NobodyYet(Notice):
    """Told while there is no account: who reads the log is who can make the first."""

    def __init__(self, config: Config, people: People) -> None:
        super().__init__(PLUGIN, f"there is no account yet: {config.add_command}", "")
        self._people = people

    def tell(self) -> None:
        self._people.all().addCallback(self._count).addErrback(
            lambda failure: self._log.failure("{owner}: the accounts cannot be read", failure, owner=PLUGIN)
        )

    def _count(self, accounts: Iterable[Account]) -> None:
        if not list(accounts):
            super().tell()


def _hint(host: str, port: int) -> str:
    return f"telnet {host} {port}"


def _hint_ssh(host: str, port: int) -> str:
    return f"ssh -p {port} NAME@{host}"


def _hint_http(scheme: str) -> listen.Hint:
    return lambda host, port: f"curl -i -u NAME {scheme}://{listen.in_url(host)}:{port}/verify"


def _hint_ldap(scheme: str, config: Config) -> listen.Hint:
    who = f"uid=NAME,ou=people,{config.ldap_base}"
    return lambda host, port: f"ldapwhoami -x -W -H {scheme}://{listen.in_url(host)}:{port} -D {who}"
