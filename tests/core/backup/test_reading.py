"""What is refused: cut, damaged, another program's, a newer netapp's, one that leads outside, a bomb."""

import gzip
import io
import json
import os
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.backup import Unfit, reading
from netapp.core.languages import LANGS
from tests.core.backup.helpers import HEAD, TOP, Entry, a_state, archive, saved

ROOM = 10**9


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("backup")
    return saved(a_state(folder / "state", "hello"), folder).read_bytes()


def refusal(path: Path, room: int = ROOM) -> Unfit:
    """Why a file is refused: in one line of both languages that names it."""
    with pytest.raises(Unfit) as refused:
        reading.verify(path, room)
    for lang in LANGS:
        said = refused.value.say(lang)
        assert str(path) in said
        assert "\n" not in said
    return refused.value


def test_one_that_is_whole_is_taken(tmp_path: Path, backup: bytes) -> None:
    path = tmp_path / "backup"
    path.write_bytes(backup)
    progress: list[tuple[int, int]] = []
    reading.verify(path, ROOM, lambda done, total: progress.append((done, total)))
    assert progress[-1] == (len(backup), len(backup))


def test_one_that_is_cut_anywhere_is_refused(tmp_path: Path, backup: bytes) -> None:
    path = tmp_path / "backup"
    keys = set()
    for length in (*range(0, len(backup), 97), len(backup) - 9, len(backup) - 1):
        path.write_bytes(backup[:length])
        keys.add((refused := refusal(path)).key)
        if length > 300:
            assert refused.key == "cut"
    assert keys <= {"cut", "other"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_whose_octets_have_changed_is_refused(tmp_path: Path, backup: bytes, data: st.DataObject) -> None:
    """In the gzip or in what it holds: never another error, and never taken."""
    inner = data.draw(st.booleans())
    octets = bytearray(gzip.decompress(backup) if inner else backup)
    place = data.draw(st.integers(0, len(octets) - 1))
    change = data.draw(st.integers(1, 255))
    octets[place] ^= change
    path = tmp_path / "backup"
    path.write_bytes(gzip.compress(octets, 1) if inner else octets)
    try:
        reading.verify(path, ROOM)
    except Unfit:
        return
    if inner:  # the zeros that fill blocks stand in no manifest
        with tarfile.open(path) as changed, tarfile.open(fileobj=io.BytesIO(backup)) as whole:
            assert changed.getnames() == whole.getnames()
    else:  # a run of zeros has many spellings
        assert gzip.decompress(octets) == gzip.decompress(backup)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=st.binary(max_size=3000), packed=st.booleans())
def test_what_is_anything_at_all_is_refused(tmp_path: Path, octets: bytes, packed: bool) -> None:
    path = tmp_path / "backup"
    path.write_bytes(gzip.compress(octets) if packed else octets)
    refusal(path)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("/etc/passwd", {}),
        ("../outside", {}),
        ("netapp/../outside", {}),
        ("netapp/share/../../outside", {}),
        ("netapp//x", {}),
        ("netapp/./x", {}),
        ("netapp/", {}),
        ("other/x", {}),
        ("netapp/" + "x" * 256, {}),
        ("netapp/missing/x", {}),
        ("netapp/link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd", "size": 0}),
        ("netapp/link", {"type": tarfile.LNKTYPE, "linkname": "netapp/people.key", "size": 0}),
        ("netapp/tty", {"type": tarfile.CHRTYPE, "devmajor": 5, "size": 0}),
        ("netapp/disk", {"type": tarfile.BLKTYPE, "devmajor": 8, "size": 0}),
        ("netapp/pipe", {"type": tarfile.FIFOTYPE, "size": 0}),
        ("netapp/odd", {"type": b"7"}),
        ("netapp/people.db-wal", {}),
        ("netapp/run/x", {}),
        ("netapp/share", {}),
        ("netapp/people.key", {"type": tarfile.DIRTYPE, "size": 0}),
        ("netapp/people.db", {"type": tarfile.DIRTYPE, "size": 0}),
        ("netapp/netapp.toml", {"type": tarfile.DIRTYPE, "size": 0}),
        ("netapp-backup.json", {}),
    ],
)
def test_what_leads_outside_or_is_no_file_is_refused(tmp_path: Path, name: str, more: dict[str, Any]) -> None:
    path = archive(tmp_path / "backup", [TOP, (name, b"octets", more)])
    assert refusal(path).key == "outside"


def test_names_twice_are_refused(tmp_path: Path) -> None:
    twice: list[Entry] = [TOP, ("netapp/a", b"1", {}), ("netapp/a", b"2", {})]
    assert refusal(archive(tmp_path / "a", twice)).key == "damaged"  # unless the first is void
    assert refusal(archive(tmp_path / "b", [TOP, TOP])).key == "outside"
    folder: list[Entry] = [TOP, ("netapp/a", b"1", {}), ("netapp/a", None, {})]
    assert refusal(archive(tmp_path / "c", folder)).key == "outside"
    below: list[Entry] = [TOP, ("netapp/a", b"1", {}), ("netapp/a/b", b"2", {})]
    assert refusal(archive(tmp_path / "d", below)).key == "outside"


def test_what_stands_behind_the_manifest_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "backup", [TOP], after=[("netapp/more", b"1", {})])
    assert refusal(path).key == "outside"
    path = archive(tmp_path / "backup", [TOP])
    path.write_bytes(path.read_bytes() + gzip.compress(b"more"))
    assert refusal(path).key == "damaged"


