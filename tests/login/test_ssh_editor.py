"""The line editor, watched by a small terminal of our own."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.cells import width
from netapp.login.ssh.editor import BELL, Editor, Event, Line, Wish
from netapp.login.ssh.screen import place
from netapp.login.ssh.typed import Typed


class Screen:
    """A terminal that knows what the editor sends, and no more; it wraps as xterm does."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0
        self.bells = 0

    def write(self, text: str) -> None:
        position = 0
        while position < len(text):
            char = text[position]
            position += 1
            if char == "\x1b":
                end = next(i for i in range(position + 1, len(text)) if text[i].isalpha())
                self._obey(text[position + 1 : end], text[end])
                position = end + 1
            elif char == "\r":
                self.column = 0
            elif char == "\n":
                self.row += 1
            elif char == "\a":
                self.bells += 1
            else:
                assert unicodedata.category(char) != "Cc", repr(char)
                self._put(char)

    def _put(self, char: str) -> None:
        wide = width(char)
        if self.column + wide > self.columns:
            self.row, self.column = self.row + 1, 0
        row = self._line()
        if wide == 0:
            row[self.column - 1] += char
            return
        row[self.column : self.column + wide] = [char, *[""] * (wide - 1)]
        self.column += wide

    def _line(self) -> list[str]:
        while len(self.rows) <= self.row:
            self.rows.append([])
        row = self.rows[self.row]
        row.extend(" " * (self.columns - len(row)))
        return row

    def _obey(self, number: str, what: str) -> None:
        count = int(number or 1)
        if what == "A":
            self.row = max(0, self.row - count)
        elif what == "C":
            self.column = min(self.columns - 1, self.column + count)
        elif what == "J" and not number:
            self._line()[self.column :] = " " * (self.columns - self.column)
            del self.rows[self.row + 1 :]
        elif what == "J":
            self.rows = [[]]
        elif what == "H":
            self.row = self.column = 0
        else:
            raise AssertionError((number, what))

    @property
    def text(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self.rows).rstrip("\n")


def received(editor: Editor, text: str) -> list[Event]:
    editor.push(text)
    return editor.go_on()


def type_in(editor: Editor, text: str, screen: Screen | None = None) -> list[Event]:
    events = received(editor, text)
    for each in events:
        if isinstance(each, str) and screen is not None:
            screen.write(each)
    return [each for each in events if not isinstance(each, str)]


def asked(prompt: str = "> ", *, columns: int = 80, hidden: bool = False) -> tuple[Editor, Screen]:
    editor, screen = Editor(columns), Screen(columns)
    screen.write(editor.ask(prompt, hidden=hidden, remember=True))
    return editor, screen


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("whoami\r", "whoami"),
        ("heko\x7f\x7flp\r", "help"),
        ("中国\x7f文\r", "中文"),
        ("\x7f\x7fa\r", "a"),
        ("one two\x17three\r", "one three"),
        ("one two  \x17\r", "one "),
        ("one\x15two\r", "two"),
        ("one\x01\x0btwo\r", "two"),
        ("ac\x1b[Db\r", "abc"),
        ("bc\x01a\x05d\r", "abcd"),
        ("bc\x1b[Ha\x1b[Fd\r", "abcd"),
        ("bc\x1bOHa\x1bOFd\r", "abcd"),
        ("bc\x1b[1~a\x1b[4~d\r", "abcd"),
        ("abc\x02\x02\x04\r", "ac"),
        ("abc\x1b[D\x1b[3~\r", "ab"),
        ("one two\x1b[1;5D\x1b[1;5Dx\r", "xone two"),
        ("one two\x01\x1bfx\r", "onex two"),
        ("e\u0301x\x7f\x7fy\r", "y"),
        ("a\x1b[99;99;99zb\r", "ab"),
        ("a\x1b[200~b\x1b[201~\r", "ab"),
        ("a\x00\x1a\x1cb\r", "ab"),
        ("a\x1b\r", "a"),
        ("tab\there\r", "tabhere"),
        ("👍🏽\r", "👍🏽"),
    ],
)
def test_l22_keys(keys: str, line: str) -> None:
    editor, _ = asked()
    expected = [Line(line)]
    if "\t" in keys:
        editor._complete = lambda text: ()
    assert type_in(editor, keys) == expected
    editor, _ = asked()
    one_by_one = [event for key in keys for event in type_in(editor, key)]
    assert one_by_one == expected


