"""Names in data, in capitals and small letters: two records that differ in nothing else are one."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import task

from netapp.names import master
from netapp.names.changing.updating import IN, NONE, Item, Update
from netapp.names.model import CNAME, DNAME, MX, NS, NSEC, PTR, SRV, TXT, Record, find, node_of
from netapp.names.naming import wire_name
from netapp.names.store import Names
from netapp.names.zone import Zone
from tests.names.zoning import ORIGIN, Files, a, same, zone

BOX, NEW = wire_name("box.example.lan"), a("new.example.lan")
SMALL, LARGE = b"\4mail" + ORIGIN, b"\4MAIL" + ORIGIN


HEAD = "$ORIGIN example.lan.\n$TTL 60\n@ SOA ns host 1 1 1 1 1\n@ NS ns\n"


def mx(host: bytes, owner: bytes = BOX, ttl: int = 300) -> Record:
    return Record(owner, MX, b"\0\x0a" + host, ttl)


def alias(target: bytes) -> Record:
    return Record(BOX, CNAME, target, 300)


def data(zone: Zone, rdtype: int, owner: bytes = BOX) -> tuple[bytes, ...]:
    found = find(zone.nodes.get(owner, ()), rdtype)
    return found.rdatas if found is not None else ()


# Sets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rdtype", "head"),
    [(NS, b""), (CNAME, b""), (DNAME, b""), (PTR, b""), (MX, b"\0\1"), (SRV, b"\0\1\0\2\0\3")],
)
def test_the_first_spelling_of_a_record_is_kept(rdtype: int, head: bytes) -> None:
    records = [Record(BOX, rdtype, head + name, 300) for name in (LARGE, SMALL, LARGE)]
    (found,) = node_of(BOX, records)
    assert found.rdatas == (head + LARGE,)


@pytest.mark.parametrize("rdtype", [TXT, NSEC, 65280])
def test_other_data_is_compared_octet_by_octet(rdtype: int) -> None:
    (found,) = node_of(BOX, [Record(BOX, rdtype, each, 300) for each in (LARGE, SMALL)])
    assert found.rdatas == (LARGE, SMALL)


def test_only_names_are_compared_so() -> None:
    """Octets before a name, and behind it, may look like letters."""
    (found,) = node_of(BOX, [Record(BOX, MX, head + SMALL, 300) for head in (b"\0A", b"\0a")])
    assert len(found.rdatas) == 2


def test_a_zone_may_have_an_alias_in_two_spellings(tmp_path: Path) -> None:
    path = tmp_path / "example.lan.zone"
    path.write_text(HEAD + "box CNAME b\nbox CNAME B\n")
    assert data(master.read_zone(path).zone, CNAME) == (b"\1b" + ORIGIN,)
    path.write_text(HEAD + "box CNAME b\nbox CNAME B\nbox CNAME c\n")
    with pytest.raises(master.BrokenZone) as caught:
        master.read_zone(path)
    assert [(each.line, each.key) for each in caught.value.faults] == [(7, "two")]


# Changes of a zone --------------------------------------------------------------------------------------


def test_what_goes_is_found_in_any_spelling() -> None:
    assert data(zone(1, mx(LARGE)).changed([mx(SMALL)], []), MX) == ()


def test_what_comes_again_leaves_the_spelling_that_is_there() -> None:
    assert data(zone(1, mx(LARGE)).changed([], [mx(SMALL)]), MX) == (mx(LARGE).rdata,)


def test_what_goes_and_comes_is_spelt_anew() -> None:
    assert data(zone(1, mx(LARGE)).changed([mx(LARGE)], [mx(SMALL)]), MX) == (mx(SMALL).rdata,)


# An owner's edit and an update ----------------------------------------------------------------------------


def serving(*records: Record) -> tuple[Names, Files]:
    files = Files(zone(1, *records))
    return Names([], task.Clock(), zones=[files]), files


def update(names: Names, rdclass: int, *records: Record) -> None:
    ttl = {IN: 300, NONE: 0}[rdclass]
    items = tuple(Item(each.owner, each.rdtype, rdclass, ttl, each.rdata) for each in records)
    names.submit(ORIGIN, Update(ORIGIN, (), items))


def edit(names: Names, files: Files, *records: Record, serial: int = 1) -> None:
    files.put(zone(serial, *records))
    names.reload()


def served(names: Names) -> Zone:
    return names.snapshot.zones[ORIGIN]


def journal(names: Names) -> bool:
    (status,) = names.zone_statuses()
    return status.journal


def test_an_alias_of_an_update_may_be_written_into_the_file() -> None:
    names, files = serving()
    update(names, IN, alias(LARGE))
    edit(names, files, alias(SMALL), NEW)
    assert data(served(names), CNAME) == (SMALL,)
    assert NEW.owner in served(names).nodes


@pytest.mark.parametrize("other", [[], [a("other.example.lan")]])
def test_a_record_of_an_update_that_is_written_into_the_file_is_there_once(other: list[Record]) -> None:
    """As the file spells it: with nothing else from updates the zone is its file again."""
    names, files = serving()
    update(names, IN, mx(LARGE), *other)
    serial = served(names).serial
    edit(names, files, mx(SMALL), serial=9)
    assert data(served(names), MX) == (mx(SMALL).rdata,)
    assert journal(names) == bool(other)
    history = names.history(ORIGIN, serial)
    assert history is not None
    assert [each.removed[1:] + each.added[1:] for each in history] == [(mx(LARGE), mx(SMALL))]


def test_what_the_owner_takes_out_goes_in_the_spelling_of_an_update_too() -> None:
    names, files = serving(mx(SMALL), NEW)
    update(names, NONE, mx(LARGE))
    update(names, IN, mx(LARGE), a("other.example.lan"))
    assert data(served(names), MX) == (mx(LARGE).rdata,)
    edit(names, files, NEW)
    assert data(served(names), MX) == ()


def test_an_update_finds_what_is_there_in_any_spelling() -> None:
    names, _ = serving(mx(SMALL))
    update(names, IN, mx(LARGE))
    assert served(names).serial == 1
    update(names, NONE, mx(LARGE))
    assert data(served(names), MX) == ()


POOL = [
    mx(host, wire_name(f"{name}.example.lan")) for name in "ab" for host in (SMALL, LARGE, b"\1m" + ORIGIN)
]
SOME = st.lists(st.sampled_from(POOL), max_size=4)
Spelt = dict[tuple[bytes, bytes], bytes]


def spelt(records: Iterable[Record]) -> Spelt:
    """Records by what tells them apart, to the first spelling of each."""
    found: Spelt = {}
    for each in records:
        if each.rdtype == MX:
            found.setdefault((each.owner, each.rdata.lower()), each.rdata)
    return found


@given(SOME, st.lists(st.tuples(st.sampled_from(["add", "delete", "edit"]), SOME), max_size=6))
@settings(max_examples=80, deadline=None)
def test_updates_and_edits_in_any_spelling_lose_nothing(
    first: list[Record], steps: list[tuple[str, list[Record]]]
) -> None:
    """What an update adds keeps the spelling that is there; what the owner writes is spelt as in the file."""
    names, files = serving(*first)
    file, model = spelt(first), spelt(first)
    for kind, records in steps:
        before, these = served(names), spelt(records)
        if kind == "add":
            update(names, IN, *records)
            model = these | model
        elif kind == "delete":
            update(names, NONE, *records)
            model = {key: rdata for key, rdata in model.items() if key not in these}
        else:
            edit(names, files, *records)
            model = {key: rdata for key, rdata in model.items() if file.get(key) == these.get(key)}
            model |= {key: rdata for key, rdata in these.items() if file.get(key) != rdata}
            file = these
        now = served(names)
        found = [each for each in now.records() if each.rdtype == MX]
        assert (spelt(found), len(found)) == (model, len(model))
        if now.serial != before.serial:
            for change in names.history(ORIGIN, before.serial) or ():
                before = before.changed(change.removed, change.added)
            assert same(before, now)
