"""``netapp zone dump``: a zone with its updates, while its service runs and when it does not."""

import os
from collections.abc import Callable
from pathlib import Path

import dns.message
import pytest

from netapp.names.keeping.keeper import zones_path
from netapp.names.master import read_zone
from tests import real
from tests.cli.tools import netapp
from tests.dns.updates.asking import ALLOWED, adding, zone_file

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LOCAL = ("--listen=udp:0:interface=127.0.0.1", "--listen=tcp:0:interface=127.0.0.1")


def updated(start: Start, folder: Path) -> real.Plugin:
    server = start("netapp-dns", *LOCAL, f"--zone=example.lan={zone_file(folder)}", ALLOWED)
    assert dns.message.from_wire(real.ask(server.udp(), adding("dhcp"))).rcode() == 0
    return server


def test_a_zone_with_its_updates_reads_as_it_is_served(start: Start, tmp_path: Path) -> None:
    server = updated(start, tmp_path)
    state = ("--state", str(tmp_path / "state"))
    running = netapp("zone", "dump", "example.lan", *state, lang="C")
    assert (running.returncode, running.stderr) == (0, "")
    assert "dhcp\t60\tIN\tA\t192.0.2.9\n" in running.stdout
    assert "host 2 3600" in running.stdout.replace(".example.lan.", "")
    server.stop()
    assert netapp("zone", "dump", "EXAMPLE.lan.", *state).stdout == running.stdout


def test_a_dump_may_become_the_zone_file(start: Start, tmp_path: Path) -> None:
    server = updated(start, tmp_path)
    zone, state = tmp_path / "example.lan", ("--state", str(tmp_path / "state"))
    before = zone.read_bytes()
    zone.chmod(0o640)
    refused = netapp("zone", "dump", "example.lan", "--output", str(zone), *state, lang="C")
    assert refused.returncode == 1
    assert f"{zone} is there already: choose another name, or --force to replace it" in refused.stderr
    assert zone.read_bytes() == before
    done = netapp("zone", "dump", "example.lan", "--output", str(zone), "--force", *state)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{zone}:example.lan,序列号 2" in done.stderr
    assert zone.stat().st_mode & 0o777 == 0o640
    assert read_zone(zone).zone.serial == 2
    server.process.send_signal(1)
    server.wait_for("read again|re-read|reloaded|SIGHUP")
    assert dns.message.from_wire(real.ask(server.udp(), adding("more"))).rcode() == 0
    assert "dhcp\t60" in netapp("zone", "dump", "example.lan", *state).stdout


def test_what_the_owner_has_edited_is_not_written_over(start: Start, tmp_path: Path) -> None:
    server = updated(start, tmp_path)
    zone, other, state = tmp_path / "example.lan", tmp_path / "other", str(tmp_path / "state")

    def dump(path: Path) -> int:
        options = ("--output", str(path), "--force", "--state", state)
        done = netapp("zone", "dump", "example.lan", *options, lang="C")
        assert ("has changes that netapp has not taken in" in done.stderr) == bool(done.returncode)
        assert done.stderr.count("\n") == 1
        return done.returncode

    assert dump(other) == 0
    before = zone.read_text()
    zone.write_text(broken := before + "mine A\n")  # it is read no more until that is mended
    assert (dump(zone), zone.read_text()) == (1, broken)
    other.write_text(broken)
    assert dump(other) == 0  # another file than the one that it serves
    zone.write_text(before)
    server.stop()
    assert dump(other) == 0
    zone.write_text(edited := before + "mine A 192.0.2.7\n")
    assert (dump(zone), zone.read_text()) == (1, edited)
    zone.write_text(before)
    assert dump(zone) == 0
    assert dump(zone) == 0


def test_a_zone_that_was_never_updated_is_as_its_file_has_it(start: Start, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state"))
    server = start("netapp-dns", *LOCAL, f"--zone=example.lan={zone_file(tmp_path)}")
    assert "www\t300\tIN\tA\t192.0.2.1\n" in netapp("zone", "dump", "example.lan", *state).stdout
    server.stop()
    done = netapp("zone", "dump", "example.lan", *state, lang="C")
    assert done.returncode == 1
    assert "has no updates of example.lan" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_zone_file_is_found_whatever_its_path_is(start: Start, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/a" * 200 + "/ 教%室\a".encode() + b"\xff#?"))
    folder.mkdir(parents=True)
    start("netapp-dns", *LOCAL, f"--zone=example.lan={zone_file(folder)}")
    done = netapp("zone", "dump", "example.lan", "--state", str(tmp_path / "state"), lang="C")
    assert (done.returncode, done.stderr) == (0, "")
    assert "www\t300\tIN\tA\t192.0.2.1\n" in done.stdout
    assert netapp("zone", "list", "--json", "--state", str(tmp_path / "state"), lang="C").returncode == 0


def test_what_cannot_be_is_told_in_one_line(start: Start, tmp_path: Path) -> None:
    updated(start, tmp_path).stop()
    state = ("--state", str(tmp_path / "state"))
    assert "a..b is no name" in netapp("zone", "dump", "a..b", *state, lang="C").stderr
    missing = netapp(
        "zone", "dump", "example.lan", "--output", str(tmp_path / "no" / "file"), *state, lang="C"
    )
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    base = zones_path(tmp_path / "state") / "example.lan" / "base"
    base.write_bytes(base.read_bytes()[:-4])
    damaged = netapp("zone", "dump", "example.lan", *state, lang="C")
    assert damaged.returncode == 1
    assert "base is damaged: put it back from a backup, or remove" in damaged.stderr
    assert damaged.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("damaged", "told"),
    [
        ("journal", "journal is damaged from octet 0 of"),
        ("no journal", "journal is not there: changes since"),
        ("no base", "octets of changes, and the base that they belong to is not there"),
    ],
)
def test_what_is_lost_of_a_zone_is_told(start: Start, tmp_path: Path, damaged: str, told: str) -> None:
    server = updated(start, tmp_path)
    assert dns.message.from_wire(real.ask(server.udp(), adding("more"))).rcode() == 0
    folder = zones_path(tmp_path / "state") / "example.lan"
    if damaged == "journal":
        octets = bytearray((folder / "journal").read_bytes())
        octets[20] ^= 1
        (folder / "journal").write_bytes(octets)
    else:
        (folder / damaged.removeprefix("no ")).unlink()
    done = netapp("zone", "dump", "example.lan", "--state", str(tmp_path / "state"), lang="C")
    assert told in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "www\t300\tIN\tA\t192.0.2.1\n" in done.stdout
    assert ("dhcp\t60" in done.stdout) == (damaged != "no base")
