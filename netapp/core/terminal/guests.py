"""An operator's desk at a terminal: who has spoken, and the assistant that answers them."""

import errno
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet import error

from netapp.core import limits, text
from netapp.core.addresses import towards
from netapp.core.desk import Answer, Arrived, Peer
from netapp.core.languages import Lang
from netapp.core.terminal.assistant import Assistant
from netapp.core.terminal.commands import completions
from netapp.core.terminal.here import files
from netapp.core.terminal.history import history_of
from netapp.core.terminal.parties import Display, Party
from netapp.core.terminal.words import trouble
from netapp.core.text import Tongue


class Guest:
    """Somebody who has spoken to a service, as the assistant sees them."""

    def __init__(self, what: Arrived, told: Callable[["Guest", bytes], object]) -> None:
        self.name = f"[{what.host}]:{what.port}" if ":" in what.host else f"{what.host}:{what.port}"
        self.place, self.stream = (what.host, what.port), what.stream
        self.own = towards(what.own, self.place)
        fixed = what.tongue is not None and what.tongue.fixed
        self.tongue = Tongue(what.tongue.codec if what.tongue is not None and fixed else "auto")
        self.waits = False
        self.answer: Answer | None = None
        self.ready: Callable[[], bool] = lambda: True
        self._told = told

    def send(self, octets: bytes) -> None:
        """:raises ConnectionAbortedError: it has gone, or was answered already."""
        self.waits = False
        if self.answer is None or not self.answer(octets):
            raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))
        self._told(self, octets)

    def head(self, size: int) -> bytes:
        return b""

    def send_some(self, octets: bytes) -> int:
        if not self.ready():
            return 0
        self.send(octets)
        return len(octets)


class Guests:
    """Who is there, and a clock for the assistant.

    :param stop: ends the process.
    """

    def __init__(
        self, display: Display, wall: Callable[[], float], lang: Lang, clock: Any, stop: Callable[[], object]
    ) -> None:
        self._clock, self._stop, self._lang = clock, stop, lang
        self._guests: OrderedDict[tuple[Peer, bool], Guest] = OrderedDict()  # who spoke last stands last
        self._timer: Any = None
        self.assistant = Assistant(self, display, wall, lang)

    # What services tell ----------------------------------------------------------------------

    def joined(self, what: Arrived, answer: Answer) -> None:
        """A connection stands: the operator may speak first."""
        guest = self._guest(what)
        guest.answer = answer
        self.assistant.opened(guest, by_us=False)

    def left(self, what: Arrived) -> None:
        """A connection has gone."""
        guest = self._guests.pop(((what.host, what.port), what.stream), None)
        if guest is not None:
            guest.answer, guest.waits = None, False
            self.assistant.closed(guest, by_us=False)

    def arrived(self, what: Arrived, answer: Answer | None) -> None:
        """Somebody has spoken.  :param answer: None when nothing is awaited."""
        guest = self._guest(what)
        self._guests.move_to_end((guest.place, guest.stream))
        guest.answer, guest.waits = answer or guest.answer, answer is not None
        self.assistant.received(guest, what.octets)

    def told(self, what: Arrived, octets: bytes) -> None:
        """The service has answered by itself."""
        self.assistant.sent(self._guest(what), octets)

    def typed(self, line: str) -> None:
        self.assistant.typed(line, self._clock.seconds())
        self._sleep()

    def end(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        for guest in self._guests.values():
            if guest.stream:
                self.assistant.closed(guest, by_us=True)
        self.assistant.end()

    # What the assistant needs: see netapp.core.terminal.parties.House -------------------------

    def default(self) -> Iterator[Party]:
        """Who waits, the last first; then who spoke last."""
        newest = list(reversed(self._guests.values()))
        yield from [each for each in newest if each.waits]
        yield from newest[:1]

    def parties(self) -> Sequence[Party]:
        return [each for each in self._guests.values() if each.answer is not None]

    def octets(self, typed: str, tongue: Tongue, party: Party | None) -> bytes | None:
        octets = tongue.write(typed)
        if party is not None and party.stream:
            return octets or None
        return text.cut(octets, limits.PLAIN_ANSWER, tongue.codec)

    def trouble(self, error: OSError, what: object) -> str:
        return trouble(error, what, self._lang)

    def leave(self) -> None:
        self._stop()

    def _guest(self, what: Arrived) -> Guest:
        key = (what.host, what.port), what.stream
        if key not in self._guests:
            self._guests[key] = Guest(what, self.assistant.sent)
            if len(self._guests) > limits.DESK_GUESTS:
                self._guests.popitem(last=False)
        guest = self._guests[key]
        guest.ready = what.ready
        return guest

    def _sleep(self) -> None:
        deadline = self.assistant.deadline
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if deadline < float("inf"):
            self._timer = self._clock.callLater(max(0.0, deadline - self._clock.seconds()), self._tick)

    def _tick(self) -> None:
        self.assistant.tick(self._clock.seconds())
        self._sleep()


class DeskTerminal:
    """The process's terminal as the desk.  :param state: the directory in which its history lies."""

    def __init__(self, lang: Lang, reactor: Any, state: Path) -> None:
        from netapp.core.terminal.lineeditor import LineEditor

        self._reactor = reactor
        self._editor = LineEditor(
            typed=lambda line: reactor.callFromThread(self._typed, line),
            left=lambda: reactor.callFromThread(self._leave),
            interrupted=lambda: reactor.callFromThread(self._leave),
            hung_up=lambda: None,  # the service goes on
            complete=lambda line: completions(line, lang, peers=self.guests.assistant.peers, files=files),
            history=history_of("desk", state),
            environ=os.environ,
        )
        self.guests = Guests(self._editor, time.time, lang, reactor, self._leave)
        self._ended = False

    def start(self) -> None:
        self._editor.start()
        self.guests.assistant.begin()

    def stop(self) -> None:
        self._ended = True
        self.guests.end()
        self._editor.stop()

    def _typed(self, line: str) -> None:
        if not self._ended:
            self.guests.typed(line)

    def _leave(self) -> None:
        with suppress(error.ReactorNotRunning):
            self._reactor.stop()
