"""Domain names: text of any script to the folded octets that names are kept and found by.

A name on the wire is a run of labels, each behind its length (1 to 63), closed by a zero octet
(RFC 1035 section 3.1).  Folding (RFC 4343) is ``bytes.lower`` on the whole: a length is below 64
and so never a letter.
"""

import codecs
import re
from typing import Final

import idna

MAX_LABEL: Final = 63  # octets: RFC 1035 section 2.3.4
MAX_NAME: Final = 255  # octets on the wire, lengths and root included: RFC 1035 section 2.3.4
#: Characters that are looked at: UTS 46 drops and joins some, so more than a name has octets.
_LONGEST: Final = 4 * MAX_NAME

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*", re.ASCII)
_PLAIN_LABEL: Final = re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII)

codecs.lookup("punycode")  # now: to the user that ``twistd --uid`` names, the library may be out of reach


class BadName(ValueError):
    """A text that is no domain name; it says why."""


def wire_name(text: str) -> bytes:
    """The folded wire form of a name.

    Labels of ASCII letters, digits, ``-`` and ``_`` pass unchanged; others become A-labels by
    IDNA 2008 after the mapping of UTS 46.  One final dot is taken off.

    :raises BadName: an empty label, a label or name too long, a space, or nothing IDNA knows.

    Source: RFC 1035 section 3.1; RFC 5891; UTS 46.
    """
    text = text.removesuffix(".")
    if len(text) > _LONGEST:
        raise BadName("the name is too long")
    labels = text.split(".") if _PLAIN.fullmatch(text) else _a_labels(text)
    octets = b"".join(bytes((len(label),)) + label.encode("ascii") for label in labels) + b"\0"
    if len(octets) > MAX_NAME:
        raise BadName("the name is too long")
    return octets.lower()


def shown(name: bytes) -> str:
    """A wire name as text, A-labels as they are, without the final dot; the root is ``.``.

    Octets that are no printable ASCII, and dots within a label, are escaped as RFC 4343
    section 2.1 has it.
    """
    labels, at = [], 0
    while name[at]:
        label = name[at + 1 : at + 1 + name[at]]
        labels.append("".join(_shown_octet(octet) for octet in label))
        at += 1 + name[at]
    return ".".join(labels) or "."


def _shown_octet(octet: int) -> str:
    if chr(octet) in ".\\":
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03}"


def _a_labels(text: str) -> list[str]:
    if not text or text.isascii():
        raise BadName("it is no name")
    try:
        mapped = idna.uts46_remap(text, std3_rules=False).removesuffix(".")
        return [
            label if _PLAIN_LABEL.fullmatch(label) else idna.alabel(label).decode("ascii")
            for label in mapped.split(".")
        ]
    except (idna.IDNAError, UnicodeError) as error:
        raise BadName(f"it is no name: {error}") from None
