"""Where folders cannot be opened: no name leaves the share, and no link is followed."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.errors import ConfigError
from netapp.share.model import Missing
from netapp.share.paths import Paths
from netapp.share.store import DiskStore
from netapp.share.tree import Tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "file").write_bytes(b"inside")
    (root / "sub" / "中文.txt").write_bytes(b"in sub")
    (tmp_path / "secret").write_bytes(b"outside")
    return root


def test_it_reads_and_lists_as_the_tree_does(root: Path) -> None:
    by_paths, by_tree = DiskStore(Paths(root)), DiskStore(Tree(root))
    for name in (b"", b"sub"):
        assert by_paths.list(name) == by_tree.list(name)
    for name in (b"file", "sub/中文.txt".encode()):
        one, other = by_paths.open(name), by_tree.open(name)
        assert (one.entry, one.pread(99, 1)) == (other.entry, other.pread(99, 1))
        one.close()
        other.close()
    by_paths.close()
    by_tree.close()


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "..", "file", "sub"])
def test_f5_no_link_is_followed(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    store = DiskStore(Paths(root))
    for name in (b"link", b"link/secret", "link/中文.txt".encode()):
        with pytest.raises(Missing):
            store.open(name)
        with pytest.raises(Missing):
            store.list(name)
    assert [each.name for each in store.list(b"").entries] == ["sub", "file"]


def test_f8_only_regular_files_are_files(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "socket"))
    for name in (b"fifo", b"socket", b"sub", b"nix"):
        with pytest.raises(Missing):
            Paths(root).open_file((name,))


@given(
    st.lists(st.binary(max_size=6) | st.sampled_from([b"..", b"C:", b"a\\b", b"file", b"sub"]), max_size=4)
)
def test_f1_no_name_of_any_octets_leaves(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "names"
    (folder / "root" / "sub").mkdir(parents=True, exist_ok=True)
    (folder / "file").write_bytes(b"outside")
    (folder / "root" / "file").write_bytes(b"inside")
    parts = [part.replace(b"\0", b"").replace(b"/", b"") for part in parts]
    try:
        opened, _ = Paths(folder / "root").open_file(parts)
    except Missing:
        return
    assert os.read(opened, 99) == b"inside"
    os.close(opened)


def test_a_root_that_is_no_folder_is_the_operators_fault(root: Path) -> None:
    for name in ("nix", "file"):
        with pytest.raises(ConfigError, match="--root"):
            Paths(root / name)
