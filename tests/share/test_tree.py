"""No name leaves the tree: the kernel's way and our own walk, by the same tests."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core.platform import system_call
from netapp.errors import ConfigError
from netapp.share.model import Missing
from netapp.share.tree import Tree

WAYS = [False] if system_call() is None else [True, False]


@pytest.fixture(params=WAYS, ids={True: "openat2", False: "walk"}.get)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tree]:
    root = tmp_path / "root"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "file").write_bytes(b"inside")
    (root / "sub" / "file").write_bytes(b"in sub")
    (tmp_path / "secret").write_bytes(b"outside")
    opened = Tree(root, by_kernel=request.param)
    yield opened
    opened.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def read(tree: Tree, *parts: bytes) -> bytes:
    descriptor, status = tree.open_file(parts)
    try:
        return os.pread(descriptor, status.st_size, 0)
    finally:
        os.close(descriptor)


def refused(tree: Tree, *parts: bytes) -> None:
    with pytest.raises(Missing):
        read(tree, *parts)


def test_files_in_folders(tree: Tree) -> None:
    assert read(tree, b"file") == b"inside"
    assert read(tree, b"sub", b"file") == b"in sub"


def test_what_is_not_there(tree: Tree) -> None:
    refused(tree, b"nix")
    refused(tree, b"nix", b"file")
    refused(tree, b"file", b"file")
    refused(tree, b"x" * 300)


@pytest.mark.parametrize("parts", [(b"..", b"secret"), (b"sub", b"..", b"..", b"secret"), (b"..",)])
def test_f1_dots_do_not_leave(tree: Tree, parts: tuple[bytes, ...]) -> None:
    refused(tree, *parts)


@pytest.mark.parametrize("target", ["../secret", "sub/../../secret", "/etc/passwd", ".."])
def test_f5_a_link_to_the_outside(tree: Tree, root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    refused(tree, b"link")
    refused(tree, b"link", b"secret")


def test_f5_an_absolute_link_is_refused_even_if_it_leads_inside(tree: Tree, root: Path) -> None:
    (root / "link").symlink_to(root / "file")
    refused(tree, b"link")


@pytest.mark.parametrize("target", ["file", "./file", "sub/../file", "sub/deep/../../file", "sub//../file"])
def test_f5_a_link_inside_is_followed(tree: Tree, root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    assert read(tree, b"link") == b"inside"


def test_f5_a_linked_folder(tree: Tree, root: Path) -> None:
    (root / "sub" / "deep" / "up").symlink_to("..")
    assert read(tree, b"sub", b"deep", b"up", b"file") == b"in sub"


def test_f5_a_chain_of_41_links_and_a_loop(tree: Tree, root: Path) -> None:
    before = "file"
    for number in range(41):
        (root / f"l{number}").symlink_to(before)
        before = f"l{number}"
    assert read(tree, b"l39") == b"inside"
    refused(tree, b"l40")
    (root / "loop").symlink_to("loop")
    refused(tree, b"loop")


def test_f6_what_is_open_stays_what_it_was(tree: Tree, root: Path, tmp_path: Path) -> None:
    descriptor, status = tree.open_file((b"file",))
    (root / "file").unlink()
    (root / "file").symlink_to(tmp_path / "secret")
    assert os.pread(descriptor, status.st_size, 0) == b"inside"
    os.close(descriptor)
    refused(tree, b"file")


def test_f7_a_folder_that_is_moved_away_while_it_is_open(tree: Tree, root: Path, tmp_path: Path) -> None:
    folder = tree.open_folder((b"sub",))
    (root / "sub").rename(tmp_path / "moved")
    assert sorted(os.listdir(folder)) == ["deep", "file"]
    os.close(folder)
    with pytest.raises(Missing):
        tree.open_folder((b"sub",))


def test_f8_only_regular_files_are_files(tree: Tree, root: Path) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "socket"))
        refused(tree, b"socket")
    (root / "null").symlink_to("/dev/null")
    for name in (b"fifo", b"sub", b"null"):
        refused(tree, name)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_not_there(tree: Tree, root: Path) -> None:
    (root / "file").chmod(0)
    refused(tree, b"file")


@given(
    by_kernel=st.sampled_from(WAYS),
    parts=st.lists(
        st.sampled_from([b"..", b".", b"sub", b"deep", b"file", b"up", b"out", b"abs"]),
        min_size=1,
        max_size=8,
    ),
)
def test_f1_no_path_through_links_and_dots_leaves(by_kernel: bool, parts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (sub := Path(folder, "root", "sub")).joinpath("deep").mkdir(parents=True)
        Path(folder, "file").write_bytes(b"outside")
        sub.joinpath("file").write_bytes(b"inside")
        for name, target in (("up", ".."), ("out", "../.."), ("abs", "/")):
            sub.joinpath(name).symlink_to(target)
        tree = Tree(Path(folder, "root"), by_kernel=by_kernel)
        with suppress(Missing):
            assert read(tree, *parts) == b"inside"
        tree.close()


def test_every_handle_is_closed_again(tree: Tree, root: Path) -> None:
    (root / "link").symlink_to("sub/../sub/deep/../file")
    before = len(os.listdir("/proc/self/fd"))
    for name in (b"link", b"file", b"nix", b"sub"):
        with suppress(Missing):
            read(tree, name)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("name", ["nix", "file"])
def test_a_root_that_is_no_folder_is_the_operators_fault(tree: Tree, root: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="--root"):
        Tree(root / name)
