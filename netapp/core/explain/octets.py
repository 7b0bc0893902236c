"""What octets show of the program that sent them: encodings, halves of characters, other protocols."""

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Final

from netapp.core import limits
from netapp.core.text import Codec

Found = tuple[str, Mapping[str, object]]

#: None of these stands in a text that a program means to send.  (Tab, line ends, erase keys and
#: escape do, from a terminal.)
_BINARY: Final = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f]")
_TELNET: Final = re.compile(rb"\xff[\xf0-\xfe]")  # RFC 854
_HTTP: Final = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|PRI) \S+ HTTP/[0-9.]+\r?\n")
_TLS: Final = re.compile(rb"\x16\x03[\x01-\x04]")  # RFC 8446 section 5.1
_CODECS: Final[tuple[Codec, ...]] = ("utf-8", "gbk")
_FRAME_LENGTH: Final = 4  # octets
_CHANCE: Final = 3  # characters of GBK that may be valid UTF-8 by chance


def is_telnet(octets: bytes) -> bool:
    """Whether a telnet's own commands stand in it."""
    return _TELNET.search(octets) is not None


def stranger(octets: bytes) -> str | None:
    """Which other protocol these first octets of a connection are of: "http", "tls" or "ssh"."""
    if _HTTP.match(octets):
        return "http"
    if _TLS.match(octets):
        return "tls"
    return "ssh" if octets.startswith(b"SSH-2.0-") else None


def is_utf16(octets: bytes) -> bool:
    """Whether octets say so themselves, and are a text by it; FF FE is telnet's IAC DONT too."""
    if octets[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or is_telnet(octets[2:]):
        return False
    try:
        return octets.decode("utf-16").rstrip("\r\n").isprintable()
    except UnicodeDecodeError:
        return False


def is_text(octets: bytes) -> bool:
    """Whether octets are meant as a text, whatever its encoding."""
    return bool(octets) and _BINARY.search(octets) is None


def codec_of(octets: bytes) -> Codec | None:
    """What a text was encoded by; None if it is ASCII alone, no text, neither, or may be both.

    Some Hanzi of GBK, such as 笑, are a letter of two octets in UTF-8; Hanzi of UTF-8 have three.
    """
    if octets.isascii() or not is_text(octets):
        return None
    if _surely_cut(octets):
        return "utf-8"
    if not _decodes(octets, "utf-8"):
        return "gbk" if _decodes(octets, "gbk") else None
    return "utf-8" if max(octets) >= 0xE0 or not _decodes(octets, "gbk") else None


def misread(octets: bytes, codec: Codec) -> str:
    """What a program shows that decodes by another codec, or as much of it as a finding may show."""
    return octets[: 4 * limits.EXPLAIN_SHOWN].decode(_whole(codec), "replace")


def findings(octets: bytes, *, whole: bool, first: bool) -> Iterator[Found]:
    """What is wrong with a text's octets.

    :param whole: a datagram, which has no rest to come.
    :param first: nothing has come before it.
    """
    if first and is_utf16(octets):
        yield "utf16", {"octets": octets[:2].hex(" ").upper()}
        return
    if first and octets.startswith(codecs.BOM_UTF8):
        yield "bom", {}
    text = octets.rstrip(b"\0")
    if not is_text(text):
        return
    count = len(octets) - len(text)
    if count and len(octets) > _FRAME_LENGTH and not text.endswith(b"\r"):  # telnet's CR NUL
        yield "nul", {"count": count}
    yield from _undecoded(text, whole)


def _undecoded(text: bytes, whole: bool) -> Iterator[Found]:
    if _decodes(text, "utf-8") or (_decodes(text, "gbk") and not _surely_cut(text)):
        return
    if halves(text):
        if whole:
            yield "halved", {"count": len(text)}
        return
    position = max(_first_wrong(text, codec) for codec in _CODECS)
    yield "undecodable", {"position": position + 1, "octet": f"{text[position]:02X}"}


def halves(text: bytes) -> Mapping[Codec, bytes]:
    """The octets of the character within which a text ends, by each codec that it may be; 3 at most.

    Two octets of three in UTF-8 are a character in GBK, so for a short text this only may be so.
    """
    if _decodes(text, "utf-8"):
        return {}
    return {codec: half for codec in _CODECS if (half := _half(text, codec))}


def completed(before: Mapping[Codec, bytes], after: bytes) -> bytes:
    """Which half of a character, at the end of one text, the beginning of the next completes; b"": none.

    :param before: the first text's :func:`halves`.
    """
    for codec, half in before.items():
        if _decodes(half + after, codec) or _half(half + after, codec):
            return half
    return b""


def beginning(octets: bytes) -> bytes:
    """What a long text is judged by: its first octets, in whole characters."""
    head = octets[: limits.EXPLAIN_JUDGED]
    if len(head) == len(octets):
        return octets
    return head.removesuffix(next(iter(halves(head).values()), b""))


def _surely_cut(text: bytes) -> bool:
    """Whether a text is UTF-8 but for its cut end, and too long for that to be chance."""
    return bool(_half(text, "utf-8")) and sum(octet >= 0xC0 for octet in text) > _CHANCE


def _half(text: bytes, codec: Codec) -> bytes:
    """The octets of the character within which a text ends; none if it is not of the codec."""
    decoder = codecs.getincrementaldecoder(_whole(codec))()
    try:
        decoder.decode(text)
    except UnicodeDecodeError:
        return b""
    pending = decoder.getstate()[0]
    return b"" if pending[:1] in (b"\x80", b"\xff") else pending  # which begin nothing


def _decodes(text: bytes, codec: Codec) -> bool:
    return _first_wrong(text, codec) < 0


def _first_wrong(text: bytes, codec: Codec) -> int:
    """The place of the first octet that is none of the codec's; -1 if all are."""
    try:
        text.decode(_whole(codec))
    except UnicodeDecodeError as problem:
        return problem.start
    return -1


def _whole(codec: Codec) -> str:
    """GB18030 is all of GBK, and the characters that it lacks."""
    return "gb18030" if codec == "gbk" else codec
