"""Names of accounts: which may be, and which are the same.

Source: RFC 8265 section 3.3; Unicode Technical Standard 39 section 5.2 for mixed scripts.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from netapp.core import limits
from netapp.people.model import Refused

#: What a name may have beside letters, marks and digits.
PUNCTUATION: Final = "._-"
#: Scripts that are written together: UTS 39's "highly restrictive" level.
_TOGETHER: Final = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)


def mapped_name(name: str) -> str:
    """The form that a name is found by: two that differ only in case or width are one.

    :raises Refused: it is empty, too long, or has what no name may have.
    """
    if len(name) > limits.NAME * 4:  # before any work: a name of a million marks is no name
        raise Refused("name long", most=limits.NAME)
    mapped = _nfc(_nfc("".join(map(_narrow, name))).casefold())
    if not mapped:
        raise Refused("name empty")
    if len(mapped) > limits.NAME:
        raise Refused("name long", most=limits.NAME)
    for char in mapped:
        if not _is_word(char) and char not in PUNCTUATION:
            raise Refused("name character", char=char if char.isprintable() else f"U+{ord(char):04X}")
    if not _is_word(mapped[0]) or unicodedata.category(mapped[0])[0] == "M":
        raise Refused("name first")
    return mapped


def mapped_or_none(name: str) -> str | None:
    """As :func:`mapped_name`, None for what can be no name."""
    try:
        return mapped_name(name)
    except Refused:
        return None


def new_name(name: str) -> str:
    """As :func:`mapped_name`, for a name that is given out: scripts that look alike do not mix.

    :raises Refused: as there, and for mixed scripts.
    """
    mapped = mapped_name(name)
    scripts = {script for char in mapped for script in _script(char)}
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise Refused("name scripts", scripts=", ".join(sorted(scripts)))
    return mapped


def shown_name(name: str) -> str:
    """A name as it is shown: what its owner wrote, in one normal form."""
    return _nfc(name)


def _nfc(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def _narrow(char: str) -> str:
    """A full-width or half-width character as the ordinary one (RFC 8265 section 3.3.1, rule 1)."""
    kind, _, code = unicodedata.decomposition(char).partition(" ")
    return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else char


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM" or unicodedata.category(char) == "Nd"


def _script(char: str) -> Iterator[str]:
    """The script of a letter, by its name's first word, which is what Python knows of it."""
    if unicodedata.category(char)[0] == "L":
        yield unicodedata.name(char, "UNKNOWN").split()[0].split("-")[0]
