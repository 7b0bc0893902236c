"""The doctor's judgement: facts handed in, findings out, each with its cure."""

import dataclasses
import os
import shlex
import sqlite3
from pathlib import Path

import pytest

from netapp.cli.doctor import (
    clock,
    databases,
    disk,
    looking,
    machine,
    ports,
    questions,
    resolver,
    running,
    state,
)
from netapp.cli.doctor.finding import Finding
from netapp.cli.doctor.settings import Door, Plan, door_of, plan
from netapp.cli.doctor.sockets import Process, Socket, holders, parse_table
from netapp.core import limits
from netapp.errors import ConfigError

ME = os.geteuid()
DOOR = Door("netapp-echo", "echo", "--listen", "tcp", "::", 8888, question="echo")
NC = Process(41, "nc", ("nc", "-l", "8888"))
HUB = Process(42, "twistd", ("/usr/bin/python3", "/usr/bin/twistd", "-n", "netapp", "--state=s"), "/srv")
DNS = Process(43, "twistd", ("twistd", "--pidfile=", "-n", "netapp-dns"))


def one(found: list[Finding]) -> tuple[str, str]:
    (finding,) = found
    return finding.verdict, finding.cure


# Ports and sockets -------------------------------------------------------------------------------


def look(bound: ports.Bound, holder: Process | None = None, *, seen: bool = True) -> ports.Look:
    way = (Socket("tcp", "0.0.0.0", 8888, 7, 1000),) if seen else ()
    return ports.Look(DOOR, bound, way, {7: holder} if holder else {})


@pytest.mark.parametrize(
    ("seen", "verdict", "key", "cure"),
    [
        (look("free", seen=False), "ok", "free", ""),
        (look("taken", NC), "bad", "taken", "kill 41"),
        (look("taken", HUB), "ok", "ours", ""),
        (look("taken", DNS), "bad", "other netapp", "kill 43"),
        (look("taken"), "bad", "hidden", "sudo netapp doctor"),
        (look("taken", seen=False), "bad", "somebody", "sudo ss -lnpt 'sport = :8888'"),
        (
            look("denied", seen=False),
            "bad",
            "denied",
            "sudo sysctl -w net.ipv4.ip_unprivileged_port_start=8888",
        ),
        (look("not here", seen=False), "bad", "not here", "ip -br address"),
        (look("unknown", seen=False), "note", "unknown", ""),
        (look("taken", Process(9, "systemd-resolve")), "bad", "taken", "sudo mkdir -p /etc/systemd/resolved"),
    ],
)
def test_each_port_has_its_finding(seen: ports.Look, verdict: str, key: str, cure: str) -> None:
    finding = ports.judge(seen, user="li", root=False)
    assert (finding.verdict, finding.about["is"]) == (verdict, key)
    assert finding.cure.startswith(cure)
    assert bool(finding.cure) == (verdict == "bad")


def test_a_hidden_program_at_a_port_that_nobody_asks_may_be_ours() -> None:
    quiet = dataclasses.replace(look("taken"), door=dataclasses.replace(DOOR, question=""))
    assert ports.judge(quiet, root=False).verdict == "note"


def test_a_program_in_the_way_is_named_with_its_pid() -> None:
    finding = ports.judge(look("taken", NC))
    assert "nc (pid 41)" in finding.text
    assert finding.about["pid"] == 41
    other = dataclasses.replace(look("taken", HUB), serves=frozenset({"chat"}))
    assert ports.judge(other).about["is"] == "other netapp"
    assert "netapp-dns (pid 43)" in ports.judge(look("taken", DNS)).text


def test_what_the_kernel_says_of_sockets_is_read() -> None:
    head = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    )
    rest = " 00000000:00000000 00:00000000 00000000  1000        0 {} 1 0000000000000000\n"
    four = head + "   0: 0100007F:22B8 00000000:0000 0A" + rest.format(77)
    four += "   1: 0100007F:22B9 0100007F:0016 01" + rest.format(78) + "nonsense\n"
    assert list(parse_table(four, "tcp")) == [Socket("tcp", "127.0.0.1", 8888, 77, 1000)]
    six = head + "   0: 00000000000000000000000001000000:22B8 " + "0" * 32 + ":0000 07" + rest.format(79)
    assert list(parse_table(six, "udp")) == [Socket("udp", "::1", 8888, 79, 1000)]


