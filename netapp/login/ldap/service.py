"""The directory's door from its configuration.  ldaptor is imported when somebody asks for it."""

from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from netapp.core.access import Access
from netapp.core.connections import Peer, SessionFactory
from netapp.core.listen import is_tls, on_loopback
from netapp.core.metrics import Metrics
from netapp.errors import ConfigError, WireError
from netapp.login.config import PLUGIN, Config

if TYPE_CHECKING:
    from netapp.login.ldap.tree import Places

_LOOPBACK = ("interface=127.", "interface=localhost", "interface=\\:\\:1")


def ldap_factory(
    config: Config, people: Any, portal: Any, reactor: Any, access: Access, metrics: Metrics
) -> SessionFactory:
    """What serves ``--ldap``: one factory for all of its listeners.

    :param portal: not asked: it opens a session for each visitor, and a bind is none.
    :raises ConfigError: ldaptor is not installed, or the base is no name.
    """
    try:
        import ldaptor.protocols.pureldap  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        raise ConfigError("--ldap needs ldaptor: pip install 'netapp[ldap]'") from None
    factory = LdapFactory(config, people, places_of(config.ldap_base), reactor, access)
    metrics.counter("netapp_login_ldap_searches", "Searches in the directory.", lambda: factory.searches)
    metrics.gauge("netapp_login_ldap_connections", "Connections to it now.", lambda: factory.connections)
    return factory


def places_of(base: str) -> "Places":
    """:raises ConfigError: no distinguished name that the directory can stand under."""
    from netapp.login.ldap.names import parse_name
    from netapp.login.ldap.schema import canonical
    from netapp.login.ldap.tree import TOP_TYPES, Places

    try:
        name = parse_name(base.encode())
    except (WireError, UnicodeEncodeError):
        name = None
    if (
        name is None
        or not name.rdns
        or len(name.rdns[0]) > 1
        or canonical(name.rdns[0][0][0]) not in TOP_TYPES
    ):
        raise ConfigError(
            f"--ldap-base {base!r} is no name to stand under: write dc=example,dc=org or o=school"
        )
    return Places(name)


class LdapFactory(SessionFactory):
    """One directory and its clients."""

    _log = Logger()

    def __init__(self, config: Config, people: Any, places: "Places", reactor: Any, access: Access) -> None:
        super().__init__(self._build_session, access)
        self._config, self._people, self._places, self._reactor = config, people, places, reactor
        self._directory: Any = None
        self._unsubscribe: Any = None
        self._searches = 0  # of connections that are gone

    @property
    def searches(self) -> int:
        """Searches that were asked for."""
        return self._searches + sum(int(each.session.reader.searches) for each in self._clients())

    def startFactory(self) -> None:
        from netapp.login.ldap.directory import Directory

        super().startFactory()
        self._directory = Directory(self._people, self._places, self._reactor)
        self._unsubscribe = self._people.changes.subscribe(self._changed)
        if any(map(_in_clear, self._config.ldap)):
            self._log.info(
                "{owner}: --ldap: passwords travel in clear here: for a network that you trust; for others "
                "--ldap ssl:6360:privateKey=login.key:certKey=login.crt",
                owner=PLUGIN,
            )

    def stopFactory(self) -> None:
        self._directory.stop()
        self._unsubscribe()

    def lost(self, gone: Any) -> None:
        self._searches += gone.session.reader.searches
        super().lost(gone)

    def _build_session(self, peer: Peer) -> Any:
        from netapp.login.ldap.protocol import LdapProtocol

        return LdapProtocol(self._people, self._directory, self._places, self._reactor, peer)

    def _changed(self, change: Any) -> None:
        for each in self._clients():
            each.changed(change)

    def _clients(self) -> list[Any]:
        return list(self._protocols)


def _in_clear(description: str) -> bool:
    """Whether a listener can be reached from elsewhere without TLS."""
    local = any(each in on_loopback(description) for each in _LOOPBACK)
    return not (is_tls(description) or description.startswith("unix:") or local)
