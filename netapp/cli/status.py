"""``netapp status``: what runs here, where it is reached, who is there, and what is wrong."""

import importlib
import os
import shlex
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from netapp.cli import common, troubles
from netapp.cli.options import STATE
from netapp.core import state
from netapp.core.cells import wrapped
from netapp.core.languages import Phrases
from netapp.core.platform import user
from netapp.core.status import neighbours
from netapp.core.status.sheet import Sheet

if TYPE_CHECKING:
    from netapp.people.first import FirstCode

PHRASES: Final = Phrases(
    {
        "not running": (
            "netapp 没有在运行:用 twistd -n netapp 启动(状态目录 {state})",
            "netapp is not running; start it with  twistd -n netapp  (state directory {state})",
        ),
        "unreadable": (
            "不能读取状态目录 {state}({reason}):请用启动 netapp 的那个用户运行",
            "the state directory {state} cannot be read ({reason}): be the user that started netapp",
        ),
        "no state": (
            "不能读取 {path}({reason}):请用 --state 指定状态目录",
            "{path} cannot be read ({reason}): name the state directory by --state",
        ),
        "process": (
            "{plugin} {version},进程号 {pid},已运行 {uptime}",
            "{plugin} {version}, pid {pid}, up {uptime}",
        ),
        "days": ("{count} 天 {hours} 小时", "{count} d {hours} h"),
        "hours": ("{count} 小时 {minutes} 分钟", "{count} h {minutes} min"),
        "minutes": ("{count} 分钟", "{count} min"),
        "seconds": ("{count} 秒", "{count} s"),
        "present": ("在线 {count} 人:", "{count} present:"),
        "nobody": ("现在没有人在线。", "Nobody is present."),
        "more": ("还有 {count} 人", "and {count} more"),
        "person": ("{name}({doors})", "{name} ({doors})"),
        "comma": ("、", ", "),
        "kept": ("保留:{what}", "Kept: {what}"),
        "talk days": ("聊天记录 {days} 天", "messages {days} days"),
        "talk ever": ("聊天记录不限天数", "messages for ever"),
        "talk room": ("每个房间最多 {count} 条", "{count} in a room at most"),
        "audit": ("登录审计 {count} 个文件,每个 {size}", "the audit trail in {count} files of {size}"),
        "logs": ("旧日志 {count} 个文件", "{count} old log files"),
        "dns": (
            "域名:{zones} 个区域,已回答 {answered} 次",
            "Names: {answered} answers; zones: {zones}",
        ),
        "dns limited": (
            "域名:{zones} 个区域,已回答 {answered} 次,另有 {limited} 次超出限速",
            "Names: {answered} answers, {limited} kept back by the rate limit; zones: {zones}",
        ),
        "dns workers": (
            "{wanted} 个回答域名的进程,{answering} 个已就绪",
            "Processes that answer for names: {answering} of {wanted}",
        ),
        "disk": (
            "状态目录 {state}:{size};磁盘还剩 {free}",
            "The state directory {state} has {size}; {free} are free on its disk",
        ),
        "well": ("没有发现问题。", "Nothing is wrong."),
        "wrong": ("有问题的地方:", "What is wrong:"),
    }
)
say: Final = common.words(PHRASES)
#: Names shown of those who are present.
_NAMES: Final = 40


@click.command(epilog="Example:  netapp status --qr")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, sizes in octets, times in seconds.")
@click.option("--qr", "draw", is_flag=True, help="Show the QR code of the page's address too.")
@click.option("--state", "folder", type=STATE, metavar="DIR", help="Look at this one.")
def status(as_json: bool, draw: bool, folder: Path | None) -> None:
    """Show what runs here.

    Where other machines reach each service, how many clients it has, who is present, what is kept, and
    what is wrong. While nobody has an account, a terminal is shown the code for the first
    administrator's. The exit status is 1 if nothing runs.
    """
    folder = folder or state.default_state(os.environ)
    try:
        found = neighbours.neighbours(folder, time.time())
    except OSError as error:
        key = "unreadable" if isinstance(error, PermissionError) else "no state"
        common.fail(say(key, state=folder, path=error.filename or folder, reason=error.strerror))
    if as_json:
        _show_json(folder, found)
        click.get_current_context().exit(0 if found else 1)
    if not found:
        common.fail(say("not running", state=folder))
    told = [each.told for each in found if each.told is not None]
    sheet = Sheet(told, say.lang)
    with common.output():
        for line in _lines(folder, found, sheet):
            common.write(line)
        if draw and sheet.begin is not None:
            click.echo("\n".join(sheet.qr(_drawn(sheet.begin))), color=True)


def _lines(folder: Path, found: list[neighbours.Neighbour], sheet: Sheet) -> Iterator[str]:
    for one in sheet.told:
        uptime = _span(float(one.get("uptime") or 0))
        yield from wrapped(say("process", **_only(one, "plugin", "version", "pid"), uptime=uptime))
    if sheet.listeners:
        yield from ["", *sheet.head()]
        if sheet.begin is not None:
            yield from wrapped(sheet.begin, "  ")
        yield from ["", sheet.services_head(), *sheet.services(clients=True)]
    if sheet.told:
        yield from ["", *_present(sheet.told)]
        yield from ["", *_names(sheet.told), *_kept(folder, sheet.told)]
        yield from _first(folder, sheet)
        settings = next((one["settings"] for one in sheet.told if one.get("settings")), None)
        yield from [*sheet.settings(str(settings) if settings else None, str(folder)), ""]
    wrong = list(troubles.troubles(folder, found))
    if not wrong:
        yield say("well")
        return
    yield say("wrong")
    for line in wrong:
        first, *rest = wrapped(line, "  ")
        yield from [f"! {first[2:]}", *rest]


