"""A person at a terminal that can be edited on: the keyboard, the screen and the assistant, as a console."""

import os
import queue
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from netapp.cli import common
from netapp.cli.console import Console, Form
from netapp.core.state import default_state
from netapp.core.terminal.assistant import Assistant
from netapp.core.terminal.commands import completions
from netapp.core.terminal.here import files
from netapp.core.terminal.history import history_of
from netapp.core.terminal.layout import Show
from netapp.core.terminal.lineeditor import LineEditor
from netapp.core.terminal.parties import Party
from netapp.core.text import Tongue

#: What the keyboard says beside lines.
_LEFT: Final = object()
_INTERRUPTED: Final = object()


class Parties(Protocol):
    """A wire, as far as the assistant needs it."""

    empty: bool

    @property
    def peer(self) -> Any: ...

    def parties(self) -> Sequence[Any]: ...


class Person(Console):
    """As a :class:`Console`; what is typed is done by :meth:`do`.

    :param name: of the history: ``tcp`` or ``udp``.
    """

    def __init__(self, name: str, form: Form, show: Show | None) -> None:
        super().__init__()
        self.person = self
        self.form = form
        self._lines: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._reads, self._writes = os.pipe()
        self._wire: Parties | None = None
        self._before: Any = None
        self.editor = LineEditor(
            typed=self._put,
            left=lambda: self._put(_LEFT),
            interrupted=lambda: self._put(_INTERRUPTED),
            hung_up=lambda: self._put(_LEFT),
            complete=self._completions,
            history=history_of(name, default_state(os.environ)),
            environ=os.environ,
        )
        self.assistant = Assistant(self, self.editor, time.time, common.say.lang)
        self.assistant.show_as(show or ("hex" if form.hex else "both"))

    def start(self, wire: Parties) -> None:
        """Take the terminal; a SIGTERM gives it back."""
        self._wire = wire
        self._before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        self.editor.start()
        self.assistant.begin()

    def stop(self) -> None:
        self.editor.stop()
        signal.signal(signal.SIGTERM, self._before)
        os.close(self._writes)
        os.close(self._reads)

    def fileno(self) -> int:
        return self._reads

    def read(self) -> list[str]:
        """The lines that have been typed; sets ``ended``.  :raises KeyboardInterrupt: Ctrl-C."""
        os.read(self._reads, 4096)
        lines: list[str] = []
        with suppress(queue.Empty):
            while not self.ended:
                what = self._lines.get_nowait()
                if what is _INTERRUPTED:
                    raise KeyboardInterrupt
                self.ended = what is _LEFT
                lines += [what] if isinstance(what, str) else []
        return lines

    def do(self, line: str) -> None:
        """Do what a typed line says."""
        self.assistant.typed(line, time.monotonic())

    # What the assistant needs: see netapp.core.terminal.parties.House --------------------------

    def default(self) -> Iterable[Party]:
        assert self._wire is not None
        return [self._wire.peer] if self._wire.peer is not None else []

    def parties(self) -> Sequence[Party]:
        assert self._wire is not None
        return self._wire.parties()

    def octets(self, typed: str, tongue: Tongue, party: Party | None) -> bytes | None:
        assert self._wire is not None
        octets = self.form.octets(typed, tongue)
        return octets if octets or self._wire.empty else None

    def trouble(self, error: OSError, what: object) -> str:
        return common.trouble(error, what)

    def leave(self) -> None:
        self.ended = True

    def _put(self, what: object) -> None:
        self._lines.put(what)
        with suppress(OSError):  # the talk is over
            os.write(self._writes, b"\0")

    def _completions(self, line: str) -> Sequence[tuple[str, int, str]]:
        return completions(line, common.say.lang, peers=self.assistant.peers, files=files)
