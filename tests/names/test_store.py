"""The noun: its sources, their order, what a reload does."""

import ipaddress
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import defer, task
from twisted.logger import capturedLogs, formatEvent, globalLogPublisher
from twisted.python.failure import Failure

from netapp.core import addresses, limits
from netapp.core.status.readings import Errors
from netapp.errors import ConfigError, ToldApart
from netapp.names.config import Config
from netapp.names.files.zonefiles import ZoneFiles
from netapp.names.lookup.walk import address_of, look_up
from netapp.names.model import Record, address_record
from netapp.names.naming import wire_name
from netapp.names.opening import open_names
from netapp.names.sources.declared import DeclaredRecords, parse_record
from netapp.names.sources.hosts import HostsFile
from netapp.names.sources.own import OwnName, own_addresses
from netapp.names.store import Names
from tests.names.master.making import HEAD, put


def record(name: str, address: str) -> Record:
    return address_record(wire_name(name), ipaddress.ip_address(address))


def address(names: Names, name: str) -> str | None:
    return address_of(names.snapshot, wire_name(name))


class Presence:
    """A source as the hub may bring one: people come and go."""

    slow = False

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.changed: Callable[[], object] | None = None
        self.reads = 0

    def read(self) -> Iterable[Record]:
        self.reads += 1
        return list(self.records)

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        self.changed = changed
        return lambda: setattr(self, "changed", None)


def test_a_name_belongs_to_the_first_source_that_has_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("10.0.0.2 box www\n")
    (tmp_path / "b").write_text("10.0.0.3 www db\nfd00::3 box\n")
    hosts = (str(tmp_path / "a"), str(tmp_path / "b"))
    names = open_names(Config(records=(record("box", "10.0.0.1"),), hosts=hosts), task.Clock())
    assert [address(names, name) for name in ("box", "www", "db")] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert look_up(names.snapshot, wire_name("box"), 28).answer == ()


def test_a_reload_swaps_the_snapshot_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("10.0.0.1 box\n")
    names = Names([HostsFile(str(path))], task.Clock())
    before, heard = names.snapshot, []
    names.changes.subscribe(heard.append)
    path.write_text("10.0.0.2 box\n")
    names.reload()
    assert address(names, "box") == "10.0.0.2"
    assert address_of(before, wire_name("box")) == "10.0.0.1"
    assert [each.version for each in heard] == [before.version + 1]


@pytest.mark.parametrize("broken", ["10.0.0.2 box\n10.0.0 www\n", None])
def test_a_file_that_breaks_keeps_its_old_names_and_is_named(tmp_path: Path, broken: str | None) -> None:
    path, other = tmp_path / "hosts", tmp_path / "other"
    path.write_text("10.0.0.1 box\n")
    other.write_text("10.0.0.5 db\n")
    names = Names([HostsFile(str(path)), HostsFile(str(other))], task.Clock())
    if broken is None:
        path.unlink()
    else:
        path.write_text(broken)
    other.write_text("10.0.0.6 db\n")
    failed: list[str] = []
    with capturedLogs() as events:
        names.reload().addErrback(lambda failure: failed.append(failure.getErrorMessage()))
    assert (address(names, "box"), address(names, "db")) == ("10.0.0.1", "10.0.0.6")
    said = "\n".join(str(formatEvent(event)) for event in events)
    assert (f"{path}:2: '10.0.0' is no address" if broken else f"{path} cannot be read") in said
    assert failed == ["some of it could not be read; its old names stay"]


def test_what_is_wrong_is_told_until_it_is_mended(tmp_path: Path) -> None:
    hosts, zone = tmp_path / "hosts", put(tmp_path, HEAD, "z.example")
    hosts.write_text("10.0.0.1 box\n")
    config = Config(zone=(f"example.com={zone}",))
    files = ZoneFiles(lambda: config, task.Clock())
    names = Names([HostsFile(str(hosts))], task.Clock(), zones=[files])
    names.files = files
    assert names.faults() == []
    counted, wrong = Errors(), f"{hosts}:2: 'nonsense' is no address"
    globalLogPublisher.addObserver(counted)
    try:
        hosts.write_text("10.0.0.1 box\nnonsense\n")
        put(tmp_path, HEAD + "a A x\n", "z.example")
        failed: list[Failure] = []
        names.reload().addErrback(failed.append)
        assert [bool(each.check(ToldApart)) for each in failed] == [True]
        assert names.faults() == [f"names: {wrong}", f"names: {zone}:5: x is no IPv4 address"]
        hosts.write_text("10.0.0.1 box\n")
        put(tmp_path, HEAD, "z.example")
        with capturedLogs() as events:
            names.reload()
    finally:
        globalLogPublisher.removeObserver(counted)
    assert {formatEvent(each) for each in events} >= {
        f"names: mended: {wrong}",
        f"names: mended: {zone}:5: x is no IPv4 address",
    }
    assert (names.faults(), counted.count) == ([], 0)


def test_a_fault_of_the_one_file_that_several_sources_are_in_is_told_once() -> None:
    wrong = list[str]()

    def declared() -> tuple[Record, ...]:
        if wrong:
            raise ConfigError(wrong[0])
        return ()

    files = ZoneFiles(lambda: Config(records=declared()), task.Clock())
    names = Names([DeclaredRecords(declared)], task.Clock(), zones=[files])
    wrong.append("netapp.toml is no TOML")
    for _ in range(2):  # each time that somebody asks
        with capturedLogs() as events:
            names.reload().addErrback(Failure.trap, ToldApart)
        assert [formatEvent(each) for each in events] == ["names: netapp.toml is no TOML"]
    assert names.faults() == ["names: netapp.toml is no TOML"]
    wrong.clear()
    with capturedLogs() as events:
        names.reload()
    assert [formatEvent(each) for each in events] == ["names: mended: netapp.toml is no TOML"]
    assert names.faults() == []


