"""The shell at a terminal, on a pipe, or for one command: octets and time in, effects out.

At a terminal lines are edited; on a pipe they are lines, and the prompt is left out.  A single
command's answers may come from either.  Nothing is read on while the shell has something done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from netapp.core import limits
from netapp.core.text import visible
from netapp.login.shell import table
from netapp.login.shell.effects import Ask, Do, Effect, End, Picture
from netapp.login.shell.session import Shell
from netapp.login.ssh.editor import Editor, Event, Line, Wish
from netapp.login.ssh.typed import Typed


@dataclass(frozen=True, slots=True)
class Leave:
    """The session is over.  :param status: 0, or 1 when a single command was refused."""

    status: int


class Overlong(Line):
    """A line that is too long to be one."""


class Face(Protocol):
    """What the shell's words look like, and how lines come."""

    asking: bool

    def ask(self, prompt: str, *, hidden: bool = False, remember: bool = False) -> str: ...

    def show(self, text: str) -> str: ...

    def draw(self, picture: str) -> str: ...

    def stop(self) -> str: ...

    def push(self, text: str) -> None: ...

    def finish(self) -> None: ...

    def go_on(self) -> list[Event]: ...


class Pipe:
    """Lines in, lines out, for a client without a terminal."""

    def __init__(self) -> None:
        self.asking = False
        self._input, self._finished, self._dropping = "", False, False

    def ask(self, prompt: str, *, hidden: bool = False, remember: bool = False) -> str:
        """A question is shown on a line of its own; the prompt, whose answers it remembers, is not."""
        self.asking = True
        return "" if remember else self.show(prompt + "\n")

    def show(self, text: str) -> str:
        return visible(text, keep="\n\t")

    def draw(self, picture: str) -> str:
        return picture

    def stop(self) -> str:
        self.asking = False
        return ""

    def push(self, text: str) -> None:
        self._input += text

    def finish(self) -> None:
        """No more will come: what is there is a line."""
        self._finished = True

    def go_on(self) -> list[Event]:
        """The next line, or that there will be none."""
        while self.asking:
            line, newline, rest = self._input.partition("\n")
            if not newline and not self._finished:
                if len(self._input) > limits.LINE:
                    self._input, self._dropping = "", True
                return []
            self._input = rest
            dropped, self._dropping = self._dropping, False
            if newline or line or dropped:
                self.asking = False
                long = dropped or len(line) > limits.LINE
                return [Overlong("") if long else Line(line.removesuffix("\r"))]
            self.asking = False
            return [Wish.LEAVE]
        return []


