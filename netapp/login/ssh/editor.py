"""One line at a terminal in raw mode: characters in, what the terminal must show and lines out.

The keys are Emacs's and the arrows, as everybody's shell has them.  The line may be wider than the
terminal, and its characters one column wide, or two, as Chinese ones are, or none.

Source: ECMA-48 for the terminal's sequences.
"""

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from netapp.core import limits
from netapp.core.cells import width
from netapp.core.text import visible
from netapp.login.ssh.screen import place, shown, up

BELL: Final = "\a"
_CLEAR: Final = "\x1b[H\x1b[2J"
#: A sequence that has come whole, and one of which more may come.
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]{0,30}[ -/]{0,4}[@-~]|O[@-~]|[^\x00-\x1f\[O]|(?=[\x00-\x1f]))")
_UNFINISHED: Final = re.compile(r"\x1b(?:O|\[[0-?]{0,30}[ -/]{0,4})?\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """A line has been typed."""

    text: str = field(repr=False)


class Wish(Enum):
    INTERRUPT = "interrupt"  # ^C
    LEAVE = "leave"  # ^D on an empty line


#: What the terminal must show, a line, or a wish.
Event = str | Line | Wish


class Editor:
    """A terminal's line.  Between a line and the next :meth:`ask` nothing is taken but ^C.

    :param complete: the beginning of a line to what it may become.
    """

    def __init__(self, columns: int = 80, complete: Callable[[str], Sequence[str]] | None = None) -> None:
        self.columns = columns
        self.asking = False
        self._complete = complete or (lambda text: ())
        self._input = ""
        self._after_cr = self._finished = False
        self._prompt, self._hidden, self._remember = "", False, False
        self._text, self._at = "", 0
        self._shown, self._shown_at = "", 0  # what stands on the screen, and where its cursor is
        self._history: deque[str] = deque(maxlen=limits.SSH_HISTORY)
        self._recalled, self._draft = 0, ""

    # What is shown ---------------------------------------------------------------------------

    def ask(self, prompt: str, *, hidden: bool = False, remember: bool = False) -> str:
        """Begin a line.  :param remember: what is typed is for the history.  :returns: what to show."""
        before, newline, last = prompt.rpartition("\n")
        self.asking = True
        self._prompt, self._hidden, self._remember = visible(last), hidden, remember
        self._text, self._at, self._recalled, self._draft = "", 0, 0, ""
        self._shown, self._shown_at = "", 0
        return shown(before + newline) + self._refresh()

    def show(self, text: str) -> str:
        """Have text stand above the line.  :returns: what to show."""
        if not self.asking:
            return shown(text)
        erased = self._to_start() + "\x1b[J" if self._shown else ""
        self._shown, self._shown_at = "", 0
        text = text if text.endswith("\n") else text + "\n"
        return erased + shown(text) + self._refresh()

    def stop(self) -> str:
        """Ask no more: what is shown from now on comes after the line.  :returns: what to show."""
        if not self.asking:
            return ""
        self._at, self.asking = len(self._text), False
        return self._refresh()

    def draw(self, picture: str) -> str:
        """A picture of our own, whose colours the terminal is to obey.  :returns: what to show."""
        return picture.replace("\n", "\r\n")

    def resize(self, columns: int) -> None:
        """The terminal has wrapped what it shows anew, each in its own way: nothing is redrawn."""
        self.columns = columns

    def push(self, text: str) -> None:
        """Characters were typed, in any pieces."""
        self._input += text

    def finish(self) -> None:
        """The terminal has gone: who is asked leaves, once all that was typed is taken."""
        self._finished = True

    def go_on(self) -> list[Event]:
        """Take what has been typed, up to the end of a line: again until there is nothing."""
        if not self.asking:
            _, found, after = self._input.rpartition("\x03")
            self._input = after
            return [Wish.INTERRUPT] if found else []
        events: list[Event] = []
        while self.asking and self._input and not _UNFINISHED.match(self._input):
            sequence = _SEQUENCE.match(self._input)
            key = sequence[0] if sequence is not None else self._input[0]
            self._input = self._input[len(key) :]
            self._press(key, events)
        if self.asking:
            events.append(self._refresh())
            if self._finished:
                self.asking = False
                events.append(Wish.LEAVE)
        return [each for each in events if each != ""]

    # Keys ------------------------------------------------------------------------------------

    def _press(self, key: str, events: list[Event]) -> None:
        after_cr, self._after_cr = self._after_cr, key == "\r"
        if key in "\r\n":
            if key == "\r" or not after_cr:
                self._end(events)
        elif key == "\x03":
            self._at = len(self._text)
            self.asking = False
            events += [self._refresh() + "^C", Wish.INTERRUPT]
        elif key == "\x04" and not self._text:
            self.asking = False
            events += [self._refresh() + "\r\n", Wish.LEAVE]
        elif key == "\t":
            self._tab(events)
        elif key == "\x0c":
            self._shown, self._shown_at = "", 0
            events.append(_CLEAR + self._refresh())
        elif (action := _ACTIONS.get(key)) is not None:
            action(self)
        elif visible(key) == key:
            self._insert(key, events)

    def _end(self, events: list[Event]) -> None:
        self._at = len(self._text)
        events += [self._refresh() + "\r\n", Line(self._text)]
        self.asking = False
        is_new = not self._history or self._history[-1] != self._text
        if self._remember and self._text.strip() and is_new:
            self._history.append(self._text)

    def _insert(self, char: str, events: list[Event]) -> None:
        if len(self._text) >= limits.SSH_LINE:
            if BELL not in events:
                events.append(BELL)
            return
        self._text = self._text[: self._at] + char + self._text[self._at :]
        self._at += 1

    def _tab(self, events: list[Event]) -> None:
        if self._hidden or not self._remember or self._at != len(self._text):
            return
        found = sorted(self._complete(self._text))
        longest = _common(found)
        if len(found) == 1:
            self._text = found[0] + " "
        elif len(longest) > len(self._text):
            self._text = longest
        elif found:
            events.append(self.show("  ".join(found)))
        else:
            events.append(BELL)
        self._at = len(self._text)

    def _cut(self, start: int, end: int) -> None:
        self._text = self._text[:start] + self._text[end:]
        self._at = start

    def _left(self) -> int:
        """Where the character before the cursor begins, with what stands upon it."""
        at = self._at - 1
        while at > 0 and width(self._text[at]) == 0:
            at -= 1
        return max(at, 0)

    def _right(self) -> int:
        at = self._at + 1
        while at < len(self._text) and width(self._text[at]) == 0:
            at += 1
        return min(at, len(self._text))

    def _word_left(self) -> int:
        before = self._text[: self._at].rstrip()
        return len(before) - len(before.split(" ")[-1])

    def _word_right(self) -> int:
        after = self._text[self._at :]
        word = after.lstrip()
        return self._at + len(after) - len(word) + len(word.split(" ")[0])

    def _recall(self, step: int) -> None:
        """Go back in history, or forth to what was being typed."""
        if not self._remember or not 0 <= self._recalled + step <= len(self._history):
            return
        if self._recalled == 0:
            self._draft = self._text
        self._recalled += step
        self._text = self._history[-self._recalled] if self._recalled else self._draft
        self._at = len(self._text)

    # The screen ------------------------------------------------------------------------------

    def _refresh(self) -> str:
        """What makes the screen show the line as it is now."""
        text = self._prompt + ("" if self._hidden else self._text)
        at = len(text) if self._hidden else len(self._prompt) + self._at
        if (text, at) == (self._shown, self._shown_at):
            return ""
        added = text[len(self._shown) :]
        at_end = self._shown_at == len(self._shown) and at == len(text)
        grown = at_end and text.startswith(self._shown)
        out = added if grown else f"{self._to_start()}\x1b[J{text}"
        row, column = place(text, self.columns)
        if row and not column:
            out += " \r"  # terminals wrap only when one character more has come
        if at != len(text):
            wanted_row, wanted = place(text[:at], self.columns)
            out += up(row - wanted_row) + "\r" + (f"\x1b[{wanted}C" if wanted else "")
        self._shown, self._shown_at = text, at
        return out

    def _to_start(self) -> str:
        row, _ = place(self._shown[: self._shown_at], self.columns)
        return up(row) + "\r"


def _common(names: Sequence[str]) -> str:
    """The beginning that all have in common."""
    if not names:
        return ""
    first, last = min(names), max(names)
    same = (index for index, char in enumerate(first) if last[index : index + 1] != char)
    return first[: next(same, len(first))]


def _moves(to: Callable[[Editor], int]) -> Callable[[Editor], None]:
    return lambda editor: setattr(editor, "_at", to(editor))


def _cuts(span: Callable[[Editor], tuple[int, int]]) -> Callable[[Editor], None]:
    return lambda editor: editor._cut(*span(editor))


_HOME: Final = _moves(lambda editor: 0)
_TO_END: Final = _moves(lambda editor: len(editor._text))
_BACK: Final = _moves(lambda editor: editor._left())
_FORTH: Final = _moves(lambda editor: editor._right())
_BACK_WORD: Final = _moves(lambda editor: editor._word_left())
_FORTH_WORD: Final = _moves(lambda editor: editor._word_right())
_ERASE: Final = _cuts(lambda editor: (editor._left(), editor._at))
_DELETE: Final = _cuts(lambda editor: (editor._at, editor._right()))
_CUT_WORD: Final = _cuts(lambda editor: (editor._word_left(), editor._at))


def _keys(action: Callable[[Editor], None], *keys: str) -> dict[str, Callable[[Editor], None]]:
    return dict.fromkeys(keys, action)


_ACTIONS: Final = {
    **_keys(_ERASE, "\x7f", "\b"),
    **_keys(_DELETE, "\x04", "\x1b[3~"),
    **_keys(_CUT_WORD, "\x17", "\x1b\x7f"),
    **_keys(_cuts(lambda editor: (0, editor._at)), "\x15"),
    **_keys(_cuts(lambda editor: (editor._at, len(editor._text))), "\x0b"),
    **_keys(_HOME, "\x01", "\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"),
    **_keys(_TO_END, "\x05", "\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"),
    **_keys(_BACK, "\x02", "\x1b[D", "\x1bOD"),
    **_keys(_FORTH, "\x06", "\x1b[C", "\x1bOC"),
    **_keys(_BACK_WORD, "\x1bb", "\x1b[1;5D", "\x1b[1;3D"),
    **_keys(_FORTH_WORD, "\x1bf", "\x1b[1;5C", "\x1b[1;3C"),
    **_keys(lambda editor: editor._recall(1), "\x10", "\x1b[A", "\x1bOA"),
    **_keys(lambda editor: editor._recall(-1), "\x0e", "\x1b[B", "\x1bOB"),
}
