"""The audit trail, as it is written and as it is read back."""

import json
import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet import task
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.people.trail import audit as audit_module
from netapp.people.trail.audit import Audit, old_files, rfc3339
from netapp.people.trail.reading import tail

KEY = b"k" * 32
NOON = 1_790_000_000.25


@dataclass
class Somebody:
    id: str = "0123456789abcdef" * 2
    name: str = "zhao"


def trail(folder: Path, *, size: int = limits.AUDIT_FILE) -> Audit:
    clock = task.Clock()
    clock.rightNow = NOON
    return Audit(folder / "audit.jsonl", KEY, clock, size=size)


@pytest.fixture
def audit(tmp_path: Path) -> Any:
    made = trail(tmp_path)
    yield made
    made.close()


def lines(audit: Audit) -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit.path.read_bytes().splitlines()]


def test_an_event_is_one_line_with_who_where_and_when(audit: Audit) -> None:
    audit.record("login", account=Somebody(), name="ZHAO", source="192.0.2.7", door="ssh", reason="key", n=3)
    assert audit.path.read_bytes() == (
        b'{"time":"2026-09-21T14:13:20.250Z","event":"login","account":"0123456789abcdef0123456789abcdef",'
        b'"name":"zhao","source":"192.0.2.7","door":"ssh","reason":"key","n":3}\n'
    )
    assert stat.S_IMODE(audit.path.stat().st_mode) == 0o600
    assert (audit.written, audit.lost) == (1, 0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (0.9999, "1970-01-01T00:00:00.999Z"),
        (-0.5, "1969-12-31T23:59:59.500Z"),
    ],
)
def test_times_have_milliseconds(seconds: float, text: str) -> None:
    assert rfc3339(seconds) == text


def test_a_name_that_is_no_accounts_is_only_a_keyed_hash(audit: Audit, tmp_path: Path) -> None:
    for name in ("hunter2hunter2", b"hunter2hunter2", b"\xff\xfe", "", "x" * 2**20):
        audit.record("refused", name=name, reason="bad")
    assert b"hunter2" not in audit.path.read_bytes()
    first, second, *others = [each["unknown"] for each in lines(audit)]
    assert first == second == audit.unknown("hunter2hunter2")
    assert re.fullmatch("[0-9a-f]{24}", first)
    assert len({first, *others}) == 4
    other = Audit(tmp_path / "other", b"o" * 32, task.Clock())
    assert other.unknown("hunter2hunter2") != first


HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07",
    "a\nb\r\nc\x00d",
    "\x7f\x80\x9b31m",
    "\ud800\udcff",
    "\u202eevil\u2028\u2029",
    '"}\n{"time":"2026-01-01T00:00:00.000Z","event":"login"}',
    "x" * 2**20,
    "\u0301" * 2**20,
    "汉字" * 1000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_l30_nothing_from_the_network_arrives_raw(audit: Audit, text: str) -> None:
    @dataclass
    class Hostile(Somebody):
        name: str = text

    audit.record(
        text, account=Hostile(), source=text, door=text, reason=text, label=text, words=[text] * 1000
    )
    audit.record("refused", name=text, octets=text.encode("utf-8", "surrogatepass"), **{text[:50]: text})
    octets = audit.path.read_bytes()
    assert octets.count(b"\n") == 2
    assert all(0x20 <= octet < 0x7F for octet in octets.replace(b"\n", b""))
    assert max(map(len, octets.splitlines())) <= limits.AUDIT_LINE * 2
    for entry in lines(audit):
        for value in entry.values():
            for each in value if isinstance(value, list) else [value]:
                assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", each)
    assert audit.lost == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(),
    st.dictionaries(
        st.text(min_size=1).filter(lambda name: name not in ("event", "self")),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.binary()
        | st.lists(st.text()),
        max_size=4,
    ),
)
def test_l30_whatever_is_recorded_is_one_strict_line(
    tmp_path: Path, event: str, fields: dict[str, Any]
) -> None:
    audit = trail(tmp_path)
    audit.path.unlink(missing_ok=True)
    named = ("account", "name", "source", "door", "reason")
    audit.record(event, **{name: value for name, value in fields.items() if name not in named})
    assert audit.lost == 0
    (line,) = audit.path.read_bytes().splitlines()
    entry = json.loads(line, parse_constant=lambda name: pytest.fail(name))
    assert entry["time"] == "2026-09-21T14:13:20.250Z"
    assert tail(audit.path, 10).damaged == 0
    audit.close()


