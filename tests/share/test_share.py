"""Names from the network, entries, listings and digests."""

import hashlib
import os
import unicodedata
from pathlib import Path

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor

from netapp.core import limits
from netapp.share import open_share
from netapp.share.model import Missing, candidates, components
from netapp.share.share import Share
from netapp.share.store import DiskStore, MemoryStore
from netapp.share.tree import Tree
from netapp.testing import FakeReactor


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def share(root: Path) -> Share:
    return Share(DiskStore(Tree(root)), FakeReactor())


def content(share: Share, name: bytes) -> bytes:
    reader = share.open(name)
    try:
        return reader.pread(reader.entry.size, 0)
    finally:
        reader.close()


@given(st.binary(max_size=64))
def test_a_name_stands_among_its_own_candidates(name: bytes) -> None:
    assert name in candidates(name)
    assert len(set(candidates(name))) == len(candidates(name)) <= 9


def test_f28_both_forms_of_a_name_are_found_whichever_the_disk_has(share: Share, root: Path) -> None:
    for form, other in (("NFC", "NFD"), ("NFD", "NFC")):
        name = f"{form}-é.txt"
        (root / unicodedata.normalize(form, name)).write_bytes(form.encode())
        for asked in (form, other):
            assert content(share, unicodedata.normalize(asked, name).encode()) == form.encode()


def test_f29_gbk_names_are_found_on_a_utf8_disk_and_on_a_gbk_one(share: Share, root: Path) -> None:
    (root / "文件.txt").write_bytes(b"utf-8")
    (root / os.fsdecode("旧档.txt".encode("gbk"))).write_bytes(b"gbk")
    (root / os.fsdecode("𠀀.txt".encode("gb18030"))).write_bytes(b"four octets")
    for codec in ("utf-8", "gb18030"):
        assert content(share, "文件.txt".encode(codec)) == b"utf-8"
        assert content(share, "旧档.txt".encode(codec)) == b"gbk"
        assert content(share, "𠀀.txt".encode(codec)) == b"four octets"


def test_f29_octets_of_no_encoding_are_reachable_and_shown(share: Share, root: Path) -> None:
    (root / os.fsdecode(b"bad\xff\xfe.txt")).write_bytes(b"x")
    (entry,) = share.list(b"").entries
    assert entry.octets == b"bad\xff\xfe.txt"
    assert "\ufffd" in entry.shown
    assert content(share, entry.octets) == b"x"


def test_f30_a_trail_octet_that_looks_like_a_backslash_or_a_bar(share: Share, root: Path) -> None:
    for name in ("誠.txt", "端.txt", "\u6f5a|.txt"):
        (root / name).write_bytes(name.encode())
        assert content(share, name.encode("gb18030")) == name.encode()


def test_f31_hidden_characters_are_shown(share: Share, root: Path) -> None:
    (root / "a\u202egpj.exe").write_bytes(b"")
    assert share.list(b"").entries[0].shown == "a⟦U+202E⟧gpj.exe"


@pytest.mark.parametrize(
    "name",
    [b"..", b".", b"a/../b", b"../a", b".hidden", b"a/.git/config", b"a\x00b", b"x" * 1025, b"", b"/",
     b"..\\a", b"....//"],
)  # fmt: skip
def test_f1_f4_f27_names_that_no_shared_file_has(share: Share, root: Path, name: bytes) -> None:
    (root / "a").mkdir()
    (root / "b").write_bytes(b"")
    (root / ".hidden").write_bytes(b"")
    with pytest.raises(Missing):
        share.open(name)


@pytest.mark.parametrize(
    "name", ["trailing.", "space ", "CON", "aux.txt", "a:b", "new\nline", "-rf", "~", "C:\\x"]
)
def test_f27_odd_names_are_only_names(share: Share, root: Path, name: str) -> None:
    with pytest.raises(Missing):
        share.open(name.encode())
    (root / name).write_bytes(b"odd")
    assert content(share, name.encode()) == b"odd"


@pytest.mark.parametrize("name", [b"/etc/passwd", b"//etc/passwd", b"\\\\host\\x", b"C:\\x", b"/welcome"])
def test_f2_a_leading_slash_is_the_root_of_the_share(share: Share, root: Path, name: bytes) -> None:
    (root / "welcome").write_bytes(b"hello")
    if name == b"/welcome":
        assert content(share, name) == b"hello"
    else:
        with pytest.raises(Missing):
            share.open(name)