@pytest.mark.parametrize(
    ("mine", "other", "meets"),
    [
        ("::", "127.0.0.1", True),
        ("0.0.0.0", "192.0.2.1", True),
        ("0.0.0.0", "fd00::1", False),
        ("192.0.2.1", "0.0.0.0", True),
        ("192.0.2.1", "::", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fd00::1", "0.0.0.0", False),
    ],
)
def test_which_sockets_stand_in_a_listeners_way(mine: str, other: str, meets: bool) -> None:
    door = door_of("tcp:8888:interface=" + mine.replace(":", "\\:"), "echo", "--listen")
    assert door.host == mine
    assert bool(ports.in_the_way(door, [Socket("tcp", other, 8888, 1, 0)])) == meets
    assert not ports.in_the_way(door, [Socket("udp", other, 8888, 1, 0), Socket("tcp", other, 8889, 1, 0)])


def test_holders_of_a_proc_that_hides_everything(tmp_path: Path) -> None:
    (tmp_path / "12" / "fd").mkdir(parents=True)
    (tmp_path / "12" / "fd" / "3").symlink_to("socket:[77]")
    (tmp_path / "13").write_text("no folder")
    assert holders([77, 78], tmp_path) == {77: Process(12, "?")}
    assert holders([77], tmp_path / "none") == {}


# Settings ----------------------------------------------------------------------------------------


def places(plan: Plan) -> set[tuple[str, str]]:
    return {(door.service, door.place) for door in plan.doors}


def test_the_doors_are_those_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text(
        'interface = "127.0.0.1"\n[dns]\nlisten = ["udp:53"]\n[chat]\nirc = "none"\n'
        '[login]\nssh = ["tcp:2022"]\nhttp = ["tcp:8081"]\n[udpchat]\nipmsg = "none"\n'
    )
    found = places(plan(["netapp", f"--config={file}", "--without=file", "--metrics=tcp:9090"]))
    assert found == {
        ("netapp-dns", "udp 53"),
        ("netapp-login", "tcp 127.0.0.1:9999"),
        ("netapp-login --ssh", "tcp 2022"),
        ("netapp-login --http", "tcp 127.0.0.1:8081"),
        ("netapp-chat", "tcp 127.0.0.1:7777"),
        ("netapp-udpchat", "udp 127.0.0.1:9999"),
        ("netapp-echo", "tcp 127.0.0.1:8888"),
        ("netapp-echo", "udp 127.0.0.1:8888"),
        ("netapp --metrics", "tcp 127.0.0.1:9090"),
    }


def test_every_default_port_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETAPP_INTERFACE", raising=False)
    shown = {door.place for door in plan(["netapp"]).doors}
    assert shown >= {
        "udp 8080",
        "tcp 9999",
        "tcp 7777",
        "tcp 6667",
        "tcp 7878",
        "udp 2425",
        "tcp 2425",
        "tcp 8888",
    }


@pytest.mark.parametrize("words", [["netapp-dns", "--nonsense"], ["nonsense"], ["netapp", "--only=x"]])
def test_settings_that_no_service_takes_are_named(words: list[str]) -> None:
    with pytest.raises(ConfigError):
        plan(words)


def test_who_is_at_an_operators_desk_is_asked_nothing() -> None:
    assert {door.question for door in plan(["netapp-echo", "--operator"]).doors} == {""}
    (proxied,) = plan(["netapp-echo", "--listen=haproxy:tcp:7"]).doors
    assert proxied.proxied


def test_the_tutorials_responders_are_looked_at() -> None:
    found = plan(["netapp", "--tutorial", "--operator"])
    shown = {door.place for door in found.doors}
    assert shown >= {"udp 127.0.0.1:8080", "tcp 127.0.0.1:7777", "udp 127.0.0.1:2425", "tcp 127.0.0.1:2425"}
    assert all(door.transport in ("tcp", "udp") for door in found.doors)
    assert {door.question for door in found.doors if door.place == "udp 127.0.0.1:9999"} == {""}


def test_a_running_service_has_its_own_environment() -> None:
    words = ("twistd", "-n", "netapp-echo")
    one = Process(1, "twistd", words, "/", environ={"HOME": "/home/li", "NETAPP_INTERFACE": "10.0.0.9"})
    found = running.as_started(one)
    assert found.state == Path("/home/li/.local/state/netapp")
    assert places(found) == {("netapp-echo", "tcp 10.0.0.9:8888"), ("netapp-echo", "udp 10.0.0.9:8888")}
    named = Process(1, "twistd", (*words, "--state=/s", "--interface=::1"), "/", environ=one.environ)
    assert running.as_started(named).state == Path("/s")
    assert running.as_started(named).doors[0].host == "::1"


def test_a_state_that_a_running_service_was_told_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETAPP_STATE", "/srv/s")
    words = ("twistd", "-n", "netapp", "--tutorial", "--state", "/srv/s")
    one = Process(1, "twistd", words, "/", environ={"HOME": "/home/li"})
    assert running.as_started(one).state == Path("/srv/s")
    hidden = Process(1, "twistd", words[:3], "/")  # another user's
    assert running.as_started(hidden).state == Path("/srv/s")


def test_a_responder_that_has_moved_is_no_fault() -> None:
    (http,) = [door for door in plan(["netapp", "--tutorial"]).doors if door.port == 80]
    denied = ports.judge(ports.Look(http, "denied"), root=False)
    assert (denied.verdict, denied.cure) == ("note", "")
    assert "8000" in denied.text
    taken = ports.judge(
        dataclasses.replace(look("taken", NC), door=dataclasses.replace(DOOR, otherwise=8889))
    )
    assert taken.verdict == "note"
    assert "nc (pid 41)" in taken.text


def test_running_services_say_where_they_listen() -> None:
    elsewhere = Process(44, "twistd", ("twistd", "-n", "netapp-echo"), "", elsewhere=True, uid=ME)
    words = ("twistd", "-n", "netapp-echo", "--listen", "tcp:7", "--state", "s")
    echo = Process(45, "twistd", words, "/srv", uid=ME)
    broken = Process(46, "twistd", ("twistd", "netapp-echo", "--nonsense"), uid=ME)
    found, names = running.plans([NC, elsewhere, echo, broken], [ME], Path("/none"))
    assert [(places(each), each.state) for each in found.values()] == [
        ({("netapp-echo", "tcp 7")}, Path("/srv/s"))
    ]
    assert names == ["nc", "twistd", "twistd", "twistd"]
    merged = running.merged(plan(["netapp", "--only=dns", "--only=echo"]), list(found.values()))
    assert {place for _, place in places(merged)} == {"tcp 7", "udp 8080", "tcp 8080"}
    hub = plan(["netapp", "--only=echo"])
    assert places(running.merged(plan(["netapp"]), [hub])) == places(hub)


def test_other_users_processes_are_not_believed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def echo(pid: int, uid: int, *words: str, program: str = "") -> Process:
        return Process(pid, "twistd", ("twistd", "netapp-echo", *words), "/", uid=uid, program=program)

    ours = echo(9, ME, "--listen=tcp:9", "--state=/ours")
    printing = [echo(10 + at, ME, word) for at, word in enumerate(("--help", "--hel", "--version", "--ver"))]
    setuid = echo(20, -1, "--listen=tcp:20")
    sudo = echo(21, ME, "--listen=tcp:21", program="/usr/bin/sudo")
    others = [echo(pid, 1000 + pid, f"--listen=tcp:{pid}", "--state=/theirs") for pid in (5, 6)]
    seen = [*others, setuid, sudo, *printing, ours]
    found, _ = running.plans(seen, [ME], Path("/ours"))
    assert list(found) == [9]
    found, _ = running.plans(seen, [ME, 1006], tmp_path)
    assert [(pid, each.state) for pid, each in found.items()] == [(9, Path("/ours")), (6, tmp_path)]
    assert capsys.readouterr().out == ""
    strange = dataclasses.replace(look("taken", dataclasses.replace(HUB, uid=1000)), users=[ME])
    assert not strange.is_ours
    finding = ports.judge(strange, user="li")
    assert (finding.verdict, finding.cure.partition("  ")[0]) == ("bad", "kill 42")
    assert finding.about["is"] == "another's netapp"
    believed = dataclasses.replace(strange, users=[ME, 1000])
    assert believed.is_ours


def test_who_is_believed(tmp_path: Path) -> None:
    asked = {"SUDO_UID": "1000"}
    assert running.believed(tmp_path, {}) == list(dict.fromkeys([ME, 0]))
    assert (1000 in running.believed(tmp_path / "none", asked)) == (ME == 0)
    if ME == 0:
        os.chown(tmp_path, 1006, 1006)
        assert running.believed(tmp_path, asked) == [0, 1000, 1006]


# Answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "verdict", "cure"),
    [
        ("answer", "ok", ""),
        ("silent", "bad", "kill 42"),
        ("strange", "bad", "kill 42"),
        ("refused", "bad", "--listen tcp:8888:interface=\\:\\:"),
    ],
)
def test_each_answer_has_its_finding(outcome: str, verdict: str, cure: str) -> None:
    (finding,) = questions.judge(DOOR, [questions.Answer("10.0.0.1", outcome)], process="42")
    assert (finding.verdict, finding.about["addresses"]) == (verdict, ["10.0.0.1"])
    assert finding.cure.startswith(cure)


