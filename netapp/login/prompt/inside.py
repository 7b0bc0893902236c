"""The shell over the prompt's connection: lines of octets to the shell's text, and back."""

import math
from collections.abc import Sequence

from netapp.core.lines import Item, LineReader, Reply
from netapp.core.sessions import Close, Effect, Session
from netapp.core.text import Tongue
from netapp.login.prompt.effects import Left
from netapp.login.shell.effects import Ask, Do, End, Picture
from netapp.login.shell.effects import Effect as ShellEffect
from netapp.login.shell.session import Shell


class Inside(Session):
    """One visitor's connection, once they are in.

    :param left: what the prompt has read and not taken.
    """

    def __init__(self, shell: Shell, tongue: Tongue, left: Left) -> None:
        self._shell, self._tongue, self._left = shell, tongue, left
        self._reader: LineReader = left.reader
        self._finished = left.finished
        self.deadline = math.inf

    def open(self, now: float) -> Sequence[Effect]:
        effects = self._shown(self._shell.open(now))
        for line in self._left.lines:
            effects += self._line(line, now)
        if self._left.flooded:
            effects += self._shown(self._shell.flood())
        return self._settled(effects)

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        effects = list(self._heard(self._reader.receive(data, now), now))
        if not self._reader.interrupted():
            return effects
        shown = self._reader.show()
        return self._settled([*effects, shown, *self._shown(self._shell.interrupt(now))])

    def tick(self, now: float) -> Sequence[Effect]:
        effects = list(self._heard(self._reader.tick(now), now))
        return self._settled(effects + self._shown(self._shell.tick(now)))

    def finish(self, now: float) -> Sequence[Effect]:
        self._finished = True
        return self._heard(self._reader.finish(), now)

    def done(self, result: object, now: float) -> Sequence[Effect]:
        """What an operation has given, or raised."""
        return self._settled(self._shown(self._shell.done(result, now)))

    def end(self, key: str, now: float) -> Sequence[Effect]:
        """The session is over, for a reason that the shell has words for."""
        return self._settled(self._shown(self._shell.end(key)))

    def _heard(self, items: Sequence[Item], now: float) -> Sequence[Effect]:
        effects: list[Effect] = []
        for item in items:
            if isinstance(item, Reply):
                effects.append(item.octets)
            else:
                effects += self._line(item if isinstance(item, bytes) else None, now)
        return self._settled(effects)

    def _line(self, line: bytes | None, now: float) -> list[Effect]:
        shown = self._reader.show()
        effects: list[Effect] = [shown] if shown else []
        if line is None:
            return effects + self._shown(self._shell.overlong(now))
        return effects + self._shown(self._shell.line(self._tongue.read(line), now))

    def _shown(self, steps: Sequence[ShellEffect]) -> list[Effect]:
        effects: list[Effect] = []
        for step in steps:
            if isinstance(step, str):
                effects.append(self._write(step))
            elif isinstance(step, Ask):
                hide = self._reader.hide() if step.hidden else b""
                effects.append(hide + self._write(step.text))
            elif isinstance(step, Picture):
                effects.append(self._write(step.text if self._tongue.codec == "utf-8" else step.spaces))
            elif isinstance(step, Do):
                effects.append(step)
            elif isinstance(step, End):
                effects += [self._reader.show(), Close(step.reason)]  # a terminal shows again
        return effects

    def _write(self, text: str) -> bytes:
        """A telnet's new line is CR LF (RFC 854); nc shows what it gets."""
        return self._tongue.write(text.replace("\n", "\r\n") if self._reader.is_telnet else text)

    def _settled(self, effects: list[Effect]) -> Sequence[Effect]:
        closing = any(isinstance(effect, Close) for effect in effects)
        if self._finished and not closing and not self._shell.busy:
            effects.append(Close("done"))
        self.deadline = min(self._shell.deadline, self._reader.deadline)
        return effects
