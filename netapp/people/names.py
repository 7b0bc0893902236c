"""Names of accounts: which may be, which are the same, and which look the same.

A name is prepared by PRECIS, as UsernameCaseMapped with full case folding, so that ``straße`` and
``STRASSE`` are one; of what the profile allows only letters, marks, digits and ``. _ -`` are taken.

Source: RFC 8265 section 3.3; Unicode Technical Standard 39 sections 4 (confusables) and 5.2 (mixed
scripts).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from netapp.core import limits
from netapp.people import shipped
from netapp.people.model import Refused

if TYPE_CHECKING:
    from precis_i18n.profile import Profile

#: What a name may have beside letters, marks and digits.
PUNCTUATION: Final = "._-"
#: Names that nobody gets, nor what looks like one.  ``root`` and ``nobody`` are accounts of every
#: machine that may come to ask for ours; a service speaks as ``netapp`` or ``system``; the next are
#: what visitors without an account are called, and the rest address everybody at once.
#: (``admin`` is not among them: the first administrator is often called so, and then it is taken.)
RESERVED: Final = frozenset(
    {"root", "nobody"}
    | {"netapp", "system", "server", "系统", "服务器"}
    | {"guest", "anonymous", "游客", "匿名"}
    | {"everyone", "here", "所有人", "大家", "全体成员"}
)
#: Scripts that are written together: UTS 39's "highly restrictive" level.
_TOGETHER: Final = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
#: Rounds after which a skeleton must stand; no name needs more than three.
_ROUNDS: Final = 8
#: What most names are.
_PLAIN: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{limits.NAME - 1}}}", re.ASCII)


def mapped_name(name: str) -> str:
    """The form that a name is found by: two that differ only in case or width are one.

    :raises Refused: it is empty, too long, or has what no name may have.
    """
    if _PLAIN.fullmatch(name):
        return name.lower()  # the same by far less work
    return _mapped(name)


def _mapped(name: str) -> str:
    if len(name) > limits.NAME * 4:  # before any work: a name of a million marks is no name
        raise Refused("name long", most=limits.NAME)
    if not name:
        raise Refused("name empty")
    mapped = _enforced(name)
    if len(mapped) > limits.NAME:
        raise Refused("name long", most=limits.NAME)
    for char in mapped:
        if not _is_word(char) and char not in PUNCTUATION:
            raise _character(char)
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

    Whether it looks like one that is there is for the store to see: :func:`skeleton`.

    :raises Refused: as there, and for mixed scripts and reserved names.
    """
    mapped = mapped_name(name)
    scripts = {script for char in mapped for script in _script(char)}
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise Refused("name scripts", scripts=", ".join(sorted(scripts)))
    if mapped in RESERVED or skeleton(name) in _reserved_skeletons():
        raise Refused("name reserved", name=mapped)
    return mapped


def shown_name(name: str) -> str:
    """A name as it is shown: what its owner wrote, in one normal form."""
    return unicodedata.normalize("NFC", name)


def skeleton(name: str) -> str:
    """What a name looks like: the same for two that eyes take for one another.

    :param name: as it is shown, since ``aIice`` looks like ``alice``, and ``aiice`` does not.

    It is for comparing only, may be longer than the name, and stays as it is when made anew.
    Source: UTS 39 section 4, with case folding between rounds, as names have no case.
    """
    for _ in range(_ROUNDS):
        drawn = _nfd("".join(_prototypes().get(char, char) for char in _nfd(name)))
        folded = _nfd(drawn.casefold())
        if folded == name:
            break
        name = folded
    return name


@cache
def _prototypes() -> dict[str, str]:
    """Characters with what they are drawn like; the first name that is made waits some ms for it."""
    return {
        chr(int(code, 16)): "".join(chr(int(each, 16)) for each in prototype.split("+"))
        for prototype, *codes in map(str.split, shipped.lines("confusables.txt"))
        for code in codes
    }


@cache
def _reserved_skeletons() -> frozenset[str]:
    return frozenset(map(skeleton, RESERVED))


def _enforced(name: str) -> str:
    try:
        return _profile().enforce(name)
    except UnicodeEncodeError as error:
        if error.reason.endswith("bidi_rule"):
            raise Refused("name direction") from None
        if not error.object:
            raise Refused("name empty") from None
        raise _character(error.object[max(error.start, 0)]) from None


@cache
def _profile() -> "Profile":
    """Case is folded, as RFC 7613 had it; RFC 8265 would rather have lower case, and may have this."""
    from precis_i18n import get_profile  # some ms: not for --help

    return get_profile("UsernameCaseMapped:CaseFold")


def _character(char: str) -> Refused:
    return Refused("name character", char=char if char.isprintable() else f"U+{ord(char):04X}")


def _nfd(value: str) -> str:
    return unicodedata.normalize("NFD", value)


def _is_word(char: str) -> bool:
    """A letter, a mark or a digit; 〇 counts as the letter that it is in Chinese."""
    return unicodedata.category(char)[0] in "LM" or unicodedata.category(char) == "Nd" or char == "〇"


def _script(char: str) -> Iterator[str]:
    """The script of a letter, by its name's first word, which is what Python knows of it."""
    if unicodedata.category(char)[0] == "L":
        word = unicodedata.name(char, "UNKNOWN").split()[0].split("-")[0]
        yield "CJK" if word == "IDEOGRAPHIC" else word  # 々, as in 佐々木