def test_an_address_that_is_no_local_networks_is_told_once() -> None:
    answers = [questions.Answer("203.0.113.9", "silent"), questions.Answer("127.0.0.1", "answer")]
    assert [each.verdict for each in questions.judge(DOOR, answers)] == ["ok"]
    assert one(questions.outsiders(answers * 2)) == ("note", "--allow 203.0.113.9/32")


def test_a_listener_on_loopback_alone_is_told_of() -> None:
    door = door_of("tcp:8888:interface=127.0.0.1", "echo", "--listen")
    found = questions.for_this_machine_alone([door, DOOR, door])
    assert one(found)[0] == "note"
    assert "tcp 8888" in found[0].text
    assert questions.for_this_machine_alone([DOOR]) == []


def test_this_machines_addresses_are_read() -> None:
    trie = "Local:\n  |-- 10.0.0.0\n     /24 link UNICAST\n  |-- 10.0.0.5\n     /32 host LOCAL\n" * 2
    assert questions.parse_fib(trie) == ["10.0.0.5"]
    six = (
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe800000000000000000000000000001 02 40 20 80     eth0\n"
        "fd000000000000000000000000000001 02 40 00 c0     eth0\n"  # not in use yet
    )
    assert questions.parse_if_inet6(six) == ["::1", "fe80::1%eth0"]


