"""A backup that was told of is there; a restore leaves the old state or the new one."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from netapp.core.backup import reading, writing
from netapp.core.backup.restoring import restore
from netapp.people import admin, store
from tests.durable.conftest import Place, some, whole
from tests.durable.disk import sent

pytestmark = pytest.mark.real


def a_state(path: Path, name: str) -> Path:
    with store.rows(path) as rows:
        admin.add(rows, name, None, 1.0)
    (path / "people.key").write_bytes(name.encode().ljust(32))
    (path / "share" / "深").mkdir(parents=True)
    (path / "share" / "深" / "name.txt").write_text(name)
    return path


def whose(state: Path) -> str:
    """The name that is everywhere in a state: it is of one piece."""
    with closing(whole(state / "people.db")) as database:
        ((name,),) = database.execute("SELECT name FROM account").fetchall()
    assert (state / "people.key").read_bytes() == name.encode().ljust(32)
    assert (state / "share" / "深" / "name.txt").read_text() == name
    return str(name)


def test_a_backup_that_was_told_of_is_there(place: Place, tmp_path: Path) -> None:
    a_state(place.state, "zhao")
    place = Place(place.root, place.shim, place.journal)
    told = "netapp.tar.gz is whole"
    path = str(place.root / "netapp.tar.gz")
    place.netapp(("backup", path), ("restore", path, "--check"))  # what it says is sent after that
    journal = place.records()
    moment = sent(journal, told.encode())
    for cut, survivors, _ in place.cuts([moment, *some(journal)], tmp_path / "cut"):
        made = tmp_path / "cut" / "netapp.tar.gz"
        if cut >= moment:
            assert made.exists()
        if made.exists() and survivors is None:
            reading.verify(made, 10**9)


def test_a_restore_leaves_the_old_state_or_the_new_one(place: Place, tmp_path: Path) -> None:
    old = a_state(place.state, "zhao")
    with (tmp_path / "b").open("wb") as out:
        writing.write(a_state(tmp_path / "other", "li"), out, tmp_path, netapp="0", created="now")
    assert whose(old) == "zhao"
    place = Place(place.root, place.shim, place.journal)
    place.netapp(("restore", str(tmp_path / "b"), "--force"))
    journal = place.records()
    moment = sent(journal, b"is as it was")
    swap = next(number for number, record in enumerate(journal) if record.kind == "X")
    seen = set()
    moments = [moment, *range(swap - 2, len(journal), 1), *some(journal)]
    for cut, _, state in place.cuts(moments, tmp_path / "cut"):
        seen.add(name := whose(state))
        assert name == "li" or cut < moment
        if name == "li":  # and nothing is lost
            kept = [*state.parent.glob("state.before-*"), *state.parent.glob(".state.restoring-*/new")]
            assert "zhao" in [whose(each) for each in kept]
    assert seen == {"zhao", "li"}
    shutil.rmtree(tmp_path / "cut")
    for cut, _, state in place.cuts([swap - 1, swap + 1], tmp_path / "cut"):  # and it may be run again
        restore(tmp_path / "b", state, known={}, moment=f"again-{cut}", force=True)
        assert whose(state) == "li"
        assert not list(state.parent.glob(".state.restoring-*"))
