"""Text on the wire: UTF-8 if it is valid, else GB18030, the superset of GBK.

Trying UTF-8 first is right for nearly all Chinese text longer than one character; the other order
is hopeless, since most UTF-8 is valid GB18030 too.
"""

import unicodedata
from typing import Final, Literal

Codec = Literal["utf-8", "gbk"]
Encoding = Literal["auto", "utf-8", "gbk"]
ENCODINGS: Final[tuple[Encoding, ...]] = ("auto", "utf-8", "gbk")

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # Persian and emoji need them; they cannot reorder text


def decode(octets: bytes) -> tuple[str, Codec]:
    """Read text of unknown encoding; never fails, octets of no encoding become U+FFFD."""
    try:
        return octets.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return octets.decode("gb18030"), "gbk"
    except UnicodeDecodeError:
        # Whichever reading loses less: a cut UTF-8 text should not turn into Hanzi.
        utf8, gbk = octets.decode("utf-8", "replace"), octets.decode("gb18030", "replace")
        return (utf8, "utf-8") if utf8.count("\ufffd") <= gbk.count("\ufffd") else (gbk, "gbk")


def encode(text: str, codec: Codec) -> bytes:
    """Write text; a character the codec lacks becomes ``?``."""
    return text.encode(codec, "replace")


def cut(octets: bytes, limit: int, codec: Codec) -> bytes:
    """Shorten encoded text to at most ``limit`` octets, never within a character."""
    if len(octets) <= limit:
        return octets
    return octets[:limit].decode(codec, "ignore").encode(codec, "replace")


def visible(text: str, *, keep: str = "") -> str:
    """Make what a terminal would obey, or a reader not see, visible: ``⟦U+001B⟧``.

    :param keep: control characters that the place shown in can take, such as a line feed.
    """
    if text.isprintable():
        return text
    return "".join(
        f"⟦U+{ord(char):04X}⟧"
        if unicodedata.category(char) in _HIDDEN and char not in keep and char not in _JOINERS
        else char
        for char in text
    )


def visible_octets(octets: bytes, *, keep: str = "") -> str:
    """Octets from the network, fit for a log or a terminal."""
    return visible(decode(octets)[0], keep=keep)


class Tongue:
    """In which encoding we read and write with one peer.

    With ``auto`` we write what the peer last used for anything but ASCII, UTF-8 until then.
    """

    __slots__ = ("_codec", "_fixed")

    def __init__(self, encoding: Encoding) -> None:
        self._fixed = encoding != "auto"
        self._codec: Codec = "gbk" if encoding == "gbk" else "utf-8"

    @property
    def fixed(self) -> bool:
        """Whether one encoding is written whatever the peer uses."""
        return self._fixed

    @property
    def codec(self) -> Codec:
        """What we would write now."""
        return self._codec

    def read(self, octets: bytes) -> str:
        """Decode what the peer sent and remember how it writes."""
        if octets.isascii():
            return octets.decode("ascii")
        text, codec = decode(octets)
        if not self._fixed:
            self._codec = codec
        return text

    def write(self, text: str) -> bytes:
        return encode(text, self._codec)
