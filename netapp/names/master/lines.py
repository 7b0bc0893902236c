"""Octets of a master file to its entries: the words of a line, or of several within parentheses.

Nine lines of ten hold no quote, parenthesis, comment or escape: those are only split.  A line that
is no ASCII is read as UTF-8, else as GB18030, and goes on as UTF-8; octets of neither stay as they are.

Source: RFC 1035 section 5.1.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from netapp.core import limits
from netapp.names.master.faults import Malformed

#: (line it begins at, whether it begins with white space, its words); or a fault in place of the words.
Entry = tuple[int, bool, list[bytes] | Malformed]

_SPECIAL: Final = re.compile(rb'[()";\\\x00\x80-\xff]')
_STRUCTURE: Final = re.compile(rb'[()";\\\x00]')
#: White space, a comment, a parenthesis, a word that may have quotes in it; what else is left is a fault.
_PIECE: Final = re.compile(
    rb'[ \t\r\x0b\x0c]+|(;.*)|([()])|((?:"(?:[^"\\]|\\.)*"|[^ \t\r\x0b\x0c;()"\\]|\\.)+)|(.)', re.DOTALL
)
_BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def entries(pieces: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of a file, blank ones left out; what is no text ends it.

    :param pieces: its octets, cut anywhere.
    """
    numbered = enumerate(_lines(pieces), 1)
    for number, line in numbered:
        if len(line) > limits.ZONE_LINE:
            yield number, False, Malformed("long line", limit=limits.ZONE_LINE)
            continue
        if _SPECIAL.search(line) is None:
            words = line.split()
        else:
            try:
                words = _words(line, numbered)
            except Malformed as error:
                no_text = error.key == "nul"
                if number == 1 and line.startswith(_UTF_16):
                    error = Malformed("utf-16")
                yield number, False, error
                if no_text:
                    return
                continue
        if words:
            yield number, line[0] in b" \t", words


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A file's lines; one that is too long ends it, and is given short."""
    rest = b""
    first = True
    for piece in pieces:
        if first:
            piece, first = piece.removeprefix(_BOM), False
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        yield from lines
        if len(rest) > limits.ZONE_LINE:
            yield rest
            return
    if rest:
        yield rest


def _words(line: bytes, numbered: Iterator[tuple[int, bytes]]) -> list[bytes]:
    """The words of a line, and of those behind it up to its last parenthesis."""
    words: list[bytes] = []
    depth = _scan(line, words, 0)
    octets = len(line)
    while depth:
        following = next(numbered, None)
        if following is None:
            raise Malformed("open")
        line = following[1]
        octets += len(line)
        if octets > limits.ZONE_LINE:
            raise Malformed("long entry", limit=limits.ZONE_LINE)
        if _SPECIAL.search(line) is None:
            words += line.split()
        else:
            depth = _scan(line, words, depth)
    return words


def _scan(line: bytes, words: list[bytes], depth: int) -> int:
    """Put a line's words with the others.  :returns: how many parentheses are open behind it."""
    if not line.isascii():
        line = _as_utf8(line)
    if b"\0" in line:
        raise Malformed("nul")
    if _STRUCTURE.search(line) is None:
        words += line.split()
        return depth
    for comment, bracket, word, stray in _PIECE.findall(line):
        if word:
            words.append(word)
        elif bracket:
            depth += 1 if bracket == b"(" else -1
            if depth < 0:
                raise Malformed("close")
        elif stray:
            raise Malformed("quote" if stray == b'"' else "escape")
        elif comment:
            break
    return depth


def _as_utf8(line: bytes) -> bytes:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return line.decode("gb18030").encode("utf-8")
        except UnicodeDecodeError:
            pass
    return line
