"""Processes that come after one another, or two beside each other: nothing acknowledged is lost."""

import os
import signal
from pathlib import Path

import dns.query
import dns.zone
import pytest

from tests import real
from tests.dns.transfer.foreign import free_port
from tests.dns.updates.asking import ALLOWED, adding, zone_file
from tests.dns.updates.test_real import LOCAL, Start, addresses, serial, told

pytestmark = pytest.mark.real


def at(port: int) -> tuple[str, str]:
    return f"--listen=udp:{port}:interface=127.0.0.1", f"--listen=tcp:{port}:interface=127.0.0.1"


def hosts(server: real.Plugin) -> set[str]:
    """The names of a zone, by AXFR."""
    answer = dns.query.xfr("127.0.0.1", "example.lan", port=server.tcp(), lifetime=real.PATIENCE)
    return {str(name) for name in dns.zone.from_xfr(answer).nodes}


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))
    os.utime(path, (1, 1))


def primary_at(tmp_path: Path) -> tuple[Path, int, Path, tuple[str, str]]:
    """For a primary: its zone's file, a port, its state directory, and options by which it gives the zone."""
    zone, port = zone_file(tmp_path), free_port()
    first = tmp_path / "first"
    first.mkdir(mode=0o700)
    sends = f"--zone=example.lan={zone}", "--allow-transfer=127.0.0.0/8"
    return zone, port, first, sends


def test_a_secondary_that_becomes_a_primary_keeps_its_updates(start: Start, tmp_path: Path) -> None:
    zone, port, first, sends = primary_at(tmp_path)
    with real.running("netapp-dns", *at(port), *sends, state=first):
        secondary = start("netapp-dns", *LOCAL, f"--primary=example.lan@127.0.0.1:{port}")
        secondary.wait_for("serial 1 from .* by AXFR")
        secondary.stop()
    options = (*LOCAL, f"--zone=example.lan={zone}", ALLOWED)
    primary = start("netapp-dns", *options)
    assert told(primary, adding("new")) == "NOERROR"
    for _ in range(2):
        primary.stop()
        primary = start("netapp-dns", *options)
        assert (addresses(primary, "new.example.lan"), serial(primary)) == (["192.0.2.9"], 2)


def test_a_process_that_writes_late_undoes_no_update(start: Start, tmp_path: Path) -> None:
    zone = zone_file(tmp_path)
    options = (*LOCAL, f"--zone=example.lan={zone}")
    updating = start("netapp-dns", *options, ALLOWED)
    assert told(updating, adding("one")) == "NOERROR"
    other = start("netapp-dns", *options)
    assert told(updating, adding("two")) == "NOERROR"
    updating.stop()
    edit(zone, "192.0.2.1", "192.0.2.99")
    other.process.send_signal(signal.SIGHUP)
    other.wait_for("another process has changed what is kept of it since it was read: start this one again")
    updating = start("netapp-dns", *options, ALLOWED)
    found = [addresses(updating, f"{name}.example.lan") for name in ("one", "two", "www")]
    assert found == [["192.0.2.9"], ["192.0.2.9"], ["192.0.2.99"]]


def test_secondaries_follow_a_file_that_was_edited_while_nothing_ran(start: Start, tmp_path: Path) -> None:
    zone, port, first, sends = primary_at(tmp_path)
    with real.running("netapp-dns", *at(port), *sends, state=first):
        follows = f"--primary=example.lan@127.0.0.1:{port}", "--allow-transfer=127.0.0.0/8"
        secondary = start("netapp-dns", *LOCAL, *follows)
        secondary.wait_for("serial 1 from .* by AXFR")
    edit(zone, "www", "offline")
    notify = f"--notify=127.0.0.1:{secondary.udp()}"
    with real.running("netapp-dns", *at(port), *sends, notify, state=first) as primary:
        secondary.wait_for("serial 2 from .* by AXFR")
        zone.write_text(zone.read_text() + "third A 192.0.2.3\n")
        secondary.wait_for("serial 3 from .* by IXFR")
        assert hosts(secondary) == hosts(primary) >= {"offline", "third"}
        assert "www" not in hosts(secondary)
