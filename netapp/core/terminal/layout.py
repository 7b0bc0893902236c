"""How a message looks: time, direction, peer, length, then text and hex side by side.

Pure: values in, lines of styled text out.  Widths are cells of a terminal, of which a Chinese
character takes two.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from netapp.core import limits, mixed
from netapp.core.cells import cells
from netapp.core.languages import Phrases, Speaker
from netapp.core.text import Encoding, decode, visible

PHRASES: Final = Phrases(
    {
        "empty": ("(空消息)", "(empty)"),
        "more": ("…… 还有 {count} 字节没有显示", "... {count} more octets are not shown"),
    }
)
Show = Literal["text", "hex", "both"]
SHOWS: Final[tuple[Show, ...]] = ("text", "hex", "both")
#: What a piece of a line is; a terminal gives it a colour.
Style = Literal["", "time", "in", "out", "hex"]
Line = tuple[tuple[Style, str], ...]
#: Cells that stand before the continuation of a message, so that none looks like a message's own head.
INDENT: Final = 4
#: Cells that a body must have to stand beside its head; else it stands beneath.
NARROW: Final = 24
#: Octets of a message whose text is shown by itself too.
CAPTIONED: Final = 240
_SGR: Final = {"time": "2", "in": "32", "out": "36", "hex": "2"}
_PICTURES: Final = {**{code: 0x2400 + code for code in range(32)}, 0x7F: 0x2421}
_ENDS: Final = {code: 0x2400 + code for code in (0x09, 0x0A, 0x0D)}


@dataclass(frozen=True, slots=True)
class Message:
    """What crossed: ``when`` in seconds since 1970."""

    when: float
    sent: bool
    peer: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Manner:
    """How messages are shown.

    :param width: cells of a line.
    :param plain: the terminal's encoding has ASCII alone.
    :param head: time, direction, peer and length stand before the body.
    :param limit: octets that are shown of one message.
    """

    show: Show = "both"
    width: int = 80
    plain: bool = False
    head: bool = True
    encoding: Encoding = "auto"
    limit: int | None = limits.TERMINAL_SHOWN


def clock(when: float) -> str:
    """The time of day in milliseconds."""
    return time.strftime("%H:%M:%S", time.localtime(when)) + f".{int(when * 1000) % 1000:03d}"


def codec_of(octets: bytes, encoding: Encoding) -> str:
    """How these octets are read: as the user has said, where that can be."""
    if encoding == "gbk":
        try:
            octets.decode("gb18030")
        except UnicodeDecodeError:
            pass
        else:
            return "gb18030"
    return "gb18030" if decode(octets, None)[1] == "gbk" else "utf-8"


def read(octets: bytes, encoding: Encoding) -> str:
    """The text of octets; with ``auto`` each line by itself, since a peer may mix."""
    if encoding == "auto":
        return "".join(decode(piece, None)[0] for piece in mixed.pieces(octets))
    return octets.decode(codec_of(octets, encoding), "replace")


def render(message: Message, manner: Manner, say: Speaker) -> list[Line]:
    """The lines of one message, none wider than ``manner.width`` where that is possible at all."""
    head = _head(message, manner) if manner.head else ()
    used = sum(cells(text) for _, text in head)
    octets = message.octets[: manner.limit]
    style: Style = "out" if message.sent else "in"
    room = manner.width - used
    if not octets:
        return [(*head, ("time", say("empty")))]
    rows = list(_rows(octets, manner, style, room))
    beside = room >= NARROW and len(rows) == 1 and rows[0][0][0] != "time"  # no offset, that is
    if manner.show == "text" and room >= NARROW:
        lines: list[Line] = [(*head, *rows[0]), *((("", " " * used), *row) for row in rows[1:])]
    elif beside or not head:
        lines = [(*head, *rows[0]), *rows[1:]]
    else:
        beneath = [(("", " " * INDENT), *row) for row in _beneath(octets, manner, style)]
        caption, *more = _captions(octets, manner, room)
        lines = [(*head, (style, caption)), *((("", " " * INDENT), (style, each)) for each in more), *beneath]
    if len(message.octets) > len(octets):
        rest = say("more", count=len(message.octets) - len(octets))
        lines.append((("", " " * INDENT), ("time", rest)))
    return lines


def _head(message: Message, manner: Manner) -> Line:
    arrows = ("<<", ">>") if manner.plain else ("←", "→")
    style: Style = "out" if message.sent else "in"
    return (
        ("time", clock(message.when) + " "),
        (style, f"{arrows[message.sent]} {message.peer}"),
        ("time", f" {len(message.octets):>3}  "),
    )


def _captions(octets: bytes, manner: Manner, room: int) -> list[str]:
    """The text by itself, above rows that cut it into pieces: the line beside the head, and those beneath.

    There are some beneath it for what is hard to read in pieces.
    """
    if manner.show != "both" or len(octets) > CAPTIONED:
        return [""]
    decoded = read(octets, manner.encoding)
    text = marked(decoded, plain=manner.plain)
    if cells(text) <= room:
        return [text]
    readable = decoded.translate(dict.fromkeys(_ENDS)).isprintable() and "\ufffd" not in decoded
    if decoded.isascii() or manner.plain or not readable:
        return [""]
    return ["", *wrapped(text, manner.width - INDENT)]


def _beneath(octets: bytes, manner: Manner, style: Style) -> list[Line]:
    """The rows beneath a head; hex alone where one row has it and the text stands above."""
    rows = list(_rows(octets, manner, style, manner.width - INDENT))
    if manner.show == "both" and len(rows) == 1 and _captions(octets, manner, manner.width)[0]:
        return [(("hex", octets.hex(" ")),)]
    return rows


def _rows(octets: bytes, manner: Manner, style: Style, room: int) -> Iterator[Line]:
    """A message's body as rows of ``room`` cells."""
    text = read(octets, manner.encoding)
    if manner.show == "text":
        for line in text.removesuffix("\n").replace("\r\n", "\n").split("\n"):
            for piece in wrapped(visible(line.replace("\t", "    ")), max(room, 8)):
                yield ((style, piece),)
        return
    digits = octets.hex(" ")
    if manner.show == "hex":
        if len(digits) <= room:
            yield (("", digits),)
            return
    else:
        shown = marked(text, plain=manner.plain)
        column = max(cells(shown), (room - 3) // 4 if manner.head else 0)
        if column + 3 + len(digits) <= room:
            yield (style, shown), ("", " " * (column - cells(shown) + 3)), ("hex", digits)
            return
    yield from dump(octets, manner, style, room)


def dump(octets: bytes, manner: Manner, style: Style, room: int) -> Iterator[Line]:
    """Rows of offset, hex and text; a character stands where its first octet does."""
    cost = 4 if manner.show == "both" else 3
    count = next((each for each in (16, 8, 4) if 6 + cost * each + 1 <= room), 2)
    texts = _characters(octets, count, manner) if manner.show == "both" else {}
    for row, at in enumerate(range(0, len(octets), count)):
        digits = octets[at : at + count].hex(" ")
        line: list[tuple[Style, str]] = [("time", f"{at:04x}  "), ("hex", digits)]
        if manner.show == "both":
            line += [("", " " * (3 * count - 1 - len(digits) + 2)), (style, texts.get(row, ""))]
        yield tuple(line)


def _characters(octets: bytes, count: int, manner: Manner) -> dict[int, str]:
    """The characters that begin in each row of ``count`` octets, one cell for each that cannot be shown."""
    rows: dict[int, list[str]] = {}
    at = 0
    pieces = mixed.pieces(octets) if manner.encoding == "auto" else [octets]
    for piece in pieces:
        codec = codec_of(piece, manner.encoding)
        for char in piece.decode(codec, "surrogateescape"):
            rows.setdefault(at // count, []).append(_cell(char, plain=manner.plain))
            at += 1 if "\udc80" <= char <= "\udcff" else len(char.encode(codec))
    return {row: "".join(chars) for row, chars in rows.items()}


def _cell(char: str, *, plain: bool) -> str:
    if char.isprintable() and not (plain and not char.isascii()):
        return char
    return "." if plain or ord(char) not in _PICTURES else chr(_PICTURES[ord(char)])


def marked(text: str, *, plain: bool) -> str:
    """Text in one line: ends of lines and tabs as pictures, what else is not seen as its number."""
    if plain:
        return (
            text.encode("ascii", "backslashreplace")
            .decode("ascii")
            .translate({code: f"<{code:02X}>" for code in (*range(32), 0x7F)})
        )
    return visible(text.translate(_ENDS))


def wrapped(text: str, room: int) -> list[str]:
    """Pieces of a line, none wider than ``room`` cells; a space is where it breaks, if one is near."""
    pieces: list[str] = []
    piece, used = "", 0
    for char in text:
        width = cells(char)
        if used + width > room and piece:
            space = piece.rfind(" ") + 1
            kept = space if space > len(piece) // 2 else len(piece)
            pieces.append(piece[:kept])
            piece = piece[kept:]
            used = cells(piece)
        piece += char
        used += width
    return [*pieces, piece]


def painted(lines: Sequence[Line], *, colour: bool) -> str:
    """Lines as a terminal takes them, each with its line feed."""
    return "".join(
        "".join(f"\x1b[{_SGR[style]}m{text}\x1b[m" if colour and style else text for style, text in line)
        + "\n"
        for line in lines
    )
