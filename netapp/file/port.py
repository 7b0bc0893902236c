"""The one-port rule: what a client speaks, by its first octets.

The server never speaks first, so the beginning of what a client sends decides.  The rule is exact:
a frame's length is capped at 65535, so that in either octet order two of its octets are zero where
no text, TLS record or telnet command has any.  ``tests/file/test_port.py`` holds it to three
properties: it always decides in the end, more octets never change a decision, and every length from
1 to 65535 is read right in both orders.
"""

from enum import Enum, auto
from typing import Final

from netapp.core import limits


class Spoken(Enum):
    """What a client speaks."""

    MORE = auto()  # not clear yet
    BAD = auto()  # nothing that we know
    FRAME_LE = auto()  # a length of 4 octets, least significant first, then a name or a header
    FRAME_BE = auto()  # the same, most significant first
    TLS = auto()
    TELNET = auto()
    SSH = auto()
    HTTP = auto()
    LINE = auto()  # a command
    NAME = auto()  # a file's name on a line
    BARE = auto()  # a file's name that nothing ends


#: Commands of a line; a name may follow.
VERBS: Final = frozenset({b"LIST", b"LS", b"DIR", b"GET", b"HELP", b"PUT", b"QUIT", b"BYE"})
#: Request methods: RFC 9110 section 9, RFC 5789, RFC 4918, and HTTP/2's preface.
METHODS: Final = frozenset(
    {
        b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH",
        b"PROPFIND", b"PROPPATCH", b"MKCOL", b"COPY", b"MOVE", b"LOCK", b"UNLOCK", b"PRI",
    }
)  # fmt: skip
_WORDS: Final = VERBS | METHODS
_LENGTH: Final = 4  # octets of a frame's length
_IAC, _TLS_HANDSHAKE, _DEL = 0xFF, 0x16, 0x7F


def classify(octets: bytes, *, final: bool = False) -> Spoken:
    """What a client speaks whose first octets these are.

    :param final: no more will come, or it has been quiet for :func:`patience`: never MORE then.
    """
    if not octets:
        return Spoken.BAD if final else Spoken.MORE
    if len(octets) < _LENGTH and not final:
        return Spoken.MORE
    first = octets[0]
    if len(octets) >= _LENGTH and (framed := _framed(octets)) is not None:
        return framed
    if first == _IAC:
        return Spoken.TELNET if len(octets) > 1 and 0xF0 <= octets[1] <= 0xFE else Spoken.BAD
    if (first < 0x20 and first not in b"\r\n\t") or first == _DEL or 0 in octets[:_LENGTH]:
        return Spoken.BAD
    end = octets.find(b"\n", 0, limits.LINE)
    if end >= 0:
        return _line(octets[:end])
    if len(octets) >= limits.LINE or 0 in octets:
        return Spoken.BAD
    return Spoken.BARE if final else Spoken.MORE


def patience(octets: bytes, *, lone: bool) -> float:
    """Seconds of quiet after which nothing more is expected of a beginning without an end.

    :param lone: only single octets have come so far: somebody types into a telnet.
    """
    binary = any(octet < 0x20 for octet in octets[:_LENGTH])
    if lone or octets in VERBS or (binary and len(octets) < _LENGTH):
        return limits.QUIET_LONE
    word = octets.split(b" ", 1)[0]
    if word in _WORDS or (word == octets and any(each.startswith(word) for each in _WORDS)):
        return limits.FILE_QUIET_WORD
    return limits.QUIET


def _framed(octets: bytes) -> Spoken | None:
    """What begins with a length, or TLS (RFC 8446 section 5.1); None for anything else."""
    if octets[2] == octets[3] == 0:
        return Spoken.FRAME_LE if octets[0] | octets[1] else Spoken.BAD
    if octets[0] == octets[1] == 0:
        return Spoken.FRAME_BE
    if octets[0] == _TLS_HANDSHAKE and octets[1] == 3 and 1 <= octets[2] <= 4:
        return Spoken.TLS
    return None


def _line(line: bytes) -> Spoken:
    line = line.removesuffix(b"\r")
    if any((octet < 0x20 and octet != 0x09) or octet == _DEL for octet in line):
        return Spoken.BAD
    if line.startswith(b"SSH-2.0-"):
        return Spoken.SSH
    words = line.split(b" ")
    if len(words) >= 3 and words[0] in METHODS and words[-1][:7] in (b"HTTP/1.", b"HTTP/2."):
        return Spoken.HTTP
    return Spoken.LINE if words[0].upper() in VERBS else Spoken.NAME
