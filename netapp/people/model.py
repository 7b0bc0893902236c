"""Accounts, and the rules of names and passwords: values only.

Source: RFC 8265 sections 3.3 (names) and 4.2 (passwords); Unicode Technical Standard 39 section
5.2 for mixed scripts.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from netapp.core import limits, text
from netapp.core.languages import Lang, Phrases
from netapp.errors import NetappError

AccountState = Literal["active", "disabled"]
ChangeKind = Literal["added", "password", "disabled", "enabled", "removed"]


@dataclass(frozen=True, slots=True)
class Account:
    """One person.  The id never changes and is never given again; the rest may change."""

    id: str  # 32 hexadecimal digits
    name: str  # as mapped by mapped_name: what it is found by
    shown: str  # as its owner writes it
    state: AccountState
    generation: int  # raised to revoke everything that was given out
    created: float  # seconds since 1970
    seen: float | None  # the last time it was let in

    @property
    def active(self) -> bool:
        return self.state == "active"


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Published on a topic when an account has changed; ``account`` is as it is now, or was."""

    kind: ChangeKind
    account: Account


PHRASES: Final = Phrases(
    {
        "name empty": ("用户名不能为空", "the name is empty"),
        "name long": ("用户名最多 {most} 个字符", "the name is longer than {most} characters"),
        "name first": ("用户名要以文字或数字开头", "the name must begin with a letter or a digit"),
        "name character": (
            "用户名里不能有“{char}”,只能用文字、数字和 . _ -",
            "the name has '{char}' in it: letters, digits and . _ - may be used",
        ),
        "name scripts": (
            "用户名混用了容易混淆的文字({scripts})",
            "the name mixes scripts that look alike ({scripts})",
        ),
        "password empty": ("密码不能为空", "the password is empty"),
        "password short": (
            "密码至少要 {least} 个字符(要用更短的,请加 --allow-weak)",
            "the password is shorter than {least} characters (--allow-weak takes it)",
        ),
        "password long": ("密码最多 {most} 个字节", "the password is longer than {most} octets"),
        "password text": ("密码不是有效的文字", "the password is no text"),
        "taken": ("用户名 {name} 已经有人用了", "the name {name} is taken"),
        "unknown": ("没有用户 {name}", "there is no account {name}"),
    }
)


class Refused(NetappError):
    """A name, a password or a change that the rules forbid; :meth:`say` tells why."""

    def __init__(self, key: str, /, **fields: object) -> None:
        super().__init__(PHRASES.say("en", key, **fields))
        self.key, self.fields = key, fields

    def say(self, lang: Lang) -> str:
        return PHRASES.say(lang, self.key, **self.fields)


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


def prepared(password: str) -> bytes:
    """A password's octets: the same for every way to type it, and nothing taken away.

    :raises Refused: it is empty, too long, or no text.
    """
    if len(password) > limits.PASSWORD:  # before any work
        raise Refused("password long", most=limits.PASSWORD)
    if not password:
        raise Refused("password empty")
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in password)
    try:
        octets = _nfc(spaced).encode()
    except UnicodeEncodeError:
        raise Refused("password text") from None
    if len(octets) > limits.PASSWORD:
        raise Refused("password long", most=limits.PASSWORD)
    return octets


def new_password(password: str, *, allow_weak: bool = False) -> bytes:
    """As :func:`prepared`, for a password that is chosen.

    :param allow_weak: take one that is shorter than the minimum.
    :raises Refused: as there, and for a short one.
    """
    octets = prepared(password)
    if not allow_weak and len(octets.decode()) < limits.PASSWORD_LEAST:
        raise Refused("password short", least=limits.PASSWORD_LEAST)
    return octets


def readings(name: bytes, password: bytes) -> list[tuple[str, str]]:
    """What somebody may have typed: both words in UTF-8, and both in GB18030, where they can be.

    One terminal writes one encoding, so the two are never mixed; of one to two readings.
    """
    found: list[tuple[str, str]] = []
    for codec in ("utf-8", "gb18030"):
        try:
            reading = (name.decode(codec), password.decode(codec))
        except UnicodeDecodeError:
            continue
        if reading not in found:
            found.append(reading)
    return found or [(text.decode(name)[0], text.decode(password)[0])]


def tried_names(name: bytes) -> frozenset[str]:
    """The mapped names that somebody may have typed; "" for what can be no name."""
    return frozenset(mapped_or_none(reading) or "" for reading, _ in readings(name, b""))


def mapped_or_none(name: str) -> str | None:
    """As :func:`mapped_name`, None for what can be no name."""
    try:
        return mapped_name(name)
    except Refused:
        return None


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
