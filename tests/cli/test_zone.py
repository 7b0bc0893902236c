"""``netapp zone``: files before they are served, zones that are; beside named-checkzone."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netapp.names import master
from netapp.names.model import NSEC, NSEC3
from tests import real
from tests.cli.tools import netapp
from tests.names.master.making import HEAD, every_type, put, records, zone

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LOCAL = ("--listen=udp:0:interface=127.0.0.1", "--listen=tcp:0:interface=127.0.0.1")


def test_a_good_zone_is_ok(tmp_path: Path) -> None:
    done = netapp("zone", "check", put(tmp_path, HEAD), lang="C")
    assert (done.returncode, done.stdout) == (0, "OK: example.com, serial 7, 3 records, 2 names\n")
    done = netapp("zone", "check", put(tmp_path, HEAD))
    assert done.stdout == "正常:example.com,序列号 7,3 条记录,2 个名字\n"


def test_errors_are_named_by_line_and_the_status_is_1(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD + "a A x\nb NOSUCH y\nc CNAME d\nc A 10.0.0.1\n")
    done = netapp("zone", "check", "example.com", path.name, lang="C", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "example.com.zone:5: error: x is no IPv4 address",
        "example.com.zone:6: error: there is no record type NOSUCH",
        "errors: 2; this zone cannot be served",
    ]


def test_a_record_that_no_transfer_could_carry_is_an_error_with_its_line(tmp_path: Path) -> None:
    put(tmp_path, HEAD + f"a TYPE65280 \\# 64500 {'00' * 64500}\n")
    done = netapp("zone", "check", "example.com.zone", lang="C", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        "example.com.zone:5: error: TYPE65280 has more than 64000 octets of data: "
        "no message holds it, and the zone could not be transferred"
    )


def test_the_form_that_a_server_takes_goes_too(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD)
    done = netapp("zone", "check", f"example.org={path.name}", lang="C", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "OK: example.org, serial 7, 3 records, 2 names\n")
    done = netapp("zone", "check", f"a..b={path.name}", lang="C", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "netapp zone check: a..b is no name\n")
    path.rename(tmp_path / "example.org=zone")
    done = netapp("zone", "check", "example.org=zone", lang="C", folder=tmp_path)
    assert done.stdout.startswith("OK: example.org=zone, ")  # a file that there is


def test_warnings_are_told_and_strict_makes_them_count(tmp_path: Path) -> None:
    put(tmp_path, HEAD + "@ NS ns2\n")
    done = netapp("zone", "check", "example.com.zone", lang="C", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "example.com.zone:5: warning: the NS ns2.example.com has no address: give it an A or AAAA",
        "warnings: 1",
        "OK: example.com, serial 7, 4 records, 2 names",
    ]
    assert netapp("zone", "check", "--strict", "example.com.zone", folder=tmp_path).returncode == 1


def test_json_has_all_of_it(tmp_path: Path) -> None:
    told = json.loads(netapp("zone", "check", "--json", put(tmp_path, HEAD + "@ NS ns2\n")).stdout)
    assert (told["ok"], told["serial"], told["errors"]) == (True, 7, [])
    assert [(each["line"], each["kind"], each["name"]) for each in told["warnings"]] == [
        (5, "ns address", "example.com")
    ]
    told = json.loads(netapp("zone", "check", "--json", put(tmp_path, "x y\n")).stdout)
    assert (told["ok"], [each["line"] for each in told["errors"]]) == (False, [1])


def test_an_origin_is_read_as_zone_of_the_server_reads_it(tmp_path: Path) -> None:
    (tmp_path / "db").write_text(HEAD)
    origin = os.fsdecode("教室".encode("gb18030"))  # as a terminal of old types it
    done = netapp("zone", "check", f"{origin}=db", lang="C.UTF-8", folder=tmp_path)
    assert "xn--wbtt9t" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["check"], ["check", "a", "b", "c"], ["check", "a..b", "c"], ["check", "lan="], ["show"]]
)
def test_a_wrong_call_is_one_line(arguments: list[str]) -> None:
    done = netapp("zone", *arguments)
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1


def test_control_characters_of_a_file_are_made_visible(tmp_path: Path) -> None:
    done = netapp("zone", "check", put(tmp_path, HEAD + "a A \x1b[31mred\n"))
    assert "\x1b" not in done.stdout
    assert "⟦U+001B⟧" in done.stdout


#: What a zone has more than :data:`HEAD`; whether we load it; whether named-checkzone does.
DIFFERENCES = [
    ("", True, True),
    ("a A 10.0.0.1\n", True, True),
    ("a A 10.0.0.256\n", False, False),
    ("a CNAME b\na A 10.0.0.1\n", False, False),
    ("sub NS ns.sub\nns.sub A 10.0.0.2\n", True, True),
    # what named refuses to serve, we serve and warn of: the zone's other names are of use
    ("@ NS none\n", True, False),
    # what named drops and only logs, we refuse: a record that is written and not served helps nobody
    ("a.example.net. A 10.0.0.1\n", False, True),
    ("$GENERATE 1-3 h$ A 10.0.1.$\n", True, True),
    ("x TYPE65400 \\# 4 0a000001\n", True, True),
    ("x TYPE65400 \\# 5 0a000001\n", False, False),
    ("x TXT (\n", False, False),
]


@pytest.mark.parametrize(("more", "ours", "theirs"), DIFFERENCES)
def test_beside_named_checkzone(tmp_path: Path, more: str, ours: bool, theirs: bool) -> None:
    checkzone = real.tool("named-checkzone", "bind9-utils")
    path = put(tmp_path, HEAD + more)
    theirs_said = subprocess.run(
        [checkzone, "example.com", path], capture_output=True, text=True, timeout=30, check=False
    )
    done = netapp("zone", "check", "example.com", path, lang="C")
    assert (done.returncode == 0, theirs_said.returncode == 0) == (ours, theirs), theirs_said.stdout


@pytest.mark.parametrize("how", [(), ("-3", "-", "-H", "0"), ("-3", "aabb", "-H", "0", "-A")])
def test_a_zone_that_bind_has_signed_is_ok_and_broken_once_a_record_goes(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    keygen, signzone = real.tool("dnssec-keygen", "bind9-utils"), real.tool("dnssec-signzone", "bind9-utils")
    put(tmp_path, HEAD + "*.w A 10.0.0.5\na.b.c TXT x\nsub NS ns.sub\nns.sub A 10.0.0.6\nd DNAME x.net.\n")
    for words in (
        [keygen, "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "example.com"],
        [keygen, "-q", "-a", "ECDSAP256SHA256", "example.com"],
        [signzone, "-q", "-S", *how, "-o", "example.com", "-f", "signed", "example.com.zone"],
    ):
        subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=30, check=True)
    told = json.loads(netapp("zone", "check", "--json", "signed", folder=tmp_path).stdout)
    assert (told["ok"], told["warnings"]) == (True, [])
    read = master.read_zone(tmp_path / "signed").zone
    again = zone(tmp_path, "".join(master.written(read)))
    assert records(again) == records(read)
    kind = NSEC3 if how else NSEC
    gone = next(each for each in read.records() if each.rdtype == kind and each.owner != read.origin)
    path = put(tmp_path, "".join(master.written(read.changed([gone], []))), "broken")
    told = json.loads(netapp("zone", "check", "--json", path).stdout)
    assert {each["kind"] for each in told["warnings"]} & {"nsec3 chain", "no nsec"}


# Zones that are served -----------------------------------------------------------------------------


def test_list_and_show_ask_the_process(start: Start, tmp_path: Path) -> None:
    one, two = put(tmp_path, every_type()), put(tmp_path, HEAD, "教室.zone")
    start("netapp-dns", *LOCAL, f"--zone={one}", f"--zone={two}")
    state = tmp_path / "state"
    rows = [line.split("\t") for line in netapp("zone", "list", lang="C", state=state).stdout.splitlines()]
    assert [row[:4] for row in rows] == [["example.com", "7", "file", "78"], ["xn--wbtt9t", "7", "file", "3"]]
    assert rows[0][5:] == [str(one), "-"]
    (first, _) = json.loads(netapp("zone", "list", "--json", state=state).stdout)
    assert abs(first["loaded"] - time.time()) < 60
    shown = netapp("zone", "show", "教室", state=state).stdout
    assert f"文件          {two}" in shown
    assert netapp("zone", "show", "example.net", state=state).returncode == 1


def test_thousands_of_zones_are_told_as_they_are_read(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "zones"
    folder.mkdir()
    for number in range(800):
        put(folder, HEAD, f"z{number}.example.zone")
    put(folder, "broken\n", "README")
    start("netapp-dns", *LOCAL, f"--zones={folder}")
    state = tmp_path / "state"
    lines = netapp("zone", "list", state=state).stdout.splitlines()
    assert len(lines) == 800
    assert lines[0].startswith("z0.example\t7\tfile\t3\t")
    assert json.loads(netapp("zone", "show", "z799.example", "--json", state=state).stdout)["records"] == 3


def test_a_file_that_breaks_is_told_of(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "zones"
    folder.mkdir()
    put(folder, HEAD, "lan.zone")
    server = start("netapp-dns", *LOCAL, f"--zones={folder}")
    put(folder, HEAD + "x\n", "lan.zone")
    put(folder, "y\n", "another.zone")
    server.wait_for("lan.zone:5: no record type")
    done = netapp("zone", "list", lang="C", state=tmp_path / "state")
    assert f"{folder}/lan.zone:5: no record type" in done.stdout
    assert f"netapp zone list: not loaded: {folder}/another.zone:1: no record type" in done.stderr


def test_list_without_a_process_says_so(tmp_path: Path) -> None:
    done = netapp("zone", "list", lang="C", state=tmp_path)
    assert done.returncode == 1
    assert "netapp-dns is not running" in done.stderr