class Conversation:
    """One session's shell.  ``now`` is seconds, as the reactor counts them.

    :param columns: of the terminal; None where there is none.
    :param command: the one command to run; None for as many as come.
    """

    def __init__(
        self, shell: Shell, typed: Typed, *, columns: int | None = None, command: str | None = None
    ) -> None:
        self._shell, self._typed, self._command = shell, typed, command
        self._face: Face = Editor(columns, completed) if columns is not None else Pipe()
        self._prompt: Ask | None = None
        self._at_prompt = False
        self._left = self._failed = False
        self.paused = False  # the client does not read
        self.more = False  # than was to be said at once: see go_on

    @property
    def deadline(self) -> float:
        """When :meth:`tick` has work."""
        return self._shell.deadline

    @property
    def holding(self) -> bool:
        """Nothing more is taken for now."""
        return (self.more or self.paused or not self._face.asking) and not self._left

    def open(self, now: float) -> "list[Step]":
        """The greeting, or the single command's beginning."""
        effects = self._shell.open(now)
        self._prompt = next(each for each in reversed(effects) if isinstance(each, Ask))
        if self._command is None:
            return self._told(effects, now)
        return self._told(self._shell.line(self._command, now), now)

    def receive(self, octets: bytes, now: float) -> "list[Step]":
        self._face.push(self._typed.read(octets))
        return self._on([], now)

    def finish(self, now: float) -> "list[Step]":
        """The client sends no more, but still reads: what has come is answered first."""
        self._face.finish()
        return self._on([], now)

    def go_on(self, now: float) -> "list[Step]":
        """The client reads again, or has been sent what there was."""
        return self._on([], now)

    def resize(self, columns: int) -> None:
        if isinstance(self._face, Editor):
            self._face.resize(columns)

    def interrupt(self, now: float) -> "list[Step]":
        """The client sends SIGINT, as ^C is at a terminal."""
        return self._told(self._interrupted(now), now)

    def done(self, result: object, now: float) -> "list[Step]":
        """What an operation has given, or raised."""
        return self._told(self._shell.done(result, now), now)

    def tick(self, now: float) -> "list[Step]":
        return self._told(self._shell.tick(now), now)

    def end(self, key: str, now: float) -> "list[Step]":
        """It ends from outside: "revoked", "disabled", "stopping"."""
        return self._told(self._shell.end(key), now)

    # Between the face and the shell ----------------------------------------------------------

    def _told(self, effects: Sequence[Effect], now: float) -> "list[Step]":
        steps: list[Step] = []
        self._show(effects, steps)
        return self._on(steps, now)

    def _on(self, steps: "list[Step]", now: float) -> "list[Step]":
        """Give the shell all that it can take now, as long as the client reads what it says."""
        said = seen = 0
        self.more = False
        while not (self._left or self.paused or self.more) and (events := self._face.go_on()):
            for event in events:
                if isinstance(event, str):
                    steps.append(self._typed.write(event))
                elif not self._left:
                    self._show(self._heard(event, now), steps)
            said += sum(len(each) for each in steps[seen:] if isinstance(each, bytes))
            seen = len(steps)
            self.more = said >= limits.SSH_AT_ONCE
        return steps

    def _heard(self, event: Line | Wish, now: float) -> list[Effect]:
        if isinstance(event, Overlong):
            return self._shell.overlong(now)
        if isinstance(event, Line):
            return self._shell.line(event.text, now)
        if event is Wish.INTERRUPT or not self._at_prompt:
            return self._interrupted(now)
        if isinstance(self._face, Pipe):
            return [End("quit")]
        return self._shell.line("quit", now)

    def _interrupted(self, now: float) -> list[Effect]:
        effects = self._shell.interrupt(now)
        self._failed = bool(effects)  # what is being done takes its time, and its own end
        return effects

    def _show(self, effects: Sequence[Effect], steps: "list[Step]") -> None:
        if effects and isinstance(effects[-1], End):
            steps.append(self._typed.write(self._face.stop()))
        for effect in effects:
            if self._left:
                return
            if isinstance(effect, str):
                steps.append(self._typed.write(self._face.show(effect)))
            elif isinstance(effect, Picture):
                drawn = effect.text if _has(self._typed.codec, effect.text) else effect.spaces
                steps.append(self._typed.write(self._face.draw(drawn)))
            elif isinstance(effect, Ask):
                self._ask(effect, steps)
            elif isinstance(effect, End):
                steps += self._over(0 if effect.reason == "quit" else 1)
            else:
                steps.append(effect)

    def _ask(self, ask: Ask, steps: "list[Step]") -> None:
        self._at_prompt = ask == self._prompt
        if self._at_prompt and self._command is not None:
            steps += self._over(int(self._failed or self._shell.failed))
            return
        shown = self._face.ask(ask.text, hidden=ask.hidden, remember=self._at_prompt)
        steps.append(self._typed.write(shown))

    def _over(self, status: int) -> "list[Step]":
        self._left = True
        return [Leave(status)]


#: What the conversation has its carrier do: send octets, perform an operation, or end it.
Step = bytes | Do | Leave

_NAMES: Final = tuple(name for each in table.COMMANDS for name in (*each.names[:1], *each.chinese))


def completed(text: str) -> list[str]:
    """The commands that a line's beginning may become."""
    return [name for name in _NAMES if name.startswith(text)] if " " not in text else []


def _has(codec: str, text: str) -> bool:
    """Whether an encoding has all characters of a text."""
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
