"""The directory as a process, asked by OpenLDAP's clients."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from netapp.people import admin, store
from netapp.people.model import Password
from netapp.people.passwords import CHEAP, Hasher
from tests import hostile, real
from tests.login import ldap_client
from tests.login.ldap_client import GROUPS, PEOPLE

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LOCAL = "--listen=tcp:0:interface=127.0.0.1"
LDAP = "--ldap=tcp:0:interface=127.0.0.1"
RIGHT = "a right password"
ZHAO, SERVICE = f"uid=zhao,{PEOPLE}", f"uid=gitea,{PEOPLE}"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with some accounts."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    kept = Password(Hasher(CHEAP).hash(RIGHT.encode()))
    with store.rows(folder) as rows:
        now = time.time()
        admin.add(rows, "zhao", kept, now, role="admin", groups=["lab"])
        admin.add(rows, "gitea", kept, now, role="guest")
        admin.add(rows, "小明", kept, now, shown="王小明", groups=["一班"])
        for number in range(20):
            admin.add(rows, f"pupil{number}", kept, now, groups=["一班"])
    return folder


@pytest.fixture
def door(start: Start, state: Path) -> str:
    """The URL of a directory with these people."""
    return f"ldap://127.0.0.1:{start('netapp-login', LOCAL, LDAP).ports('tcp')[1]}"


def run(program: str, url: str, *arguments: str, password: str = RIGHT, **env: str) -> tuple[int, str, str]:
    """One of OpenLDAP's clients, bound as zhao unless told otherwise.  :returns: status, output, errors."""
    bind = () if "-D" in arguments or "-x" in arguments else ("-D", ZHAO, "-w", password)
    done = subprocess.run(
        [
            real.tool(program, "ldap-utils"),
            "-x",
            "-H",
            url,
            *bind,
            *(each for each in arguments if each != "-x"),
        ],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def found(url: str, *arguments: str) -> list[str]:
    """The lines of what ``ldapsearch`` finds."""
    status, output, errors = run(
        "ldapsearch", url, "-LLL", "-o", "ldif-wrap=no", "-b", "dc=netapp", *arguments
    )
    assert status == 0, errors
    return [line for line in output.splitlines() if line]


def test_ldapwhoami(door: str, tmp_path: Path) -> None:
    assert run("ldapwhoami", door)[:2] == (0, f"dn:{ZHAO}\n")
    assert run("ldapwhoami", door, "-x")[:2] == (0, "anonymous\n")
    assert run("ldapwhoami", door, password="a wrong password")[0] == 49
    assert run("ldapwhoami", door, "-D", f"uid=nobody,{PEOPLE}", "-w", RIGHT)[0] == 49
    assert run("ldapwhoami", door, "-D", "zhao", "-w", RIGHT)[0] == 34
    assert run("ldapwhoami", door, "-D", ZHAO, "-w", "")[0] == 53
    (tmp_path / "password").write_text(RIGHT)
    assert run("ldapwhoami", door, "-D", ZHAO, "-y", str(tmp_path / "password"))[:2] == (0, f"dn:{ZHAO}\n")


def test_ldapsearch_without_a_bind(door: str) -> None:
    assert run("ldapsearch", door, "-x", "-b", "dc=netapp")[0] == 50
    status, output, _ = run("ldapsearch", door, "-x", "-LLL", "-s", "base", "-b", "", "+")
    assert status == 0
    assert "supportedLDAPVersion: 3" in output
    assert "namingContexts: dc=netapp" in output


def test_ldapsearch_finds_chinese_names(door: str) -> None:
    assert found(door, "(cn=王小明)", "displayName") == [
        "dn:: dWlkPeWwj+aYjixvdT1wZW9wbGUsZGM9bmV0YXBw",
        "displayName:: 546L5bCP5piO",
    ]
    assert run("ldapwhoami", door, "-D", f"uid=小明,{PEOPLE}", "-w", RIGHT)[:2] == (
        0,
        f"dn:uid=小明,{PEOPLE}\n",
    )


def test_ldapsearch_by_pages(door: str) -> None:
    lines = found(door, "-E", "pr=5/noprompt", "(objectClass=inetOrgPerson)", "1.1")
    assert len([line for line in lines if line.startswith("dn:")]) == 23
    assert len([line for line in lines if "cookie=" in line]) == 5


def test_nslcd_and_sssd(door: str) -> None:
    """What they ask, taken from their sources."""
    person = "(&(objectClass=posixAccount)(uid=zhao))"
    lines = found(door, person, "uid", "uidNumber", "gidNumber", "homeDirectory", "loginShell", "gecos", "cn")
    assert lines[0] == f"dn: {ZHAO}"
    assert {line.partition(":")[0] for line in lines[1:]} == {
        "uid", "uidNumber", "gidNumber", "homeDirectory", "loginShell", "cn",
    }  # fmt: skip
    number = next(line for line in lines if line.startswith("uidNumber"))[11:]
    assert found(door, f"(&(objectClass=posixAccount)(uidNumber={number}))", "1.1") == [f"dn: {ZHAO}"]
    groups = found(door, f"(&(objectClass=posixGroup)(|(memberUid=zhao)(member={ZHAO})))", "cn")
    assert [line[4:] for line in groups if line.startswith("cn")] == [
        "people", "guest", "member", "moderator", "admin", "lab",
    ]  # fmt: skip
    sssd = ["*", "altServer", "namingContexts", "supportedControl", "supportedExtension", "supportedFeatures"]
    assert run("ldapsearch", door, "-x", "-s", "base", "-b", "", "(objectClass=*)", *sssd)[0] == 0


def test_gitea(door: str) -> None:
    """A service looks somebody up, and then binds with what they typed."""
    wanted = "(&(objectClass=inetOrgPerson)(memberOf=cn=member,ou=groups,dc=netapp)(|(uid=zhao)(mail=zhao)))"
    as_service = ("-D", SERVICE, "-w", RIGHT)
    lines = found(door, *as_service, wanted, "uid", "sn", "displayName", "mail")
    assert lines == [f"dn: {ZHAO}", "uid: zhao", "sn: zhao", "displayName: zhao"]
    assert run("ldapwhoami", door, "-D", ZHAO, "-w", RIGHT)[0] == 0
    assert found(door, *as_service, "-b", ZHAO, "-s", "base", f"(memberOf=cn=admin,{GROUPS})", "1.1") != []
    assert found(door, *as_service, wanted.replace("zhao", "gitea"), "1.1") == []  # a guest is no member


def test_ldaps(start: Start, state: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")  # for OpenLDAP, localhost is the name of the machine
    issued.private_key_pem.write_to_path(state.parent / "key.pem")
    issued.cert_chain_pems[0].write_to_path(state.parent / "cert.pem")
    authority.cert_pem.write_to_path(state.parent / "ca.pem")
    description = (
        f"ssl:0:interface=127.0.0.1:privateKey={state.parent}/key.pem:certKey={state.parent}/cert.pem"
    )
    plugin = start("netapp-login", LOCAL, f"--ldap={description}", f"--http={description}")
    http, ldap = plugin.ports("tcp")[1:]
    plugin.wait_for(f"try  curl -i -u NAME https://127.0.0.1:{http}/verify\n")
    plugin.wait_for(f"try  ldapwhoami -x -W -H ldaps://127.0.0.1:{ldap} -D uid=NAME")
    url = f"ldaps://127.0.0.1:{ldap}"
    ca = str(state.parent / "ca.pem")
    assert run("ldapwhoami", url, LDAPTLS_CACERT=ca)[:2] == (0, f"dn:{ZHAO}\n")
    pages = ("-E", "pr=5/noprompt", "-b", "dc=netapp")
    status, output, _ = run("ldapsearch", url, "-LLL", *pages, "(objectClass=person)", LDAPTLS_CACERT=ca)
    assert (status, ("\n" + output).count("\ndn:")) == (0, 23)
    assert run("ldapwhoami", url, LDAPTLS_CACERT=os.devnull)[0] == 255  # by whom we are not known
    assert "--ldap: passwords travel in clear" not in plugin.log


def test_what_is_changed_elsewhere_is_seen(door: str, state: Path) -> None:
    assert found(door, "(uid=sun)") == []
    with store.rows(state) as rows:
        admin.add(rows, "sun", None, time.time(), groups=["一班"])
    deadline = time.monotonic() + real.PATIENCE
    while not (lines := found(door, "(uid=sun)", "memberOf")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert lines[0] == f"dn: uid=sun,{PEOPLE}"
    assert len(lines) == 5


def test_random_octets(start: Start, state: Path) -> None:
    search = ldap_client.request(ldap_client.search(ldap_client.equal("uid", "zhao")))
    like = [ldap_client.request(ldap_client.bind("", "")), search, search.replace(b"\xa3", b"\xa0")]
    plugin = start("netapp-login", LOCAL, LDAP)
    with socket.create_connection(("127.0.0.1", plugin.ports("tcp")[1]), 5) as client:
        client.sendall(b"\x30\x84\x7f\xff\xff\xff" + bytes(100))
        assert b"no request of LDAP" in real.read_all(client)
    noise = hostile.Noise(random.Random(1), (*hostile.LIKE, *like))
    hostile.throw_connections(plugin.ports("tcp")[1], 100, noise)
    before = hostile.memory(plugin)
    hostile.throw_connections(plugin.ports("tcp")[1], 1000, noise)
    assert hostile.memory(plugin) - before < 16
    assert run("ldapwhoami", f"ldap://127.0.0.1:{plugin.ports('tcp')[1]}")[0] == 0


def test_without_ldaptor_one_line_says_what_to_do(state: Path) -> None:
    """As where the extra was not installed."""
    script = (
        "import sys; sys.modules['ldaptor'] = None; sys.argv[1:] = sys.argv[1:]\n"
        "from twisted.scripts.twistd import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, "--pidfile=", "-n", "netapp-login", LOCAL, LDAP],
        env=real.environment(state),
        cwd=state,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "netapp-login: --ldap needs ldaptor: pip install 'netapp[ldap]'"
    assert "Traceback" not in done.stdout + done.stderr


def test_ldaptor_is_not_imported_unless_it_is_asked_for() -> None:
    script = (
        "import sys, netapp.login.tap, netapp.login.ldap.service\n"
        "assert 'ldaptor' not in sys.modules\n"
        "import netapp.login.ldap.protocol\n"
        "assert 'ldaptor.protocols.pureldap' in sys.modules and 'passlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=real.PATIENCE)
