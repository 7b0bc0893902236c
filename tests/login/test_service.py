"""The service and its command line: which doors stand, on which addresses, and who is asked there."""

import sys
from pathlib import Path
from typing import Any

import pytest
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.python import usage

from netapp.core.metrics import Metrics
from netapp.core.services import House
from netapp.errors import ConfigError
from netapp.login.config import Config
from netapp.login.realm import Arrival, IVisitor, LoginRealm
from netapp.login.service import login_service
from netapp.login.tap import Options, config_from
from netapp.people.checkers import AvatarId
from netapp.testing import FakeReactor
from tests.login import Slow, now


def config(*arguments: str) -> Config:
    options = Options()
    options.parseOptions(arguments)
    return config_from(options)


def opened(tmp_path: Path, *arguments: str) -> list[tuple[str, int]]:
    """What a command line listens on: (address, port)."""
    reactor = FakeReactor()
    service: House = login_service(  # type: ignore[assignment]
        config(*arguments), Slow(reactor), Metrics(), reactor, state=tmp_path
    )
    service.privilegedStartService()
    return [(interface, port) for port, _, _, interface, _ in _servers(reactor)]


def _servers(reactor: FakeReactor) -> list[tuple[int, Any, int, str, None]]:
    return [
        (port, factory, backlog, interface, None) for port, factory, backlog, interface in reactor.tcpServers
    ]


def test_only_the_prompt_stands_unless_more_is_asked_for(tmp_path: Path) -> None:
    assert opened(tmp_path, "--interface", "127.0.0.1") == [("127.0.0.1", 9999)]


def test_the_other_doors_stand_where_they_are_told(tmp_path: Path) -> None:
    assert opened(
        tmp_path,
        "--listen=tcp:1:interface=127.0.0.1",
        "--ssh=tcp:2:interface=127.0.0.2",
        "--ssh=tcp:3",
        "--http=tcp:4",
        "--http=tcp:5:interface=127.0.0.3",
        "--ldap=tcp:6",
    ) == [
        ("127.0.0.1", 1),
        ("127.0.0.2", 2),
        ("", 3),
        ("127.0.0.1", 4),  # on loopback unless told otherwise
        ("127.0.0.3", 5),
        ("127.0.0.1", 6),
    ]


def test_ssh_needs_a_place_for_its_host_key() -> None:
    reactor = FakeReactor()
    with pytest.raises(ConfigError, match="host key"):
        login_service(Config(ssh=("tcp:2",)), Slow(reactor), Metrics(), reactor)


@pytest.mark.parametrize("option", ["ssh", "http", "ldap"])
def test_a_listener_that_cannot_be_names_its_option(tmp_path: Path, option: str) -> None:
    with pytest.raises(ConfigError, match=f"--{option}"):
        opened(tmp_path, f"--{option}=nonsense:1")


def test_the_command_line_becomes_a_configuration() -> None:
    given = config("--proxy=10.0.0.0/8", "--proxy=::1", "--ldap-base=dc=school", "--password-policy=nist")
    assert [str(each) for each in given.proxy] == ["10.0.0.0/8", "::1/128"]
    assert (given.ldap_base, given.password_policy) == ("dc=school", "nist")
    plain = config()
    assert (plain.http, plain.ssh, plain.ldap, plain.proxy, plain.auth) == ((), (), (), (), ())
    assert (plain.ldap_base, plain.password_policy) == ("dc=netapp", None)


@pytest.mark.parametrize("argument", ["--password-policy=strict", "--auth=nonsense", "--auth=anonymous"])
def test_what_cannot_be_is_refused_in_one_line(argument: str) -> None:
    with pytest.raises(usage.UsageError) as refused:
        config(argument)
    assert "\n" not in str(refused.value)


def test_asking_for_help_is_no_key_of_the_configuration_file() -> None:
    keys = Options().known_keys()
    assert "auth" in keys
    assert not [key for key in keys if key.startswith("help")]


def test_the_same_in_the_configuration_file(tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text(
        '[login]\nssh = ["tcp:2"]\nhttp = ["tcp:4"]\nproxy = ["10.0.0.0/8"]\nldap-base = "o=school"\n'
        'auth = ["memory:li:abc"]\n'
    )
    given = config("--config", str(file))
    assert (given.ssh, given.http, given.ldap_base) == (("tcp:2",), ("tcp:4",), "o=school")
    assert len(given.auth) == 1
    assert IUsernamePassword in given.auth[0].credentialInterfaces


def test_the_policy_of_the_command_line_is_the_peoples(tmp_path: Path) -> None:
    reactor = FakeReactor()
    for chosen in ("nist", "basic"):
        people = Slow(reactor)
        login_service(Config(password_policy=chosen), people, Metrics(), reactor)
        assert people.policy == chosen


def test_checkers_elsewhere_are_the_peoples_to_ask() -> None:
    reactor = FakeReactor()
    people = Slow(reactor)
    login_service(config("--auth=memory:li:abc"), people, Metrics(), reactor)
    assert now(people.authentication.external.check("li", b"abc"))  # type: ignore[union-attr]
    assert not now(people.authentication.external.check("li", b"abd"))  # type: ignore[union-attr]


# The realm -----------------------------------------------------------------------------------


def test_the_realm_has_visitors_for_accounts_only_and_writes_them_down() -> None:
    from twisted.cred.checkers import ANONYMOUS

    people = Slow(FakeReactor())
    realm, zhao, arrival = LoginRealm(people), people.account(), Arrival("ssh", "192.0.2.1")
    interface, visitor, logout = now(realm.requestAvatar(AvatarId(zhao), arrival, IVisitor))
    assert interface is IVisitor
    assert IVisitor.providedBy(visitor)
    assert visitor.account.id == zhao.id
    assert (visitor.session.door, visitor.session.source) == ("ssh", "192.0.2.1")
    for nobody in (ANONYMOUS, b"", b"zhao", b"\xff", zhao.id.encode()):
        with pytest.raises(UnauthorizedLogin):
            now(realm.requestAvatar(nobody, arrival, IVisitor))
    with pytest.raises(UnauthorizedLogin):
        now(realm.requestAvatar(AvatarId(zhao), None, IVisitor))
    with pytest.raises(NotImplementedError):
        now(realm.requestAvatar(AvatarId(zhao), arrival))
    assert (realm.present, len(now(people.sessions.of(zhao.id)))) == (1, 1)
    assert realm.whereabouts() == [(zhao.shown, "ssh")]
    logout()
    logout()
    assert (realm.present, len(now(people.sessions.of(zhao.id)))) == (0, 0)


def test_a_closed_doors_needs_are_not_imported() -> None:
    import subprocess

    code = (
        "import sys, netapp.login.tap; "
        "print([name for name in ('twisted.conch', 'ldaptor', 'segno', 'pyotp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
