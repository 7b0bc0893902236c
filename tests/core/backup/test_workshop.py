"""Where a backup and a restore work until they are done."""

import os
from pathlib import Path

import pytest

from netapp.core import state as states
from netapp.core.backup.workshop import publish, sweep, workshop


def test_it_is_ours_alone_and_gone_at_the_end(tmp_path: Path) -> None:
    with workshop(tmp_path, ".w-") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "x").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_behind_is_swept_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    (tmp_path / ".w-left").mkdir()
    (tmp_path / ".w-left" / "x").write_text("x")
    (tmp_path / ".w-file").write_text("x")
    (tmp_path / ".w-link").symlink_to(tmp_path)
    (tmp_path / "other").mkdir()
    with workshop(tmp_path, ".w-") as folder:
        sweep(tmp_path, ".w-")
        assert folder.is_dir()
        there = {each.name for each in tmp_path.iterdir()}
        assert there == {".w-file", ".w-link", folder.name, "other"}


def test_where_nobody_can_tell_nothing_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of another machine: its locks are unknown here."""

    def no_locks(*_: object) -> None:
        raise OSError(9, "Bad file descriptor")

    (tmp_path / ".w-of another machine").mkdir()
    monkeypatch.setattr(states.fcntl, "flock", no_locks)
    with workshop(tmp_path, ".w-"):
        sweep(tmp_path, ".w-")
        assert len(list(tmp_path.iterdir())) == 2


def test_a_name_is_given_once(tmp_path: Path) -> None:
    draft, path = tmp_path / "draft", tmp_path / "path"
    draft.write_text("new")
    path.write_text("old")
    with pytest.raises(FileExistsError):
        publish(draft, path, replace=False)
    assert path.read_text() == "old"
    publish(draft, path, replace=True)
    assert path.read_text() == "new"


def test_a_memory_stick_has_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    draft, path = tmp_path / "draft", tmp_path / "path"
    draft.write_text("new")
    publish(draft, path, replace=False)
    assert path.read_text() == "new"
    draft.write_text("newer")
    with pytest.raises(FileExistsError):
        publish(draft, path, replace=False)
