"""``netapp dns`` as its user runs it, against Knot and netapp-dns."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.tools import PATIENCE, netapp, terminal, udp_server
from tests.real import running, tool

pytestmark = pytest.mark.real
ZONE = """\
$ORIGIN class.lan.
$TTL 3600
@ SOA ns1 admin {serial} 3600 600 86400 300
@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.2
web A 192.168.1.{last}
www CNAME web
sub NS ns.sub
ns.sub A 192.168.1.77
xn--wlr595avud A 192.168.1.9
evil TXT "a\\027[2Jb"
9 PTR web
"""
MANY = "".join(f"many A 10.0.{number >> 8}.{number & 255}\n" for number in range(300))
CONF = """\
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    nsid: knot-here
mod-cookies:
  - id: cookies
database:
    storage: {folder}/db
key:
  - id: laptop
    algorithm: hmac-sha256
    secret: c2VjcmV0c2VjcmV0c2VjcmV0
acl:
  - id: signed
    key: laptop
    action: transfer
template:
  - id: default
    global-module: mod-cookies/cookies
    storage: {folder}
    acl: signed
    zonefile-sync: -1
    journal-content: all
    zonefile-load: difference
zone:
  - domain: class.lan
    file: class.zone
  - domain: secure.lan
    file: secure.zone
    dnssec-signing: on
"""
KEY = "hmac-sha256:laptop:c2VjcmV0c2VjcmV0c2VjcmV0"


class Knot:
    """A Knot with a plain zone and one that it signs."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.place, self._folder = f"127.0.0.1:{self.port}", folder
        (folder / "db").mkdir()
        self.write(1, 10)
        zone = ZONE.format(serial=1, last=10).replace("class.lan", "secure.lan")
        (folder / "secure.zone").write_text(zone, "ascii")
        self._conf = folder / "knot.conf"
        self._conf.write_text(CONF.format(port=self.port, folder=folder), "ascii")
        command = [tool("knotd", "knot"), "-c", str(self._conf)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def write(self, serial: int, last: int) -> None:
        (self._folder / "class.zone").write_text(ZONE.format(serial=serial, last=last) + MANY, "ascii")

    def reload(self) -> None:
        subprocess.run(
            [tool("knotc", "knot"), "-c", self._conf, "-b", "zone-reload", "class.lan"], check=True
        )


@pytest.fixture(scope="module")
def knot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knot]:
    tool("knotd", "knot")
    server = Knot(tmp_path_factory.mktemp("knot"))
    try:
        deadline = time.monotonic() + PATIENCE
        while netapp("dns", "web.secure.lan", "--server", server.place, "--short").stdout != "192.168.1.10\n":
            assert time.monotonic() < deadline
        yield server
    finally:
        server.process.terminate()
        server.process.wait(PATIENCE)


def asked(knot: Knot, *words: str, lang: str = "C") -> "subprocess.CompletedProcess[str]":
    return netapp("dns", *words, "--server", knot.place, lang=lang)


