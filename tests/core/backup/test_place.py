"""Whose a place is, and that root reaches nothing there that its master does not."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp.core.backup import Unfit, place
from netapp.core.backup.restoring import restore
from netapp.core.languages import LANGS
from tests.core.backup.helpers import KNOWN, TOP, Entry, archive, saved, tree, words
from tests.core.backup.helpers import a_state as made

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root works in other users' places")
THEM = 65534


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of another user's, who may come to it; pytest's own folder is root's alone."""
    folder = Path(tempfile.mkdtemp(prefix="netapp-place-"))
    folder.chmod(0o755)
    (folder / "home").mkdir()
    os.chown(folder / "home", THEM, THEM)
    yield folder / "home"
    shutil.rmtree(folder)


def given(path: Path) -> None:
    for each in (path, *path.rglob("*")):
        os.chown(each, THEM, THEM, follow_symlinks=False)


def test_a_folder_of_roots_is_roots(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", THEM, THEM)  # who has it cannot rename it
    assert place.master(tmp_path / "state") is None
    assert place.master(tmp_path / "deep" / "er" / "new") is None


def test_below_another_users_folder_it_is_theirs(home: Path) -> None:
    (home / "local" / "share").mkdir(parents=True)
    for state in (home / "new", home / "local" / "share" / "new", home / ".." / "home" / "new"):
        found = place.master(state)
        assert found is not None
        assert found[0] == THEM


def test_a_link_is_theirs_who_made_it(home: Path, tmp_path: Path) -> None:
    (home / "state").symlink_to(tmp_path)
    (home.parent / "link").symlink_to(tmp_path)
    (home.parent / "home2").symlink_to("home/new")
    assert place.master(home / "state") is not None
    assert place.master(home.parent / "link") is None
    assert place.master(home.parent / "home2") is not None
    os.chown(home.parent / "link", THEM, THEM, follow_symlinks=False)
    assert place.master(home.parent / "link") is not None
    (home.parent / "round").symlink_to("round")
    with pytest.raises(Unfit):
        place.master(home.parent / "round")


def test_where_everybody_renames_nothing_is_restored(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(Unfit) as refused:
        place.master(tmp_path / "open" / "state")
    assert all(f"chmod go-w {tmp_path}/open" in refused.value.say(lang) for lang in LANGS)
    (tmp_path / "open").chmod(0o1777)  # as /tmp: what is root's stays
    assert place.master(tmp_path / "open" / "state") is None


@pytest.mark.parametrize("is_there", [False, True])
def test_root_reaches_nothing_that_the_places_master_does_not(
    home: Path, tmp_path: Path, is_there: bool
) -> None:
    """He puts a link to a folder of root's where root works, as soon as it is there."""
    victim = home.parent / "victim"
    victim.mkdir()
    (victim / "zz").write_text("root's own")
    (victim / "zz").chmod(0o600)
    members: list[Entry] = [
        TOP,
        *((f"netapp/a{n}", b"x", {}) for n in range(20)),
        ("netapp/zz", b"theirs", {}),
    ]
    backup = archive(tmp_path / "backup", members)
    backup.chmod(0o600)
    if is_there:
        (home / "state").mkdir()
        os.chown(home / "state", THEM, THEM)
    before, swapped = os.stat(victim / "zz"), []

    def swap(done: int, total: int) -> None:
        for folder in home.glob(".state.restoring-*"):
            if not swapped and (folder / "new").is_dir():
                swapped.append(folder.rename(home / "away"))
                folder.mkdir()
                (folder / "new").symlink_to(victim)
                given(folder)

    with pytest.raises((Unfit, OSError)):
        restore(backup, home / "state", known=KNOWN, moment="now", force=True, advance=swap)
    assert swapped
    after = os.stat(victim / "zz")
    assert tree(victim) == {b"zz": b"root's own"}
    assert (after.st_ino, after.st_uid, after.st_mode) == (before.st_ino, before.st_uid, before.st_mode)


def test_a_link_for_a_state_leads_root_no_further_than_its_maker(home: Path, tmp_path: Path) -> None:
    victim = home.parent / "victim"
    victim.mkdir()
    (victim / "zz").write_text("root's own")
    (home / "state").symlink_to(victim)
    backup = archive(tmp_path / "backup", [TOP, ("netapp/zz", b"theirs", {})])
    with pytest.raises(Unfit) as refused:
        restore(backup, home / "state", known=KNOWN, moment="now", force=True)
    assert refused.value.key == "not theirs"
    assert tree(victim) == {b"zz": b"root's own"}


def test_a_restore_into_another_users_place_is_theirs(home: Path, tmp_path: Path) -> None:
    backup = saved(made(tmp_path / "first", "hello"), tmp_path)
    backup.chmod(0o600)  # root's, which they cannot read
    state = home / ".local" / "state" / "netapp"
    for force in (False, True):
        restore(backup, state, known=KNOWN, moment="now", force=force)
        assert words(state / "words.db") == ["hello"]
        assert {path.stat().st_uid for path in (state, *state.rglob("*"), state.parent)} == {THEM}
    assert {each.name for each in state.parent.iterdir()} == {"netapp", "netapp.before-now"}
    assert os.geteuid() == 0
