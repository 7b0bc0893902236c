"""Zone files that a running process serves: they change, they break, they come and go."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import real
from tests.dns.asking import query, read
from tests.names.master.making import HEAD, put

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LOCAL = ("--listen=udp:0:interface=127.0.0.1", "--listen=tcp:0:interface=127.0.0.1")


def answer(server: real.Plugin, name: str = "www.example.com") -> str:
    """The first address of a name; the rcode where it has none."""
    message = read(real.ask(server.udp(), query(name), size=4096))
    found = [rdata.address for rrset in message.answer for rdata in rrset if hasattr(rdata, "address")]
    return found[0] if found else str(message.rcode().name)


def becomes(server: real.Plugin, wanted: str, name: str = "www.example.com") -> None:
    """Ask until the answer is that; every answer until then is one, and none is an error."""
    ends = time.monotonic() + real.PATIENCE
    before = answer(server, name)
    while (now := answer(server, name)) != wanted:
        assert now == before, now
        assert time.monotonic() < ends, f"{now} has not become {wanted}:\n{server.log}"
        time.sleep(0.02)


def www(address: str) -> str:
    return HEAD + f"www A {address}\n"


def test_a_file_that_changes_is_served_without_a_signal(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "zones"
    folder.mkdir()
    put(folder, www("10.0.0.1"))
    server = start("netapp-dns", *LOCAL, f"--zones={folder}")
    assert answer(server) == "10.0.0.1"
    put(folder, www("10.0.0.2"))
    becomes(server, "10.0.0.2")
    put(folder, www("10.0.0.3"), "draft~").rename(folder / "example.com.zone")  # as an editor saves
    becomes(server, "10.0.0.3")
    put(folder, www("10.0.0.4"), "example.net.zone")
    becomes(server, "10.0.0.4", "www.example.net")
    (folder / "example.net.zone").unlink()
    becomes(server, "REFUSED", "www.example.net")


def test_an_included_file_in_another_folder_that_changes_is_served(start: Start, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    put(tmp_path, "www A 10.0.0.1\n", "parts/www.inc")
    path = put(tmp_path, HEAD + "$INCLUDE parts/www.inc\n")
    server = start("netapp-dns", *LOCAL, f"--zone={path}")
    assert answer(server) == "10.0.0.1"
    put(tmp_path, "www A 10.0.0.2\n", "parts/www.inc")
    becomes(server, "10.0.0.2")


def test_a_link_that_is_swapped_is_followed(start: Start, tmp_path: Path) -> None:
    """As Kubernetes gives a container its files."""
    mounted = tmp_path / "mounted"
    for number in (1, 2):
        (mounted / f"..v{number}").mkdir(parents=True)
        put(mounted / f"..v{number}", www(f"10.0.0.{number}"))
    (mounted / "..data").symlink_to("..v1")
    (mounted / "example.com.zone").symlink_to("..data/example.com.zone")
    server = start("netapp-dns", *LOCAL, f"--zone={mounted}/example.com.zone")
    assert answer(server) == "10.0.0.1"
    (mounted / "..new").symlink_to("..v2")
    (mounted / "..new").rename(mounted / "..data")
    becomes(server, "10.0.0.2")


def test_d65_a_file_that_breaks_keeps_the_old_zone_and_is_told_once_with_its_line(
    start: Start, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = put(tmp_path, www("10.0.0.1"))
    server = start("netapp-dns", *LOCAL, f"--zone={path}")
    hostile = {
        "x TXT " + "a" * 10_000_000 + "\n": "a line of more than",
        "$INCLUDE /dev/zero\n": "/dev/zero is no regular file",
        "$INCLUDE pipe\n": "pipe is no regular file",
        "$GENERATE 0-2147483647 h$ A 10.0.0.1\n": "asks for 2147483648 records",
        'x TXT "\0"\n': "a NUL octet",
        "x A nowhere\n": "nowhere is no IPv4 address",
    }
    for line, reason in hostile.items():
        put(tmp_path, HEAD + line)
        server.wait_for(rf"{path}:5: .*{reason}")
        assert answer(server) == "10.0.0.1", reason
    put(tmp_path, HEAD, "another.zone")  # somebody else's
    time.sleep(1.0)
    assert server.log.count("nowhere is no IPv4 address") == 1
    put(tmp_path, www("10.0.0.2"))
    becomes(server, "10.0.0.2")


def test_one_broken_zone_of_a_folder_leaves_the_others_be(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "zones"
    folder.mkdir()
    put(folder, www("10.0.0.1"))
    put(folder, "broken\n", "sub.example.com")
    (folder / "loop.example").symlink_to("loop.example")
    server = start("netapp-dns", *LOCAL, f"--zones={folder}")
    assert answer(server) == "10.0.0.1"
    assert answer(server, "www.sub.example.com") == "SERVFAIL"  # not NXDOMAIN, from the zone above
    assert answer(server, "loop.example") == "SERVFAIL"
    assert f"{folder}/sub.example.com:1: " in server.log
    assert f"{folder}/loop.example" in server.log
    put(folder, www("10.0.0.2"), "sub.example.com")
    becomes(server, "10.0.0.2", "www.sub.example.com")
    (folder / "loop.example").unlink()
    becomes(server, "REFUSED", "loop.example")
    put(folder, www("10.0.0.3"))
    becomes(server, "10.0.0.3")


@pytest.mark.parametrize("device", ["pipe", "/dev/zero"])
def test_d65_a_file_that_becomes_a_pipe_or_a_device_is_told_of_and_reloading_goes_on(
    start: Start, tmp_path: Path, device: str
) -> None:
    path = put(tmp_path, www("10.0.0.1"))
    server = start("netapp-dns", *LOCAL, f"--zone={path}")
    path.unlink()
    if device == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(device)
    server.wait_for(f"{path}: it is no regular file")
    assert answer(server) == "10.0.0.1"
    path.unlink()
    put(tmp_path, www("10.0.0.2"))
    becomes(server, "10.0.0.2")


def test_a_hangup_takes_the_zones_of_the_configuration_file_as_they_are_now(
    start: Start, tmp_path: Path
) -> None:
    one, two = put(tmp_path, www("10.0.0.1"), "one"), put(tmp_path, www("10.0.0.2"), "two")
    settings = tmp_path / "netapp.toml"
    settings.write_text(f'[dns]\nzone = ["example.com={one}"]\n')
    server = start("netapp-dns", *LOCAL, f"--config={settings}")
    assert (answer(server), answer(server, "www.example.net")) == ("10.0.0.1", "REFUSED")
    folder = tmp_path / "zones"
    folder.mkdir()
    put(folder, www("10.0.0.3"), "lan.zone")
    settings.write_text(f'[dns]\nzone = ["example.net={two}"]\nzones = "{folder}"\n')
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("names: read again")
    assert (answer(server), answer(server, "www.example.net")) == ("REFUSED", "10.0.0.2")
    assert answer(server, "www.lan") == "10.0.0.3"
    put(folder, www("10.0.0.4"), "lan.zone")
    becomes(server, "10.0.0.4", "www.lan")
    put(folder, "broken\n", "lan.zone")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("not read again: some of it could not be read")
    assert answer(server, "www.lan") == "10.0.0.4"


def test_answers_go_on_while_a_large_zone_is_read_again(start: Start, tmp_path: Path) -> None:
    names = "".join(
        f"h{number} A 10.{number >> 16}.{number >> 8 & 255}.{number & 255}\n" for number in range(60_000)
    )
    path = put(tmp_path, www("10.0.0.1") + names * 2)  # twice: it takes its time
    server = start("netapp-dns", *LOCAL, f"--zone={path}")
    with path.open("a") as file:
        file.write("late A 10.0.0.9\n")
    slowest, ends = 0.0, time.monotonic() + real.PATIENCE
    while answer(server, "late.example.com") != "10.0.0.9":
        begun = time.monotonic()
        assert answer(server, "h59999.example.com") == "10.0.234.95"
        slowest = max(slowest, time.monotonic() - begun)
        assert begun < ends
    assert slowest < 1.0
