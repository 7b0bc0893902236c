"""Zones of the noun: their changes, what files say, and how the two go together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import defer, task
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.errors import Busy, ConfigError, Unavailable
from netapp.names.changing.changes import Change, difference, framed
from netapp.names.changing.editing import Edit
from netapp.names.changing.held import Held
from netapp.names.changing.storing import Entry, Forget, Forgetful, Step, Stored, Whole
from netapp.names.changing.zones import NoSuchZone, ZoneChanged, Zones
from netapp.names.lookup.walk import address_of
from netapp.names.model import TXT, WILDCARD, A, Record
from netapp.names.serial import newer
from netapp.names.sources.declared import DeclaredRecords
from netapp.names.store import Names
from netapp.names.zone import BadZone, Zone
from tests.names.zoning import ORIGIN, Files, SlowDisk, a, adding, same, signed, soa, txt, zone


def served(names: Names) -> Zone:
    return names.snapshot.zones[ORIGIN]


def heard(names: Names) -> list[ZoneChanged]:
    found: list[ZoneChanged] = []
    names.zone_changed.subscribe(found.append)
    return found


def failure_of(done: "defer.Deferred[Zone]") -> BaseException:
    failures: list[BaseException] = []
    done.addErrback(lambda failure: failures.append(failure.value))
    return failures[0]


def said(events: list[dict[str, object]]) -> str:
    return "\n".join(str(formatEvent(event)) for event in events)


def test_a_change_is_seen_told_and_remembered() -> None:
    names = Names([], task.Clock(), zones=[Files(zone(1))])
    told = heard(names)
    names.submit(ORIGIN, adding(a("www.example.lan")))
    assert address_of(names.snapshot, a("www.example.lan").owner) == "192.0.2.1"
    assert [(each.origin, each.zone.serial, each.old_serial) for each in told] == [(ORIGIN, 2, 1)]
    history = names.history(ORIGIN, 1)
    assert history is not None
    assert [(each.old_serial, each.new_serial) for each in history] == [(1, 2)]
    assert history[0].removed == (soa(1),)
    assert history[0].added == (soa(2), a("www.example.lan"))
    assert names.history(ORIGIN, 0) is None
    assert names.history(b"\3lan\0", 1) is None


def test_a_decision_that_fails_changes_nothing() -> None:
    names = Names([], task.Clock(), zones=[Files(zone(1))])
    before = names.snapshot

    def decide(zone: Zone) -> None:
        raise ValueError("no")

    assert isinstance(failure_of(names.submit(ORIGIN, decide)), ValueError)
    assert isinstance(failure_of(names.submit(ORIGIN, adding(a("www.other.lan")))), BadZone)
    assert isinstance(failure_of(names.submit(b"\5other\0", adding())), NoSuchZone)
    assert names.snapshot is before


def test_a_decision_for_nothing_gives_the_zone_as_it_is() -> None:
    names = Names([], task.Clock(), zones=[Files(zone(1))])
    found: list[Zone] = []
    names.submit(ORIGIN, lambda zone: None).addCallback(found.append)
    assert found == [served(names)]
    assert served(names).serial == 1


def test_a_file_that_changes_gives_history() -> None:
    files = Files(zone(1, a("old.example.lan")))
    names = Names([], task.Clock(), zones=[files])
    told = heard(names)
    files.put(zone(5, a("new.example.lan")))
    names.reload()
    assert served(names) is files.zones[ORIGIN]
    assert [(each.zone.serial, each.old_serial) for each in told] == [(5, 1)]
    history = names.history(ORIGIN, 1)
    assert history is not None
    assert history[0].removed == (soa(1), a("old.example.lan"))
    assert history[0].added == (soa(5), a("new.example.lan"))


def test_a_file_whose_serial_was_not_raised_is_served_with_one_that_was() -> None:
    files = Files(zone(7))
    names = Names([], task.Clock(), zones=[files])
    files.put(zone(7, a("new.example.lan")))
    with capturedLogs() as events:
        names.reload()
    assert same(served(names), zone(8, a("new.example.lan")))
    assert "example.lan: its file has serial 7, it is served with 8" in said(events)


def test_an_edit_goes_into_the_zone_with_its_updates() -> None:
    files = Files(zone(1, a("old.example.lan"), a("gone.example.lan")))
    names = Names([], task.Clock(), zones=[files])
    names.submit(ORIGIN, adding(a("dhcp.example.lan")))
    names.submit(ORIGIN, adding(txt("_acme.example.lan", "proof")))
    files.put(zone(2, a("old.example.lan", "192.0.2.9"), a("new.example.lan")))
    names.reload()
    mine = [a("old.example.lan", "192.0.2.9"), a("new.example.lan")]
    assert same(served(names), zone(4, *mine, a("dhcp.example.lan"), txt("_acme.example.lan", "proof")))
    history = names.history(ORIGIN, 3)
    assert history is not None
    assert len(history) == 1
    files.put(zone(50, *mine))
    names.reload()
    assert same(served(names), zone(50, *mine, a("dhcp.example.lan"), txt("_acme.example.lan", "proof")))


def test_a_zone_written_back_to_its_file_is_the_files_again() -> None:
    files = Files(zone(1))
    names = Names([], task.Clock(), zones=[files])
    names.submit(ORIGIN, adding(a("dhcp.example.lan")))
    assert [each.journal for each in names.zone_statuses()] == [True]
    files.put(zone(2, a("dhcp.example.lan")))
    names.reload()
    assert served(names).serial == 2
    assert [each.journal for each in names.zone_statuses()] == [False]
    assert names.history(ORIGIN, 1) is not None


def test_an_edit_that_does_not_go_with_the_updates_is_named_and_the_zone_stays() -> None:
    files = Files(zone(1))
    names = Names([], task.Clock(), zones=[files])
    names.submit(ORIGIN, adding(a("www.example.lan")))
    alias = a("www.example.lan")
    alias = type(alias)(alias.owner, 5, ORIGIN, 60)
    files.put(zone(9, alias))
    failed: list[object] = []
    with capturedLogs() as events:
        names.reload().addErrback(failed.append)
    assert same(served(names), zone(2, a("www.example.lan")))
    assert "CNAME record beside other data" in said(events)
    assert failed
    files.put(zone(10, a("mail.example.lan")))
    names.reload()
    assert same(served(names), zone(10, a("www.example.lan"), a("mail.example.lan")))


def test_a_zone_comes_and_goes_with_its_file() -> None:
    other = zone(3, origin=b"\5other\0")
    files = Files(zone(1))
    names = Names([], task.Clock(), zones=[files])
    told = heard(names)
    files.put(other)
    names.reload()
    assert [(each.origin, each.old_serial) for each in told] == [(b"\5other\0", None)]
    del files.zones[ORIGIN]
    names.reload()
    assert list(names.snapshot.zones) == [b"\5other\0"]
    assert names.history(ORIGIN, 1) is None


def test_faults_end_a_start_and_are_logged_later() -> None:
    files = Files(zone(1))
    files.faults = ("zones/a:3: no type", "zones/b:1: no SOA")
    with pytest.raises(ConfigError, match="zones/a:3: no type; 1 more faults"):
        Names([], task.Clock(), zones=[files])
    files.faults = ()
    names = Names([], task.Clock(), zones=[files])
    files.faults = ("zones/a:3: no type",)
    failed: list[object] = []
    with capturedLogs() as events:
        names.reload().addErrback(failed.append)
    assert "zones/a:3: no type" in said(events)
    assert failed
    assert served(names).serial == 1


def test_of_many_faults_their_number_is_told() -> None:
    files = Files(zone(1))
    names = Names([], task.Clock(), zones=[files])
    files.faults = tuple(f"zones/z{number}:1: no type" for number in range(300))
    with capturedLogs() as events:
        names.reload().addErrback(lambda failure: None)
    lines = [str(formatEvent(each)) for each in events]
    assert len(lines) == limits.FAULTS_LOGGED + 1
    assert lines[-1] == "names: and 290 more faults"


def test_a_source_that_tells_of_a_change_is_read_again() -> None:
    clock, files = task.Clock(), Files(zone(1))
    names = Names([], clock, zones=[files])
    names.start()
    files.put(zone(2))
    files.changed()
    clock.advance(1)
    assert served(names).serial == 2
    names.stop()


def test_a_secondary_is_served_once_it_has_come_and_not_when_it_has_expired() -> None:
    names = Names([], task.Clock())
    told = heard(names)
    assert names.add_secondary(ORIGIN) is None
    assert names.snapshot.expired == {ORIGIN}  # nothing can be said of it yet
    assert isinstance(failure_of(names.submit(ORIGIN, adding())), NoSuchZone)
    names.replace(ORIGIN, zone(5, a("www.example.lan")).records())
    names.expire(ORIGIN)
    assert names.snapshot.expired == {ORIGIN}
    names.refreshed(ORIGIN)
    assert names.snapshot.expired == frozenset()
    names.expire(ORIGIN)
    names.submit(ORIGIN, adding(a("ftp.example.lan")))
    assert names.snapshot.expired == frozenset()
    assert [(each.zone.serial, each.old_serial) for each in told] == [(5, None), (6, 5)]
    (status,) = names.zone_statuses()
    assert (status.serial, status.source, status.names) == (6, "primary", 4)
    assert isinstance(failure_of(names.replace(ORIGIN, [a("www.example.lan")])), BadZone)


_POOL = [txt(f"{name}.example.lan", word) for name in ("a", "b", "x.b") for word in ("1", "2", "3")]
_SETS = st.frozensets(st.sampled_from(_POOL), max_size=6)


@given(
    first=_SETS,
    steps=st.lists(st.tuples(st.sampled_from(["update", "edit", "restart"]), _SETS, _SETS), max_size=8),
    raises=st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_updates_and_edits_in_any_order_lose_nothing(
    first: frozenset[Record], steps: list[tuple[str, frozenset[Record], frozenset[Record]]], raises: bool
) -> None:
    """What is there is what a set would have to which both had been done."""
    files, keeper, file, model = Files(zone(1, *first)), Remembering(), first, set(first)
    names = Names([], task.Clock(), zones=[files], keeper=keeper)
    for number, (kind, less, more) in enumerate(steps):
        before = served(names).serial
        old = frozenset(model)
        if kind == "update":
            names.submit(ORIGIN, lambda zone, less=less, more=more: _changing(zone, less, more))  # type: ignore[misc]
            model = (model - less) | more
        elif kind == "edit":
            model = (model - (file - more)) | (more - file)
            file = more
            files.put(zone(number + 2 if raises else 1, *file))
            names.reload()
        else:
            files = Files(files.zones[ORIGIN])
            names = Names([], task.Clock(), zones=[files], keeper=keeper)
        now = served(names)
        assert {each for each in now.records() if each.rdtype == TXT} == model
        if kind != "restart":
            assert now.serial == before or newer(now.serial, before)
            assert model == old or now.serial != before
            history = names.history(ORIGIN, before) if now.serial != before else None
            assert now.serial == before or history is not None


def _changing(zone: Zone, less: frozenset[Record], more: frozenset[Record]) -> Change | None:
    change = difference(zone, zone.changed(less, more))
    if change is None:
        return None
    return framed(soa(zone.serial), soa(zone.serial + 1), change.removed[1:], change.added[1:])


class Remembering(Forgetful):
    """Keeps zones as a disk does, but in memory."""

    def __init__(self) -> None:
        self.whole: dict[bytes, Whole] = {}

    def load(self, origin: bytes, like: Zone | None = None) -> Whole | None:
        return self.whole.get(origin)

    def keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> "defer.Deferred[dict[bytes, Stored]]":
        for origin, entries in batch.items():
            for entry in entries:
                self._keep(origin, entry)
        return super().keep(batch)

    def _keep(self, origin: bytes, entry: Entry) -> None:
        if isinstance(entry, Whole):
            self.whole[origin] = entry
        elif isinstance(entry, Forget):
            self.whole.pop(origin, None)
        else:
            old = self.whole[origin]
            file = old.file
            if entry.edit is not None:
                assert file is not None
                file = file.changed(entry.edit.removed, entry.edit.added)
            new = old.zone.changed(entry.change.removed, entry.change.added)
            self.whole[origin] = Whole(new, file, (*old.history, entry.change))


# Files that are signed -------------------------------------------------------------------------------


@pytest.mark.parametrize("serial", [7, 6])
def test_a_signed_file_is_served_as_it_is_though_its_serial_was_not_raised(serial: int) -> None:
    files = Files(signed(7))
    names = Names([], task.Clock(), zones=[files])
    files.put(again := signed(serial, a("new.example.lan"), by=b"another"))
    with capturedLogs() as events:
        names.reload()
    assert served(names) is again
    assert f"example.lan: its file is signed with serial {serial}, which is not after 7" in said(events)
    assert names.history(ORIGIN, 7) is None
    assert [each.journal for each in names.zone_statuses()] == [False]
    files.put(signed(8))
    names.reload()
    assert served(names).serial == 8
    assert names.history(ORIGIN, 7) is None  # of two zones with that serial
    files.put(signed(9))
    names.reload()
    assert names.history(ORIGIN, 8) is not None


def test_a_signed_file_with_all_updates_takes_the_zones_place() -> None:
    keeper, files = Remembering(), Files(zone(1))
    names = Names([], task.Clock(), zones=[files], keeper=keeper)
    names.submit(ORIGIN, adding(a("dhcp.example.lan")))
    files.put(again := signed(2, a("dhcp.example.lan")))
    with capturedLogs() as events:
        names.reload()
    assert served(names) is again
    assert keeper.whole == {}
    assert "is not after 2" in said(events)


def test_a_signed_file_without_all_updates_is_refused_and_they_stay() -> None:
    keeper, files = Remembering(), Files(zone(1))
    names = Names([], task.Clock(), zones=[files], keeper=keeper)
    names.submit(ORIGIN, adding(a("dhcp.example.lan")))
    before = served(names)
    for lacking in (signed(9), signed(9, a("other.example.lan"))):
        files.put(lacking)
        with capturedLogs() as events:
            names.reload().addErrback(lambda failure: None)
        assert served(names) is before
        assert "example.lan: its file is signed and has not all updates of the zone" in said(events)
        assert "the old zone stays" in said(events)
    files.put(again := signed(9, a("dhcp.example.lan")))
    names.reload()
    assert served(names) is again
    assert names.history(ORIGIN, 2) is not None


def test_a_zone_that_is_stored_whole_has_the_history_of_what_is_on_its_way() -> None:
    one = held(1)
    for each in ("www", "dhcp"):
        assert one.newest is not None
        change = adding(a(f"{each}.example.lan"))(one.newest)
        assert change is not None
        assert isinstance(one.change(change), Step)
    whole = one.edit(Edit(zone(1, a("www.example.lan"))))  # all of it is there already
    assert isinstance(whole, Whole)
    assert [(each.old_serial, each.new_serial) for each in whole.history] == [(1, 2), (2, 3)]


# Zones that go while something of them is on its way to the disk -----------------------------------

OTHER = b"\5other\0"


def held(serial: int, origin: bytes = ORIGIN) -> Held:
    return Held(origin, Whole(zone(serial, origin=origin), zone(serial, origin=origin)))


def zones(*those: Held) -> tuple[Zones, SlowDisk]:
    disk = SlowDisk()
    made = Zones(disk, lambda changed: None)
    for each in those:
        made.add(each)
    return made, disk


def outcome(done: "defer.Deferred[Zone]") -> list[object]:
    found: list[object] = []
    done.addCallbacks(lambda zone: found.append(zone.serial), lambda failure: found.append(failure.type))
    return found


def test_the_disk_has_one_batch_whatever_goes_meanwhile() -> None:
    made, disk = zones(held(1), held(1, OTHER))
    outcome(made.submit(ORIGIN, adding(a("www.example.lan"))))
    made.drop([ORIGIN])
    other = outcome(made.submit(OTHER, adding(a("www.other"))))
    assert (len(disk.waiting), other) == (1, [])
    with capturedLogs() as events:
        disk.go()
    assert (len(disk.waiting), other) == (1, [])
    disk.go()
    assert other == [2]
    assert said(events) == ""


def test_who_hears_that_its_change_is_stored_may_have_the_zone_go() -> None:
    made, disk = zones(held(1))
    _, one, two = (made.submit(ORIGIN, adding(a(f"{name}.example.lan"))) for name in ("zero", "one", "two"))
    heard = outcome(one.addCallback(lambda zone: (made.drop([ORIGIN]), zone)[1]))
    after = outcome(two)
    with capturedLogs() as events:
        disk.go()
        disk.go()
    assert (heard, after, made._count, said(events)) == ([4], [4], 0, "")


def test_a_zone_that_comes_again_waits_for_its_own_write() -> None:
    made, disk = zones(held(1))
    first = outcome(made.submit(ORIGIN, adding(a("one.example.lan"))))
    made.drop([ORIGIN])
    assert first == [NoSuchZone]
    again = held(2)
    made.add(again)
    second = outcome(made.submit(ORIGIN, adding(a("two.example.lan"))))
    disk.go()
    assert second == []
    assert again.served is not None
    assert again.served.serial == 2
    disk.go(OSError(28, "No space left on device"))
    assert second == [Unavailable]
    assert again.served.serial == 2
    third = outcome(made.submit(ORIGIN, adding(a("three.example.lan"))))
    disk.go()
    assert (third, again.served.serial, first) == ([3], 3, [NoSuchZone])


def test_a_failed_write_of_a_zone_that_has_gone_is_not_its_successors() -> None:
    made, disk = zones(held(1))
    outcome(made.submit(ORIGIN, adding(a("one.example.lan"))))
    made.drop([ORIGIN])
    made.add(held(2))
    second = outcome(made.submit(ORIGIN, adding(a("two.example.lan"))))
    disk.go(OSError(28, "No space left on device"))
    assert second == []
    disk.go()
    assert second == [3]


class Full(Forgetful):
    """A keeper that takes nothing while it has an error."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.kept: list[Entry] = []

    def keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> "defer.Deferred[dict[bytes, Stored]]":
        if self.error is not None:
            raise self.error
        self.kept += [entry for entries in batch.values() for entry in entries]
        return super().keep(batch)