def test_at_the_first_start_a_broken_or_missing_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        open_names(Config(hosts=(str(path),)), task.Clock())
    path.write_text("10.0.0.1 box\nnonsense\n")
    with pytest.raises(ConfigError, match=r"hosts:2: 'nonsense' is no address"):
        open_names(Config(hosts=(str(path),)), task.Clock())


@pytest.mark.parametrize("device", ["/dev/zero", "fifo", "."])
def test_dns_65_what_is_no_file_is_refused_at_once(tmp_path: Path, device: str) -> None:
    if device == "fifo":
        device = str(tmp_path / "fifo")
        os.mkfifo(device)
    with pytest.raises(ConfigError, match=r"no regular file|cannot be read"):
        HostsFile(device).read()


def test_a_path_that_is_empty_is_refused() -> None:
    with pytest.raises(ConfigError, match="--hosts takes the path"):
        open_names(Config(hosts=("",)), task.Clock())


def test_files_are_read_aside_and_one_reload_after_another(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("10.0.0.1 box\n")
    begun: list[tuple[defer.Deferred[Any], Callable[[], Any]]] = []

    def aside(read: Callable[[], Any]) -> defer.Deferred[Any]:
        begun.append((defer.Deferred(), read))
        return begun[-1][0]

    names = Names([HostsFile(str(path))], task.Clock(), aside=aside)
    ended: list[str] = []
    names.reload().addCallback(lambda _: ended.append("first"))
    names.reload().addCallback(lambda _: ended.append("second"))
    assert (len(begun), address(names, "box")) == (1, "10.0.0.1")
    for turn, new in ((0, "10.0.0.2"), (1, "10.0.0.3")):
        path.write_text(f"{new} box\n")
        waiting, read = begun[turn]
        waiting.callback(read())
        assert address(names, "box") == new
    assert ended == ["first", "second"]


def test_a_source_that_fails_keeps_its_names_and_is_logged() -> None:
    presence = Presence()
    presence.records.append(record("guest", "10.0.1.1"))
    names = Names([presence], task.Clock())
    presence.records.append(None)  # type: ignore[arg-type]
    failed: list[str] = []
    with capturedLogs() as events:
        names.reload().addErrback(lambda failure: failed.append(failure.getErrorMessage()))
    assert [event["log_level"].name for event in events] == ["critical"]
    assert failed == ["some of it could not be read; its old names stay"]
    assert address(names, "guest") == "10.0.1.1"


def test_a_source_that_joins_is_followed_and_its_changes_are_gathered() -> None:
    clock, presence = task.Clock(), Presence()
    names = Names([DeclaredRecords(lambda: [record("box", "10.0.0.1")])], clock)
    names.start()
    names.add_source(presence)
    for host in range(30):
        presence.records.append(record(f"guest{host}", f"10.0.1.{host}"))
        assert presence.changed is not None
        presence.changed()
    presence.records.append(record("box", "10.0.9.9"))
    assert address(names, "guest7") is None
    clock.advance(limits.NAMES_SETTLE)
    assert (address(names, "guest7"), address(names, "box")) == ("10.0.1.7", "10.0.0.1")
    assert presence.reads == 2
    presence.changed()
    names.stop()
    assert presence.changed is None
    assert clock.getDelayedCalls() == []


def test_t31_this_host_is_known_by_its_name_and_its_first_label() -> None:
    own = OwnName(
        lambda: "Box.Lan", lambda: [ipaddress.ip_address("192.168.1.5"), ipaddress.ip_address("fd00::5")]
    )
    names = Names([own], task.Clock(), own=own.names()[0])
    assert (address(names, "box.lan"), address(names, "box")) == ("192.168.1.5", "192.168.1.5")
    assert names.example() == "box.lan"


@pytest.mark.parametrize("hostname", ["", "my host", "x" * 70])
def test_a_host_without_a_name_is_localhost(hostname: str) -> None:
    assert OwnName(lambda: hostname).names() == ["localhost"]


def test_an_example_always_has_an_ipv4_address() -> None:
    own = OwnName(lambda: "box", lambda: [ipaddress.ip_address("fd00::5")])
    names = Names([DeclaredRecords(lambda: [record("www", "10.0.0.1")]), own], task.Clock(), own="box")
    assert names.example() == "www"


def test_own_addresses_are_those_that_others_reach() -> None:
    found = [str(each) for each in own_addresses()]
    assert found == (addresses.own_addresses() or ["127.0.0.1"])
    assert found


@pytest.mark.parametrize(
    "given", ["www", "www=", "=10.0.0.1", "www=10.0.0", "a b=10.0.0.1", "www=box", "w\x1bw=1.2.3.4"]
)
def test_a_record_that_is_none_is_refused_in_one_harmless_line(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_record(given)
    assert "write NAME=ADDRESS" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_record_in_a_terminal_of_gbk() -> None:
    assert parse_record(os.fsdecode("打印机=10.0.0.9".encode("gbk"))) == record("打印机", "10.0.0.9")
    assert parse_record("www.lan = fd00::1") == record("www.lan", "fd00::1")