def test_a_file_that_others_could_read_is_closed_to_them(audit: Audit) -> None:
    audit.path.write_bytes(b"")
    audit.path.chmod(0o644)
    audit.record("login")
    assert stat.S_IMODE(audit.path.stat().st_mode) == 0o600


def test_it_is_set_aside_when_it_has_grown_and_four_old_ones_are_kept(tmp_path: Path) -> None:
    audit = trail(tmp_path, size=1000)
    for number in range(200):
        audit.record("login", number=number)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        each.name for each in [audit.path, *old_files(audit.path)]
    )
    for each in [audit.path, *old_files(audit.path)]:
        assert each.stat().st_size < 1000 + 200
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    numbers = [each["number"] for each in tail(audit.path, 1000).events]
    assert numbers == list(range(numbers[0], 200))
    assert len(numbers) > 40
    audit.close()


def test_it_is_opened_anew_when_somebody_has_moved_or_deleted_it(audit: Audit) -> None:
    audit.record("login", number=1)
    audit.path.rename(audit.path.with_name("moved"))
    audit.record("login", number=2)
    audit.path.unlink()
    audit.record("login", number=3)
    assert [each["number"] for each in lines(audit)] == [3]
    assert audit.lost == 0


def test_two_who_write_one_file_set_it_aside_once(tmp_path: Path) -> None:
    one, other = trail(tmp_path, size=1000), trail(tmp_path, size=1000)
    for number in range(30):
        (one, other)[number % 2].record("login", number=number)
    events = tail(one.path, 1000).events
    assert [each["number"] for each in events] == list(range(30))
    one.close()
    other.close()


APPENDING = """
import sys
from pathlib import Path
from twisted.internet import task
from netapp.people.trail.audit import Audit
audit = Audit(Path(sys.argv[1]), b"k" * 32, task.Clock(), size=60_000)
for number in range(400):
    audit.record("login", who=sys.argv[2], number=number, text="x" * 100)
print(audit.written, audit.lost)
"""


@pytest.mark.real
def test_several_processes_append_whole_lines_and_lose_none(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", APPENDING, str(path), str(number)], stdout=subprocess.PIPE)
        for number in range(3)
    ]
    assert [writer.communicate(timeout=60)[0] for writer in writers] == [b"400 0\n"] * 3
    found = tail(path, 5000)
    assert found.damaged == 0
    for number in range(3):
        of_one = [each["number"] for each in found.events if each["who"] == str(number)]
        assert sorted(of_one) == list(range(400))
    assert len(list(tmp_path.iterdir())) > 1


FULL = """
import resource, sys
from pathlib import Path
from twisted.internet import task
from netapp.people.trail.audit import Audit
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
audit = Audit(Path(sys.argv[1]), b"k" * 32, task.Clock())
audit.record("login", number=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (150, hard))
for number in range(1, 6):
    audit.record("login", number=number)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
for number in range(6, 9):
    audit.record("login", number=number)
print(audit.written, audit.lost)
"""


@pytest.mark.real
def test_l41_a_full_disk_costs_only_what_did_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, timeout=60, check=True
    )
    written, lost = map(int, done.stdout.split())
    found = tail(path, 100)
    assert written + lost == 9
    assert written == len(found.events)
    assert [each["number"] for each in found.events][-3:] == [6, 7, 8]
    assert found.damaged == 1  # the line that was cut


def messages(events: list[Any]) -> list[str]:
    return [formatEvent(event) for event in events]


