"""What is typed, and what is shown: standard input as lines, messages as text or hex."""

import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netapp.cli import common, keyboard
from netapp.core import mixed
from netapp.core.languages import Phrases
from netapp.core.terminal import layout
from netapp.core.terminal.layout import Show
from netapp.core.text import Encoding, Tongue, decode, visible

if TYPE_CHECKING:
    from netapp.cli.assistant.person import Person

PHRASES = Phrases(
    {
        "hex": ("{text} 不是十六进制:请写成 48 65 6c", "{text} is no hex: write 48 65 6c"),
        "empty": ("(空消息)", "(empty)"),
    }
)
say = common.words(PHRASES)


class NotHex(ValueError):
    """What was typed is no hex; the text says so to the user."""


@dataclass(frozen=True)
class Form:
    """How a message is typed, sent and shown.

    :param hex: two digits an octet, both ways.
    :param framed: each message behind its length, 4 octets, little-endian (T12).
    :param newline: a line feed follows what is typed.
    """

    encoding: Encoding = "auto"
    hex: bool = False
    framed: bool = False
    newline: bool = False

    def octets(self, typed: str, tongue: Tongue) -> bytes:
        """What is typed, as it goes to the peer.  :raises NotHex: it should be hex, and is not."""
        if not self.hex:
            return tongue.write(typed + "\n" * self.newline)
        try:
            return bytes.fromhex(typed)
        except ValueError:
            raise NotHex(say("hex", text=typed)) from None

    def text(self, octets: bytes, tongue: Tongue) -> str:
        """What has come, fit for a terminal; line feeds and tabs are kept."""
        return octets.hex(" ") if self.hex else visible(mixed.read(octets, tongue), keep="\n\t")


class Screen:
    """Shows messages: with time and peer on a terminal, alone in a pipe.

    :param full: time and peer in any case.
    :param show: text, hex or both, where that was said.
    """

    def __init__(self, form: Form, *, full: bool = False, show: Show | None = None) -> None:
        self._form, self._as = form, show
        self.full = full or sys.stdout.isatty()

    def arrived(self, peer: str, octets: bytes, tongue: Tongue) -> None:
        """Show what a peer has sent."""
        text = self._text(octets, tongue)
        self._show(f"{peer} >>> ", text.removesuffix("\n").replace("\r\n", "\n"))

    def sent(self, peer: str, octets: bytes) -> None:
        """Show what went out without being typed."""
        if self.full:
            self._show(f"{peer} <<< ", self._text(octets, Tongue("auto")))

    def _text(self, octets: bytes, tongue: Tongue) -> str:
        if self._as is None:
            return self._form.text(octets, tongue)
        if self._as == "text":
            tongue.read(octets)  # how the peer writes is remembered, however it is shown
            return replace(self._form, hex=False).text(octets, tongue)
        if self._as == "hex" or not octets:
            tongue.read(octets)
            return octets.hex(" ")
        tongue.read(octets)
        message = layout.Message(0.0, False, "", octets)
        manner = layout.Manner(head=False, width=76, limit=None)
        lines = layout.render(message, manner, common.words(layout.PHRASES))
        above = "\n" if self.full and len(lines) > 1 else ""
        return above + layout.painted(lines, colour=False).removesuffix("\n")

    def _show(self, head: str, body: str) -> None:
        if not self.full:
            common.write(body, keep="\n\t")
            return
        lines = (body or say("empty")).split("\n")  # none of them may look like another peer's
        common.write(time.strftime("%H:%M:%S ") + head + "\n    ".join(lines), keep="\n\t")


class Console:
    """Standard input as lines; a selector says when to :meth:`read`."""

    #: Itself, where it is a terminal that can be edited on.
    person: "Person | None" = None

    def __init__(self) -> None:
        self.interactive = common.on_terminal()
        self.ended = False
        self._buffer = b""
        self._input = keyboard.Input()

    def fileno(self) -> int:
        return self._input.fileno()

    def read(self) -> list[str]:
        """The lines that have come, without their ends; sets ``ended`` at the end of input."""
        octets = self._input.read(65536)
        *lines, self._buffer = (self._buffer + octets).split(b"\n")
        if not octets:
            self.ended = True
            lines += [self._buffer] if self._buffer else []
            self._buffer = b""
        return [decode(line.removesuffix(b"\r"))[0] for line in lines]

    def line(self) -> str | None:
        """The next line, waited for; ``None`` at the end.  Not to be mixed with :meth:`read`."""
        octets = sys.stdin.buffer.readline()
        self.ended = not octets
        return decode(octets.rstrip(b"\r\n"))[0] if octets else None
