"""An operator's desk: what arrives is shown, what is typed answers who spoke last.

The desk is the terminal that the process was started on; without one it is standard input, so
that a script can be the operator.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from twisted.application import service
from twisted.internet import stdio
from twisted.protocols import basic

from netapp.core import limits, text
from netapp.core.languages import Lang, Phrases

#: Sends the operator's line to one peer; False when that peer has gone.
Answer = Callable[[str], bool]
Peer = tuple[str, int]
_NEWLINE: Final = "\r\n"

PHRASES = Phrases({"nobody": ("(现在没有人可以回复)", "(nobody is there to answer)")})


@dataclass(frozen=True, slots=True)
class Arrived:
    """What somebody has sent, for the operator to see."""

    host: str
    port: int
    text: str


class Desk:
    """Who is answered: who spoke last and waits, then who spoke before that, so that all are.

    When nobody waits, a line goes to who spoke last, if it can take one more.

    :param show: writes one line for the operator to see.
    """

    def __init__(self, show: Callable[[str], object], lang: Lang) -> None:
        self._show, self._lang = show, lang
        self._waiting: OrderedDict[Peer, Answer] = OrderedDict()
        self._last: tuple[Peer, Answer] | None = None

    def arrived(self, what: Arrived, answer: Answer) -> None:
        """Show a message; the next line typed goes to its sender."""
        peer = what.host, what.port
        self._last = peer, answer
        self._waiting.pop(peer, None)
        self._waiting[peer] = answer
        if len(self._waiting) > limits.DESK_WAITING:
            self._waiting.popitem(last=False)
        self.show(what)

    def show(self, what: Arrived) -> None:
        """Show a message that waits for no answer."""
        self._show(f"{what.host}:{what.port} >>> {text.visible(what.text.rstrip(_NEWLINE))}")

    def typed(self, line: str) -> None:
        """The operator has typed a line."""
        several = len(self._waiting) > 1
        while self._waiting:
            peer, answer = self._waiting.popitem()
            if answer(line):
                if several:
                    self._show(f"{peer[0]}:{peer[1]} <<< {line}")
                return
        if self._last is None or not self._last[1](line):
            self._show(PHRASES.say(self._lang, "nobody"))


class DeskInput(basic.LineReceiver):
    """Standard input as the operator's lines."""

    delimiter = b"\n"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def lineReceived(self, line: bytes) -> None:
        self._desk.typed(text.decode(line.rstrip(b"\r"))[0])

    def lineLengthExceeded(self, line: bytes) -> None:
        """Nobody types that much: it is dropped."""


class DeskService(service.Service):
    """The desk on this process's own standard input and output."""

    def __init__(self, lang: Lang, reactor: Any) -> None:
        self.desk = Desk(_show, lang)
        self._reactor = reactor
        self._stdio: Any = None

    def startService(self) -> None:
        super().startService()
        self._stdio = stdio.StandardIO(DeskInput(self.desk), reactor=self._reactor)

    def stopService(self) -> None:
        super().stopService()
        self._stdio.loseConnection()


def _show(line: str) -> None:
    """Past twistd's log, which has taken ``sys.stdout``."""
    assert sys.__stdout__ is not None
    octets = f"{line}\n".encode(sys.__stdout__.encoding, "replace")  # a terminal may lack a peer's characters
    try:
        sys.__stdout__.buffer.write(octets)
        sys.__stdout__.flush()
    except OSError:
        pass  # nobody looks any more; the conversation goes on
