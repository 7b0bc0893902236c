"""A parcel of accounts as JSON: with their ids, hashes, second factors and keys.

It is as secret as all of them together.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NoReturn, TypeGuard, get_args

from netapp.core import limits
from netapp.core.languages import Lang, Phrases
from netapp.core.text import visible
from netapp.errors import NetappError
from netapp.people import names
from netapp.people.model import ROLES, Account, AccountState, Password, Refused

PHRASES: Final = Phrases(
    {
        "large": ("文件太大,最多 {most} 字节", "the file is larger than {most} octets"),
        "json": ("不是 JSON:{reason}", "this is no JSON: {reason}"),
        "format": (
            "不是 netapp user export 写的文件",
            "this is not what netapp user export writes",
        ),
        "version": (
            "文件是更新版本的 netapp 写的(版本 {version}):请先升级",
            "this was written by a newer netapp (version {version}): upgrade first",
        ),
        "value": (
            "第 {number} 个账号 {name}:{field} 不对",
            "account {number}, {name}: its {field} is wrong",
        ),
        "same": (
            "第 {number} 个账号 {name}:{field} 和前面的重复",
            "account {number}, {name}: its {field} is that of one before",
        ),
        "other": (
            "{name} 这个名字已经是另一个账号的(ID 不同):请先删除那个账号",
            "the name {name} is another account's here, of another id: remove that one first",
        ),
        "no admin": (
            "导入之后就没有能登录的管理员了",
            "no admin would be left who can log in",
        ),
    }
)
VERSION: Final = 1
_KIND: Final = "accounts"
_HASHES: Final = ("$argon2id$", "$argon2i$", "$argon2d$")


class Unreadable(NetappError):
    """A file that is not taken; :meth:`say` tells why."""

    def __init__(self, key: str, /, **fields: object) -> None:
        super().__init__(PHRASES.say("en", key, **fields))
        self._key, self._fields = key, fields

    def say(self, lang: Lang) -> str:
        return PHRASES.say(lang, self._key, **self._fields)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """An SSH key."""

    kind: str
    blob: str
    comment: str
    created: float
    seen: float | None


@dataclass(frozen=True, slots=True)
class Totp:
    """A second factor that is in force."""

    secret: str = field(repr=False)  # base 32
    step: int
    recovery: tuple[str, ...] = field(repr=False)  # digests


@dataclass(frozen=True, slots=True)
class Person:
    """An account and what belongs to it."""

    account: Account
    groups: frozenset[str]
    password: Password | None
    totp: Totp | None
    keys: tuple[KeyLine, ...]


def written(people: Iterable[Person], now: float) -> bytes:
    """The file."""
    accounts = [
        asdict(each.account)
        | {
            "groups": sorted(each.groups),
            "password": None if each.password is None else asdict(each.password),
            "totp": None if each.totp is None else asdict(each.totp),
            "keys": [asdict(key) for key in each.keys],
        }
        for each in people
    ]
    whole = {"netapp": _KIND, "version": VERSION, "exported": now, "accounts": accounts}
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def read(octets: bytes) -> tuple[Person, ...]:
    """What a file holds.  :raises Unreadable: it is none, or something in it is wrong."""
    if len(octets) > limits.IMPORT:
        raise Unreadable("large", most=limits.IMPORT)
    try:
        whole = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise Unreadable("json", reason=visible(str(error))) from None
    if not isinstance(whole, dict) or whole.get("netapp") != _KIND:
        raise Unreadable("format")
    if whole.get("version") != VERSION:
        raise Unreadable("version", version=visible(str(whole.get("version")))[:20])
    accounts = whole.get("accounts")
    if not isinstance(accounts, list):
        raise Unreadable("format")
    people = tuple(_Reader(number, each).person() for number, each in enumerate(accounts, 1))
    _see_apart(people)
    return people


def _see_apart(people: Sequence[Person]) -> None:
    for name in ("id", "name", "number"):
        there = set()
        for number, each in enumerate(people, 1):
            value = getattr(each.account, name)
            if value in there:
                raise Unreadable("same", number=number, name=each.account.name, field=name)
            there.add(value)


class _Reader:
    """One account of the file; every value is looked at."""

    def __init__(self, number: int, stored: Any) -> None:
        if not isinstance(stored, dict):
            raise Unreadable("value", number=number, name="?", field="accounts")
        self._number, self._stored = number, stored

    def person(self) -> Person:
        name = self._text("name", limits.NAME)
        try:
            if names.mapped_name(name) != name:
                self._wrong("name")
        except Refused:
            self._wrong("name")
        account = Account(
            id=self._hex("id", 32),
            number=self._integer("number"),
            name=name,
            shown=self._text("shown", limits.NAME * 4),
            state=self._one("state", get_args(AccountState)),
            reason=self._text("reason", 256, empty=True),
            role=self._one("role", ROLES),
            generation=self._integer("generation"),
            created=self._seconds("created"),
            seen=None if self._stored.get("seen") is None else self._seconds("seen"),
        )
        return Person(account, self._groups(), self._password(), self._totp(), self._keys())

    def _groups(self) -> frozenset[str]:
        groups = self._stored.get("groups")
        if not isinstance(groups, list) or len(groups) > limits.GROUPS_EACH:
            self._wrong("groups")
        for group in groups:
            if not isinstance(group, str) or not 0 < len(group) <= limits.GROUP_NAME:
                self._wrong("groups")
            if visible(group) != group:
                self._wrong("groups")
        return frozenset(groups)

    def _password(self) -> Password | None:
        stored = self._below("password")
        if stored is None:
            return None
        phc, pepper, alone = (stored.get(key) for key in ("phc", "pepper", "alone"))
        if not isinstance(phc, str) or len(phc) > 256 or not phc.isascii() or not phc.startswith(_HASHES):
            self._wrong("password")
        if not isinstance(alone, bool) or not (pepper is None or isinstance(pepper, str)):
            self._wrong("password")
        return Password(phc, pepper if pepper is None else pepper[:64], alone)

    def _totp(self) -> Totp | None:
        stored = self._below("totp")
        if stored is None:
            return None
        secret, step, recovery = (stored.get(key) for key in ("secret", "step", "recovery"))
        if not isinstance(secret, str) or not 16 <= len(secret) <= 128 or not secret.isalnum():
            self._wrong("totp")
        if type(step) is not int or not 0 <= step < 2**53 or not isinstance(recovery, list):
            self._wrong("totp")
        if len(recovery) > limits.RECOVERY_CODES or not all(map(_is_digest, recovery)):
            self._wrong("totp")
        return Totp(secret, step, tuple(recovery))

    def _keys(self) -> tuple[KeyLine, ...]:
        stored = self._stored.get("keys")
        if not isinstance(stored, list) or len(stored) > limits.CREDENTIALS_EACH:
            self._wrong("keys")
        return tuple(self._key(each) for each in stored)

    def _key(self, stored: Any) -> KeyLine:
        from netapp.people import keys

        if not isinstance(stored, dict):
            self._wrong("keys")
        kind, blob, comment = (stored.get(key) for key in ("kind", "blob", "comment"))
        created, seen = stored.get("created"), stored.get("seen")
        if not isinstance(comment, str) or visible(comment) != comment:
            self._wrong("keys")
        if not _is_time(created) or not (seen is None or _is_time(seen)):
            self._wrong("keys")
        try:
            read = keys.parse(f"{kind} {blob} {comment[:100]}", "", created)
        except Refused:
            self._wrong("keys")
        return KeyLine(read.kind, read.blob, read.comment, created, seen)

    def _below(self, key: str) -> Mapping[str, Any] | None:
        stored = self._stored.get(key)
        if stored is not None and not isinstance(stored, dict):
            self._wrong(key)
        return stored

    def _text(self, key: str, most: int, *, empty: bool = False) -> str:
        value = self._stored.get(key)
        if not isinstance(value, str) or len(value) > most or not (value or empty):
            self._wrong(key)
        if visible(value) != value:
            self._wrong(key)
        return value

    def _hex(self, key: str, length: int) -> str:
        value = self._text(key, length)
        if len(value) != length or not set(value) <= set("0123456789abcdef"):
            self._wrong(key)
        return value

    def _one(self, key: str, choices: Sequence[Any]) -> Any:
        value = self._stored.get(key)
        if value not in choices:
            self._wrong(key)
        return value

    def _integer(self, key: str) -> int:
        value = self._stored.get(key)
        if type(value) is not int or not 0 <= value < 2**31:
            self._wrong(key)
        return value

    def _seconds(self, key: str) -> float:
        value = self._stored.get(key)
        if not _is_time(value):
            self._wrong(key)
        return float(value)

    def _wrong(self, key: str) -> NoReturn:
        name = self._stored.get("name")
        shown = visible(name[: limits.NAME]) if isinstance(name, str) else "?"
        raise Unreadable("value", number=self._number, name=shown, field=key)


def _is_time(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value < 2**40


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")
