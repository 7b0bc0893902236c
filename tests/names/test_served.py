"""The list of the serials that zones were served with: what it does not surely know it says nothing of."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.names.changing.storing import Begin
from netapp.names.keeping.served import ServedList
from netapp.names.model import TXT, Record
from tests.names.zoning import ORIGIN, a, zone


def noted(path: Path) -> ServedList:
    path.parent.mkdir(exist_ok=True)
    return ServedList(path)


def more(origin: bytes) -> Record:
    return Record(origin, TXT, b"\3new", 60)


def closed(listed: ServedList) -> None:
    assert listed._file is not None
    os.close(listed._file)


def test_the_list_does_not_grow_beyond_its_zones(tmp_path: Path) -> None:
    listed = noted(path := tmp_path / "dns" / "served")
    for serial in range(1, 300):
        assert listed.note({ORIGIN: zone(serial)}) == {ORIGIN: Begin(serial, sure=serial > 1)}
    assert path.stat().st_size < 50
    closed(listed)
    other = zone(7, origin=b"\5other\0")
    found = noted(path).note({ORIGIN: zone(299, a("new.example.lan")), other.origin: other})
    assert found == {ORIGIN: Begin(300, sure=True), other.origin: Begin(7, sure=False)}


def test_a_list_that_is_full_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ZONE_SERVED", 3)
    listed = noted(tmp_path / "dns" / "served")
    many = {bytes((1, 65 + each, 0)): zone(1, origin=bytes((1, 65 + each, 0))) for each in range(5)}
    for origin, each in many.items():
        listed.note({origin: each})
    changed = {origin: zone(1, more(origin), origin=origin) for origin in many}
    assert [each.serial for each in listed.note(changed).values()] == [1, 1, 1, 2, 2]


@given(at=st.integers(0, 300), count=st.integers(0, 9), instead=st.binary(max_size=9))
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_into_the_list_it_is_sure_of_nothing_that_it_lost(
    at: int, count: int, instead: bytes
) -> None:
    state = Path(tempfile.mkdtemp())
    try:
        path = state / "dns" / "served"
        many = {bytes((1, 65 + each, 0)): zone(5, origin=bytes((1, 65 + each, 0))) for each in range(6)}
        listed = noted(path)
        listed.note(many)
        listed.note({origin: zone(6, origin=origin) for origin in many})
        closed(listed)
        octets = path.read_bytes()
        path.write_bytes(octets[:at] + instead + octets[at + count :])
        listed = noted(path)
        found = listed.note({origin: zone(6, more(origin), origin=origin) for origin in many})
        assert set(found.values()) <= {Begin(7, sure=True), Begin(6, sure=False)}
        closed(listed)
    finally:
        shutil.rmtree(state)
