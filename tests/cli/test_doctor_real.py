"""The doctor with real things: services, programs in the way, firewalls, in networks of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import real
from tests.cli.tools import COMMAND, environment, netapp

pytestmark = pytest.mark.real
#: Seconds in which it must be done, on a machine that others use too.
DONE = 8.0


@pytest.fixture
def network() -> Iterator[list[str]]:
    """Words that run a command in a network of its own, with several addresses."""
    ip = real.tool("ip", "iproute2")
    name = f"netapp-doctor-{os.getpid()}"
    if subprocess.run([ip, "netns", "add", name], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here")
    try:
        subprocess.run([ip, "-n", name, "link", "set", "lo", "up"], check=True)
        for address in ("192.168.77.5/24", "192.168.78.6/24", "203.0.113.9/24", "fd00:77::5/64"):
            subprocess.run([ip, "-n", name, "address", "add", address, "dev", "lo"], check=True)
        yield [ip, "netns", "exec", name]
    finally:
        subprocess.run([ip, "netns", "delete", name], check=False)


Found = list[dict[str, Any]]


def doctor(*arguments: object, within: list[str] | None = None, state: Path) -> tuple[Found, int]:
    """What it finds.  :returns: and the exit status."""
    begun = time.monotonic()
    done = subprocess.run(
        [*(within or ()), COMMAND, "doctor", "--json", "--state", str(state), *map(str, arguments)],
        capture_output=True,
        env=environment("C"),
        timeout=30,
        check=False,
    )
    assert done.stderr == b""
    assert time.monotonic() - begun < DONE
    return json.loads(done.stdout), done.returncode


def about(found: Found, topic: str, **facts: object) -> Found:
    return [
        each for each in found if each["topic"] == topic and facts.items() <= each.get("about", {}).items()
    ]


def test_what_is_wrong_is_named_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = netapp("doctor", "netapp-echo", "--state", tmp_path / "file" / "state", lang="C")
    assert done.returncode == 1
    assert f"bad   the state directory {tmp_path}/file/state cannot be made" in done.stdout
    assert re.search(r"cure: mkdir -p \S+", done.stdout)
    assert done.stderr == ""
    chinese = netapp("doctor", "netapp-echo", "--state", tmp_path / "state")
    assert "正常  Python" in chinese.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_settings_that_cannot_be_taken_are_a_finding(tmp_path: Path) -> None:
    config = tmp_path / "netapp.toml"
    config.write_text("[dns]\nnonsense = 1\n")
    found, status = doctor("--config", config, state=tmp_path / "state")
    assert status == 1
    assert "nonsense" in about(found, "settings")[0]["text"]
    assert str(config) in about(found, "settings")[0]["cure"]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_program_in_the_way_is_named_with_its_pid(
    network: list[str], tmp_path: Path, transport: str
) -> None:
    nc = [real.tool("nc", "netcat-openbsd"), "-l", *(["-u"] if transport == "udp" else []), "8888"]
    with subprocess.Popen([*network, *nc], stdin=subprocess.DEVNULL) as process:
        try:
            until(lambda: _is_bound(network, transport))
            found, status = doctor("netapp-echo", within=network, state=tmp_path / "state")
        finally:
            process.kill()
    assert status == 1
    (port,) = about(found, "port", transport=transport, pid=process.pid)
    assert (port["about"]["is"], port["about"]["program"]) == ("taken", "nc")
    assert port["cure"].startswith(f"kill {process.pid}")
    other = {"tcp": "udp", "udp": "tcp"}[transport]
    assert about(found, "port", transport=other)[0]["about"]["is"] == "free"


def _is_bound(network: list[str], transport: str) -> bool:
    tables = [f"/proc/net/{transport}", f"/proc/net/{transport}6"]
    shown = subprocess.run([*network, "cat", *tables], capture_output=True, check=True).stdout
    return b":22B8 " in shown


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + real.PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Hub:
    """All services in a network, on their own ports."""

    def __init__(self, network: list[str], state: Path, *options: str) -> None:
        twistd = str(Path(sys.executable).with_name("twistd"))
        self.process = subprocess.Popen(
            [*network, twistd, "--pidfile=", "-n", "netapp", *options],
            cwd=state,
            env=real.environment(state),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.plugin = real.Plugin(self.process)
        self.plugin.wait_for("netapp: ready$")

    def end(self) -> str:
        self.plugin.stop()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.plugin.log


def test_services_answer_on_every_address_and_do_not_notice(network: list[str], tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    hub = Hub(network, state, "--lang=en")
    try:
        other, _ = doctor("netapp-echo", "--listen", "tcp:7777", within=network, state=state)
        before = hub.plugin.log  # all that a start has to say is said by now
        found, status = doctor(within=network, state=state)
        counted = subprocess.run(
            [*network, sys.executable, "-c", WHO], capture_output=True, text=True, check=True
        ).stdout
        assert hub.plugin.log == before
    finally:
        log = hub.end()
    assert "Traceback" not in log
    answered = {
        (each["about"]["transport"], each["about"]["port"]): each["about"]["addresses"]
        for each in about(found, "answer", **{"is": "answer"})
    }
    own = {"127.0.0.1", "::1", "192.168.77.5", "fd00:77::5"}
    assert set(answered) == {
        *(("tcp", port) for port in (8080, 9999, 7777, 6667, 7878, 2425, 8888)),
        *(("udp", port) for port in (8080, 9999, 8888)),
    }
    assert all(own <= set(addresses) for addresses in answered.values())
    assert all(each["about"]["pid"] == hub.process.pid for each in about(found, "answer", **{"is": "answer"}))
    assert about(found, "port", port=2425, transport="udp")[0]["about"]["is"] == "ours"
    (public,) = about(found, "answer", **{"is": "public"})
    assert public["about"]["addresses"] == ["203.0.113.9"]
    assert not about(found, "answer", **{"is": "silent"})
    assert status == int(any(each["verdict"] == "bad" for each in found))
    assert "doctor" not in counted
    (taken,) = about(other, "port", port=7777)
    assert taken["about"]["is"] == "other netapp"
    assert f"netapp (pid {hub.process.pid})" in taken["text"]


#: Who is there, as the line chat says it.
WHO = """
import socket
with socket.create_connection(("127.0.0.1", 7777), 5) as peer:
    peer.settimeout(1.5)
    peer.sendall("张三\\n/who\\n".encode())
    try:
        while octets := peer.recv(4096):
            print(octets.decode("utf-8", "replace"))
    except TimeoutError:
        pass
