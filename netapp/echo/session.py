"""The rules of the answering machine, for streams and datagrams alike.

A chunk is what one read gave: the tutorials' programs take it for a message, and so do we here.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from netapp.core import limits, text
from netapp.core.sessions import Close, Effect, Session
from netapp.errors import ConfigError

#: What a template may name: the text that came, the peer's address and port, the time of day, and
#: how many answers were given before, counted from 1.
FIELDS: Final = ("data", "host", "port", "time", "count")
_FIELD: Final = re.compile(r"\{(\w+)\}")


class Template:
    """A reply's text.  ``str.format`` is not for it: a template is not a program.

    :raises ConfigError: it names a field that there is not.
    """

    def __init__(self, template: str) -> None:
        for name in _FIELD.findall(template):
            if name not in FIELDS:
                raise ConfigError(f"--reply: unknown field {{{name}}}; there are {', '.join(FIELDS)}")
        self._template = template
        self.is_echo = template == "{data}"

    def fill(self, **fields: object) -> str:
        return _FIELD.sub(lambda match: str(fields[match[1]]), self._template)


@dataclass(frozen=True, slots=True)
class Show:
    """Let the operator see what this peer has sent."""

    text: str
    octets: bytes = field(default=b"", compare=False)


class Answers:
    """Answers in one listener's manner.

    :param time_of_day: gives the time as a reply shows it.
    """

    def __init__(self, template: Template, time_of_day: Callable[[], str]) -> None:
        self._template, self._time = template, time_of_day
        self.count = 0

    def answer(self, data: bytes, host: str, port: int, tongue: text.Tongue) -> bytes:
        self.count += 1
        if self.gives_back(tongue):
            return data
        filled = self._template.fill(
            data=tongue.read(data), host=host, port=port, time=self._time(), count=self.count
        )
        return tongue.write(filled)

    def datagram(self, data: bytes, host: str, port: int, tongue: text.Tongue) -> bytes:
        """As :meth:`answer`; a text that we made is cut where a tutorial's program would."""
        octets = self.answer(data, host, port, tongue)
        return octets if self.gives_back(tongue) else text.cut(octets, limits.PLAIN_ANSWER, tongue.codec)

    def gives_back(self, tongue: text.Tongue) -> bool:
        """Whether the very octets go back (RFC 862); not if they are to be written in one encoding."""
        return self._template.is_echo and not tongue.fixed


class EchoSession(Session):
    """One peer on a stream.  With an operator, chunks are shown and answers come from elsewhere."""

    def __init__(
        self, answers: Answers, tongue: text.Tongue, peer: tuple[str, int], *, once: bool, operator: bool
    ) -> None:
        self._answers, self.tongue, self._peer = answers, tongue, peer
        self._once, self._operator = once, operator
        self._finished = False

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        if self._operator:
            return [Show(self.tongue.read(data), data)]
        answer = self._answers.answer(data, *self._peer, self.tongue)
        return [answer, Close("answered once")] if self._once else [answer]

    def finish(self, now: float) -> Sequence[Effect]:
        self._finished = True
        return () if self._operator else (Close("the peer has finished"),)

    def typed(self, line: str | bytes, now: float) -> Sequence[Effect]:
        """The operator has answered this peer, by octets where they are to stay as they are."""
        octets = line if isinstance(line, bytes) else self.tongue.write(line)
        return [octets, Close("answered once")] if self._once or self._finished else [octets]
