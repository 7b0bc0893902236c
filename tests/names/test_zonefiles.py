"""Zones of files: what is read, what is read again, what is said of what is broken."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet import task
from twisted.logger import capturedLogs, formatEvent

from netapp.errors import ConfigError
from netapp.names.config import Config
from netapp.names.files.folders import passed_over
from netapp.names.files.zonefile import Told, _digest
from netapp.names.files.zonefiles import ZoneFiles, parse_zone
from netapp.names.naming import shown, wire_name
from netapp.names.sources.source import ZonesRead
from netapp.names.zone import Zone
from tests.names.master.making import HEAD, put


class Clock(task.Clock):
    """A reactor without inotify."""

    def callFromThread(self, call: Callable[..., object], *args: object) -> None:
        call(*args)


def source(*zone: str | Path, zones: tuple[Path, ...] = ()) -> ZoneFiles:
    config = Config(zone=tuple(map(str, zone)), zones=tuple(map(str, zones)))
    return ZoneFiles(lambda: config, Clock())


def origins(read: ZonesRead) -> list[str]:
    return sorted(map(shown, read.zones))


def told(files: ZoneFiles) -> Told:
    found = files.told(wire_name("example.com"))
    assert found is not None
    return found


def only(read: ZonesRead) -> Zone:
    (zone,) = read.zones.values()
    return zone


def test_an_unchanged_file_gives_the_same_zone_and_is_not_read(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD)
    files = source(path)
    first = only(files.read())
    again = files.read()
    assert only(again) is first
    assert again.faults == ()


def test_a_file_that_was_only_touched_is_not_parsed_again(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD)
    files = source(path)
    files.read()
    loaded = told(files).loaded
    files._reactor.advance(5)
    os.utime(path, (1, 1))
    only(files.read())
    assert told(files).loaded == loaded
    put(tmp_path, HEAD + "b A 10.0.0.2\n")
    files.read()
    assert told(files).loaded == files._reactor.seconds()


def test_another_text_that_says_the_same_is_the_same_zone(tmp_path: Path) -> None:
    files = source(put(tmp_path, HEAD))
    first = only(files.read())
    put(tmp_path, HEAD + "; a remark\n")
    assert only(files.read()) is first


def test_by_content_and_not_by_serial_and_with_the_nodes_that_are_the_same(tmp_path: Path) -> None:
    files = source(put(tmp_path, HEAD + "a A 10.0.0.1\ngone A 10.0.0.1\nx.y NS z\n"))
    before = only(files.read())
    put(tmp_path, HEAD + "a A 10.0.0.2\nnew.deep A 10.0.0.1\nx.y NS z\n")
    after = only(files.read())
    assert after.serial == before.serial
    names = {shown(name).removesuffix(".example.com") for name in after.nodes}
    assert names == {"example.com", "ns1", "a", "deep", "new.deep", "y", "x.y"}
    ns1, a, cut = wire_name("ns1.example.com"), wire_name("a.example.com"), wire_name("x.y.example.com")
    assert after.nodes[ns1] is before.nodes[ns1]
    assert after.nodes[a] != before.nodes[a]
    assert after.cuts[cut] is after.nodes[cut]
    assert wire_name("gone.example.com") in before.nodes


def test_a_broken_file_keeps_the_old_zone_and_is_named_by_line(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD)
    files = source(path)
    first = only(files.read())
    put(tmp_path, HEAD + "a A nowhere\n")
    broken = files.read()
    assert only(broken) is first
    assert broken.faults == (f"{path}:5: nowhere is no IPv4 address",)
    assert files.read().faults == broken.faults  # who asks is told
    assert told(files).fault == broken.faults[0]
    path.unlink()
    assert only(files.read()) is first
    put(tmp_path, HEAD + "a A 10.0.0.1\n")
    assert files.read().faults == ()


def test_a_fault_that_has_gone_is_said_to_be_mended(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD + "b A nowhere\nc A 10.0.0.300\n")
    files = source(zones=(tmp_path,))
    two = f"{path}:5: nowhere is no IPv4 address; 2 faults in all"
    one = f"{path}:6: 10.0.0.300 is no IPv4 address"
    assert files.read().faults == (two,)
    with capturedLogs() as events:
        put(tmp_path, HEAD + "b A 10.0.0.1\nc A 10.0.0.300\n")
        assert files.read().faults == (one,)
        assert events == []
        put(tmp_path, HEAD)
        files.read()
        files.read()
    assert [formatEvent(each) for each in events] == [f"names: mended: {one}"]
    assert files.read().faults == ()


def test_an_included_file_is_content_too(tmp_path: Path) -> None:
    put(tmp_path, "a A 10.0.0.1\n", "part.inc")
    files = source(put(tmp_path, HEAD + "$INCLUDE part.inc\n"))
    first = only(files.read())
    put(tmp_path, "a A 10.0.0.2\n", "part.inc")
    second = only(files.read())
    assert second is not first
    (tmp_path / "part.inc").unlink()
    broken = files.read()
    assert only(broken) is second
    assert broken.faults[0].startswith(f"{tmp_path}/example.com.zone:5: {tmp_path}/part.inc cannot be read: ")
    put(tmp_path, "a A 10.0.0.3\n", "part.inc")
    assert files.read().faults == ()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("name", ["example.com.zone", "part.inc"])
@pytest.mark.parametrize("make", [_pipe, _device, _loop])
def test_d65_a_file_or_a_part_of_it_that_becomes_a_pipe_or_a_device_is_a_fault(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    put(tmp_path, "a A 10.0.0.1\n", "part.inc")
    files = source(put(tmp_path, HEAD + "$INCLUDE part.inc\n"))
    first = only(files.read())
    text = (tmp_path / name).read_text()
    (tmp_path / name).unlink()
    make(tmp_path / name)
    for _ in range(2):
        broken = files.read()
        assert only(broken) is first
        assert str(tmp_path / name) in broken.faults[0]
    (tmp_path / name).unlink()
    put(tmp_path, text + "b A 10.0.0.2\n", name)
    again = files.read()
    assert (again.faults, only(again) is first) == ((), False)


def test_d65_a_file_that_grows_while_it_is_compared_is_another(tmp_path: Path) -> None:
    path = put(tmp_path, HEAD)
    assert _digest(path, len(HEAD)) == hashlib.sha256(HEAD.encode()).digest()
    assert _digest(path, len(HEAD) - 1) == b""


def test_a_folder_of_zones_each_named_after_its_origin(tmp_path: Path) -> None:
    for name in (
        "example.com",
        "教室.zone",
        "0%2F25.2.0.192.in-addr.arpa",
        ".hidden",
        "a.zone~",
        "b.bak",
        "x.inc",
    ):
        put(tmp_path, HEAD, name)
    (tmp_path / "sub").mkdir()
    files = source(zones=(tmp_path,))
    assert origins(files.read()) == ["0/25.2.0.192.in-addr.arpa", "example.com", "xn--wbtt9t"]
    (tmp_path / "example.com").unlink()
    put(tmp_path, HEAD, "new.example.zone")
    assert origins(files.read()) == ["0/25.2.0.192.in-addr.arpa", "new.example", "xn--wbtt9t"]
    put(tmp_path, HEAD, "no name.zone")
    assert "no name.zone: a file in --zones is named after its origin" in files.read().faults[0]


def test_a_signed_file_takes_the_place_of_the_one_it_was_signed_from(tmp_path: Path) -> None:
    for name in ("example.com.zone", "Kexample.com.+013+00001.key", "dsset-example.com."):
        put(tmp_path, HEAD, name)
    signed = put(tmp_path, HEAD + "s A 10.0.0.1\n", "example.com.zone.signed")
    read = source(zones=(tmp_path,)).read()
    assert (origins(read), read.faults) == (["example.com"], ())
    assert wire_name("s.example.com") in only(read).nodes
    signed.unlink()
    assert origins(source(zones=(tmp_path,)).read()) == ["example.com"]


def test_of_two_files_for_one_zone_the_first_has_it(tmp_path: Path) -> None:
    put(tmp_path, HEAD, "example.com.zone")
    other = put(tmp_path, HEAD + "a A 10.0.0.1\n", "other")
    read = source(f"example.com={other}", zones=(tmp_path,)).read()
    assert wire_name("a.example.com") in read.zones[wire_name("example.com")].nodes
    assert read.faults[0] == (
        f"{tmp_path}/example.com.zone: the zone example.com is in {other} too: keep one of the two"
    )


def test_a_reload_takes_what_is_asked_for_now(tmp_path: Path) -> None:
    one, two = put(tmp_path, HEAD, "one.example"), put(tmp_path, HEAD, "two.example")
    now = [Config(zone=(str(one),))]
    files = ZoneFiles(lambda: now[0], Clock())
    first = only(files.read())
    now[0] = Config(zone=(str(one), str(two)))
    both = files.read()
    assert origins(both) == ["one.example", "two.example"]
    assert both.zones[wire_name("one.example")] is first
    now[0] = Config(zone=(str(two),))
    assert origins(files.read()) == ["two.example"]


def test_paths_are_relative_to_where_the_process_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, HEAD)
    monkeypatch.chdir(tmp_path)
    files = source("example.com.zone")
    monkeypatch.chdir("/")
    assert origins(files.read()) == ["example.com"]


@pytest.mark.parametrize(
    ("value", "origin", "path"),
    [
        ("/etc/zones/db.lan", None, "/etc/zones/db.lan"),
        ("lan=/etc/zones/db.lan", "lan", "/etc/zones/db.lan"),
        ("0/25.2.0.192.in-addr.arpa=rev", "0/25.2.0.192.in-addr.arpa", "rev"),
        ("教室=a=b", "xn--wbtt9t", "a=b"),
        ("root=r", ".", "r"),
        (".=r", ".", "r"),
    ],
)
def test_an_option_is_a_file_or_an_origin_and_a_file(value: str, origin: str | None, path: str) -> None:
    found = parse_zone(value)
    assert (None if found[0] is None else shown(found[0]), found[1]) == (origin, path)


@pytest.mark.parametrize("value", ["", "lan=", "a..b=x", "=x="])
def test_an_option_that_cannot_be_is_named(value: str) -> None:
    if value == "=x=":
        assert parse_zone(value) == (None, "x=")
        return
    with pytest.raises(ConfigError, match="--zone"):
        parse_zone(value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name a folder of zone files"):
        source(zones=(tmp_path / "none",)).read()


def test_d64_nsec3_with_many_iterations_is_loaded_and_the_log_says_what_that_means(tmp_path: Path) -> None:
    files = source(put(tmp_path, HEAD + "@ NSEC3PARAM 1 0 65535 aabb\n"))
    with capturedLogs() as logged:
        assert only(files.read()).signed == "nsec3"
        files.read()
    (line,) = map(formatEvent, logged)
    assert "NSEC3 with 65535 iterations: served without proofs" in (line or "")


def test_what_editors_and_packages_leave_is_passed_over() -> None:
    for name in (".x", "#x#", "x~", "x.swp", "x.dpkg-old", "x.zone.jnl", "x.INC", "README.md"):
        assert passed_over(name), name
    for name in ("4913", "sedXy12Ab", "tmpabc", "core", "Makefile", "lan", "root", "signed", "bak"):
        assert passed_over(name), name
    for name in ("z.test.tmp.1234", "z.test.bak2", "z.test.1", "z.test,v", "nohup.out", "z.zone.aB3x"):
        assert passed_over(name), name
    for name in ("x.zone", "root.zone", "lan.zone.signed", "lan.signed", "new.example", "教室.zone"):
        assert not passed_over(name), name
    for name in ("readme.example.com.zone", "keyset-a.lan.zone", "README.lan.zone.signed", "ds-set.zone"):
        assert not passed_over(name), name
    for name in ("dsset-lan.", "keyset-lan.", "README.txt", ".x.zone", "x.zone~", "Klan.+013+00001.key"):
        assert passed_over(name), name


def test_what_is_passed_over_is_told_of_once(tmp_path: Path) -> None:
    for name in ("example.com", "lan", "4913", ".hidden", "x~", "sub.inc"):
        put(tmp_path, HEAD, name)
    files = source(zones=(tmp_path,))
    with capturedLogs() as logged:
        files.read()
        files.read()
        put(tmp_path, HEAD, "core")
        files.read()
    assert [str(formatEvent(each)).removesuffix("lan.zone for lan") for each in logged] == [
        f"names: {tmp_path}: no zones, by their names: {names};"
        " a zone's file is named after its origin, with a dot: "
        for names in ("4913, lan, sub.inc", "core")
    ]


@pytest.mark.parametrize("make", [_pipe, _device, _loop])
def test_d65_what_is_no_file_in_a_folder_is_a_fault_and_the_others_go_on(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = put(tmp_path, HEAD, "example.com")
    strange = tmp_path / "strange.example"
    make(strange)
    files = source(zones=(tmp_path,))
    read = files.read()
    assert origins(read) == ["example.com"]
    assert (len(read.faults), read.bearable) == (1, frozenset(read.faults))
    assert str(strange) in read.faults[0]
    assert read.waiting == {wire_name("strange.example")}
    first = only(read)
    path.unlink()
    make(path)
    assert only(files.read()) is first
    put(tmp_path, HEAD, "new.example")
    assert origins(files.read()) == ["example.com", "new.example"]


def test_a_fault_of_one_of_many_is_bearable_and_of_one_that_is_named_is_not(tmp_path: Path) -> None:
    (tmp_path / "zones").mkdir()
    own = put(tmp_path, "broken\n", "own.example")
    one = put(tmp_path / "zones", "broken\n", "one.example")
    read = source(f"own.example={own}", zones=(tmp_path / "zones",)).read()
    assert [each.partition(":")[0] for each in read.faults] == [str(own), str(one)]
    assert [each.partition(":")[0] for each in read.bearable] == [str(one)]
    assert read.waiting == {wire_name("own.example"), wire_name("one.example")}
    assert read.many == {wire_name("one.example")}
