"""IRC messages: octets to lines, lines to values, values to lines.

A line is decoded whole, since its encoding is known best from all of it; neither UTF-8 nor GB18030
uses the octets of space, colon or line feed within a character.

Source: RFC 1459 section 2.3; IRCv3 message tags, https://ircv3.net/specs/extensions/message-tags.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netapp.core import limits, text
from netapp.core.text import Codec
from netapp.errors import WireError

SOURCE: Final = "RFC 1459 section 2.3"
PARAMS: Final = 15  # RFC 1459 section 2.3


@dataclass(frozen=True, slots=True)
class Command:
    """What a client sends.  ``command`` is upper case; only the last of ``params`` may hold spaces."""

    command: str
    params: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line over the limit; the rest of it is dropped."""


def parse_command(line: str) -> Command | None:
    """Read one line without its end; tags and prefix are passed over.

    :returns: None for a line with nothing in it.
    """
    if line.startswith("@"):
        line = line.partition(" ")[2]
    line = line.lstrip(" ")
    if line.startswith(":"):
        line = line.partition(" ")[2].lstrip(" ")
    params: list[str] = []
    while line:
        if line.startswith(":") and params:
            params.append(line[1:])
            break
        if len(params) == PARAMS:  # the fifteenth may do without its colon
            params.append(line)
            break
        word, _, line = line.partition(" ")
        params.append(word)
        line = line.lstrip(" ")
    return Command(params[0].upper(), tuple(params[1:])) if params else None


class LineSplitter:
    """Octets in, in any pieces; lines out, without their ends and without CR and NUL."""

    def __init__(self) -> None:
        self._buffer = b""
        self._dropping = False

    def receive(self, data: bytes) -> list[bytes | TooLong]:
        """:raises WireError: far too much came without a line's end."""
        *lines, rest = (self._buffer + data).split(b"\n")
        items: list[bytes | TooLong] = []
        for line in lines:
            if self._dropping:
                self._dropping = False
            elif _fits(line):
                items.append(line.replace(b"\r", b"").replace(b"\x00", b""))
            else:
                items.append(TooLong())
        if len(rest) > limits.IRC_UNENDED:
            raise WireError("a line without end", source=SOURCE)
        self._buffer = rest
        return items


def _fits(line: bytes) -> bool:
    """Whether a line, its LF taken off, is within the limits."""
    tags = line.find(b" ") + 1 if line.startswith(b"@") else 0
    room = limits.IRC_LINE - 2
    return len(line) - tags - line.endswith(b"\r") <= room and tags <= limits.IRC_TAGS


def safe(words: str) -> str:
    """A text from another door without what would forge a line."""
    if "\r" in words or "\n" in words or "\x00" in words:
        words = words.replace("\r", " ").replace("\n", " ").replace("\x00", "")
    return words


def line(*words: str, trailing: str | None = None, codec: Codec = "utf-8") -> bytes:
    """One line with its CR LF, cut at a character if it is too long.

    :param trailing: the last parameter, written with a colon.
    """
    whole = " ".join(words) if trailing is None else f"{' '.join(words)} :{trailing}"
    octets = text.encode(safe(whole), codec)
    return text.cut(octets, limits.IRC_LINE - 2, codec) + b"\r\n"


def split_text(words: str, room: int, codec: Codec) -> list[bytes]:
    """A text as pieces of at most ``room`` octets, cut between words if it can be, at characters always."""
    pieces: list[bytes] = []
    for part in words.replace("\r", "\n").split("\n"):
        octets = text.encode(part.replace("\x00", ""), codec)
        while len(octets) > room:
            piece = text.cut(octets, room, codec)
            space = piece.rfind(b" ")
            if space > room // 2:
                piece = piece[:space]
            pieces.append(piece)
            octets = octets[len(piece) :].removeprefix(b" ")
        if octets:
            pieces.append(octets)
    return pieces or [b""]


def filled(head: str, words: Iterable[str], codec: Codec) -> list[bytes]:
    """Lines that begin with ``head`` and carry all words, as many in each as fit."""
    lines: list[bytes] = []
    start = text.encode(head, codec)
    row = b""
    for word in words:
        octets = text.encode(word, codec)
        if row and len(start) + len(row) + 1 + len(octets) > limits.IRC_LINE - 2:
            lines.append(start + row + b"\r\n")
            row = b""
        row = row + b" " + octets if row else octets
    if row:
        lines.append(start + row + b"\r\n")
    return lines
