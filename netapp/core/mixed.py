"""Text in which UTF-8 and GBK meet: a prompt in the one, and what follows it in the other."""

import codecs
import re
from typing import Final

from netapp.core.text import Tongue

#: A character of ASCII within a line, and one of three or four octets.  Those of two are Chinese
#: characters in GBK more often than letters in UTF-8.
_ASCII: Final = rb"[\x00-\x09\x0b-\x7f]"
_WIDE: Final = rb"(?:[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
#: A line or a prompt that is surely UTF-8; a prompt ends at a colon, a Chinese one (U+FF1A) too.
_SURE: Final = rb"%b*%b(?:%b|%b)*(?:\n|\Z|(?<=:) *|(?<=\xef\xbc\x9a) *)" % (_ASCII, _WIDE, _ASCII, _WIDE)
#: Such a piece, or the lines up to the next one.
_PIECE: Final = re.compile(rb"%b|(?:(?!%b)(?:[^\n]*\n|[^\n]+))+" % (_SURE, _SURE))


def pieces(octets: bytes) -> list[bytes]:
    """Cut where the encoding may change; joined they are what was given."""
    return [octets] if _pending(octets, "utf-8") == b"" else _PIECE.findall(octets)


def read(octets: bytes, tongue: Tongue) -> str:
    """Decode what a peer sent, each piece by itself."""
    return "".join(tongue.read(piece) for piece in pieces(octets))


def is_cut(octets: bytes) -> bool:
    """Whether the last character lacks octets, as far as can be told."""
    line = octets[octets.rfind(b"\n") + 1 :]
    last = pieces(line)[-1] if line else b""
    for codec in ("utf-8", "gb18030"):
        pending = _pending(last, codec)
        if pending is not None:
            return pending != b""
    return False


def _pending(octets: bytes, codec: str) -> bytes | None:
    """The octets of a character that is not complete; ``None`` if this is not text of the codec."""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        decoder.decode(octets)
    except UnicodeDecodeError:
        return None
    return decoder.getstate()[0]