def test_several_lines_at_once_wait_for_their_questions() -> None:
    editor, screen = asked()
    assert type_in(editor, "one\r\ntwo\nthr", screen) == [Line("one")]
    assert not editor.asking
    assert type_in(editor, "ee\r", screen) == []
    screen.write(editor.ask("> "))
    assert [each for each in editor.go_on() if not isinstance(each, str)] == [Line("two")]
    editor.ask("> ")
    assert [each for each in editor.go_on() if not isinstance(each, str)] == [Line("three")]


def test_control_c_drops_what_was_typed_even_while_nothing_is_asked() -> None:
    editor, screen = asked()
    assert type_in(editor, "abc\x03", screen) == [Wish.INTERRUPT]
    assert screen.text == "> abc^C"
    editor.ask("> ")
    assert type_in(editor, "a\rb\rc\r") == [Line("a")]
    assert type_in(editor, "x\x03y") == [Wish.INTERRUPT]
    editor.ask("> ")
    editor.go_on()
    assert type_in(editor, "\r") == [Line("y")]


def test_control_d_leaves_on_an_empty_line_only() -> None:
    editor, _ = asked()
    assert type_in(editor, "a\x04\x7f") == []
    assert type_in(editor, "\x04") == [Wish.LEAVE]


def test_a_hidden_line_shows_nothing_and_is_remembered_by_nobody() -> None:
    editor, screen = asked("密码: ", hidden=True)
    assert type_in(editor, "secret\x7f\x1b[D中\t", screen) == []
    assert screen.text == "密码:"
    assert type_in(editor, "\r", screen) == [Line("secr中e")]
    assert "secr" not in repr(Line("secr中e"))
    editor.ask("> ", remember=False)
    type_in(editor, "123456\r")  # a one-time code
    screen.write(editor.ask("> ", remember=True))
    assert type_in(editor, "\x1b[A\r") != [Line("123456")]


def test_history() -> None:
    editor, screen = asked()
    for line in ("one", "two", "two", " "):
        type_in(editor, line + "\r")
        editor.ask("> ", remember=True)
    type_in(editor, "draft\x1b[A", screen)
    assert type_in(editor, "\x1b[A\x1b[A\x1b[A") == []
    assert type_in(editor, "\x1b[B\x1b[B\x1b[B\r") == [Line("draft")]
    editor.ask("> ", remember=True)
    assert type_in(editor, "\x10\x10\x10\r") == [Line("one")]
    for number in range(limits.SSH_HISTORY + 5):
        editor.ask("> ", remember=True)
        type_in(editor, f"{number}\r")
    assert len(editor._history) == limits.SSH_HISTORY


def test_completion() -> None:
    names = ("token", "totp", "quit")
    editor = Editor(80, lambda text: [name for name in names if name.startswith(text)])
    screen = Screen(80)
    screen.write(editor.ask("> ", remember=True))
    type_in(editor, "q\t", screen)
    assert screen.text == "> quit"
    type_in(editor, "\x15t\t", screen)
    assert screen.text == "> to"
    type_in(editor, "\t", screen)
    assert screen.text == "token  totp\n> to"
    type_in(editor, "x\t", screen)
    assert screen.bells == 1


