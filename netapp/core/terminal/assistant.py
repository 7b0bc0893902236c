"""The talk of a person at a terminal: does what the commands say, shows and records what crosses.

It carries no octets itself: a :class:`House` has the parties, a :class:`Display` is the terminal.
Time is told to it, as to a session: the caller sleeps until ``deadline`` and calls :meth:`tick`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from netapp.core import limits
from netapp.core.languages import Lang
from netapp.core.terminal import commands, layout, record
from netapp.core.terminal.errands import Errands
from netapp.core.terminal.layout import Manner, Message, Show, painted, render
from netapp.core.terminal.parties import Display, House, Numbers, Party
from netapp.core.terminal.record import Event, Kind, Record
from netapp.core.terminal.tongues import Tongues
from netapp.core.terminal.transfer import Transfer
from netapp.core.terminal.words import PHRASES, Askers
from netapp.core.text import ENCODINGS, Tongue, visible


class Assistant:
    """One talk.

    :param trouble: the reason of a failure, in the user's words.
    """

    tells = True

    def __init__(self, house: House, display: Display, wall: Callable[[], float], lang: Lang) -> None:
        self._house, self._display = house, display
        self.record = Record(wall, self._unsaved)
        self._say = PHRASES.speaker(lang)
        self._layout, self._commands = layout.PHRASES.speaker(lang), commands.PHRASES.speaker(lang)
        self._manner = Manner(limit=limits.TERMINAL_DUMPED)
        self._tongues = Tongues()
        self._askers = Askers()
        self._numbers = Numbers()
        self._to: Party | str = "auto"
        self._errands = Errands(self._send, house.trouble, self.note, self._carried, lang)

    def begin(self) -> None:
        """The terminal is there."""
        self.note(self._say("hint"))
        self.stand()

    # What crosses ----------------------------------------------------------------------------

    def opened(self, party: Party, *, by_us: bool) -> None:
        self._came_or_went("opened", party, by_us)
        self.stand()

    def closed(self, party: Party, *, by_us: bool) -> None:
        self._came_or_went("closed", party, by_us)
        self._askers.left(party.name)
        if self._to is party and not by_us:
            self._to = "auto"
            self.note(self._say("to", name=self._say("auto")))
        self.stand()

    def _came_or_went(self, kind: Kind, party: Party, by_us: bool) -> None:
        when = self.record.now()
        self.record.add(Event(when, kind, party, by_us=by_us))
        if not by_us:
            text = record.PHRASES.speaker(self._say.lang)(kind, name=party.name)
            self.note(f"{layout.clock(when)} {text}")

    def received(self, party: Party, octets: bytes) -> None:
        """A message has come."""
        self._tongues.heard(party, octets)
        self._askers.heard(party.name, layout.read(octets[-200:], "auto"))
        self._crossed("received", party, octets)

    def sent(self, party: Party, octets: bytes) -> None:
        """A message has gone."""
        if not self._errands.carries(party):  # what it carries is told of as a whole
            self._crossed("sent", party, octets)

    def _crossed(self, kind: Kind, party: Party, octets: bytes) -> None:
        head = party.head(len(octets))
        event = Event(self.record.now(), kind, party, head + octets, len(head))
        self.record.add(event)
        self._show(Message(event.when, kind == "sent", party.name, octets))
        self.stand()

    def _show(self, message: Message) -> None:
        display = self._display
        manner = replace(
            self._manner, width=display.width, plain=display.plain, encoding=self._tongues.encoding or "auto"
        )
        display.show(painted(render(message, manner, self._layout), colour=display.colour))

    def note(self, line: str) -> None:
        """Say something that nobody has sent."""
        self._display.show(visible(line) + "\n")

    # What is typed ---------------------------------------------------------------------------

    def typed(self, line: str, now: float) -> None:
        """A line has been typed; ``now`` is seconds on a clock that only rises."""
        try:
            what = commands.parse(line, self._commands)
            if isinstance(what, commands.Text):
                self._askers.answered()
                self._send(what.text)
            else:
                _DOES[what.name](self, what, now)
        except ValueError as error:  # no command, or no hex
            self.note(str(error))
        self.stand()

    def _send(self, text: str) -> bool:
        """:raises ValueError: it is no hex."""
        return self._deliver(lambda party: self._house.octets(text, self._tongues.of(party), party))

    def _deliver(self, make: Callable[[Party], bytes | None]) -> bool:
        """:returns: whether somebody was reached, or need not be."""
        reached = False
        for party in self._targets():
            if self._errands.carries(party):
                self.note(self._say("busy", name=party.name))
                return False
            octets = make(party)
            if octets is None:
                return True
            try:
                party.send(octets)
            except ConnectionAbortedError:  # nobody waits there: the next one, then
                continue
            except OSError as error:
                self.note(self._house.trouble(error, party.name))
            else:
                reached = True
            if self._to != "all":
                return reached
        if not reached:
            self.note(self._say("nobody"))
        return reached

    def _targets(self) -> Iterable[Party]:
        if self._to == "all":
            return list(self._house.parties())
        return self._house.default() if isinstance(self._to, str) else [self._to]

    # Commands --------------------------------------------------------------------------------

    def _help(self, what: commands.Do, now: float) -> None:
        for line in commands.explained(self._commands):
            self.note(line)

    def _change(self, what: commands.Do, now: float) -> None:
        show: Show = "both" if what.name == "both" else "hex" if what.name == "hex" else "text"
        self.show_as(show)
        self.note(self._say("now", what=self._say(show)))

    def show_as(self, show: Show) -> None:
        shown = limits.TERMINAL_SHOWN if show == "text" else limits.TERMINAL_DUMPED
        self._manner = replace(self._manner, show=show, limit=shown)

    def _set_encoding(self, what: commands.Do, now: float) -> None:
        self._tongues.encoding = ENCODINGS[ENCODINGS.index(what.argument)]
        self.note(self._say("encoding", encoding=self._tongues.encoding))

    def _send_hex(self, what: commands.Do, now: float) -> None:
        try:
            octets = bytes.fromhex(what.argument)
        except ValueError:
            raise ValueError(self._say("not hex", text=what.argument)) from None
        self._deliver(lambda party: octets)

    def _every(self, what: commands.Do, now: float) -> None:
        self._house.octets(what.argument, Tongue("auto"), None)
        self._errands.repeat(what.argument, what.seconds, now)

    def _stop(self, what: commands.Do, now: float) -> None:
        if not self._errands.stop():
            self.note(self._say("idle"))

    def _file(self, what: commands.Do, now: float) -> None:
        for party in self._targets():
            self._errands.carry(Path(what.argument).expanduser(), party, now)
            if self._to != "all":
                return
        if not self._house.parties():
            self.note(self._say("nobody"))

    def _peers(self, what: commands.Do, now: float) -> None:
        numbers = self._numbers.update(self._house.parties())
        for number, party in numbers.items():
            marks = ["TCP" if party.stream else "UDP", self._tongues.of(party).codec]
            marks += [self._say("waits")] * party.waits
            arrow = "*" if party is self._to or self._to == "all" else " "
            self.note(f"{arrow}{number:>3}  {party.name}  {', '.join(marks)}")
        if not numbers:
            self.note(self._say("none"))

    def _go_to(self, what: commands.Do, now: float) -> None:
        numbers = self._numbers.update(self._house.parties())
        if what.argument in ("all", "auto"):
            self._to = what.argument
            name = self._say(what.argument)
        elif (party := numbers.get(int(what.argument[:9]))) is not None:
            self._to, name = party, party.name
        else:
            self.note(self._say("gone", number=what.argument))
            return
        self.note(self._say("to", name=name))

    def _carried(self, transfer: Transfer, octets: bytes) -> None:
        """Some of a file has gone."""
        if octets:
            self.record.add(Event(self.record.now(), "piece", transfer.party, octets))
        if transfer.whole:
            name, when = visible(transfer.path.name), self.record.now()
            self.record.add(Event(when, "file", transfer.party, by_us=True, file=name, size=transfer.size))
            say = record.PHRASES.speaker(self._say.lang)
            text = say("file", name=transfer.party.name, file=name, size=transfer.size)
            self.note(f"{layout.clock(when)} {'>>' if self._display.plain else '→'} {text}")

    def _save(self, what: commands.Do, now: float) -> None:
        path = Path(what.argument).expanduser()
        try:
            self.record.save(path, record.PHRASES.speaker(self._say.lang))
        except FileExistsError:
            self.note(self._say("exists", path=path))
        except OSError as error:
            self.note(self._house.trouble(error, path))
        else:
            self.note(self._say("saving", path=path))

    def _unsaved(self, error: OSError, path: Path) -> None:
        self.note(self._say("not saved", path=path, reason=error.strerror or str(error)))

    def _clear(self, what: commands.Do, now: float) -> None:
        self._display.clear()

    def _quit(self, what: commands.Do, now: float) -> None:
        self._house.leave()

    # What goes on by itself ------------------------------------------------------------------

    @property
    def peers(self) -> int:
        """The highest number that a party has."""
        return self._numbers.last

    @property
    def deadline(self) -> float:
        """When :meth:`tick` has work, or infinity."""
        return self._errands.deadline

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._errands.tick(now)
        self.stand()

    def end(self) -> None:
        """The talk is over."""
        self._errands.end()
        self.record.close()

    def stand(self) -> None:
        """Say how things stand."""
        self._display.secret = self._askers.wait
        name = self._to.name if not isinstance(self._to, str) else self._say(self._to)
        there = self._house.parties()
        if self._to == "auto" and len(there) < 2:
            name = there[0].name if there else self._say("none")
        parts = [f"{'>>' if self._display.plain else '→'} {name}"]
        parts += [self._tongues.encoding] if self._tongues.encoding is not None else []
        parts += self._errands.progress()
        parts.append("/help")
        self._display.say(" | ".join(parts))


_DOES: Final[dict[str, Callable[[Assistant, commands.Do, float], None]]] = {
    "help": Assistant._help,
    "text": Assistant._change,
    "hex": Assistant._change,
    "both": Assistant._change,
    "encoding": Assistant._set_encoding,
    "send-hex": Assistant._send_hex,
    "file": Assistant._file,
    "every": Assistant._every,
    "stop": Assistant._stop,
    "peers": Assistant._peers,
    "to": Assistant._go_to,
    "save": Assistant._save,
    "clear": Assistant._clear,
    "quit": Assistant._quit,
}