# Resolver, clock, disk, machine ------------------------------------------------------------------

DNS_53 = door_of("udp:53", "dns", "--listen")
DNS_8080 = door_of("udp:8080", "dns", "--listen")


@pytest.mark.parametrize(
    ("text", "door", "verdict", "cure"),
    [
        ("nameserver 127.0.0.1\n", DNS_53, "ok", ""),
        ("# x\nnameserver 127.0.0.53\noptions edns0\n", DNS_53, "note", "DNS=127.0.0.1"),
        (
            "nameserver 192.0.2.1\nnameserver 127.0.0.1\n",
            DNS_53,
            "note",
            "sed -i '1i nameserver 127.0.0.1' PATH",
        ),
        ("nameserver 127.0.0.1\n", DNS_8080, "note", "--listen udp:53"),
        ("", DNS_53, "note", "echo nameserver 127.0.0.1 >> PATH"),
    ],
)
def test_who_resolves_names(tmp_path: Path, text: str, door: Door, verdict: str, cure: str) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(text)
    said = one(resolver.judge(resolver.read(path, tmp_path / "none"), [door], ["127.0.0.1"]))
    assert said[0] == verdict
    assert cure.replace("PATH", str(path)) in said[1]


def test_programs_that_ask_no_name_server_are_told_of() -> None:
    facts = resolver.Facts("nameserver 127.0.0.1", "passwd: files\nhosts:  files myhostname\n")
    found = resolver.judge(facts, [DNS_53], ["127.0.0.1"])
    assert [each.verdict for each in found] == ["ok", "note"]
    assert "nsswitch.conf" in found[1].cure
    assert resolver.judge(facts, [DOOR], []) == []