def test_what_is_said_meanwhile_stands_above_the_line() -> None:
    editor, screen = asked(columns=10)
    type_in(editor, "a long line that wraps", screen)
    screen.write(editor.show("news\n"))
    assert screen.text == "news\n> a long l\nine that w\nraps"
    type_in(editor, "!", screen)
    assert screen.text.endswith("raps!")


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    editor = Editor()
    assert editor.show("\x1b[2J\x07a\nb") == "⟦U+001B⟧[2J⟦U+0007⟧a\r\nb"
    assert "\x1b[2J" not in editor.ask("\x1b[2J> ")
    _, screen = asked()
    type_in(editor, "a\u202eb\u200b", screen)
    assert screen.text == "> ab"


def test_the_screen_is_cleared() -> None:
    editor, screen = asked()
    type_in(editor, "abc\x1b[D\x0c", screen)
    assert (screen.text, screen.row, screen.column) == ("> abc", 0, 4)


def test_a_line_has_an_end_and_long_pastes_cost_one_picture() -> None:
    editor, _ = asked()
    events = received(editor, "x" * (limits.SSH_LINE + 100))
    assert events.count(BELL) == 1
    shown = received(editor, "\x01" + "\x7fy" * 5000)
    assert sum(len(each) for each in shown if isinstance(each, str)) < 2 * limits.SSH_LINE
    assert type_in(editor, "\r") == [Line("x" * limits.SSH_LINE)]


KEYS = st.sampled_from(
    ["a", "b", " ", "中", "国", "e\u0301", "\x7f", "x\x02\x04", "\x1b[D", "\x1b[C", "\x01", "\x05", "\x17",
     "\x0b", "\x15", "\x1b[A", "\x1b[B", "\x1b[1;5D", "\x1bf", "\x1b[3~", "word", "漢字かな", "👍"]
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(st.lists(KEYS, max_size=6), max_size=12), st.integers(4, 30), st.sampled_from(["> ", "赵> "]))
def test_the_screen_shows_the_line_and_the_cursor_stands_where_it_is(
    pieces: list[list[str]], columns: int, prompt: str
) -> None:
    editor, screen = asked(prompt, columns=columns)
    type_in(editor, "one two\r", Screen(columns))
    screen = Screen(columns)
    screen.write(editor.ask(prompt, remember=True))
    for piece in pieces:
        type_in(editor, "".join(piece), screen)
        whole = Screen(columns)
        whole.write(prompt + editor._text)
        assert screen.text == whole.text
        assert (screen.row, screen.column) == place(prompt + editor._text[: editor._at], columns)


@given(st.text(max_size=60))
def test_any_characters(text: str) -> None:
    editor, screen = asked(columns=12)
    whole: list[Event] = []
    for event in received(editor, text):
        if isinstance(event, str):
            screen.write(event)
        else:
            whole.append(event)
    assert len(whole) <= 1
    assert editor.asking != bool(whole)


# Octets ------------------------------------------------------------------------------------------


@given(st.text(alphabet="aé中国👍", max_size=20), st.lists(st.integers(1, 5), max_size=40))
def test_utf_8_in_any_pieces(text: str, cuts: list[int]) -> None:
    typed, octets, read = Typed(), text.encode(), ""
    for cut in [*cuts, len(octets)]:
        read += typed.read(octets[:cut])
        octets = octets[cut:]
    assert read + typed.read(octets) == text


def test_l14_gbk_is_read_and_then_written() -> None:
    typed = Typed()
    assert typed.read("您好".encode("gbk")) == "您好"
    assert typed.write("好") == "好".encode("gbk")
    assert typed.read("中".encode()) == "中"
    assert typed.write("好") == "好".encode()
    assert Typed("gbk").write("好👍") == "好".encode("gbk") + b"?"


@given(st.lists(st.binary(max_size=10), max_size=6))
def test_any_octets_are_characters(pieces: list[bytes]) -> None:
    typed = Typed()
    for piece in pieces:
        typed.read(piece)
        assert len(typed._half) < 4
