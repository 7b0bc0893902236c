"""Units for systemd: their text, what systemd says of it, and the command that writes them."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.cli.service import place, unit
from netapp.cli.service.commands import SERVICES
from netapp.hub.config import SERVICES as IN_THE_HUB
from tests import real
from tests.cli.tools import netapp

BIN = Path("/opt/netapp/.venv/bin")
WANTED = unit.Wanted(plugin="netapp", user="netapp", own_user=True, state=Path("/var/lib/netapp"), bin=BIN)
#: What systemd may say at most of how exposed the service is, of 10: what is left is that it speaks
#: to a network.
EXPOSURE = 1.5


def values(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


# The text ----------------------------------------------------------------------------------------


def test_the_services_that_there_are() -> None:
    assert set(SERVICES) == set(IN_THE_HUB)


def test_the_hubs_unit() -> None:
    text = unit.service(WANTED)
    assert values(text, "ExecStart") == [f"{BIN}/twistd --pidfile= -n netapp --state=/var/lib/netapp"]
    for line in (
        "Type=notify",
        "WatchdogSec=30",
        "Restart=on-failure",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "User=netapp",
        "StateDirectory=netapp",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "CapabilityBoundingSet=",
        "PrivateUsers=yes",
        "SystemCallFilter=@system-service",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "WantedBy=multi-user.target",
    ):
        assert line in text.splitlines()
    assert "MemoryDenyWriteExecute" not in text  # no TLS connection would begin
    assert "ReadWritePaths" not in text


def test_ports_below_1024_need_the_one_right_that_binds_them() -> None:
    text = unit.service(replace(WANTED, low_ports=True))
    assert values(text, "CapabilityBoundingSet") == ["CAP_NET_BIND_SERVICE"]
    assert values(text, "AmbientCapabilities") == ["CAP_NET_BIND_SERVICE"]
    assert "PrivateUsers" not in text


def test_state_and_shares_elsewhere_may_be_written() -> None:
    text = unit.service(replace(WANTED, state=Path("/srv/net app"), writes=(Path("/srv/share"),)))
    assert "StateDirectory" not in text
    assert values(text, "ReadWritePaths") == ['"/srv/net app" /srv/share']
    assert values(text, "WorkingDirectory") == ["/srv/net app"]
    assert '"--state=/srv/net app"' in text


def test_variables_are_of_command_lines_alone() -> None:
    wanted = replace(WANTED, state=Path("/srv/$x"), writes=(Path("/srv/$y"),))
    text = unit.service(wanted)
    assert values(text, "ReadWritePaths") == ["/srv/$x /srv/$y"]
    assert "--state=/srv/$$x" in text
    assert any(each.endswith(" /srv/$x\n") for each in unit.files(wanted).values())


@pytest.mark.parametrize(
    ("values", "low"),
    [
        (["--listen", "udp:53"], True),
        (["--listen=tcp:80:interface=127.0.0.1"], True),
        (["--listen=haproxy:tcp:80"], True),
        (["--http=ssl:443:privateKey=x"], True),
        (["--listen=tcp:port=80"], True),
        ({"dns": {"listen": ["udp:53", "tcp:5353"]}, "lang": "zh", "echo": {"once": True}}, True),
        (["--listen=tcp:8080", "--listen=tcp:0", "--listen=tcp:1024"], False),
        (["--listen=systemd:domain=INET6:name=file-80"], False),
        ({"dns": {"record": ["pc=10.1.2.3"], "rate-limit": 53}}, False),
        ([], False),
    ],
)
def test_what_binds_ports_below_1024(values: object, low: bool) -> None:
    assert unit.binds_low_ports(values) is low


def test_sockets_that_systemd_opens() -> None:
    sockets = (
        unit.Socket("file", "", 80), unit.Socket("login", "192.168.1.5", 23), unit.Socket("file", "::1", 81)
    )  # fmt: skip
    written = unit.files(replace(WANTED, sockets=sockets))
    assert [path.name for path in written] == [
        "netapp.service",
        *("netapp-file-80.socket", "netapp-login-23.socket", "netapp-file-81.socket"),
        "netapp.conf",
    ]
    first, second, third = (written[unit.UNITS / each.unit] for each in sockets)
    assert values(first, "ListenStream") == ["80"]
    assert values(second, "ListenStream") == ["192.168.1.5:23"]
    assert values(third, "ListenStream") == ["[::1]:81"]
    assert values(first, "FileDescriptorName") == ["file-80"]
    names = "netapp-file-80.socket netapp-login-23.socket netapp-file-81.socket"
    assert values(written[unit.UNITS / "netapp.service"], "Sockets") == [names]
    assert unit.settings_for(sockets) == {
        "file": ["systemd:domain=INET6:name=file-80", "systemd:domain=INET6:name=file-81"],
        "login": ["systemd:domain=INET:name=login-23"],
    }


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20), max_size=4))
def test_any_words_are_one_line_of_these_words(words: list[str]) -> None:
    line = " ".join(map(unit.quoted, words))
    assert "\n" not in line
    assert unquoted(line) == words


def unquoted(line: str) -> list[str]:
    """As systemd.syntax(7) takes a line apart."""
    pieces = re.findall(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)', line)
    escapes = {"n": "\n", "t": "\t", "\\": "\\", '"': '"'}
    plain = (re.sub(r"\\(.)", lambda found: escapes[found[1]], quoted or bare) for quoted, bare in pieces)
    return [each.replace("%%", "%").replace("$$", "$") for each in plain]


# The place ---------------------------------------------------------------------------------------


def environment(*needs: str) -> place.Place:
    return place.Place(Path(needs[0]), tuple(map(Path, needs)))


def test_an_environment_in_a_home_is_seen_read_only() -> None:
    assert environment("/opt/netapp/.venv/bin", "/usr").protect_home == "yes"
    assert environment("/home/zhao/.venv/bin", "/usr").protect_home == "read-only"
    assert environment("/opt/netapp/.venv/bin", "/root/.pyenv").protect_home == "read-only"
    assert environment("/homestead/bin").protect_home == "yes"
    assert environment("/var/tmp/x/bin").in_temporary == Path("/var/tmp/x/bin")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give folders away")
def test_a_folder_that_the_user_cannot_enter() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        inner = Path(name, "inner", "bin")
        inner.mkdir(parents=True)
        at = environment(str(inner))
        assert at.closed_to("nobody") is None
        inner.parent.chmod(0o700)
        assert at.closed_to("nobody") == inner.parent
        assert at.closed_to("nobody-yet") == inner.parent
        assert at.closed_to("root") is None
        inner.parent.chmod(0o750)
        os.chown(inner.parent, 0, 65534)
        assert at.closed_to("nobody") is None
        assert at.closed_to("nobody-yet") == inner.parent
    assert at.closed_to("nobody") == inner.parent.parent  # it is gone


# systemd's own word ------------------------------------------------------------------------------


@pytest.fixture
def image() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def install(image: Path, *options: object, lang: str = "C") -> "subprocess.CompletedProcess[str]":
    return netapp("service", "install", "--root", image, *options, lang=lang)


@pytest.mark.real
@pytest.mark.parametrize(
    ("options", "exposure"),
    [
        ([], EXPOSURE),
        (["--socket", "file=80", "--socket", "login=127.0.0.1:9999"], EXPOSURE),
        (["--plugin", "netapp-dns", "--state", "/srv/100% a", "--", "--listen", "udp:53"], EXPOSURE + 0.5),
    ],
)
def test_what_systemd_says(image: Path, options: list[str], exposure: float) -> None:
    analyze = real.tool("systemd-analyze", "systemd")
    assert install(image, *options).returncode == 0
    units = sorted(map(str, (image / "etc/systemd/system").iterdir()))
    verified = subprocess.run(
        [analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    ours = [line for line in verified.stderr.splitlines() if "netapp" in line]
    assert (verified.returncode, ours) == (0, [])
    service = next(each for each in units if each.endswith(".service"))
    threshold = f"--threshold={exposure * 10:.0f}"
    asked = [analyze, "security", "--offline=true", "--no-pager", threshold, service]
    judged = subprocess.run(asked, capture_output=True, text=True, check=False)
    overall = re.search(r"Overall exposure level for \S+: ([0-9.]+)", judged.stdout)
    assert overall is not None, judged.stderr
    assert float(overall[1]) <= exposure
    assert judged.returncode == 0


@pytest.mark.real
def test_a_socket_that_was_opened_by_somebody_else_is_served(tmp_path: Path) -> None:
    """As systemd does: the socket is open before, and handed over by name."""
    activate = real.tool("systemd-socket-activate", "systemd")
    twistd = str(Path(sys.executable).with_name("twistd"))
    port = free_port()
    process = subprocess.Popen(
        [
            *(activate, f"--listen=127.0.0.1:{port}", "--fdname=echo-7"),
            *(twistd, "--pidfile=", "-n", "netapp-echo", f"--state={tmp_path}"),
            f"--listen={unit.Socket('echo', '127.0.0.1', 7).description}",
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    echo = real.Plugin(process)
    try:
        echo.wait_for("Listening on ")
        with real.tcp_client(port, timeout=real.PATIENCE) as client:  # which is what starts it
            client.sendall(b"hello")
            assert client.recv(100) == b"hello"
        assert f"netapp-echo: listening on tcp 127.0.0.1:{port}" in echo.log
    finally:
        echo.stop()
        assert process.stdout is not None
        process.stdout.close()
    assert "Traceback" not in echo.log


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


# The command -------------------------------------------------------------------------------------


@pytest.mark.real
def test_install_show_and_remove(image: Path) -> None:
    done = install(image, "--socket", "file=80")
    assert done.returncode == 0
    assert '[file]\n  listen = ["systemd:domain=INET6:name=file-80"]' in done.stdout
    assert "systemctl enable --now netapp-file-80.socket netapp.service" in done.stdout
    service = image / "etc/systemd/system/netapp.service"
    assert service.read_text() in done.stdout
    assert install(image, "--socket", "file=80").returncode == 0  # its own are written over
    shown = netapp("service", "show", "--root", image, lang="C")
    assert shown.returncode == 0
    assert "ListenStream=80" in shown.stdout
    wants = service.parent / "multi-user.target.wants"
    wants.mkdir()
    (wants / "netapp.service").symlink_to(service)  # as systemctl enable does
    gone = netapp("service", "remove", "--root", image, lang="C")
    assert gone.returncode == 0
    assert "systemctl stop netapp.service netapp-file-80.socket" in gone.stdout
    assert list((image / "etc/systemd/system").rglob("netapp*")) == []
    for command in ("show", "remove"):
        again = netapp("service", command, "--root", image, lang="C")
        assert (again.returncode, again.stderr) == (
            1,
            f"netapp service {command}: netapp is not installed as a service\n",
        )


@pytest.mark.real
def test_somebody_elses_unit_is_left_alone(image: Path) -> None:
    units = image / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / "netapp.service").write_text("[Service]\n")
    done = install(image)
    assert done.returncode == 1
    assert "was not written by netapp: move it away first" in done.stderr
    assert (units / "netapp.service").read_text() == "[Service]\n"
    assert [path.name for path in units.iterdir()] == ["netapp.service"]


@pytest.mark.real
def test_print_writes_nothing_and_both_languages_say_what_is_in_the_way() -> None:
    for lang in ("C", "zh_CN.UTF-8"):
        done = netapp("service", "install", "--print", lang=lang)
        assert done.returncode == 0
        assert "ExecStart=" in done.stdout
        assert done.stderr.count("\n") <= 1


@pytest.mark.real
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--plugin", "netapp-web"], "there is no plugin netapp-web; there are netapp, netapp-dns"),
        (["--user", "Zhao!"], "Zhao! is no name for a user"),
        (["--socket", "80"], "--socket 80: write file=80, file=192.168.1.5:80"),
        (["--socket", "web=80"], "--socket web=80: there is no service web; there are dns, login"),
        (["--socket", "file=70000"], "--socket file=70000: write file=80"),
        (["--socket", "file=80", "--socket", "file=80"], "--socket file=80 is given twice"),
        (["--plugin", "netapp-file", "--socket", "file=80"], "--socket file=80: write 80, 192.168.1.5:80"),
        (["--", "--bogus"], "nothing starts with these options: "),
        (["--config", "/nowhere.toml"], "/nowhere.toml cannot be read"),
        (["--state", "/srv/a\nb"], "no path and no option may hold a control character"),
        (["--state", "/var/lib/a:b"], "a service's directory may have no colon in its name"),
    ],
)
def test_what_cannot_be_is_one_line(image: Path, options: list[str], said: str) -> None:
    done = install(image, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(image.iterdir()) == []


@pytest.mark.real
def test_a_state_is_named_as_it_is(image: Path) -> None:
    shown = netapp("service", "install", "--print", "--state", "/var/lib/../../srv/x", lang="C").stdout
    assert "WorkingDirectory=/srv/x\n" in shown
    assert "StateDirectory=" not in shown
    done = install(image, "--state", "/srv/x;id y")
    assert "--state '/srv/x;id y'" in done.stdout


@pytest.mark.real
def test_a_link_in_the_way_is_not_followed(image: Path, tmp_path: Path) -> None:
    units = image / "etc/systemd/system"
    units.mkdir(parents=True)
    (tmp_path / "other").write_text("of another")
    (units / ".netapp.service.new").symlink_to(tmp_path / "other")
    assert install(image).returncode == 0
    assert (tmp_path / "other").read_text() == "of another"


@pytest.mark.real
def test_settings_that_are_no_file_hold_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "netapp.toml")
    done = netapp("service", "install", "--print", "--state", tmp_path, lang="C")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no regular file" in done.stderr


@pytest.mark.real
def test_settings_that_are_there_are_looked_at(image: Path) -> None:
    """Ports below 1024 that they name, and what is wrong in them, whoever owns them."""
    settings = image / "netapp.toml"
    settings.write_text('[dns]\nlisten = ["udp:53"]\n')
    if os.geteuid() == 0:
        os.chown(settings, 65534, 65534)
    shown = netapp("service", "install", "--print", "--state", image, lang="C")
    assert shown.returncode == 0
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE" in shown.stdout
    for text, said in (("[dns]\nbogus = 1\n", "unknown key 'bogus' in [dns]"), ("[dns\n", "netapp.toml: ")):
        settings.write_text(text)
        done = netapp("service", "install", "--print", "--state", image, lang="C")
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr


@pytest.mark.real
def test_a_user_that_there_is_not() -> None:
    done = netapp("service", "install", "--print", "--user", "nobody-at-all", lang="C")
    assert done.returncode == 1
    assert "there is no user nobody-at-all: make it first" in done.stderr


@pytest.mark.real
@pytest.mark.skipif(
    os.geteuid() == 0 and Path("/run/systemd/system").is_dir(), reason="it would be installed here"
)
def test_where_it_cannot_be_installed_one_line_says_so() -> None:
    done = netapp("service", "install", lang="C")
    assert done.returncode == 1
    if os.geteuid() == 0:
        assert "ExecStart=" in done.stdout
        assert "no systemd runs here: nothing was written" in done.stderr
    else:
        assert done.stdout == ""
        assert "only root can install: run it again with sudo, or add --print" in done.stderr


@pytest.mark.real
@pytest.mark.parametrize("plugin", ["netapp-login", "netapp-udpchat"])
def test_a_plugin_alone_has_a_unit(image: Path, plugin: str) -> None:
    assert install(image, "--plugin", plugin).returncode == 0
    assert (image / "etc/systemd/system" / f"{plugin}.service").exists()


@pytest.mark.real
def test_the_help_is_all_chinese_for_who_reads_chinese() -> None:
    for command in ("install", "show", "remove"):
        shown = netapp("service", command, "--help").stdout.partition("例子:")[0]
        plain = [line for line in shown.splitlines() if not line.startswith("用法:")]
        text = [re.sub(r"^  (-|[a-z]+  ).*?  +", "", line) for line in plain]
        assert [line for line in text if re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", line)] == []
