"""The shell's rules: one line is a command, a command writes, asks and has things done, and again.

::

    open --> READY --line--> RUNNING --Ask--> ASKED --line--> RUNNING --Do--> DOING --done--> RUNNING
               ^                |
               +--- its end ----+

Lines that come in RUNNING's and DOING's time wait, not more than a few; whoever sends more has those
taken, and then it ends.  Whoever carries the shell,
the prompt or SSH, performs its effects and tells it lines, results and the time.
"""

import math
from collections import deque
from collections.abc import Iterable

from netapp.core import limits
from netapp.core.languages import Speaker
from netapp.core.text import visible
from netapp.errors import Busy, StateError
from netapp.login.shell import table
from netapp.login.shell.commands import Here, Misused, Script
from netapp.login.shell.effects import Ask, Do, Effect, End, Picture
from netapp.login.shell.words import PHRASES
from netapp.people.model import Refused

__all__ = ["PHRASES", "Ask", "Do", "Effect", "End", "Picture", "Shell"]


class Shell:
    """What one visitor types and gets.  ``now`` is seconds, as the reactor counts them.

    :param say: speaks :data:`PHRASES`.
    :param account_name: whose shell it is.
    """

    def __init__(self, say: Speaker, account_name: str) -> None:
        self._here = Here(say, visible(account_name))
        self._script: Script | None = None
        self._command: table.Command | None = None
        self._doing = False
        self._lines: deque[str] = deque()
        self._typed = self._expires = math.inf
        self._ended = self._flooded = False

    @property
    def busy(self) -> bool:
        """Something is being done, whose answer who has finished typing still waits for."""
        return self._doing and not self._ended

    @property
    def failed(self) -> bool:
        """The last command has not done what it is for: it is unknown, misused, refused, cancelled."""
        return self._here.failed

    @property
    def deadline(self) -> float:
        """When :meth:`tick` has work."""
        return math.inf if self._ended else min(self._typed + limits.SHELL_IDLE, self._expires)

    def open(self, now: float) -> list[Effect]:
        """The greeting and the first prompt."""
        self._typed, self._expires = now, now + limits.SHELL_TOTAL
        return [self._here.say("greeting", name=self._here.name), self._prompt()]

    def line(self, text: str, now: float) -> list[Effect]:
        """A line has been typed, whose end is taken off."""
        if self._ended:
            return []
        self._typed = now
        if self._doing:
            if len(self._lines) >= limits.SHELL_LINES:
                self._flooded = True
            if not self._flooded:
                self._lines.append(text)
            return []
        return self._settled(self._take(text))

    def flood(self) -> list[Effect]:
        """More lines have come than may wait: the ones that do are taken, and then it ends."""
        self._flooded = True
        return self._settled([])

    def overlong(self, now: float) -> list[Effect]:
        """A line has been typed that is too long to be one."""
        if self._ended:
            return []
        self._typed = now
        if self._doing:
            return []
        self._drop()
        return [self._here.fail("overlong"), self._prompt()]

    def done(self, result: object, now: float) -> list[Effect]:
        """What the operation under way has given, or the exception that it has raised."""
        if self._ended:
            return []
        if not self._doing:
            raise StateError("a result that nobody waits for")
        self._doing = False
        if isinstance(result, Refused) and result.key == "session over":
            return self.end("revoked")
        return self._settled(self._go_on(result))

    def interrupt(self, now: float) -> list[Effect]:
        """^C: back to the prompt, but for what is being done, which takes its time."""
        if self._doing or self._ended:
            return []
        self._typed = now
        self._drop()
        return ["\n", self._prompt()]

    def tick(self, now: float) -> list[Effect]:
        """Time has passed."""
        if now < self.deadline:
            return []
        return self.end("total" if now >= self._expires else "idle")

    def end(self, key: str) -> list[Effect]:
        """It ends, for a reason from outside that has a phrase: "revoked", "disabled"."""
        if self._ended:
            return []
        self._ended = True
        self._drop()
        self._lines.clear()
        return [self._here.say(key), End(key)]

    # Scripts ---------------------------------------------------------------------------------

    def _settled(self, effects: list[Effect]) -> list[Effect]:
        """Take the lines that wait, as far as they can be taken now."""
        while self._lines and not self._doing and not self._ended:
            effects += self._take(self._lines.popleft())
        if self._flooded and not self._doing:
            effects += self.end("flood")
        return effects

    def _take(self, text: str) -> list[Effect]:
        if self._script is not None:
            return self._go_on(text)
        words = text.split()
        if not words:
            return [self._prompt()]
        self._here.failed = False
        self._command = table.find(words[0])
        if self._command is None:
            return [table.unknown(self._here, words[0]), self._prompt()]
        self._script = self._command.run(self._here, words[1:])
        return self._go_on(None)

    def _go_on(self, value: object) -> list[Effect]:
        """Run the script until it asks, has something done, or ends."""
        effects: list[Effect] = []
        script, command = self._script, self._command
        assert script is not None
        assert command is not None
        try:
            step = script.throw(value) if isinstance(value, Exception) else script.send(value)
            while True:
                effects.append(step)
                if isinstance(step, Ask):
                    return effects
                if isinstance(step, Do):
                    self._doing = True
                    return effects
                if isinstance(step, End):
                    self._ended = True
                    self._drop()
                    return effects
                step = script.send(None)
        except StopIteration:
            pass
        except Misused:
            effects.append(self._here.fail("usage", usage=table.usage(self._here, command)))
        except Refused as refused:
            effects.append(self._here.fail("refused", reason=visible(refused.say(self._here.say.lang))))
        except Busy:
            effects.append(self._here.fail("busy"))
        except Exception as fault:
            if fault is not value:
                raise  # ours
            effects.append(self._here.fail("unavailable"))  # whoever performs operations has logged it
        self._script = None
        return [*effects, self._prompt()]

    def _drop(self) -> None:
        script, self._script = self._script, None
        if script is not None:
            script.close()

    def _prompt(self) -> Ask:
        return Ask(self._here.say("prompt", name=self._here.name))


def written(effects: Iterable[Effect]) -> str:
    """The text among effects, as a terminal shows it; for tests and logs."""
    return "".join(
        each if isinstance(each, str) else each.text
        for each in effects
        if isinstance(each, str | Ask | Picture)
    )