def _only(one: Any, *keys: str) -> dict[str, object]:
    return {key: one.get(key, "?") for key in keys}


def _present(told: Any) -> Iterator[str]:
    doors: dict[str, list[str]] = {}
    for one in told:
        for each in one.get("present", ()):
            doors.setdefault(str(each.get("name")), []).append(str(each.get("door")))
    count = max(len(doors), *(int(one.get("present_count") or 0) for one in told), 0)
    if not count:
        yield say("nobody")
        return
    comma = say("comma")
    names = [
        say("person", name=name, doors=comma.join(filter(None, dict.fromkeys(own)))) if any(own) else name
        for name, own in list(doors.items())[:_NAMES]
    ]
    if count > len(names):
        names.append(say("more", count=count - len(names)))
    yield say("present", count=count)
    yield from wrapped(comma.join(names), "  ")


def _names(told: Any) -> Iterator[str]:
    for one in told:
        if (dns := one.get("dns")) is not None:
            counts = {key: int(dns.get(key) or 0) for key in ("zones", "answered", "limited")}
            yield from wrapped(say("dns limited" if counts["limited"] else "dns", **counts))
        if (workers := one.get("workers")) is not None:
            counts = {key: int(workers.get(key) or 0) for key in ("wanted", "answering")}
            yield from wrapped(say("dns workers", **counts))


def _kept(folder: Path, told: Any) -> Iterator[str]:
    kept = {key: value for one in told for key, value in one.get("retention", {}).items()}
    parts = []
    if "talk_days" in kept:
        days = kept["talk_days"]
        parts.append(say("talk days", days=days) if days else say("talk ever"))
        parts.append(say("talk room", count=kept.get("talk_room_messages", "?")))
    if "audit_files" in kept:
        size = troubles.size(int(kept.get("audit_octets") or 0))
        parts.append(say("audit", count=kept["audit_files"], size=size))
    if "log_files" in kept:
        parts.append(say("logs", count=kept["log_files"]))
    if parts:
        yield from wrapped(say("kept", what=say("comma").join(parts)))
    disk = troubles.disk(folder)
    if disk is not None:
        used = troubles.size(troubles.octets(folder))
        yield from wrapped(say("disk", state=folder, size=used, free=troubles.size(disk[0])))


def _first(folder: Path, sheet: Sheet) -> Iterator[str]:
    """The first administrator's code, to a terminal alone: what is piped away may be kept somewhere."""
    if not any(each.get("owner") == "netapp-login" for each in sheet.listeners):
        return
    suffix = "" if folder == state.default_state(os.environ) else f" --state {shlex.quote(str(folder))}"
    add = f"netapp user add NAME --admin{suffix}"
    known, code = _code(folder)
    if not known:
        return
    if code is None:
        yield from sheet.add_admin(add, alone=True)
    elif not sys.stdout.isatty():
        yield from ["", *sheet.hidden()]
    else:
        yield from sheet.first_admin(code.text, code.expires)
        yield from sheet.add_admin(add, alone=False)


def _code(folder: Path) -> "tuple[bool, FirstCode | None]":
    """Whether nobody has an account, and the code that is good now."""
    from netapp.people import first_code_of

    for module in ("netapp.people.first", "netapp.people.store", "sqlalchemy.dialects.sqlite"):
        importlib.import_module(module)  # before we are somebody who may not read it
    about = os.stat(folder)
    owner = (about.st_uid, about.st_gid) if about.st_uid != user() else None
    try:
        with state.acting_as(owner):  # root; anybody else may not, and sees nothing
            return first_code_of(folder, datetime.now().timestamp())
    except Exception:  # a database that cannot be read is doctor's to name
        return False, None


def _drawn(url: str) -> str:
    from netapp.people import qr

    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding == "utf8":
        return qr.terminal(url, colours=sys.stdout.isatty())
    return qr.spaces(url)


def _span(seconds: float) -> str:
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours >= 48:
        return say("days", count=hours // 24, hours=hours % 24)
    if hours:
        return say("hours", count=hours, minutes=minutes % 60)
    return say("minutes", count=minutes) if minutes else say("seconds", count=int(seconds))


def _show_json(folder: Path, found: list[neighbours.Neighbour]) -> None:
    import json

    disk = troubles.disk(folder)
    whole = {
        "state": str(folder),
        "state_octets": troubles.octets(folder) if found else None,
        "disk_free": disk[0] if disk else None,
        "disk_size": disk[1] if disk else None,
        "processes": [each.told or {"plugin": each.plugin, "pid": each.pid} for each in found],
        "wrong": list(troubles.troubles(folder, found)),
    }
    common.write(json.dumps(whole, ensure_ascii=False, indent=2), keep="\n")
