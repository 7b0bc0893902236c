"""``audit``: what has happened to accounts."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user.base import directory, see_whose, trail
from netapp.core import limits
from netapp.core.cells import cells
from netapp.core.languages import Phrases
from netapp.core.text import visible

PHRASES: Final = Phrases(
    {
        "none": ("还没有记录:{path}", "there is nothing yet: {path}"),
        "damaged": ("有 {count} 行不完整,已跳过", "damaged lines that are left out: {count}"),
        # Events; the English is what stands in the file.
        "login": ("登录", "login"),
        "refused": ("拒绝", "refused"),
        "code used": ("使用邀请码", "code used"),
        "logout": ("退出", "logout"),
        "added": ("添加账号", "added"),
        "removed": ("删除账号", "removed"),
        "password": ("改密码", "password"),
        "disabled": ("停用", "disabled"),
        "enabled": ("启用", "enabled"),
        "locked": ("锁定", "locked"),
        "unlocked": ("解锁", "unlocked"),
        "role": ("改角色", "role"),
        "renamed": ("改显示名", "renamed"),
        "groups": ("改组", "groups"),
        "invited": ("发邀请码", "invited"),
        "withdrawn": ("作废邀请码", "withdrawn"),
        "revoked": ("结束会话", "revoked"),
        "token": ("发令牌", "token"),
        "factor on": ("开两步验证", "factor on"),
        "factor off": ("关两步验证", "factor off"),
        "key added": ("添加公钥", "key added"),
        "key removed": ("删除公钥", "key removed"),
        "application added": ("添加应用密码", "application added"),
        "application removed": ("删除应用密码", "application removed"),
        "policy": ("密码规则", "policy"),
        "pepper": ("胡椒", "pepper"),
        "hash cost": ("哈希参数", "hash cost"),
        "exported": ("导出", "exported"),
        "imported": ("导入", "imported"),
        "undone": ("未完成,前几条作废", "undone"),
    }
)
say: Final = common.words(PHRASES)
#: Seconds between two looks at the file.
_LOOK: Final = 0.5
#: Fields that have their own place in a line.
_PLACED: Final = ("time", "event", "name", "unknown", "account", "door", "source", "reason")


@click.command(epilog="Example:  netapp user audit --name zhao --follow")
@click.option("--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--most", type=click.IntRange(0, limits.AUDIT_EVENTS), default=50, help="So many events (50).")
@click.option("--name", metavar="NAME", help="Only those about this account.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as in the file.")
@state_option
def audit(follow: bool, most: int, name: str | None, as_json: bool, state: Path | None) -> None:
    """Show what has happened: logins, refusals, changes and who made them, the newest last.

    The file is audit.jsonl in the state directory. A name that is no account's stands there as a
    hash only: people type passwords as names.
    """
    from netapp.people.trail.reading import tail

    path = trail(directory(state))
    see_whose(path.parent)
    about = _About(path, name)
    try:
        with ExitStack() as stack:
            following = stack.enter_context(closing(_Following(path))) if follow else None
            found = tail(path, most, about)
            for event in found.events:
                _show(event, as_json)
            if found.damaged:
                common.note(say("damaged", count=found.damaged))
            if following is None and not found.events:
                common.note(say("none", path=path))
            for event in following.events() if following is not None else ():
                if about(event) and event not in found.events:  # some were written between the two
                    _show(event, as_json)
    except OSError as error:
        common.fail(common.trouble(error, path))


class _About:
    """Whether an event is about somebody; about all where no name is given."""

    def __init__(self, path: Path, name: str | None) -> None:
        self._name, self._hashes = None, frozenset[str]()
        if name is None:
            return
        from netapp.people import KEY_FILE, codes, names
        from netapp.people.trail.audit import Audit

        self._name = names.mapped_or_none(name) or name
        secret = path.parent / KEY_FILE
        if secret.exists():  # a name that was tried stands as a hash, as it was typed
            hashed = Audit(path, codes.derived(codes.key_file(secret, make=False), "audit"), None).unknown
            self._hashes = frozenset({hashed(name), hashed(self._name)})

    def __call__(self, event: dict[str, Any]) -> bool:
        return self._name is None or event.get("name") == self._name or event.get("unknown") in self._hashes


class _Following:
    """What is appended to the trail from now on, also after it was set aside."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._opened()
        if self._file is not None:
            self._file.seek(0, os.SEEK_END)
        self._rest = b""

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def events(self) -> Iterator[dict[str, Any]]:
        from netapp.people.trail.reading import read_event

        while True:
            for line in self._lines():
                if found := read_event(line):
                    yield found
            time.sleep(_LOOK)

    def _lines(self) -> Iterator[bytes]:
        while self._file is not None:
            while octets := self._file.read(limits.AUDIT_LINE):
                *lines, self._rest = (self._rest + octets).split(b"\n")
                yield from lines
                self._rest = self._rest[-limits.AUDIT_LINE :]
            if self._is_named():
                return
            self._file.close()
            self._file, self._rest = self._opened(), b""
        self._file = self._opened()

    def _opened(self) -> BinaryIO | None:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            return None

    def _is_named(self) -> bool:
        """Whether the file that is read still has the name."""
        assert self._file is not None
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False


def _show(event: dict[str, Any], as_json: bool) -> None:
    if as_json:
        with common.output():
            click.echo(json.dumps(event, ensure_ascii=False))
        return
    who = event.get("name") or (f"#{event['unknown']}" if "unknown" in event else "-")
    where = " ".join(str(event[key]) for key in ("door", "source") if event.get(key)) or "-"
    rest = [str(event["reason"])] if event.get("reason") else []
    rest += [
        f"{key}={_value(value)}"
        for key, value in event.items()
        if key not in _PLACED and value not in ("", [])
    ]
    words = (
        _time(event["time"]),
        _padded(_event(str(event["event"])), 17),
        _padded(str(who), 16),
        where,
        *rest,
    )
    common.write("  ".join(words))


def _event(name: str) -> str:
    return say(name) if name in PHRASES.phrases else name


def _value(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _padded(text: str, least: int) -> str:
    return text + " " * (least - cells(text))


def _time(text: str) -> str:
    """In local time, for people; as it stands where somebody has edited it."""
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return visible(text)
