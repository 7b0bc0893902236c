"""An operator's desk: what arrives is shown, what is typed answers who spoke last.

The desk is the terminal that the process was started on, with the commands and the screen of
:mod:`netapp.core.terminal`; without one it is standard input, so that a script can be the operator.
"""

import os
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twisted.application import service
from twisted.internet import stdio
from twisted.protocols import basic

from netapp.core import limits, text
from netapp.core.languages import Lang, Phrases
from netapp.core.terminal.here import usable
from netapp.core.text import Tongue

if TYPE_CHECKING:
    from netapp.core.terminal.guests import DeskTerminal, Guests

Peer = tuple[str, int]
#: Sends the operator's line to one peer, or octets as they are; False when that peer has gone.
Answer = Callable[[str | bytes], bool]
_NEWLINE: Final = "\r\n"

PHRASES = Phrases({"nobody": ("(现在没有人可以回复)", "(nobody is there to answer)")})


@dataclass(frozen=True, slots=True)
class Arrived:
    """What somebody has sent, for the operator to see.

    :param octets: the same as it came.
    :param tongue: how this peer is read and written to.
    :param own: where it has reached us.
    :param stream: it is a connection.
    :param ready: whether more may be sent.
    """

    host: str
    port: int
    text: str = ""
    octets: bytes = b""
    tongue: Tongue | None = None
    own: Peer = ("", 0)
    stream: bool = False
    ready: Callable[[], bool] = field(default=lambda: True)


class Desk:
    """Who is answered: who spoke last and waits, then who spoke before that, so that all are.

    When nobody waits, a line goes to who spoke last, if it can take one more.

    :param show: writes one line for the operator to see.
    """

    def __init__(self, show: Callable[[str], object], lang: Lang) -> None:
        self._show, self._lang = show, lang
        #: The same at a terminal that can be edited on.
        self.guests: Guests | None = None
        self._waiting: OrderedDict[Peer, Answer] = OrderedDict()
        self._last: tuple[Peer, Answer] | None = None

    def arrived(self, what: Arrived, answer: Answer) -> None:
        """Show a message; the next line typed goes to its sender."""
        if self.guests is not None:
            self.guests.arrived(what, answer)
            return
        peer = what.host, what.port
        self._last = peer, answer
        self._waiting.pop(peer, None)
        self._waiting[peer] = answer
        if len(self._waiting) > limits.DESK_WAITING:
            self._waiting.popitem(last=False)
        self.show(what)

    def show(self, what: Arrived) -> None:
        """Show a message that waits for no answer."""
        if self.guests is not None:
            self.guests.arrived(what, None)
            return
        self._show(f"{what.host}:{what.port} >>> {text.visible(what.text.rstrip(_NEWLINE))}")

    def joined(self, what: Arrived, answer: Answer) -> None:
        """A connection stands; of interest where peers can be listed."""
        if self.guests is not None:
            self.guests.joined(what, answer)

    def left(self, what: Arrived) -> None:
        """It has gone."""
        if self.guests is not None:
            self.guests.left(what)

    def told(self, what: Arrived, octets: bytes) -> None:
        """A service has answered by itself."""
        if self.guests is not None:
            self.guests.told(what, octets)

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
    """The desk on this process's own terminal, or standard input and output.

    :param state: the directory in which what was typed is kept for the next time.
    """

    def __init__(self, lang: Lang, reactor: Any, state: Path) -> None:
        self.desk = Desk(_show, lang)
        self._lang, self._reactor, self._state = lang, reactor, state
        self._stdio: Any = None
        self._terminal: DeskTerminal | None = None

    def startService(self) -> None:
        super().startService()
        if usable(os.environ):
            from netapp.core.terminal.guests import DeskTerminal  # which brings prompt_toolkit

            self._terminal = DeskTerminal(self._lang, self._reactor, self._state)
            self.desk.guests = self._terminal.guests
            self._terminal.start()
        else:
            self._stdio = stdio.StandardIO(DeskInput(self.desk), reactor=self._reactor)

    def stopService(self) -> None:
        super().stopService()
        if self._terminal is not None:
            self.desk.guests = None
            self._terminal.stop()
        else:
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
