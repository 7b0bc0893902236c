"""The files of the tutorial's share."""

from pathlib import Path

import pytest

from netapp.errors import ConfigError
from netapp.hub.tutorial.samples import SAMPLES, share_samples

SIZES = {"1.txt": 10, "1000.txt": 1000, "60000.bin": 60_000, "5MB.bin": 5_000_000}


def test_the_files_and_their_sizes(tmp_path: Path) -> None:
    share = share_samples(tmp_path / "tutorial")
    assert share == tmp_path / "tutorial" / "share"
    assert {path.name for path in share.iterdir()} == set(SAMPLES) == {*SIZES, "中文.txt"}
    assert {name: (share / name).stat().st_size for name in SIZES} == SIZES
    assert (share / "中文.txt").read_text("utf-8").splitlines()[0] == "网络编程,从一个套接字开始。"
    assert (share / "60000.bin").read_bytes()[1024:1028] == (256).to_bytes(4, "big")
    assert (share / "1000.txt").read_bytes().count(b"\n") == 20


def test_what_is_there_stays_and_what_is_missing_comes_back(tmp_path: Path) -> None:
    share = share_samples(tmp_path)
    (share / "1.txt").write_text("mine")
    (share / "1000.txt").unlink()
    share_samples(tmp_path)
    assert (share / "1.txt").read_text() == "mine"
    assert (share / "1000.txt").stat().st_size == 1000


def test_a_share_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "share").write_text("no folder")
    with pytest.raises(
        ConfigError, match=r"sample files in \S+/share cannot be written \(File exists\): .*--state"
    ):
        share_samples(tmp_path)
