"""A class list: the accounts that a CSV file asks for.

It is taken whole or not at all, and everything that is wrong with it is told at once, by line.  UTF-8
with and without a byte order mark, UTF-16 with one, and GB18030 are read: what spreadsheets write.

Source: RFC 4180, with a semicolon or a tab in place of the comma where the first line has it.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from netapp.core import limits
from netapp.core.languages import Lang, Phrases
from netapp.core.text import visible
from netapp.errors import NetappError
from netapp.people import names
from netapp.people.model import ROLES, Refused, Role

PHRASES: Final = Phrases(
    {
        "line": ("第 {line} 行:{fault}", "line {line}: {fault}"),
        "more": ("……还有 {count} 处错误", "... and {count} more"),
        "large": (
            "名单太大,最多 {most} 字节:请分成几个文件",
            "the list is larger than {most} octets: make several files of it",
        ),
        "encoding": (
            "既不是 UTF-8 也不是 GB18030:请用 Excel 另存为“CSV UTF-8”",
            "this is neither UTF-8 nor GB18030: save it as 'CSV UTF-8'",
        ),
        "empty": ("名单里没有人", "there is nobody in the list"),
        "header": (
            "第一行要写列名,例如:用户名,姓名,角色,班级",
            "the first line must name the columns, as: name,display,role,groups",
        ),
        "column": (
            "不认识的列“{column}”,可以用:用户名、姓名、角色、班级",
            "no column '{column}' is known; there are: name, display, role, groups",
        ),
        "twice": (
            "“{column}”和“{other}”是同一个意思的列:只留一个",
            "the columns '{column}' and '{other}' mean the same: keep one of them",
        ),
        "no name": ("没有用户名这一列", "no column holds the names"),
        "quotes": ("引号不成对,后面的内容没有读", "the quotes do not match; nothing after it was read"),
        "cells": ("这一行有 {count} 格,列名只有 {most} 个", "{count} cells, where {most} columns are named"),
        "rows": (
            "最多 {most} 人:请分成几个文件",
            "there may be {most} people in a list: make several files of it",
        ),
        "refused": ("{reason}", "{reason}"),
        "display": (
            "姓名“{shown}”不能用:最多 {most} 个字符,不能有看不见的字符",
            "the display name '{shown}' cannot be: at most {most} characters, and none that is not seen",
        ),
        "role": ("没有角色“{role}”,可以用:{roles}", "there is no role '{role}'; there are: {roles}"),
        "groups": ("最多 {most} 个组", "more than {most} groups"),
        "group": (
            "组名“{group}”不能用:最多 {most} 个字符,不能有看不见的字符",
            "the group '{group}' cannot be: at most {most} characters, and none that is not seen",
        ),
        "same": (
            "用户名“{name}”和第 {other} 行的相同",
            "the name '{name}' is the one of line {other} again",
        ),
        "lookalike": (
            "用户名“{name}”和第 {other} 行的太像",
            "the name '{name}' looks like the one of line {other}",
        ),
    }
)

Column = Literal["name", "display", "role", "groups"]
_HEADS: Final[Mapping[Column, str]] = {
    "name": "name username user login account 用户名 账号 帐号 账户 帐户 学号 工号",
    "display": "display displayname fullname realname 姓名 名字 显示名 显示名称",
    "role": "role 角色",
    "groups": "groups group class classes 班级 班 组 小组 分组 群组",
}
_COLUMNS: Final = {word: column for column, words in _HEADS.items() for word in words.split()}
_ROLES: Final[Mapping[str, Role]] = {role: role for role in ROLES} | {
    "": "member",
    "访客": "guest",
    "成员": "member",
    "学生": "member",
    "协管员": "moderator",
    "版主": "moderator",
    "管理员": "admin",
}
#: Between groups of one cell.
_BETWEEN: Final = re.compile(r"[\s,;\u3001\uff0c\uff1b]+")  # the comma and the semicolon of Chinese too
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One account to be."""

    line: int  # from 1
    name: str  # one that can be given out, as written
    shown: str  # its display name
    role: Role
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where."""

    line: int  # from 1
    key: str
    fields: Mapping[str, object]

    def say(self, lang: Lang) -> str:
        fields = {
            key: value.say(lang) if isinstance(value, Refused) else value
            for key, value in self.fields.items()
        }
        return PHRASES.say(lang, "line", line=self.line, fault=PHRASES.say(lang, self.key, **fields))


class Unreadable(NetappError):
    """A list that is not taken; ``faults`` has everything that is wrong, by line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__(self.say("en"))

    def say(self, lang: Lang) -> str:
        """A line for each fault, up to a bound."""
        lines = [fault.say(lang) for fault in self.faults[: limits.ROSTER_FAULTS]]
        if rest := len(self.faults) - len(lines):
            lines.append(PHRASES.say(lang, "more", count=rest))
        return "\n".join(lines)


def read(octets: bytes) -> tuple[Row, ...]:
    """The accounts of a list, in its order.

    :raises Unreadable: something in it is wrong.
    """
    reader = _Reader()
    rows = reader.rows(octets)
    if not rows and not reader.faults:
        reader.fault(1, "empty")
    if reader.faults:
        raise Unreadable(reader.faults)
    return tuple(rows)


