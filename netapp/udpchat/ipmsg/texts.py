"""Texts of IP Messenger: whose encoding, how long, and without what a reader should not obey.

Each kind of client writes in its own way and few say which; what one has shown is remembered and
used for answers.
"""

import re
from enum import Enum
from typing import Final

from netapp.core.text import Codec, Encoding, cut
from netapp.udpchat.lines import without_controls

#: Octets of a nickname or a group: IPMSG 20.3.
NICKNAME: Final = 256

_FONT: Final = re.compile(r"\{/font;[^{}]*\}\s*\Z")


class Dialect(Enum):
    """What kind of client a peer runs: IPMSG 17."""

    PLAIN = "plain"  # IP Messenger, and whatever we do not know
    IPTUX = "iptux"
    FEIQ = "feiq"
    NETAPP = "netapp"  # another of us: never relayed


def dialect_of(version: bytes) -> Dialect:
    """Recognise a client by its version field.  Source: IPMSG 17.7."""
    if b"_iptux" in version:
        return Dialect.IPTUX
    if b"_lbt" in version:
        return Dialect.FEIQ
    if b"netapp" in version:
        return Dialect.NETAPP
    return Dialect.PLAIN


def decode(
    octets: bytes, *, flagged: bool, known: Codec | None, learned: Codec | None = None
) -> tuple[str, Codec | None]:
    """Read a text; never fails.

    :param flagged: the packet has UTF8OPT.
    :param known: the codec of the peer's dialect, or None.
    :param learned: what its texts have shown before; decides where both would do.
    :returns: (text, the codec that it shows beyond doubt, or None).

    Source: IPMSG 8.3, with GBK as the legacy codec.
    """
    if flagged:
        return octets.decode("utf-8", "replace"), None
    if octets.isascii():
        return octets.decode("ascii"), None
    if known is not None and (text := _strict(octets, known)) is not None:
        return text, None
    utf8, gbk = _strict(octets, "utf-8"), _strict(octets, "gbk")
    if utf8 is not None and gbk is not None and _no_hanzi(utf8) and _only_hanzi(gbk):
        return (utf8 if learned == "utf-8" else gbk), None
    if utf8 is not None:
        return utf8, "utf-8"
    if gbk is not None:
        return gbk, "gbk"
    return octets.decode("gb18030", "replace"), None


def codec_for(dialect: Dialect, encoding: Encoding, learned: Codec | None, *, utf8: bool) -> Codec:
    """How to write to a peer.

    :param learned: what it has shown itself.
    :param utf8: it has CAPUTF8OPT.

    iptux reads what we write in the encoding of what it last heard from us, and our broadcasts are
    in GBK for FeiQ's sake: so GBK it stays, whatever it writes itself (measured, iptux 0.8.3).

    Source: IPMSG 8.4; the operator's ``--encoding`` wins.
    """
    if encoding != "auto":
        return "gbk" if encoding == "gbk" else "utf-8"
    if dialect in (Dialect.FEIQ, Dialect.IPTUX):
        return "gbk"
    if utf8 or dialect is Dialect.NETAPP:
        return "utf-8"
    return learned or "gbk"


def cleaned(text: str) -> str:
    """A message without FeiQ's font note, carriage returns and control characters (IPMSG 2.7, 18.3)."""
    text = _FONT.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return without_controls(text, keep="\n\t").strip()


def name(text: str) -> str:
    """A nickname or group fit to be shown: on one line, at most 256 octets (IPMSG 20.3)."""
    short = cut(without_controls(text).encode("utf-8", "replace"), NICKNAME, "utf-8")
    return " ".join(short.decode().split())


def _strict(octets: bytes, codec: Codec) -> str | None:
    try:
        return octets.decode("gb18030" if codec == "gbk" else "utf-8")
    except UnicodeDecodeError:
        return None


def _no_hanzi(text: str) -> bool:
    """Whether a text holds nothing above U+07FF: then its octets may well be GBK."""
    return all(char < "\u0800" for char in text)


def _only_hanzi(text: str) -> bool:
    return all(char.isascii() or "\u4e00" <= char <= "\u9fff" for char in text)
