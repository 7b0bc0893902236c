"""A talk that is kept and saved, and the history of what was typed."""

import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from netapp.core import limits
from netapp.core.terminal import pcap, record
from netapp.core.terminal.history import History, history_of
from netapp.core.terminal.record import Event, Record

SAY = record.PHRASES.speaker("en")


@dataclass
class Ends:
    name: str = "10.0.0.2:80"
    own: pcap.Place = ("10.0.0.1", 5000)
    place: pcap.Place = ("10.0.0.2", 80)
    stream: bool = True


ENDS = Ends()


def talk(complain: object = None) -> Record:
    return Record(lambda: 5.0, complain or (lambda error, path: None))  # type: ignore[arg-type]


def test_text_is_saved_from_the_beginning_and_goes_on(tmp_path: Path) -> None:
    said, path = talk(), tmp_path / "talk.txt"
    said.add(Event(1.5, "opened", ENDS, by_us=True))
    said.add(Event(2.0, "sent", ENDS, b"\x02\0\0\0hi", hidden=4))
    said.save(path, SAY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600  # a password may be in it
    said.add(Event(3.25, "received", ENDS, "你好".encode("gbk")))
    said.add(Event(3.5, "piece", ENDS, bytes(5000)))
    said.add(Event(4.0, "file", ENDS, file="a.bin", size=5000))
    said.add(Event(90_000.0, "closed", ENDS))
    day, opened, sent, came, file, next_day, closed = path.read_text("utf-8").splitlines()
    assert (day, next_day) == ("1970-01-01", "1970-01-02")
    assert opened.endswith("10.0.0.2:80 has connected")
    assert " → 10.0.0.2:80   2  hi " in sent
    assert sent.endswith(" 68 69")
    assert " ← 10.0.0.2:80   4  你好 " in came
    assert file.endswith("10.0.0.2:80: file a.bin, 5000 octets")
    assert closed.endswith("has left")
    said.close()


def test_packets_are_saved_as_they_crossed_a_frames_head_with_them(tmp_path: Path) -> None:
    said, path = talk(), tmp_path / "talk.PCAP"
    other = Ends("[::1]:9", ("::1", 7), ("::1", 9), stream=False)
    events = [
        Event(1.0, "opened", ENDS, by_us=True),
        Event(2.0, "sent", ENDS, b"\x02\0\0\0hi", hidden=4),
        Event(2.0, "piece", ENDS, b"piece"),
        Event(2.0, "file", ENDS, file="f", size=5),
        Event(2.0, "received", other, b"datagram"),
        Event(2.0, "opened", other),
        Event(3.0, "closed", ENDS),
    ]
    said.save(path, SAY)
    for event in events:
        said.add(event)
    packets = pcap.Packets()
    own, peer = ENDS.own, ENDS.place
    assert path.read_bytes() == b"".join(
        (
            pcap.HEADER,
            packets.opened(1.0, own, peer),
            packets.segments(2.0, own, peer, b"\x02\0\0\0hi"),
            packets.segments(2.0, own, peer, b"piece"),
            packets.datagram(2.0, ("::1", 9), ("::1", 7), b"datagram"),
            packets.closed(3.0, peer, own),
        )
    )
    said.close()


def test_a_file_that_is_there_is_kept_unless_it_may_go(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        talk().save(path, SAY)
    assert path.read_text() == "precious"
    said = talk()
    said.save(path, SAY, replace=True)
    said.close()
    assert path.read_text() == ""


def test_a_full_disk_is_told_of_once_and_the_talk_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    said = talk(lambda error, path: told.append(f"{path}: {error.strerror}"))
    full, whole = tmp_path / "full.txt", tmp_path / "whole.txt"
    full.symlink_to("/dev/full")
    full.with_suffix(".pcap").symlink_to("/dev/full")
    said.save(full, SAY, replace=True)
    said.save(whole, SAY)
    for _ in range(3):
        said.add(Event(1.0, "sent", ENDS, b"x"))
    assert told == [f"{full}: No space left on device"]
    assert whole.read_text("utf-8").count(" → ") == 3
    with pytest.raises(OSError, match="No space"):
        said.save(full.with_suffix(".pcap"), SAY, replace=True)
    said.close()


def test_what_is_kept_has_a_bound_and_the_file_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TERMINAL_KEPT", 5)
    monkeypatch.setattr(limits, "TERMINAL_KEPT_OCTETS", 100)
    said = talk()
    for number in range(8):
        said.add(Event(1.0, "sent", ENDS, b"%d" % number))
    said.save(tmp_path / "a.txt", SAY)
    assert "(3 before these were not kept)" in (tmp_path / "a.txt").read_text()
    said.add(Event(1.0, "sent", ENDS, bytes(200)))
    said.save(tmp_path / "b.txt", SAY)
    assert "(9 before these were not kept)" in (tmp_path / "b.txt").read_text()
    said.close()


def test_history_is_private_bounded_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TERMINAL_HISTORY", 3)
    history = history_of("tcp", tmp_path / "new" / "state")
    for line in ("一", "two\nlines", "", "x" * 5000, *map(str, range(9))):
        history.add(line)
    path = tmp_path / "new" / "state" / "history" / "tcp"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_text().splitlines()) <= 6
    assert History(path).lines() == ["6", "7", "8"]
    assert path.read_text() == "6\n7\n8\n"
    assert [each.name for each in path.parent.iterdir()] == ["tcp"]


def test_a_history_that_cannot_be_kept_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "link", tmp_path, Path("/proc/nope/history")):
        history = History(path)
        history.add("x")
        assert history.lines() == []
    assert not (tmp_path / "elsewhere").exists()
