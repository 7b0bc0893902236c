"""The SSH door from its configuration."""

from pathlib import Path
from typing import Any

from twisted.cred.portal import Portal
from twisted.logger import Logger

from netapp.core.access import Access
from netapp.core.connections import SessionFactory
from netapp.core.ssh.auth import UserAuth
from netapp.core.ssh.hostkeys import open_host_keys
from netapp.core.ssh.transport import ServerTransport
from netapp.core.streams import Peer
from netapp.login.config import PLUGIN, Config
from netapp.login.realm import Visitor
from netapp.login.shell.desk import Desk
from netapp.login.shell.session import PHRASES
from netapp.login.ssh.channel import House, ShellConnection
from netapp.login.ssh.gate import LoginGate
from netapp.people.directory import People

_log = Logger()


def ssh_factory(
    config: Config, people: People, portal: Portal, state: Path, reactor: Any, access: Access
) -> SessionFactory:
    """The connections of ``--ssh``.

    :raises ConfigError: the host key cannot be used.
    """
    keys = open_host_keys(state)
    house = House(
        people,
        lambda visitor: Desk(people, visitor),
        PHRASES.speaker(config.lang),
        config.encoding,
        reactor,
    )

    def serve(visitor: Visitor) -> ShellConnection:
        return ShellConnection(house, visitor)

    def build(peer: Peer) -> Any:
        gate = LoginGate(people, portal, peer[0], config.lang, serve)
        return ServerTransport(keys, lambda: UserAuth(gate), reactor, peer)

    for fingerprint in keys.fingerprints:
        _log.info("{owner}: ssh host key {fingerprint}", owner=PLUGIN, fingerprint=fingerprint)
    return SessionFactory(build, access)