@pytest.mark.parametrize(
    ("facts", "verdict", "cure"),
    [
        (clock.Facts(2e9, 1e9), "ok", ""),
        (clock.Facts(1e9, 2e9), "bad", "timedatectl set-time"),
        (clock.Facts(2e9, 1e9, (2e9 + 3600, "talk.db")), "bad", "timedatectl set-time"),
        (clock.Facts(2e9, 1e9, (2e9 + 60, "talk.db")), "ok", ""),
        (clock.Facts(2e9, 1e9, None, False), "note", "timedatectl set-ntp true"),
    ],
)
def test_the_clock(facts: clock.Facts, verdict: str, cure: str) -> None:
    said = one(clock.judge(facts))
    assert said[0] == verdict
    assert cure in said[1]


def test_the_youngest_file_tells_the_time_at_least(tmp_path: Path) -> None:
    (tmp_path / "talk.db").touch()
    os.utime(tmp_path / "talk.db", (4e9, 4e9))
    assert one(clock.judge(clock.read(tmp_path)))[0] == "bad"


GIB = 2**30


@pytest.mark.parametrize(
    ("facts", "verdict", "cure"),
    [
        (disk.Facts("/s", "/", 50 * GIB, 100 * GIB, 10**6, 10**7, False), "ok", ""),
        (disk.Facts("/s", "/", 4 * GIB, 100 * GIB, 10**6, 10**7, False), "note", "sudo du -xh /"),
        (disk.Facts("/s", "/", 2**20, 100 * GIB, 10**6, 10**7, False), "bad", "sudo du -xh /"),
        (disk.Facts("/s", "/a b", 50 * GIB, 100 * GIB, 5, 10**7, False), "bad", "sudo du -x --inodes '/a b'"),
        (disk.Facts("/s", "/", 50 * GIB, 100 * GIB, 500, 10**7, False), "note", "sudo du -x --inodes /"),
        (disk.Facts("/s", "/m", 50 * GIB, 100 * GIB, 1, 0, True), "bad", "sudo mount -o remount,rw /m"),
        (disk.Facts("/s", "/m", 0, 100 * GIB, 0, 9, True, writes=False), "ok", ""),  # a share on a CD
    ],
)
def test_disks(facts: disk.Facts, verdict: str, cure: str) -> None:
    said = one(disk.judge(facts))
    assert said[0] == verdict
    assert said[1].startswith(cure)


@pytest.mark.parametrize(
    ("finding", "verdict", "cure"),
    [
        (machine.versions((3, 11, 2), "26.10.0", "OpenSSL 3"), "ok", ""),
        (machine.versions((3, 10, 2), "26.10.0", "OpenSSL 3"), "bad", "apt install python3"),
        (machine.versions((3, 11, 2), None, "OpenSSL 3"), "bad", "pip install --upgrade netapp"),
        (machine.versions((3, 11, 2), "22.1.0", "OpenSSL 3"), "bad", "pip install --upgrade netapp"),
        (machine.descriptors(-1), "ok", ""),
        (machine.descriptors(10**6), "ok", ""),
        (machine.descriptors(256), "note", f"LimitNOFILE={limits.DESCRIPTORS}"),
        (machine.memory(machine.Memory(8 * GIB, 4)), "ok", ""),
        (machine.memory(machine.Memory(300 * 2**20, 4)), "note", "netapp user tune"),
        (machine.memory(machine.Memory(100 * 2**20, 4)), "bad", "netapp user tune"),
    ],
)
def test_what_the_machine_grants(finding: Finding, verdict: str, cure: str) -> None:
    assert finding.verdict == verdict
    assert cure in finding.cure