@pytest.mark.parametrize(
    ("listed", "key"),
    [
        ([], "damaged"),
        ({}, "damaged"),
        ({"databases": {}, "members": []}, "damaged"),
        ({"databases": {}, "members": [{"name": "netapp", "folder": True}, {"name": "netapp/a"}]}, "damaged"),
        ({"databases": {}, "members": [{"name": "netapp", "folder": True}, 5]}, "damaged"),
        ({"databases": [], "members": [{"name": "netapp", "folder": True}]}, "damaged"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, listed: object, key: str) -> None:
    assert refusal(archive(tmp_path / "backup", [TOP, ("netapp/a", b"1", {})], listed=listed)).key == key


@pytest.mark.parametrize(
    ("head", "key"),
    [
        (HEAD | {"format": 2, "netapp": "9.0"}, "newer"),
        (HEAD | {"format": "1"}, "other"),
        (HEAD | {"program": "else"}, "other"),
        ({}, "other"),
        ([1], "damaged"),
    ],
)
def test_another_programs_and_a_newer_format_are_refused(tmp_path: Path, head: object, key: str) -> None:
    refused = refusal(archive(tmp_path / "backup", [TOP], head=head))
    assert refused.key == key
    assert key != "newer" or "9.0" in str(refused)


def test_any_other_tar_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as tar:
        tar.add(__file__, "code.py")
    assert refusal(tmp_path / "other.tar.gz").key == "other"


def test_a_name_that_a_terminal_would_obey_is_shown(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "backup", [TOP, ("netapp/\x1b[2J" + "x" * 300, b"", {"type": tarfile.FIFOTYPE})]
    )
    assert "\x1b" not in str(refusal(path))
    assert len(str(refusal(path))) < len(str(path)) + 200


# Bombs --------------------------------------------------------------------------------------------


def test_more_than_there_is_room_for_is_refused_without_reading_on(tmp_path: Path) -> None:
    path = archive(tmp_path / "backup", [TOP, ("netapp/zeros", bytes(5_000_000), {}), ("netapp/b", b"1", {})])
    assert path.stat().st_size < 20_000
    refused = refusal(path, room=4_999_999)
    assert (refused.key, refused.fields["room"]) == ("large", 4)
    reading.verify(path, 5_000_001)


def test_a_size_that_is_only_claimed_is_refused_by_it(tmp_path: Path) -> None:
    info = tarfile.TarInfo("netapp/huge")
    info.size = 10**12
    head = io.BytesIO()
    with tarfile.open(fileobj=head, mode="w") as tar:
        octets = json.dumps(HEAD).encode()
        first = tarfile.TarInfo("netapp-backup.json")
        first.size = len(octets)
        tar.addfile(first, io.BytesIO(octets))
        folder = tarfile.TarInfo("netapp")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        end = tar.offset
    path = tmp_path / "backup"
    path.write_bytes(gzip.compress(head.getvalue()[:end] + info.tobuf() + bytes(10_240)))
    assert refusal(path).key == "large"


def test_a_header_of_many_octets_is_not_read_into_memory(tmp_path: Path) -> None:
    """A PAX header may claim any length, and a reader takes it whole."""
    info = tarfile.TarInfo("netapp/x")
    info.type, info.size = tarfile.XHDTYPE, 200 * 2**20
    path = tmp_path / "backup"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(info.tobuf())
        for _ in range(200):
            packed.write(bytes(2**20))
    tracemalloc.start()
    refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()


def test_a_manifest_that_is_larger_than_its_members_is_not_read(tmp_path: Path) -> None:
    path = archive(tmp_path / "backup", [TOP], listed={"databases": {}, "members": [0] * 1_000_000})
    tracemalloc.start()
    assert refusal(path).key == "damaged"
    assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    tracemalloc.stop()


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BACKUP_MEMBERS", 20)
    path = archive(tmp_path / "backup", [TOP, *((f"netapp/{n}", b"", {}) for n in range(30))])
    assert refusal(path).key == "many"


def test_a_path_that_linux_has_not_is_refused(tmp_path: Path) -> None:
    names = ["netapp"]
    for _ in range(15):
        names.append(names[-1] + "/" + "a" * 255)
    folders: list[Entry] = [(name, None, {}) for name in names]
    reading.verify(archive(tmp_path / "a", [*folders, (names[-1] + "/" + "b" * 248, b"1", {})]), ROOM)
    longer = archive(tmp_path / "b", [*folders, (names[-1] + "/" + "b" * 249, b"1", {})])
    assert refusal(longer).key == "outside"


def test_names_that_are_long_take_no_memory(tmp_path: Path) -> None:
    names = ["netapp"]
    for _ in range(15):
        names.append(names[-1] + "/" + "长" * 80)
    entries: list[Entry] = [(name, None, {}) for name in names]
    path = archive(tmp_path / "backup", [*entries, *((f"{names[-1]}/{n}", b"", {}) for n in range(800))])
    cut = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(cut[: cut.index(b"MANIFEST.json")], 1))
    tracemalloc.start()
    assert refusal(path).key in ("cut", "other")
    assert tracemalloc.get_traced_memory()[1] < 2 * 2**20  # with the names there were 3
    tracemalloc.stop()


def test_names_that_are_too_long_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries: list[Entry] = [TOP, *((f"netapp/{n:0200}", b"", {}) for n in range(30))]
    path = archive(tmp_path / "backup", entries)
    reading.verify(path, ROOM)
    monkeypatch.setattr(limits, "BACKUP_MANIFEST", 12_000)
    assert refusal(path).key == "many"


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe").key == "pipe"
