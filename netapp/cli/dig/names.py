"""What a person writes as a name, to the wire and back."""

from typing import Final

import dns.exception
import dns.name
import dns.reversename
import idna

from netapp.cli import common
from netapp.core.languages import Phrases
from netapp.names.naming import shown

PHRASES: Final = Phrases(
    {
        "name": ("{name} 不是有效的域名", "{name} is no domain name"),
        "address": ("{name} 不是 IP 地址", "{name} is no address"),
    }
)
say: Final = common.words(PHRASES)

#: ASCII passes as it is (``_sip._tcp``, ``*``, ``\\032``), the rest by IDNA 2008 after UTS 46.
_CODEC: Final = dns.name.IDNA2008Codec(
    uts_46=True, transitional=False, allow_pure_ascii=True, strict_decode=False
)


class NoName(ValueError):
    """What was written is no domain name, or no address; its text says so in the user's language."""


def asked(text: str, *, reverse: bool) -> tuple[bytes, bool]:
    """:func:`qname`, of an address alone if ``reverse``."""
    found = qname(text)
    if reverse and not found[1]:
        raise NoName(say("address", name=text))
    return found


def qname(text: str) -> tuple[bytes, bool]:
    """The wire form of a name, in the case it is written in.

    :returns: (the name, whether it is an address's reverse name).
    :raises NoName: there is no such name.

    Source: RFC 1035 sections 3.1, 3.5 and 5.1; RFC 3596 section 2.5; RFC 5891.
    """
    try:
        return _wire(dns.reversename.from_address(text)), True
    except dns.exception.SyntaxError:
        pass
    if text in ("", "@"):  # what dnspython takes for the root
        raise NoName(say("name", name=text))
    try:
        return _wire(dns.name.from_text(text, dns.name.root, _CODEC)), False
    except (dns.exception.DNSException, UnicodeError, ValueError):
        raise NoName(say("name", name=text)) from None


def written(name: bytes) -> str:
    """A wire name as a zone file has it, with its final dot."""
    return shown(name).removesuffix(".") + "."


def in_script(name: bytes) -> str | None:
    """A name with A-labels in its own script; None if it has none that are sound."""
    labels = written(name).split(".")
    if not any(label.lower().startswith("xn--") for label in labels):
        return None
    try:
        own = ".".join(idna.ulabel(label) if label.lower().startswith("xn--") else label for label in labels)
    except (idna.IDNAError, UnicodeError):
        return None
    return own if own != ".".join(labels) else None


def _wire(name: dns.name.Name) -> bytes:
    return b"".join(bytes((len(label),)) + label for label in name.labels)