"""


def test_rules_of_nftables_are_found_and_the_cure_opens_the_port(network: list[str], tmp_path: Path) -> None:
    nft = shutil.which("nft", path=os.environ["PATH"] + ":/usr/sbin") or real.tool("nft", "nftables")
    rules = """
        table inet filter {
            chain input {
                type filter hook input priority 0; policy drop;
                iif "lo" accept
                ct state established,related accept
                tcp dport { 22, 8880-8887 } accept
                ip saddr 192.168.0.0/16 udp dport 8888 accept
            }
        }"""
    loaded = subprocess.run(
        [*network, nft, "-f", "-"], input=rules.encode(), capture_output=True, check=False
    )
    if loaded.returncode:
        pytest.skip(f"nft cannot load rules here: {loaded.stderr.decode()}")
    found, status = doctor("netapp-echo", within=network, state=tmp_path / "state")
    assert status == 1
    (tcp,) = about(found, "firewall", transport="tcp", port=8888)
    (udp,) = about(found, "firewall", transport="udp", port=8888)
    assert (tcp["verdict"], udp["verdict"]) == ("bad", "note")
    assert tcp["cure"] == "nft add rule inet filter input tcp dport 8888 accept"
    for finding in (tcp, udp):
        subprocess.run([*network, *finding["cure"].replace("nft", nft, 1).split()], check=True)
    after, _ = doctor("netapp-echo", within=network, state=tmp_path / "state")
    assert [each["verdict"] for each in about(after, "firewall")] == ["ok"]


def test_rules_of_iptables_are_found(network: list[str], tmp_path: Path) -> None:
    path = os.environ["PATH"] + ":/usr/sbin"
    tool = shutil.which("iptables-nft", path=path) or real.tool("iptables-nft", "iptables")
    if subprocess.run([*network, tool, "-P", "INPUT", "DROP"], capture_output=True, check=False).returncode:
        pytest.skip("iptables cannot set rules here")
    found, _ = doctor("netapp-echo", "--listen=tcp:8888", within=network, state=tmp_path / "state")
    (closed,) = [each for each in about(found, "firewall") if each["verdict"] == "bad"]
    assert closed["cure"] == "iptables -I INPUT -p tcp --dport 8888 -j ACCEPT"


def test_an_ordinary_user_gets_no_traceback(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    script = (  # once as ourselves: the others may not read the interpreter's own files
        "import contextlib, io, os, sys, threading\n"
        "from netapp.cli.main import main\n"
        "def doctor():\n"
        "    try:\n"
        "        main(['doctor', '--json', '--state', sys.argv[1]])\n"
        "    except SystemExit as end:\n"
        "        return end.code\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    doctor()\n"
        "for late in threading.enumerate()[1:]:\n"  # a look that outlasts the doctor on a busy machine
        "    late.join(10)\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(doctor())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(state)],
        capture_output=True,
        env=environment("C"),
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b""), done.stdout
    (finding,) = about(json.loads(done.stdout), "state")
    assert finding["verdict"] == "bad"
    assert "chown" in finding["cure"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start another's process")
def test_words_of_other_users_neither_end_nor_hold_up_nor_mislead(tmp_path: Path) -> None:
    """Whoever has an account here may start a process with such words."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "fifo").chmod(0o666)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    state.chmod(0o777)  # which is to be found, whatever others say
    sleeps = "['twistd', '-c', 'import time; time.sleep(60)', *sys.argv[2:]]"
    fake = f"import os, sys; os.execv(sys.argv[1], {sleeps})"
    lines = [
        ["netapp-echo", "--listen=tcp:7", "--state=/nowhere/x"],
        ["netapp", "--help"],
        ["netapp", "--version"],
        ["netapp", f"--config={tmp_path}/fifo"],
        ["netapp", "--config=/dev/zero"],
    ]
    python = real.tool("/usr/bin/python3", "python3")
    running = [subprocess.Popen([python, "-c", fake, python, *words], user=65534, cwd="/") for words in lines]
    try:
        for each in running:
            until(lambda pid=each.pid: b"sleep(60)" in Path(f"/proc/{pid}/cmdline").read_bytes())
        shown = netapp("doctor", "--state", state, lang="C")
    finally:
        for each in running:
            each.kill()
            each.wait()
    assert shown.returncode == 1
    assert f"bad   the state directory {state} can be written by others" in shown.stdout
    assert "/nowhere/x" not in shown.stdout


