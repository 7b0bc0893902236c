"""Domain names: text of any script to the folded octets that names are kept and found by.

A name on the wire is a run of labels, each behind its length (1 to 63), closed by a zero octet
(RFC 1035 section 3.1).  Folding (RFC 4343) is ``bytes.lower`` on the whole: a length is below 64
and so never a letter.
"""

import codecs
import re
import unicodedata
from functools import lru_cache
from typing import Final

import idna

from netapp.core import limits

MAX_LABEL: Final = 63  # octets: RFC 1035 section 2.3.4
MAX_NAME: Final = 255  # octets on the wire, lengths and root included: RFC 1035 section 2.3.4
#: Characters that are looked at: accents may be written apart, so more than a name has octets.
_LONGEST: Final = 4 * MAX_NAME
#: Octets, and so characters, of a name as text: all but the first label's length and the root.
_MAX_TEXT: Final = MAX_NAME - 2
#: Each of its characters has an octet at least behind the ``xn--`` of an A-label: RFC 3492 section 6.3.
_PREFIX: Final = len("xn--")

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
        raise BadName(_TOO_LONG)
    if _PLAIN.fullmatch(text):
        if len(text) > _MAX_TEXT:
            raise BadName(_TOO_LONG)
        return _joined(text.split("."))
    if not text or text.isascii():
        raise BadName("it is no name")
    found = _of_any_script(text)
    if isinstance(found, str):
        raise BadName(found)
    return found


def wire_label(text: str) -> bytes:
    """One label of a name, folded, without its length.

    :raises BadName: as :func:`wire_name`, and where it has a dot in it.
    """
    wire = wire_name(f"{text}.a")  # a dot at its end would be taken off
    if wire[1 + wire[0] :] != b"\1a\0":
        raise BadName("it has a dot in it")
    return wire[1 : 1 + wire[0]]


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


def name_end(octets: bytes, at: int = 0) -> int:
    """Where the name that begins at an octet ends.  :raises IndexError: it does not."""
    while octets[at]:
        at += 1 + octets[at]
    return at + 1


def is_within(name: bytes, above: bytes) -> bool:
    """Whether a name is another or stands below it; both folded."""
    at = len(name) - len(above)
    if at < 0 or not name.endswith(above):
        return False
    start = 0
    while start < at:
        start += 1 + name[start]
    return start == at


def canonical_key(name: bytes) -> bytes:
    """Octets that sort as names do: RFC 4034 section 6.1.

    Labels come last first, each ended by the least octet; the two least are written as two.

    :param name: folded wire name.
    """
    labels, start = [], 1
    while length := name[start - 1]:
        labels.append(name[start : start + length])
        start += length + 1
    labels.reverse()
    key = b"\0".join(labels)
    if key.count(b"\0") >= len(labels) or b"\1" in key:
        return b"\0".join(label.replace(b"\1", b"\1\2").replace(b"\0", b"\1\1") for label in labels)
    return key


def _shown_octet(octet: int) -> str:
    if chr(octet) in ".\\":
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03}"


def _joined(labels: list[str]) -> bytes:
    """ASCII labels on the wire, folded."""
    return (b"".join(bytes((len(label),)) + label.encode("ascii") for label in labels) + b"\0").lower()


@lru_cache(limits.NAMES_TEXTS)
def _of_any_script(text: str) -> bytes | str:
    """The folded wire form, or why there is none: either costs so much that it is worth remembering."""
    if len(unicodedata.normalize("NFC", text)) > _MAX_TEXT:
        return _TOO_LONG
    try:
        labels = idna.uts46_remap(text, std3_rules=False).removesuffix(".").split(".")
        if _least(labels) > MAX_NAME:
            return _TOO_LONG
        made = [label if _PLAIN_LABEL.fullmatch(label) else _a_label(label) for label in labels]
    except (idna.IDNAError, UnicodeError) as error:
        return f"it is no name: {error}"
    octets = _joined(made)
    return octets if len(octets) <= MAX_NAME else _TOO_LONG


def _least(labels: list[str]) -> int:
    """The octets that a name of these labels has at least, before any is worked out."""
    return 1 + sum(1 + len(label) + (0 if label.isascii() else _PREFIX) for label in labels)


def _a_label(label: str) -> str:
    """:raises idna.IDNAError: it has none."""
    if len(label) > MAX_LABEL - _PREFIX:
        raise idna.IDNAError("Label too long")
    return str(idna.alabel(label).decode("ascii"))


_TOO_LONG: Final = "the name is too long"
