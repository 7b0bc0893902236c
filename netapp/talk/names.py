"""The rules for nicknames and rooms, the same behind every door.

A name may be in any script.  It has no spaces, no control or format characters (which can hide or
turn text) and none of the signs that IRC gives a meaning; two names that differ only in case or
width are the same name.
"""

import unicodedata
from typing import Final

from netapp.core import limits
from netapp.core.languages import Lang
from netapp.errors import NetappError
from netapp.talk.model import LOBBY

#: IRC's own signs (RFC 2812 section 2.3.1) and those that masks, lists and commands use.
_FORBIDDEN: Final = frozenset(",*?!@:;<>\"'()/\\%~&#$=")
_FORBIDDEN_FIRST: Final = frozenset("+-.")
_FORBIDDEN_IN_ROOM: Final = frozenset(",:*?@")
_LOBBY_SHOWN: Final = {"zh": "大厅", "en": LOBBY}
_LOBBY_NAMES: Final = frozenset({LOBBY, "大厅"})


class BadName(NetappError):
    """A name that cannot be.  ``reason`` is one of: empty, long, sign, space, hidden."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name!r} cannot be a name: {reason}")
        self.reason = reason


def fold(name: str) -> str:
    """A name as it is compared."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()


def nickname(text: str) -> str:
    """A nickname in its normal form.  :raises BadName: it cannot be one."""
    name = unicodedata.normalize("NFC", text.strip())
    _check(name, limits.NICKNAME, _FORBIDDEN)
    if name[0] in _FORBIDDEN_FIRST:
        raise BadName(name, "sign")
    return name


def tidy_nickname(text: str, fallback: str = "guest") -> str:
    """A nickname out of any text: what may not be in one becomes ``_``."""
    name = unicodedata.normalize("NFC", text.strip()).lstrip("+-.")
    allowed = "".join("_" if char in _FORBIDDEN or char.isspace() else char for char in name)
    shown = "".join(char for char in allowed if char.isprintable())
    try:
        return nickname(shown[: limits.NICKNAME].strip("_") or fallback)
    except BadName:
        return fallback


def room_name(text: str) -> str:
    """A room's name in its normal form, without ``#``.  :raises BadName: it cannot be one."""
    name = fold(text.strip().removeprefix("#"))
    if name in _LOBBY_NAMES:
        return LOBBY
    _check(name, limits.ROOM_NAME, _FORBIDDEN_IN_ROOM)
    return name


def room_shown(name: str, lang: Lang) -> str:
    """A room's name as people read it."""
    return _LOBBY_SHOWN[lang] if name == LOBBY else name


def _check(name: str, limit: int, forbidden: frozenset[str]) -> None:
    if not name:
        raise BadName(name, "empty")
    if len(name) > limit or len(name.encode("utf-8", "replace")) > limit * 2:
        raise BadName(name[:limit], "long")
    if any(char.isspace() for char in name):
        raise BadName(name, "space")
    if not name.isprintable():
        raise BadName(name, "hidden")
    if not forbidden.isdisjoint(name):
        raise BadName(name, "sign")
