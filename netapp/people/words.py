"""Words that people choose to be shown: display names, groups, labels, reasons.

Each is in one normal form, has a bound, and nothing in it that a terminal obeys, that turns the
direction of what follows, or that is not seen.
"""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from netapp.core import limits
from netapp.core.text import visible
from netapp.people.model import Refused

#: What stands between groups where several are written in a row.
_BETWEEN: Final = re.compile(r"[\s,;\u3001\uff0c\uff1b]")


def shown(name: str) -> str:
    """A display name.  :raises Refused: it is empty, too long, or has what is not seen."""
    word = _plain(name)
    if not word or not _fits(word, limits.NAME):
        raise Refused("shown", shown=_told(name), most=limits.NAME)
    return word


def groups(names: Collection[str]) -> frozenset[str]:
    """Names of groups, each without spaces, commas and semicolons.

    :raises Refused: one cannot be, or there are too many.
    """
    words = frozenset(map(_plain, names))
    for word in sorted(words):
        if not word or not _fits(word, limits.GROUP_NAME) or _BETWEEN.search(word):
            raise Refused("group", group=_told(word), most=limits.GROUP_NAME)
    if len(words) > limits.GROUPS_EACH:
        raise Refused("groups", most=limits.GROUPS_EACH)
    return words


def label(text: str) -> str:
    """What something is for, as its owner says; may be empty.  :raises Refused: as :func:`reason`."""
    word = _plain(text)
    if not _fits(word, limits.LABEL):
        raise Refused("label", most=limits.LABEL)
    return word


def reason(text: str) -> str:
    """Why something was done; may be empty.  :raises Refused: too long, or has what is not seen."""
    word = _plain(text)
    if not _fits(word, limits.REASON):
        raise Refused("reason", most=limits.REASON)
    return word


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text[: limits.LINE]).strip()


def _fits(word: str, most: int) -> bool:
    return len(word) <= most and visible(word) == word


def _told(word: str) -> str:
    return visible(word[: limits.NAME])
