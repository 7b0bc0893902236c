"""What goes on by itself while a person does other things: a text again and again, files in pieces.

Time is told to it; the caller sleeps until ``deadline`` and calls :meth:`Errands.tick`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from netapp.core.languages import Lang
from netapp.core.terminal.parties import Party
from netapp.core.terminal.transfer import Transfer
from netapp.core.terminal.words import PHRASES


@dataclass
class Repetition:
    """A text that goes out every so many seconds."""

    text: str
    seconds: float
    due: float
    count: int = 0


class Errands:
    """One repetition, and a file for each party.

    :param send: sends a text; False when it has reached nobody.
    :param trouble: the reason of a failure, in the user's words.
    :param note: says something to the person.
    :param carried: is told of each piece of a file that has gone.
    """

    def __init__(
        self,
        send: Callable[[str], bool],
        trouble: Callable[[OSError, object], str],
        note: Callable[[str], object],
        carried: Callable[[Transfer, bytes], object],
        lang: Lang,
    ) -> None:
        self._send, self._trouble, self._note, self._carried = send, trouble, note, carried
        self._say = PHRASES.speaker(lang)
        self._repetition: Repetition | None = None
        self._transfers: list[Transfer] = []

    @property
    def deadline(self) -> float:
        """When :meth:`tick` has work, or infinity."""
        due = [self._repetition.due] if self._repetition is not None else []
        return min([*due, *(each.due for each in self._transfers)], default=math.inf)

    def carries(self, party: Party) -> bool:
        """Whether this party is being sent a file."""
        return any(each.party is party for each in self._transfers)

    def progress(self) -> list[str]:
        """How far things are, each in a few words."""
        parts = [f"{each.path.name} {each.percent}%" for each in self._transfers]
        if (repetition := self._repetition) is not None:
            parts.append(self._say("repeating", seconds=repetition.seconds, count=repetition.count))
        return parts

    def repeat(self, text: str, seconds: float, now: float) -> None:
        """Send it now and every so many seconds, in place of what was repeated before."""
        self._repetition = Repetition(text, seconds, now)

    def carry(self, path: Path, party: Party, now: float) -> None:
        """Begin to send a file."""
        if self.carries(party):
            self._note(self._say("busy", name=party.name))
            return
        try:
            self._transfers.append(Transfer(path, party, now))
        except OSError as error:
            self._note(self._trouble(error, path))

    def stop(self) -> bool:
        """End all of it.  :returns: whether there was anything."""
        was = self._repetition is not None or bool(self._transfers)
        self._end_repetition()
        for transfer in list(self._transfers):
            self._give_up(transfer)
        return was

    def end(self) -> None:
        """As :meth:`stop`, without a word."""
        for transfer in self._transfers:
            transfer.close()
        self._repetition, self._transfers = None, []

    def tick(self, now: float) -> None:
        """Do what is due."""
        repetition = self._repetition
        if repetition is not None and now >= repetition.due:
            repetition.due = max(repetition.due + repetition.seconds, now)
            if self._send(repetition.text):
                repetition.count += 1
            else:
                self._end_repetition()
        for transfer in [each for each in self._transfers if now >= each.due]:
            self._go_on(transfer, now)

    def _end_repetition(self) -> None:
        repetition, self._repetition = self._repetition, None
        if repetition is not None:
            self._note(self._say("stopped", count=repetition.count))

    def _go_on(self, transfer: Transfer, now: float) -> None:
        try:
            octets = transfer.go_on(now)
        except OSError as error:
            self._note(self._trouble(error, transfer.party.name))
            self._give_up(transfer)
            return
        if transfer.whole:
            self._transfers.remove(transfer)
            transfer.close()
        self._carried(transfer, octets)

    def _give_up(self, transfer: Transfer) -> None:
        self._transfers.remove(transfer)
        transfer.close()
        self._note(self._say("given up", file=transfer.path.name, done=transfer.done, size=transfer.size))