class _Reader:
    """Reads on after a fault, so that all of them are told."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._names: dict[str, int] = {}  # mapped names, and where they stand
        self._looks: dict[str, int] = {}  # the same for what they look like

    def fault(self, line: int, key: str, **fields: object) -> None:
        self.faults.append(Fault(line, key, fields))

    def rows(self, octets: bytes) -> list[Row]:
        records = list(self._records(octets))
        if not records:
            return []
        columns = self._header(*records[0], alone=all(len(cells) == 1 for _, cells in records))
        if columns is None:  # a list of names and nothing else
            columns = ["name"]
        else:
            records = records[1:]
        if "name" not in columns:
            return []
        for line, _ in records[limits.ROSTER_ROWS : limits.ROSTER_ROWS + 1]:
            self.fault(line, "rows", most=limits.ROSTER_ROWS)
        found = (self._row(line, cells, columns) for line, cells in records[: limits.ROSTER_ROWS])
        return [row for row in found if row is not None]

    def _records(self, octets: bytes) -> Iterator[tuple[int, list[str]]]:
        """Each record that holds anything, with the line it begins in."""
        if len(octets) > limits.ROSTER:
            self.fault(1, "large", most=limits.ROSTER)
            return
        try:
            text = _decoded(octets)
        except UnicodeDecodeError as error:
            self.fault(octets.count(b"\n", 0, error.start) + 1, "encoding")
            return
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True, skipinitialspace=True
        )
        line = 1
        try:
            for cells in reader:
                cells = [cell.strip() for cell in cells]
                if any(cells):
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error:
            self.fault(line, "quotes")

    def _header(self, line: int, cells: list[str], *, alone: bool) -> list[Column | None] | None:
        """What each column holds; None when the first line is a name already."""
        columns = [_COLUMNS.get(_plain(cell)) for cell in cells]
        if not any(columns):
            if alone:
                return None
            self.fault(line, "header")
            return []
        where: dict[Column, str] = {}
        for cell, column in zip(cells, columns, strict=True):
            if column is None and cell:
                self.fault(line, "column", column=_shown(cell))
            elif column in where:
                self.fault(line, "twice", column=_shown(cell), other=_shown(where[column]))
            elif column is not None:
                where[column] = cell
        if "name" not in where:
            if "display" not in where:
                self.fault(line, "no name")
            # A list of people by their names alone: they log in by these.
            columns = ["name" if column == "display" else column for column in columns]
        return list(columns)

    def _row(self, line: int, cells: list[str], columns: Sequence[Column | None]) -> Row | None:
        before = len(self.faults)
        if any(cells[len(columns) :]):
            self.fault(line, "cells", count=len(cells), most=len(columns))
        record = {column: cell for column, cell in zip(columns, cells, strict=False) if column is not None}
        name = record.get("name", "")
        self._see_name(line, name)
        shown = self._display(line, record.get("display") or name)
        role = self._role(line, record.get("role", ""))
        groups = self._groups(line, record.get("groups", ""))
        return Row(line, name, shown, role, groups) if len(self.faults) == before else None

    def _see_name(self, line: int, name: str) -> None:
        try:
            mapped = names.new_name(name)
        except Refused as error:
            self.fault(line, "refused", reason=error)
            return
        look = names.skeleton(mapped)
        if mapped in self._names:
            self.fault(line, "same", name=_shown(name), other=self._names[mapped])
        elif look in self._looks:
            self.fault(line, "lookalike", name=_shown(name), other=self._looks[look])
        self._names.setdefault(mapped, line)
        self._looks.setdefault(look, line)

    def _display(self, line: int, shown: str) -> str:
        if len(shown) > limits.NAME or visible(shown) != shown:
            self.fault(line, "display", shown=_shown(shown), most=limits.NAME)
        return names.shown_name(shown)

    def _role(self, line: int, role: str) -> Role:
        known = _ROLES.get(_plain(role))
        if known is None:
            self.fault(line, "role", role=_shown(role), roles=", ".join(ROLES))
        return known or "member"

    def _groups(self, line: int, cell: str) -> frozenset[str]:
        groups = frozenset(unicodedata.normalize("NFC", group) for group in _BETWEEN.split(cell) if group)
        if len(groups) > limits.ROSTER_GROUPS:
            self.fault(line, "groups", most=limits.ROSTER_GROUPS)
        for group in sorted(groups):
            if len(group) > limits.GROUP_NAME or visible(group) != group:
                self.fault(line, "group", group=_shown(group), most=limits.GROUP_NAME)
        return groups


def _decoded(octets: bytes) -> str:
    """:raises UnicodeDecodeError: it is in none of the encodings."""
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("gb18030")


def _delimiter(text: str) -> str:
    """The one that the first line with anything in it has most of; quoted ones do not count."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=bare.count)


def _plain(word: str) -> str:
    """A word of ours however it is written: "Display name", "display_name"."""
    return re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", word).casefold())


def _shown(word: str) -> str:
    """Something out of the list, fit for a terminal."""
    return visible(word[: limits.NAME]) + ("..." if len(word) > limits.NAME else "")