def test_ufw_is_named_and_its_own_command_opens_the_port(tmp_path: Path) -> None:
    path = os.environ["PATH"] + ":/usr/sbin"
    ufw = shutil.which("ufw", path=path) or real.tool("ufw", "ufw")
    unshare = real.tool("unshare", "util-linux")
    shutil.copytree("/etc/ufw", tmp_path / "ufw")
    doctor = f"{COMMAND} doctor --json --state {tmp_path}/s netapp-echo --listen tcp:8888"
    script = f"""
        mount --bind {tmp_path}/ufw /etc/ufw && ip link set lo up && {ufw} --force enable || exit 77
        {ufw} allow from 192.168.0.0/16 to any port 8889 proto tcp
        {doctor} --listen tcp:8889 >{tmp_path}/1
        {ufw} allow 8888/tcp
        {doctor} >{tmp_path}/2
        true
    """
    done = subprocess.run(
        [unshare, "-n", "-m", "sh", "-c", script],
        capture_output=True,
        env=environment("C") | {"PATH": path},
        check=False,
    )
    if done.returncode:
        pytest.skip("ufw cannot be switched on in a network of its own here")
    before, after = (json.loads((tmp_path / name).read_text()) for name in "12")
    told = {each["about"]["port"]: (each["verdict"], each["cure"]) for each in about(before, "firewall")}
    assert told == {8888: ("bad", "ufw allow 8888/tcp"), 8889: ("note", "ufw allow 8889/tcp")}
    assert [each["verdict"] for each in about(after, "firewall")] == ["ok"]