def test_components() -> None:
    assert components(b"//a///b/") == (b"a", b"b")
    assert components("端/x".encode("gbk")) == ("端".encode("gbk"), b"x")


def test_a_listing_has_files_folders_and_links_that_stay_inside(
    share: Share, root: Path, tmp_path: Path
) -> None:
    (root / "b.txt").write_bytes(b"12345")
    (root / "sub").mkdir()
    (root / "inner").symlink_to("b.txt")
    (root / "outer").symlink_to(tmp_path)
    (root / "broken").symlink_to("nix")
    (root / ".hidden").write_bytes(b"")
    os.mkfifo(root / "fifo")
    listing = share.list(b"/")
    assert [(entry.name, entry.size, entry.is_folder) for entry in listing.entries] == [
        ("sub", 0, True), ("b.txt", 5, False), ("inner", 5, False)
    ]  # fmt: skip
    assert listing.complete
    with pytest.raises(Missing):
        share.list(b"b.txt")


def test_a_listing_is_bounded(share: Share, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LISTING", 10)
    for number in range(11):
        (root / str(number)).touch()
    listing = share.list(b"")
    assert len(listing.entries) == 10
    assert not listing.complete


def test_f51_an_etag_changes_with_every_change(share: Share, root: Path) -> None:
    seen = set()
    for number, text in enumerate(("a", "bb", "cc")):
        (root / "x").write_text(text)
        os.utime(root / "x", ns=(number, 10**18 + number))
        reader = share.open(b"x")
        seen.add(reader.entry.etag)
        reader.close()
    (root / "y").write_text("cc")
    (root / "y").rename(root / "x")
    os.utime(root / "x", ns=(2, 10**18 + 2))
    reader = share.open(b"x")
    seen.add(reader.entry.etag)
    reader.close()
    assert len(seen) == 4


def test_a_reader_is_closed_once_and_for_all(share: Share, root: Path) -> None:
    (root / "x").write_bytes(b"12345")
    reader = share.open(b"x")
    assert reader.pread(3, 1) == b"234"
    reader.close()
    reader.close()


def test_the_first_start_makes_a_welcome_and_the_next_changes_nothing(tmp_path: Path) -> None:
    share = open_share(None, tmp_path / "state", FakeReactor())
    assert "欢迎" in content(share, b"welcome.txt").decode()
    assert "Welcome" in content(share, b"welcome.txt").decode()
    (tmp_path / "state" / "share" / "welcome.txt").unlink()
    assert open_share(None, tmp_path / "state", FakeReactor()).list(b"").entries == ()


def test_a_folder_of_ones_own_is_left_as_it_is(root: Path, tmp_path: Path) -> None:
    open_share(root, tmp_path / "state", FakeReactor())
    assert os.listdir(root) == []
    assert not (tmp_path / "state").exists()


def test_a_small_file_has_its_digest_at_once_and_a_changed_one_another(share: Share, root: Path) -> None:
    for text in (b"one", b"other"):
        (root / "x").write_bytes(text)
        reader = share.open(b"x")
        assert share.sha256(reader) == hashlib.sha256(text).digest()
        reader.close()


@pytest_twisted.ensureDeferred
async def test_a_large_file_has_its_digest_once_somebody_has_asked(root: Path) -> None:
    (root / "x").write_bytes(b"x" * (limits.ONE_WRITE + 1))
    share = Share(DiskStore(Tree(root)), reactor)
    share.start()
    reader = share.open(b"x")
    assert share.sha256(reader) is None
    await share.want_sha256(reader, b"x")
    assert share.sha256(reader) == hashlib.sha256(b"x" * (limits.ONE_WRITE + 1)).digest()
    reader.close()
    await share.stop()


def test_the_memory_store_answers_as_the_disk_does() -> None:
    share = Share(MemoryStore({b"a": b"1", b"sub/b": b"22"}), FakeReactor())
    assert content(share, b"/sub/b") == b"22"
    assert [(entry.name, entry.is_folder) for entry in share.list(b"").entries] == [
        ("sub", True),
        ("a", False),
    ]
    for name in (b"nix", b"sub"):
        with pytest.raises(Missing):
            share.open(name)
    with pytest.raises(Missing):
        share.list(b"a")