def test_l41_what_cannot_be_written_is_told_of_once_until_it_works_again(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "later" / "audit.jsonl", KEY, task.Clock())
    with capturedLogs() as events:
        for _ in range(5):
            audit.record("login")
    assert len(events) == 1
    assert "cannot be written (No such file or directory): events are lost" in messages(events)[0]
    assert audit.lost == 5
    audit.path.parent.mkdir()
    with capturedLogs() as events:
        audit.record("login")
        audit.record("login")
    assert len(events) == 1
    assert "is written again; 5 events are lost" in messages(events)[0]
    os.rename(audit.path.parent, tmp_path / "away")
    with capturedLogs() as events:
        audit.record("login")
        audit.record("login")
    assert len(events) == 1
    audit.close()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "device"])
def test_l41_what_is_no_file_is_not_written_to_nor_waited_for(tmp_path: Path, kind: str) -> None:
    audit = trail(tmp_path)
    match kind:
        case "folder":
            audit.path.mkdir()
        case "pipe":
            os.mkfifo(audit.path)
        case "link":
            (tmp_path / "target").write_bytes(b"")
            audit.path.symlink_to(tmp_path / "target")
        case "device":
            audit = Audit(Path("/dev/full"), KEY, task.Clock())
    with capturedLogs() as events:
        audit.record("login")
    assert audit.lost == len(events) == 1
    assert stat.S_IMODE(os.stat("/dev/full").st_mode) == 0o666


def test_a_clock_or_a_value_that_cannot_be_is_no_error_to_who_records(audit: Audit) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    with capturedLogs() as events:
        audit.record("login", broken=Broken())
        audit._clock.rightNow = float("inf")
        audit.record("login")
    assert (audit.lost, len(events)) == (2, 1)


# Reading back --------------------------------------------------------------------------------


def test_the_last_events_are_read_the_oldest_first(audit: Audit) -> None:
    assert tail(audit.path, 10).events == []
    for number in range(100):
        audit.record("login" if number % 2 else "refused", number=number)
    assert [each["number"] for each in tail(audit.path, 3).events] == [97, 98, 99]
    refused = tail(audit.path, 2, lambda event: event["event"] == "refused")
    assert [each["number"] for each in refused.events] == [96, 98]
    assert tail(audit.path, 0).events == []
    assert len(tail(audit.path, 10**9).events) == 100


def test_damaged_lines_are_skipped_and_counted(audit: Audit) -> None:
    audit.record("login", number=1)
    whole = audit.path.read_bytes()
    audit.path.write_bytes(
        whole
        + b"\n\n"  # nothing
        + b"\xff\xfe\x00 no text\n"
        + b"[" * 50_000 + b"\n"
        + b"[1, 2]\n"
        + b'{"time": 5}\n'
        + b"x" * (limits.AUDIT_LINE * 5) + b"\n"
        + whole[:40] + whole  # cut, and the next one after it
        + b'{"time":"2026'
    )  # fmt: skip
    found = tail(audit.path, 100)
    assert [each["number"] for each in found.events] == [1, 1]
    assert found.damaged == 6


def test_l30_what_somebody_has_edited_in_is_made_visible(audit: Audit) -> None:
    audit.path.write_text(
        '{"time":"2026","e\\u001b":"\\u001b[2J","list":["\\u0007",[]],"more":{"a":"\\u001b"}}\n'
    )
    (event,) = tail(audit.path, 10).events
    assert "\x1b" not in repr(event).encode().decode("unicode_escape")
    assert event["list"] == ["⟦U+0007⟧"]


def test_a_line_across_blocks_is_one_line_and_the_file_may_have_no_last_newline(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netapp.people.trail.reading._BLOCK", 7)
    for number in range(20):
        audit.record("login", number=number)
    audit.path.write_bytes(audit.path.read_bytes()[:-1])
    found = tail(audit.path, 100)
    assert [each["number"] for each in found.events] == list(range(20))
    assert found.damaged == 0


@given(st.binary(max_size=300))
def test_whatever_the_file_holds_is_no_error(octets: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.jsonl"
        path.write_bytes(octets)
        found = tail(path, 100)
    assert found.damaged + len(found.events) <= octets.count(b"\n") + 1


def test_old_files_have_a_bound() -> None:
    assert len(old_files(Path("/a/audit.jsonl"))) == limits.AUDIT_OLD
    assert audit_module.old_files(Path("/a/audit.jsonl"))[0] == Path("/a/audit.jsonl.1")