def test_a_pipe_gets_records_and_nothing_else(knot: Knot) -> None:
    done = asked(knot, "www.class.lan")
    assert (
        done.stdout
        == "www.class.lan.\t3600\tIN\tCNAME\tweb.class.lan.\nweb.class.lan.\t3600\tIN\tA\t192.168.1.10\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_all_that_a_server_says_is_shown_in_columns(knot: Knot) -> None:
    lines = asked(knot, "www.class.lan", "--full").stdout.splitlines()
    assert lines[:4] == [
        "NOERROR  here is the answer",
        "question    www.class.lan.        A",
        "answer      www.class.lan.  3600  CNAME  web.class.lan.",
        "            web.class.lan.  3600  A      192.168.1.10",
    ]
    assert lines[4] == "flags       qr aa rd  authoritative, no recursion"
    assert "1232 octets" in lines[5]
    assert "server id knot-here, cookie " in lines[5]
    assert lines[6].startswith(f"server      {knot.place}  UDP, ")
    assert " ms, " in lines[6]


def test_the_same_in_chinese(knot: Knot) -> None:
    lines = asked(knot, "sub.class.lan", "x.y.example", "--full", lang="zh_CN.UTF-8").stdout.splitlines()
    assert lines[0] == "NOERROR  这里不管这个域名,请问授权一栏的服务器"
    assert lines[1:4] == [
        "问题    sub.class.lan.           A",
        "授权    sub.class.lan.     3600  NS  ns.sub.class.lan.",
        "附加    ns.sub.class.lan.  3600  A   192.168.1.77",
    ]
    assert "REFUSED  服务器拒绝回答(不是它的域名,或者不允许你问)" in lines
    assert "说明    Not authoritative (EDE 20)" in lines


def test_a_terminal_has_colours_unless_it_is_told_not_to(knot: Knot) -> None:
    for told, colours in (("", True), ("1", False)):
        with terminal("dns", "web.class.lan", "--server", knot.place, NO_COLOR=told) as person:
            assert person.end() == 0
        assert ("\x1b[" in person.output) is colours
        assert re_found("答案    web.class.lan.  3600  A  192.168.1.10", person.shown)


def re_found(line: str, output: str) -> bool:
    return line in [each.rstrip() for each in output.replace("\r", "").split("\n")]


def test_an_answer_that_was_cut_says_so(knot: Knot) -> None:
    done = asked(knot, "many.class.lan", "--full")
    assert done.stdout.count("10.0.") == 300
    assert "TCP" in done.stdout.splitlines()[-1]
    assert "asked again over TCP" in done.stdout.splitlines()[-1]
    assert done.stderr == "the answer was cut, asking again over TCP\n"


def test_signatures_are_shown_in_words(knot: Knot) -> None:
    done = asked(knot, "web.secure.lan", "--dnssec", "--full")
    assert "signs A, ECDSAP256SHA256, key " in done.stdout
    assert " of secure.lan., 2" in done.stdout
    assert ", in its time" in done.stdout
    assert "DO, " in done.stdout
    assert "signs keys (KSK)" in asked(knot, "secure.lan", "--type", "DNSKEY", "--full").stdout
    assert "RRSIG" not in asked(knot, "web.secure.lan").stdout


def test_one_object_a_name(knot: Knot) -> None:
    done = asked(knot, "web.class.lan", "打印机.class.lan", "none.class.lan", "--json")
    web, printer, none = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert set(web) == {
        "name", "server", "transport", "cut", "tries", "time_ms", "octets", "rcode", "flags", "signed",
        "question", "answer", "authority", "additional", "edns",
    }  # fmt: skip
    assert (web["rcode"], web["transport"], web["flags"]) == ("NOERROR", "udp", ["qr", "aa", "rd"])
    assert web["answer"] == [
        {"name": "web.class.lan.", "ttl": 3600, "class": "IN", "type": "A", "data": "192.168.1.10"}
    ]
    assert set(web["edns"]) == {"version", "size", "do", "cookie", "nsid", "ede", "options"}
    assert bytes.fromhex(web["edns"]["nsid"]) == b"knot-here"
    assert printer["name"] == "打印机.class.lan"
    assert printer["question"][0] == {
        "name": "xn--wlr595avud.class.lan.", "unicode": "打印机.class.lan.", "class": "IN", "type": "A",
    }  # fmt: skip
    assert (none["rcode"], none["answer"], none["authority"][0]["type"]) == ("NXDOMAIN", [], "SOA")


def test_a_name_in_its_own_script_is_shown_both_ways(knot: Knot) -> None:
    done = asked(knot, "打印机。class.lan", "--full")
    assert "xn--wlr595avud.class.lan. = 打印机.class.lan." in done.stdout


def test_an_answer_cannot_drive_the_terminal(knot: Knot) -> None:
    for words in (["evil.class.lan", "--type", "TXT"], ["class.lan", "--axfr", "--key", KEY]):
        for more in ([], ["--full"], ["--json"], ["--short"]):
            assert "\x1b" not in asked(knot, *words, *more).stdout


def test_a_whole_zone_and_its_changes(knot: Knot) -> None:
    refused = asked(knot, "class.lan", "--axfr")
    assert refused.returncode == 1
    assert "does not transfer class.lan.: NOTAUTH" in refused.stderr
    done = asked(knot, "class.lan", "--axfr", "--key", KEY)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 312
    assert lines[0].startswith("class.lan.\t3600\tIN\tSOA\t")
    assert done.stderr.startswith("class.lan. serial 1: 312 records in ")
    knot.write(2, 11)
    knot.reload()
    changes = asked(knot, "class.lan", "--ixfr", "1", "--key", KEY)
    assert [line for line in changes.stdout.splitlines() if "SOA" not in line] == [
        "-web.class.lan.\t3600\tIN\tA\t192.168.1.10",
        "+web.class.lan.\t3600\tIN\tA\t192.168.1.11",
    ]
    *records, last = map(
        json.loads, asked(knot, "class.lan", "--ixfr", "1", "--key", KEY, "--json").stdout.splitlines()
    )
    assert [each["change"] for each in records] == ["-", "-", "+", "+"]
    assert (last["transfer"], last["serial"], last["records"], last["changes"]) == ("class.lan.", 2, 4, True)
    nothing = asked(knot, "class.lan", "--ixfr", "2", "--key", KEY)
    assert (nothing.stdout, nothing.stderr) == ("", "class.lan. has nothing newer: serial 2\n")
    knot.write(1, 10)


def test_a_wrong_key_is_told(knot: Knot, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("c29tZXRoaW5nIGVsc2U=\n", "ascii")
    done = asked(knot, "class.lan", "--axfr", "--key", f"hmac-sha256:laptop:@{tmp_path / 'key'}")
    assert done.returncode == 1
    assert "BADSIG" in done.stderr
    unreadable = asked(knot, "class.lan", "--key", "md5:laptop:xx")
    assert (unreadable.returncode, unreadable.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x", "--plain", "--json"], "--plain and --json do not go together"),
        (["x", "--axfr", "--type", "A"], "--axfr and --type do not go together"),
        (["x", "--short", "--full"], "--short and --full do not go together"),
        (["x", "--ixfr", "-1"], "--ixfr"),
    ],
)
def test_what_contradicts_itself_is_wrongly_called(words: list[str], said: str) -> None:
    done = netapp("dns", *words, "--server", "127.0.0.1:9", lang="C")
    assert done.returncode == 2
    assert said in done.stderr


def test_an_address_is_asked_for_as_its_reverse_name() -> None:
    seen: list[bytes] = []
    with udp_server(lambda octets: seen.append(octets)) as server, udp_server(lambda _: b"text") as text:
        netapp("dns", "-x", "no-address", "--server", server.place)
        assert seen == []
        netapp("dns", "192.168.1.9", "--server", text.place)
    assert text.got[0][12:].startswith(b"\x019\x011\x03168\x03192\x07in-addr\x04arpa\0\0\x0c\0\x01")


def test_netapp_dns_answers_it(tmp_path: Path) -> None:
    listen = ("--listen", "udp:0", "--listen", "tcp:0")
    with running("netapp-dns", "--record", "pc1.lan=192.168.1.7", *listen, state=tmp_path) as server:
        place = f"127.0.0.1:{server.udp()}"
        done = netapp("dns", "pc1.lan", "--server", place, "--full", lang="C")
        over_tcp = f"127.0.0.1:{server.tcp()}"
        twice = netapp("dns", "pc1.lan", "pc1.lan", "--tcp", "--short", "--server", over_tcp)
    assert "answer      pc1.lan.  60  A  192.168.1.7" in done.stdout
    assert twice.stdout == "192.168.1.7\n" * 2


def test_netapp_dns_gives_its_zone_and_its_changes_to_who_signs(tmp_path: Path) -> None:
    zone, secret = tmp_path / "class.lan.zone", tmp_path / "secret"
    zone.write_text(ZONE.format(serial=1, last=10) + MANY, "ascii")
    secret.write_text("c2VjcmV0c2VjcmV0c2VjcmV0\n", "ascii")
    secret.chmod(0o600)
    key = f"hmac-sha256:laptop:@{secret}"
    with running(
        "netapp-dns", "--zone", str(zone), "--key", key, "--allow-transfer", "127.0.0.1#laptop",
        "--nsid", "here", "--listen", "tcp:0", state=tmp_path,
    ) as server:  # fmt: skip
        place = ("--server", f"127.0.0.1:{server.tcp()}", "--key", key)
        whole = netapp("dns", "class.lan", "--axfr", *place, lang="C")
        refused = netapp("dns", "class.lan", "--axfr", *place[:2], lang="C")
        for serial, last in ((2, 9), (3, 11)):
            zone.write_text(ZONE.format(serial=serial, last=last) + MANY, "ascii")
            soa = ("dns", "class.lan", "--type", "SOA", "--tcp", "--short", *place)
            deadline = time.monotonic() + PATIENCE
            while f" {serial} 3600" not in netapp(*soa).stdout:
                assert time.monotonic() < deadline
        changes = netapp("dns", "class.lan", "--ixfr", "2", *place, lang="C")
        signed = json.loads(netapp("dns", "打印机.class.lan", "--tcp", "--json", *place).stdout)
    assert (whole.returncode, len(whole.stdout.splitlines())) == (0, 312)
    assert "312 records in " in whole.stderr
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "REFUSED" in refused.stderr
    assert [line for line in changes.stdout.splitlines() if "SOA" not in line] == [
        "-web.class.lan.\t3600\tIN\tA\t192.168.1.9",
        "+web.class.lan.\t3600\tIN\tA\t192.168.1.11",
    ]
    assert signed["signed"]
    assert bytes.fromhex(signed["edns"]["nsid"]) == b"here"
    assert signed["answer"][0]["unicode"] == "打印机.class.lan."
