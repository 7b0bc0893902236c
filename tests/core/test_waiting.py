"""Settings that are changed while a process runs, and wait for its restart."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from netapp.core import config
from netapp.core.waiting import Waiting
from netapp.hub import tap as hub


class Echo(config.ServiceOptions):
    table = "echo"
    reread = frozenset({"record"})
    optParameters: ClassVar[list[list[Any]]] = [["reply", None, "{data}", "The answer."]]
    optFlags: ClassVar[list[list[Any]]] = [["once", None, "Once."]]
    opt_record = config.repeated("record", "A record; repeatable.")


@pytest.fixture
def logged() -> Iterator[list[str]]:
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event) or "")

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


Told = Callable[..., list[str]]


@pytest.fixture
def told(tmp_path: Path, logged: list[str]) -> Told:
    """What is told when the file was the first text at the start, and is the second now."""
    path = tmp_path / "netapp.toml"

    def tell(before: str | None, now: str | None, *arguments: str, kinds: Any = (Echo,)) -> list[str]:
        waiting = Waiting()
        for text, begins in ((before, True), (now, False)):
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text, "utf-8")
                path.chmod(0o600)
            for kind in kinds if begins else ():
                options = kind()
                options.parseOptions([f"--state={tmp_path}", *arguments])
                waiting.add(options)
        logged.clear()
        waiting.tell("netapp-echo")
        return logged

    return tell


LINE = "netapp-echo: changed settings that wait for a restart: "


@pytest.mark.parametrize(
    ("before", "now", "names"),
    [
        ("[echo]\nreply = 'a'", "[echo]\nreply = 'b'", "[echo] reply"),
        ("[echo]\nreply = 'a'", "", "[echo] reply"),
        (None, "[echo]\nonce = true\n", "[echo] once"),
        ("[echo]\nonce = false\n", "[echo]\nonce = true\n", "[echo] once"),
        ("allow = ['192.0.2.1']", "allow = ['192.0.2.1', '192.0.2.2']\nlang = 'en'", "allow, lang"),
        ("[echo]\nlisten = ['tcp:1']", "[echo]\nlisten = ['tcp:2']\nrecord = ['a']", "[echo] listen"),
    ],
)
def test_what_waits_is_named(told: Told, before: str | None, now: str | None, names: str) -> None:
    assert told(before, now) == [LINE + names]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("[echo]\nreply = 'a'", "[echo]\nreply = 'a' # the same\n"),
        ("[echo]\nrecord = ['a']", "[echo]\nrecord = ['a', 'b']"),  # is taken
        ("[dns]\nnsid = 'a'", "[dns]\nnsid = 'b'"),  # of what does not run here
        ("", None),
    ],
)
def test_nothing_waits(told: Told, before: str | None, now: str | None) -> None:
    assert told(before, now) == []


def test_what_the_command_line_says_is_not_waited_for(told: Told) -> None:
    assert told("lang = 'zh'", "lang = 'en'", "--lang=zh") == []


def test_a_house_names_each_key_once(told: Told) -> None:
    both = told(
        "", "lang = 'en'\n[netapp]\nwithout = ['chat']\n[echo]\nreply = 'x'", kinds=(hub.Options, Echo)
    )
    assert both == [LINE + "lang, [netapp] without, [echo] reply"]


def test_a_file_that_has_become_none_is_told_unless_somebody_else_does(told: Told) -> None:
    assert told("", "[echo\n") == []  # whoever reads "record" again has said so
    (line,) = told("", "[netapp]\nbogus = 1\n", kinds=(hub.Options,))
    assert line.startswith("netapp-echo: the settings are not read again: ")
    assert "unknown key 'bogus' in [netapp]" in line
