"""What may be typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core.languages import LANGS, Lang
from netapp.core.terminal import commands
from netapp.core.terminal.assistant import _DOES
from netapp.core.terminal.commands import Do, Text, Wrong, completions, parse
from tests.real import PROJECT

SAY = commands.PHRASES.speaker("en")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("hello", Text("hello")),
        ("", Text("")),
        (" /help", Text(" /help")),
        ("//x", Text("/x")),
        ("//", Text("/")),
        ("/help", Do("help")),
        ("/hex", Do("hex")),
        ("/encoding gbk", Do("encoding", "gbk")),
        ("/send-hex 01 02", Do("send-hex", "01 02")),
        ("/file  my file.bin ", Do("file", "my file.bin")),
        ("/every 0.5 two  words ", Do("every", "two  words ", 0.5)),
        ("/every 1 ", Do("every", "", 1.0)),
        ("/to 12", Do("to", "12")),
        ("/to all", Do("to", "all")),
        ("/save talk.pcap", Do("save", "talk.pcap")),
    ],
)
def test_what_a_line_means(line: str, meant: object) -> None:
    assert parse(line, SAY) == meant


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/nope", "there is no /nope"),
        ("/", "there is no /:"),
        ("/help me", "to send this as text type //help"),
        ("/encoding", "usage: /encoding auto|utf-8|gbk"),
        ("/encoding latin-1", "usage: /encoding"),
        ("/file", "usage: /file FILE"),
        ("/every x hi", "x is no number"),
        ("/every 1", "usage: /every SECONDS TEXT"),
        ("/every 0 hi", "0 is no number"),
        ("/every nan hi", "nan is no number"),
        ("/every inf hi", "inf is no number"),
        ("/to ٣", "usage: /to"),
        ("/to bob", "usage: /to"),
    ],
)
def test_what_is_no_command_says_why(line: str, told: str) -> None:
    with pytest.raises(Wrong, match=told.replace("|", r"\|")):
        parse(line, SAY)


@given(st.text(max_size=60))
def test_any_line_means_something_or_is_told_of(line: str) -> None:
    for each in (line, f"/{line}", f"/every {line}", f"/to {line}"):
        try:
            meant = parse(each, SAY)
        except Wrong:
            pass
        else:
            assert isinstance(meant, Text | Do)
    assert parse(f"//{line}", SAY) == Text(f"/{line}")


def test_every_command_is_done_explained_and_completed() -> None:
    assert set(_DOES) == set(commands.TABLE)
    for lang in LANGS:
        lines = commands.explained(commands.PHRASES.speaker(lang))
        found = {text.strip() for text, _, _ in completions("/", lang, peers=0, files=lambda start: [])}
        assert found == {f"/{name}" for name in commands.TABLE}
        for command in commands.COMMANDS:
            assert any(command.usage(lang) in line for line in lines)
            assert all(command.about)


def test_what_the_end_of_a_line_may_become() -> None:
    def ends(line: str) -> list[tuple[str, int]]:
        files = {"/tmp/a": ["/tmp/ab", "/tmp/ac/"]}
        found = completions(line, "zh", peers=2, files=lambda start: files.get(start, []))
        return [(text, count) for text, count, _ in found]

    assert ends("/en") == [("/encoding ", 3)]
    assert ends("/hel") == [("/help", 4)]
    assert ends("/encoding u") == [("utf-8", 1)]
    assert ends("/to ") == [("1", 0), ("2", 0), ("all", 0), ("auto", 0)]
    assert ends("/file /tmp/a") == [("/tmp/ab", 6), ("/tmp/ac/", 6)]
    assert ends("/nope x") == ends("hello") == ends("//he") == ends("/help x") == []


@pytest.mark.parametrize(
    ("lang", "page"), [("en", "debugging-assistant.md"), ("zh", "debugging-assistant.zh.md")]
)
def test_the_pages_list_every_command(lang: Lang, page: str) -> None:
    text = (PROJECT / "docs" / "howto" / page).read_text("utf-8").replace("\\|", "|")
    for command in commands.COMMANDS:
        assert f"| `{command.usage(lang)}` | {command.about[LANGS.index(lang)]} |" in text