def test_a_small_udp_buffer_is_noted() -> None:
    assert machine.receive_buffer(limits.DOCTOR_BUFFER) == []
    assert one(machine.receive_buffer(4096))[1] == f"sudo sysctl -w net.core.rmem_max={limits.DOCTOR_BUFFER}"


def test_what_a_container_grants_of_memory_counts(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   99999999 kB\n")
    (tmp_path / "memory.max").write_text("20971520\n")
    (tmp_path / "memory.current").write_text("0\n")
    assert one(machine.read_memory(64 * 2**20, tmp_path, tmp_path))[0] == "bad"
    assert machine.read_memory(1, tmp_path / "none", tmp_path) == []


# The state directory -----------------------------------------------------------------------------

S = Path("/srv/my state")
Q = shlex.quote(str(S))
E = state.Entry


@pytest.mark.parametrize(
    ("facts", "me", "verdict", "cure"),
    [
        (state.Facts(S, "missing"), 0, "ok", ""),
        (state.Facts(S, "missing", writable=False), 0, "bad", f"mkdir -p {Q}"),
        (
            state.Facts(S, "missing", writable=False),
            1,
            "bad",
            f"sudo install -d -m 700 -o {state.user_name(1)}",
        ),
        (state.Facts(S, "other"), 0, "bad", f"mv {Q} {Q}.old"),
        (state.Facts(S, "folder"), 0, "ok", ""),
        (state.Facts(S, "folder", mode=0o755), 0, "note", f"chmod 700 {Q}"),
        (state.Facts(S, "folder", mode=0o777), 0, "bad", f"chmod 700 {Q}"),
        (state.Facts(S, "folder", mode=0o500), 0, "bad", f"chmod 700 {Q}"),
        (state.Facts(S, "folder", uid=1), 2, "bad", f"sudo chown -R {state.user_name(2)} {Q}"),
        (state.Facts(S, "folder", uid=1), 0, "note", "sudo twistd --uid 1"),
        (state.Facts(S, "folder", entries=(E("people.db", 1, 0o600),)), 0, "bad", "sudo chown -R"),
        (
            state.Facts(S, "folder", entries=(E("people.db", 0, 0o400),)),
            0,
            "bad",
            f"chmod 600 '{S}/people.db'",
        ),
        (state.Facts(S, "folder", entries=(E("share", 0, 0o755, True),)), 0, "ok", ""),
        (
            state.Facts(S, "folder", entries=(E("run/netapp-77.sock", 0, 0o600),), gone=frozenset({77})),
            0,
            "note",
            f"rm '{S}/run/netapp-77.sock'",
        ),
        (state.Facts(S, "folder", lock=NC), 0, "note", "kill 41"),
        (state.Facts(S, "hidden", reason="Permission denied"), 1, "bad", "sudo chown -R"),
    ],
)
def test_the_state_directory(facts: state.Facts, me: int, verdict: str, cure: str) -> None:
    said = one(state.judge(facts, me)) if facts.uid == me or me == 0 or facts.kind == "missing" else None
    said = said or one(state.judge(facts, me))
    assert said[0] == verdict
    assert said[1].startswith(cure)


def test_a_secret_that_others_can_read_is_named() -> None:
    facts = state.Facts(S, "folder", mode=0o755, entries=(E("people.key", 0, 0o644), E("x.txt", 0, 0o644)))
    found = state.judge(facts, 0)
    assert [each.cure for each in found] == [f"chmod 700 {Q}", f"chmod 600 '{S}/people.key'"]


def test_looking_at_the_state_makes_nothing(tmp_path: Path) -> None:
    assert state.read(tmp_path / "a" / "b").kind == "missing"
    assert state.read(tmp_path / "a" / "b").writable
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    assert state.read(tmp_path / "file").kind == "other"
    assert not state.read(tmp_path / "file" / "state").writable
    if Path("/proc/self").exists():
        assert not state.read(Path("/proc/netapp/state")).writable


def test_who_holds_the_lock_is_read() -> None:
    text = "1: POSIX  ADVISORY  WRITE 9 08:01:5 0 EOF\n2: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF\nx\n"
    device = os.makedev(8, 1)
    assert [state.lock_holder(text, device, inode) for inode in (131, 5)] == [1234, 0]


# Databases ---------------------------------------------------------------------------------------


def database(folder: Path, name: str = "talk", revision: str | None = "t0001") -> Path:
    with sqlite3.connect(folder / f"{name}.db") as rows:
        rows.execute("CREATE TABLE thing (x)")
        rows.executemany("INSERT INTO thing VALUES (?)", [("x" * 500,)] * 100)
        if revision is not None:
            rows.execute("CREATE TABLE alembic_version (version_num)")
            rows.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    rows.close()
    return folder / f"{name}.db"


def judged(folder: Path) -> tuple[str, str]:
    (facts,) = databases.read(folder)
    return one(databases.judge(facts))


def test_a_whole_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = database(tmp_path)
    before = path.read_bytes()
    assert judged(tmp_path) == ("ok", "")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


def test_databases_of_other_revisions(tmp_path: Path) -> None:
    database(tmp_path, "people", "0001")
    assert judged(tmp_path) == ("note", "")
    database(tmp_path, "talk", "t9999")
    found = [one(databases.judge(each)) for each in databases.read(tmp_path)]
    assert found[1][0] == "bad"
    assert "pip install --upgrade netapp" in found[1][1]


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    path = database(tmp_path, revision=None)
    assert judged(tmp_path) == ("bad", f"mv {path} {path}.old")


@pytest.mark.parametrize("spoil", ["text", "pages", "cut"])
def test_a_broken_database(tmp_path: Path, spoil: str) -> None:
    path = database(tmp_path)
    octets = bytearray(path.read_bytes())
    if spoil == "text":
        octets[:100] = b"no database" * 9 + b"!"
    elif spoil == "pages":
        octets[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    path.write_bytes(octets[: len(octets) // 2] if spoil == "cut" else octets)
    assert judged(tmp_path) == ("bad", f"netapp restore FILE --force --state {tmp_path}")


def test_the_key_that_sealed_second_factors_must_be_there(tmp_path: Path) -> None:
    path = database(tmp_path, "people", databases.known_revisions("people")[-1])
    with sqlite3.connect(path) as rows:
        rows.execute("CREATE TABLE totp (account)")
        rows.execute("CREATE TABLE setting (key, value)")
        rows.execute("INSERT INTO totp VALUES ('a')")
        rows.execute("""INSERT INTO setting VALUES ('hash cost', '{"memory": 1024}')""")
    rows.close()
    verdict, cure = judged(tmp_path)
    assert verdict == "bad"
    assert f"install -m 600 COPY {tmp_path}/people.key" in cure
    (tmp_path / "people.key").touch()
    assert judged(tmp_path)[0] == "ok"
    assert databases.read(tmp_path)[0].hash_memory == 2**20


def test_a_database_in_use_is_read_beside_its_writer(tmp_path: Path) -> None:
    path = database(tmp_path)
    rows = sqlite3.connect(path, isolation_level=None)
    rows.execute("PRAGMA journal_mode=WAL")
    rows.execute("BEGIN IMMEDIATE")
    rows.execute("INSERT INTO thing VALUES (1)")
    assert judged(tmp_path) == ("ok", "")
    rows.execute("COMMIT")
    assert judged(tmp_path) == ("ok", "")
    rows.close()


# All together ------------------------------------------------------------------------------------


def test_a_look_that_fails_or_hangs_is_a_finding() -> None:
    from threading import Event

    never = Event()

    def fails() -> list[Finding]:
        raise RuntimeError("strange")

    def hangs() -> list[Finding]:
        never.wait(10)
        return []

    found = looking.together([("disk", hangs), ("clock", fails)], within=0.05)
    never.set()
    assert [(each.topic, each.verdict) for each in found] == [("disk", "note"), ("clock", "note")]
    assert "strange" in found[1].text
