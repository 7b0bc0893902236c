"""Plain questions: a text that is a name, and what is answered to it.

Source: the tutorials' name server; IDNA 2008 (RFC 5891) after UTS 46 for names of other scripts.
"""

import re
from dataclasses import dataclass
from typing import Final

from netapp.core.text import Codec, Encoding
from netapp.names.naming import BadName, wire_name

_SPACE: Final = b" \t\r\n\0"  # NUL: programs in C send what ends a string too

#: What this server says by default of a name it does not have; never answered, whatever ours is,
#: since two servers that do not know would tell each other so for ever.
UNKNOWN: Final = "i dont know"
#: A name that is written as it is found: :func:`netapp.names.naming.wire_name` does nothing else to it.
PLAIN_NAME: Final = re.compile(rb"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")


def plain_name(octets: bytes) -> bytes:
    """The folded wire form of what :data:`PLAIN_NAME` matches; too long a name may come of it."""
    labels = octets.lower().split(b".")
    return b"".join([_LENGTHS[len(label)] + label for label in labels]) + b"\0"


_LENGTHS: Final = [bytes((length,)) for length in range(64)]


def read_name(octets: bytes) -> tuple[bytes | None, Codec]:
    """A plain question's name, folded wire form, None for what is no name; and how it is written.

    One final dot is taken off.
    """
    text, codec = read_text(octets)
    return (name_of(text) if text is not None else None), codec


def name_of(text: str) -> bytes | None:
    """The folded wire form of a text; None for what is no name."""
    try:
        return wire_name(text)
    except BadName:
        return None


def read_text(octets: bytes) -> tuple[str | None, Codec]:
    """A plain question's text, None for what is none, and how it is written.

    White space and NULs around it are taken off.  UTF-8 is tried, then GB18030.
    """
    octets = octets.strip(_SPACE)
    readings: tuple[tuple[str, Codec], ...] = (("utf-8", "utf-8"), ("gb18030", "gbk"))
    for encoding, codec in readings:
        try:
            return octets.decode(encoding), codec
        except UnicodeDecodeError:
            pass
    return None, "utf-8"


@dataclass(frozen=True, slots=True)
class Unknown:
    """What is said of an unknown name, in each encoding.

    :param encoding: "auto" answers in the encoding of the question.
    """

    text: str
    encoding: Encoding

    def said_in(self, codec: Codec) -> bytes:
        return self.text.encode(codec if self.encoding == "auto" else self.encoding, "replace")

    def said(self) -> frozenset[bytes]:
        """In every encoding in which it may be said."""
        return frozenset((self.said_in("utf-8"), self.said_in("gbk")))

    def own(self) -> frozenset[bytes]:
        """Texts that are never answered, without the white space around them."""
        return frozenset(octets.strip(_SPACE) for octets in {*self.said(), UNKNOWN.encode()})


def is_own(octets: bytes, own: frozenset[bytes]) -> bool:
    """Whether a text is nothing but one of our own replies."""
    return octets.strip(_SPACE) in own
