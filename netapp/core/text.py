"""Text on the wire: UTF-8 if it is valid, else GB18030, the superset of GBK.

Trying UTF-8 first is right for nearly all Chinese text; the other order is hopeless, since most
UTF-8 is valid GB18030 too.  A few short words are both: the octets of GBK's 谢谢 are UTF-8's лл.
UTF-8 has no Hanzi of two octets, so nothing Chinese is lost where these are read as GBK: that is
done for a peer who writes GBK, and for one who has shown nothing yet unless it may be Latin.
"""

import re
import unicodedata
from typing import Final, Literal

Codec = Literal["utf-8", "gbk"]
Encoding = Literal["auto", "utf-8", "gbk"]
ENCODINGS: Final[tuple[Encoding, ...]] = ("auto", "utf-8", "gbk")

#: Nothing but ASCII and what is two octets in either encoding: a letter in UTF-8, a Hanzi of GB 2312.
_DOUBTFUL: Final = re.compile(rb"(?:[\x00-\x7f]|[\xc2-\xdf][\xa1-\xbf])+")
#: In what is doubtful, a letter that is not Latin (U+0250 and up).
_NOT_LATIN: Final = re.compile(rb"[\xc9-\xdf][\xa1-\xbf]")

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # Persian and emoji need them; they cannot reorder text


def decode(octets: bytes, before: Codec | None = "utf-8") -> tuple[str, Codec]:
    """Read text of unknown encoding; never fails, octets of no encoding become U+FFFD.

    :param before: how its writer has written before, for what may be either; None: that is not known.
    """
    if before != "utf-8" and is_doubtful(octets) and (before == "gbk" or _NOT_LATIN.search(octets)):
        return octets.decode("gb18030"), "gbk"
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


def is_doubtful(octets: bytes) -> bool:
    """Whether text that is not all ASCII may as well be UTF-8 as GBK."""
    return not octets.isascii() and _DOUBTFUL.fullmatch(octets) is not None


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

    __slots__ = ("_before", "_codec", "_fixed")

    def __init__(self, encoding: Encoding) -> None:
        self._fixed = encoding != "auto"
        self._codec: Codec = "gbk" if encoding == "gbk" else "utf-8"
        self._before: Codec | None = "gbk" if encoding == "gbk" else None  # how the peer writes

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
        text, codec = decode(octets, self._before)
        if not self._fixed:
            self._codec = codec
        if not is_doubtful(octets):
            self._before = codec
        return text

    def write(self, text: str) -> bytes:
        return encode(text, self._codec)