def test_a_keeper_that_takes_nothing_more_is_asked_again_with_the_whole_zone() -> None:
    keeper = Full(Busy("too much waits"))
    made = Zones(keeper, lambda changed: None)
    made.add(held(1))
    assert outcome(made.submit(ORIGIN, adding(a("one.example.lan")))) == [Unavailable]
    keeper.error = None
    assert outcome(made.submit(ORIGIN, adding(a("two.example.lan")))) == [2]
    assert [type(each) for each in keeper.kept] == [Whole]


def test_a_zone_is_not_loaded_again_before_what_it_left_is_stored() -> None:
    class Disk(SlowDisk):
        loads = 0

        def load(self, origin: bytes, like: Zone | None = None) -> Whole | None:
            self.loads += 1
            return None

    disk, files = Disk(), Files(zone(1))
    names = Names([], task.Clock(), zones=[files], keeper=disk)
    outcome(names.submit(ORIGIN, adding(a("one.example.lan"))))
    files.zones.clear()
    names.reload()
    assert names.snapshot.zones == {}
    files.put(zone(1))
    names.reload()
    assert (disk.loads, names.snapshot.zones) == (1, {})
    disk.go()
    assert disk.loads == 2
    assert served(names).serial == 1


class Moody(Remembering):
    """A disk that is slow and fails, and says at times that it does not know what it has."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[tuple[defer.Deferred[dict[bytes, Stored]], Mapping[bytes, Sequence[Entry]]]] = []
        self.unsure = False

    def keep(self, batch: Mapping[bytes, Sequence[Entry]]) -> "defer.Deferred[dict[bytes, Stored]]":
        assert not self.given, "two batches at once"
        self.given.append((defer.Deferred(), batch))
        return self.given[-1][0]

    def load(self, origin: bytes, like: Zone | None = None) -> Whole | None:
        found = super().load(origin)
        return replace(found, mended=self.unsure) if found is not None else None

    def go(self, mood: str) -> None:
        if not self.given:
            return
        done, batch = self.given.pop()
        full = OSError(28, "No space left on device")
        last = [entry for entry in batch[ORIGIN] if not isinstance(entry, Step)]
        assert last or not self.unsure
        if mood in ("sound", "there and not known"):
            for entry in batch[ORIGIN]:
                if isinstance(entry, Step):
                    assert self.whole[ORIGIN].zone.serial == entry.change.old_serial or last
                if not last or entry is last[-1] or isinstance(entry, Step):
                    self._keep(ORIGIN, entry)
        error = None if mood == "sound" else full
        self.unsure = mood in ("there and not known", "not known") or (self.unsure and error is not None)
        done.callback({ORIGIN: Stored(error, rebase=self.unsure)})


_MOODS = ["sound", "sound", "full", "not known", "there and not known"]
_DOINGS = ["update", "update", "edit", "go", "come"]


@given(st.lists(st.sampled_from([*_MOODS, *_DOINGS]), max_size=40))
@settings(max_examples=200, deadline=None)
def test_what_was_acknowledged_is_there_whatever_the_disk_does(doings: list[str]) -> None:
    disk, files, acknowledged = Moody(), Files(zone(1)), set[str]()
    names = Names([], task.Clock(), zones=[files], keeper=disk)
    for number, doing in enumerate(doings):
        if doing == "update":
            done = names.submit(ORIGIN, adding(a(f"u{number}.example.lan")))
            done.addCallback(lambda _, name=f"u{number}": acknowledged.add(name))
            done.addErrback(Failure.trap, NoSuchZone, Unavailable)
        elif doing in _MOODS:
            disk.go(doing)
        else:
            if doing == "go":
                files.zones.clear()
            else:
                files.put(zone(number, a(f"e{number % 3}.example.lan")))
            names.reload().addErrback(Failure.trap, ConfigError)
    files.put(last := zone(1, a("last.example.lan")))
    for _ in range(3):
        disk.go("sound")
        names.reload().addErrback(Failure.trap, ConfigError)
        disk.go("sound")
    assert (disk.given, names._zones._waiting, names._zones._count) == ([], {}, 0)
    now = served(names)
    assert {a(f"{name}.example.lan").owner for name in acknowledged} <= now.nodes.keys()
    assert a("last.example.lan").owner in now.nodes
    again = Names([], task.Clock(), zones=[Files(last)], keeper=disk)
    assert same(served(again), now)


# The little names beside them ----------------------------------------------------------------------


class Hosts:
    """A source of names as a hosts file is one."""

    slow = False

    def __init__(self, *records: Record) -> None:
        self.records = records

    def read(self) -> tuple[Record, ...]:
        return self.records

    def subscribe(self, changed: Callable[[], object]) -> Callable[[], None]:
        return lambda: None


def test_records_beat_zones_and_zones_beat_hosts() -> None:
    own = DeclaredRecords(lambda: [a("own.example.lan", "10.0.0.1")])
    hosts = Hosts(
        *(a(f"{each}.example.lan", "10.0.0.2") for each in ("own", "www", "host")), a("box", "10.0.0.3")
    )
    files = Files(zone(1, a("own.example.lan"), a("www.example.lan")))
    names = Names([own, hosts], task.Clock(), zones=[files])

    def address(name: str) -> str | None:
        return address_of(names.snapshot, a(name).owner)

    said = {"own.example.lan": "10.0.0.1", "www.example.lan": "192.0.2.1"}
    rest = {"host.example.lan": "10.0.0.2", "box": "10.0.0.3"}
    assert {name: address(name) for name in said | rest} == said | rest
    little = names.snapshot.nodes
    names.submit(ORIGIN, adding(a("other.example.lan")))
    assert names.snapshot.nodes is little
    names.submit(ORIGIN, adding(a("host.example.lan")))
    assert address("host.example.lan") == "192.0.2.1"
    files.put(zone(9))
    names.reload()
    assert address("www.example.lan") == "10.0.0.2"
    del files.zones[ORIGIN]
    names.reload()
    assert address("host.example.lan") == "10.0.0.2"


def test_a_name_of_a_zone_shows_how_to_ask() -> None:
    names = Names([], task.Clock(), own="host")
    names.add_secondary(ORIGIN)
    assert names.example() == "host"
    star = Record(WILDCARD + ORIGIN, A, b"\n\0\0\1", 300)
    names.replace(ORIGIN, zone(5, star, a("www.example.lan")).records())
    assert names.example() == "ns.example.lan"


def test_what_came_from_a_primary_is_no_update_of_a_file_that_was_served_before() -> None:
    file, old = zone(1, a("www.example.lan", "192.0.2.10")), zone(1, a("www.example.lan", "192.0.2.12"))
    secondary = Held(ORIGIN, Whole(zone(2, a("www.example.lan", "192.0.2.12")), old), secondary=True)
    assert secondary.newest is not None
    entry = secondary.change(adding(a("new.example.lan"))(secondary.newest))  # a step, by IXFR
    assert isinstance(entry, Whole)
    assert entry.file is None
    theirs = zone(9, a("www.example.lan", "192.0.2.99"))
    assert secondary.replace(theirs) == Whole(theirs, None)
    again = Held(ORIGIN, Whole(theirs, None))  # it has a file again
    again.edit(Edit.of(None, file))
    assert again.newest is not None
    assert (again.newest.serial, again.newest.nodes) == (
        10,
        {**file.nodes, ORIGIN: again.newest.nodes[ORIGIN]},
    )
