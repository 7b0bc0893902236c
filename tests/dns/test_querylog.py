"""The query log: its lines, how many of them, and what becomes of those that cannot be written."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.logger import capturedLogs

from netapp.core import limits
from netapp.core.threads import Pool
from netapp.dns.watch.querylog import Entry, QueryLog, line
from netapp.errors import Busy, ConfigError
from netapp.testing import FakeReactor
from tests.dns.asking import header, query, question

NOW = 1_700_000_000.25
BADVERS = b"\0\0\x29\x04\xd0\x01\0\0\0\0\0"


class AtOnce(Pool):
    """A pool whose work is done by whoever hands it over; ``full`` refuses it."""

    full = False

    def __init__(self) -> None:
        super().__init__("log", None, threads=1, waiting=1)

    def start(self) -> None: ...

    def stop(self) -> "defer.Deferred[None]":
        return defer.succeed(None)

    def run(self, work, *args):  # type: ignore[no-untyped-def]
        if self.full:
            raise Busy("too much waits")
        return defer.maybeDeferred(work, *args)


def begun(path: Path, sample: int = 1) -> tuple[QueryLog, FakeReactor, AtOnce]:
    reactor, pool = FakeReactor(), AtOnce()
    return QueryLog(str(path), sample, reactor, pool), reactor, pool


def answer(name: str | bytes = "www.baidu.com", qtype: int = 1, rcode: int = 0) -> bytes:
    return header(flags=0x8400 | rcode) + question(name, qtype)


def entry(
    octets: bytes, *, silent: bool = False, asked: bytes | None = None, seconds: float | None = None
) -> Entry:
    return Entry(NOW, "192.0.2.1", "udp", octets, silent, seconds, asked)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(each) for each in path.read_text("ascii").splitlines()]


def test_a_line() -> None:
    assert json.loads(line(entry(answer(rcode=3), seconds=0.0000125))) == {
        "time": "2023-11-14T22:13:20.250Z",
        "client": "192.0.2.1",
        "transport": "udp",
        "name": "www.baidu.com",
        "type": "A",
        "rcode": "NXDOMAIN",
        "octets": len(answer()),
        "microseconds": 12.5,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (entry(answer("a.lan", 65280)), ("udp", "a.lan", "TYPE65280", "NOERROR")),
        (entry(header(flags=0x8400, ar=1) + question("a.lan") + BADVERS), ("udp", "a.lan", "A", "BADVERS")),
        (entry(header(flags=0xA805) + question("lan", 6)), ("udp", "lan", "UPDATE", "REFUSED")),
        (entry(query("a.lan", 28), silent=True), ("udp", "a.lan", "AAAA", None)),
        (entry(header(flags=0x8001, qd=0)), ("udp", None, None, "FORMERR")),
        (entry(b"192.168.1.2", asked=b"www.baidu.com"), ("text", "www.baidu.com", "A", "NOERROR")),
        (entry(b"i dont know", asked="打印机".encode()), ("text", "打印机", "A", "NXDOMAIN")),
        (entry(b"192.0.2.1", asked="打印机.教室\n".encode("gbk")), ("text", "打印机.教室", "A", "NOERROR")),
        (entry(b"192.0.2.1", asked=b"www.example" + bytes(89)), ("text", "www.example", "A", "NOERROR")),
        (entry("打印机\0".encode("gbk"), silent=True), ("text", "打印机", "A", None)),
        (entry(b"i dont know", asked=b"\xff\n\x1b["), ("text", "\\xff\n\x1b[", "A", "NXDOMAIN")),
        (entry(b"www.baidu.com", silent=True), ("text", "www.baidu.com", "A", None)),
        (entry(b"\x12\x34\x84\0\0\1\0\0\0\0\0\0\x3f"), ("udp", None, None, None)),
    ],
)
def test_what_was_asked_and_said(given: Entry, said: tuple[object, ...]) -> None:
    written = json.loads(line(given))
    assert tuple(written[key] for key in ("transport", "name", "type", "rcode")) == said


@given(st.binary(max_size=80), st.booleans(), st.binary(max_size=40))
def test_octets_of_any_kind_are_one_line_of_printable_ascii(
    octets: bytes, silent: bool, asked: bytes
) -> None:
    for each in (octets, b"\x12\x34\x84\0\0\1\0\0\0\0\0\0" + octets):
        written = line(entry(each, silent=silent, asked=asked))
        assert written.endswith(b"}\n")
        assert written[:-1].decode("ascii").isprintable()


def test_lines_are_written_together_after_a_moment(tmp_path: Path) -> None:
    log, reactor, _ = begun(path := tmp_path / "queries")
    assert not reactor.getDelayedCalls()
    log.add(entry(answer()))
    log.add(entry(answer("b.lan")))
    assert path.read_bytes() == b""
    reactor.advance(limits.QUERY_LOG_FLUSH)
    assert [each["name"] for each in lines(path)] == ["www.baidu.com", "b.lan"]
    assert log.written == 2
    assert not reactor.getDelayedCalls()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_have_the_systems_time_though_the_reactors_goes_on(tmp_path: Path) -> None:
    """X14: the clock was set back by an hour."""
    reactor = FakeReactor()
    log = QueryLog(str(tmp_path / "queries"), 1, reactor, AtOnce(), lambda: reactor.seconds() - 3600.0)
    log.add(entry(answer()))
    reactor.advance(limits.QUERY_LOG_FLUSH)
    (written,) = lines(tmp_path / "queries")
    assert written["time"] == json.loads(line(entry(answer())._replace(time=NOW - 3600.0)))["time"]


def test_many_lines_do_not_wait(tmp_path: Path) -> None:
    log, _, _ = begun(path := tmp_path / "queries")
    for _ in range(limits.QUERY_LOG_BATCH):
        log.add(entry(answer()))
    assert len(lines(path)) == limits.QUERY_LOG_BATCH


def test_one_in_so_many() -> None:
    log, _, _ = begun(Path(os.devnull), sample=10)
    taken = [number for count in (3, 7, 1, 25, 0, 4) for number in log.sampled(count)]
    assert len(taken) == 4
    assert [len(log.sampled(1)) for _ in range(20)].count(1) == 2
    assert list(begun(Path(os.devnull))[0].sampled(3)) == [0, 1, 2]


def test_what_the_thread_cannot_take_is_dropped_and_counted(tmp_path: Path) -> None:
    log, reactor, pool = begun(path := tmp_path / "queries")
    pool.full = True
    log.add(entry(answer()))
    reactor.advance(limits.QUERY_LOG_FLUSH)
    assert (log.written, log.dropped) == (0, 1)
    pool.full = False
    log.add(entry(answer()))
    reactor.advance(limits.QUERY_LOG_FLUSH)
    assert len(lines(path)) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_said_once_and_counted() -> None:
    log, reactor, _ = begun(Path("/dev/full"))
    with capturedLogs() as events:
        for _ in range(3):
            log.add(entry(answer()))
            reactor.advance(limits.QUERY_LOG_FLUSH)
    assert (log.written, log.dropped) == (0, 3)
    assert len([event for event in events if "cannot be written" in str(event.get("log_format"))]) == 1


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    log, reactor, _ = begun(path := tmp_path / "queries")
    log.add(entry(answer("a.lan")))
    path.rename(tmp_path / "old")
    log.reopen()
    log.add(entry(answer("b.lan")))
    reactor.advance(limits.QUERY_LOG_FLUSH)
    assert [each["name"] for each in lines(tmp_path / "old")] == ["a.lan"]
    assert [each["name"] for each in lines(path)] == ["b.lan"]
    log.add(entry(answer("c.lan")))
    log.stop()
    assert len(lines(path)) == 2


def test_a_file_is_begun_anew_though_the_thread_is_busy_when_it_is_wanted(tmp_path: Path) -> None:
    log, reactor, pool = begun(path := tmp_path / "queries")
    log.add(entry(answer("a.lan")))
    reactor.advance(limits.QUERY_LOG_FLUSH)
    pool.full = True
    for moved in ("first", "second"):  # SIGHUP comes again before the thread is free
        path.rename(tmp_path / moved)
        log.reopen()
        log.add(entry(answer("dropped.lan")))
        reactor.advance(limits.QUERY_LOG_FLUSH)
    pool.full = False
    log.add(entry(answer("b.lan")))
    reactor.advance(limits.QUERY_LOG_FLUSH)
    assert [each["name"] for each in lines(tmp_path / "first")] == ["a.lan"]
    assert lines(tmp_path / "second") == []
    assert [each["name"] for each in lines(path)] == ["b.lan"]
    assert (log.written, log.dropped) == (2, 2)


def test_who_is_patient_begins_without_a_file_and_has_it_once_it_can_be(tmp_path: Path) -> None:
    path, reactor = tmp_path / "logs" / "queries", FakeReactor()
    log = QueryLog(str(path), 1, reactor, AtOnce(), patient=True)
    with capturedLogs() as events:
        for _ in range(2):
            log.add(entry(answer("a.lan")))
            reactor.advance(limits.QUERY_LOG_FLUSH)
    assert len([event for event in events if "cannot be written" in str(event.get("log_format"))]) == 1
    assert (log.written, log.dropped) == (0, 2)
    with pytest.raises(ConfigError, match="cannot be written"):
        log.reopen()
    path.parent.mkdir()
    log.add(entry(answer("b.lan")))
    log.stop()
    assert [each["name"] for each in lines(path)] == ["b.lan"]
    QueryLog(str(path), 1, reactor, AtOnce(), patient=True).stop()


def test_a_file_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "folder", Path("a\0b")):
        with pytest.raises(ConfigError, match=r"the query log .* cannot be written"):
            begun(path)
