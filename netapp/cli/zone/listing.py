"""``netapp zone list`` and ``show``: the zones that processes here serve, as they tell of themselves."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from netapp.cli import common
from netapp.cli.options import STATE
from netapp.cli.user import table
from netapp.core import state
from netapp.core.languages import Phrases
from netapp.core.status import neighbours

PHRASES: Final = Phrases(
    {
        "zone": ("区域", "zone"),
        "serial": ("序列号", "serial"),
        "kind": ("来源", "kind"),
        "records": ("记录", "records"),
        "names": ("名字", "names"),
        "loaded": ("载入时间", "loaded"),
        "file": ("文件", "file"),
        "fault": ("问题", "fault"),
        "updates": ("启动后的更新", "updates since the start"),
        "process": ("进程", "process"),
        "of file": ("文件", "file"),
        "of updated": ("文件,有更新", "file, updated"),
        "of secondary": ("主服务器", "secondary"),
        "primary": ("主服务器", "primary"),
        "next": ("下次查询", "next look"),
        "expires": ("失效时间", "expires"),
        "expired": ("已失效", "expired"),
        "none": ("没有区域:用 --zone 或 --zones 指定", "no zones: name some by --zone or --zones"),
        "silent": ("{process} 没有说出它的区域", "{process} does not tell its zones"),
        "not running": (
            "netapp-dns 没有在运行(状态目录 {state})",
            "netapp-dns is not running (state directory {state})",
        ),
        "unreadable": (
            "不能读取状态目录 {state}({reason}):请用启动 netapp 的那个用户运行",
            "the state directory {state} cannot be read ({reason}): be the user that started netapp",
        ),
        "no zone": ("没有区域 {zone}", "there is no zone {zone}"),
        "broken": ("还没有载入:{fault}", "not loaded: {fault}"),
    }
)
say: Final = common.words(PHRASES)

Row = dict[str, Any]


def _state_option(function: Any) -> Any:
    return click.option("--state", "folder", type=STATE, metavar="DIR", help="Look at this one.")(function)


@click.command("list", epilog="Example:  netapp zone list")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, times in seconds since 1970.")
@_state_option
def list_(as_json: bool, folder: Path | None) -> None:
    """List the zones that are served.

    With serial, where they come from, how many records, when they were loaded, and what is wrong with
    their files.
    """
    folder, told = _told(folder)
    rows = list(_rows(folder, told, "*"))
    if as_json:
        table.show_json(rows)
        return
    table.show(rows, _columns(), empty=say("none"))
    for one in told:
        broken = one.get("zones_broken")
        for fault in broken if isinstance(broken, list) else ():
            common.complain(say("broken", fault=fault))


@click.command(epilog="Example:  netapp zone show example.com")
@click.option("--json", "as_json", is_flag=True, help="A JSON object, times in seconds since 1970.")
@_state_option
@click.argument("origin", metavar="ORIGIN")
def show(origin: str, as_json: bool, folder: Path | None) -> None:
    """Show one zone that is served.

    The exit status is 1 if there is none.
    """
    from netapp.names.files.origins import origin_of
    from netapp.names.telling import door

    wire = origin_of(origin)
    found = _rows(*_told(folder), door.question(wire)) if wire is not None else iter(())
    row = next(found, None)
    if row is None:
        common.fail(say("no zone", zone=origin))
    if as_json:
        table.show_json(row)
        return
    pairs = [
        (say("zone"), _text(row, "origin")),
        (say("serial"), _text(row, "serial")),
        (say("kind"), _kind(row)),
    ]
    pairs += [(say(key), _text(row, key)) for key in ("records", "names", "updates")]
    if row.get("primary"):
        pairs += [(say("primary"), _text(row, "primary"))]
        pairs += [(say(key), table.moment(row.get(key))) for key in ("next", "expires")]
    pairs += [(say("loaded"), table.moment(row.get("loaded"))), (say("file"), _text(row, "file"))]
    pairs += [(say("process"), _text(row, "process")), (say("fault"), _text(row, "fault"))]
    table.show_pairs(pairs)


def _told(folder: Path | None) -> tuple[Path, list[dict[str, Any]]]:
    """A state directory, and what processes that have zones tell there."""
    from netapp.names.telling import door

    folder = folder or state.default_state(os.environ)
    try:
        found = neighbours.neighbours(folder, time.time())
    except OSError as error:
        common.fail(say("unreadable", state=folder, reason=error.strerror))
    told = [each.told | {"pid": each.pid} for each in found if each.told and door.name_in(each.told)]
    if not told:
        common.fail(say("not running", state=folder))
    return folder, told


def _rows(folder: Path, told: list[dict[str, Any]], asked: str) -> Iterator[Row]:
    """The zones of all processes, or the one that is asked for."""
    from netapp.names.telling import door

    for one in told:
        process = f"{one.get('plugin', '?')} {one['pid']}"
        try:
            for each in door.ask(folder, door.name_in(one), asked):
                yield each | {"process": process}
        except (OSError, ValueError):
            common.complain(say("silent", process=process))


def _columns() -> list[table.Column[Row]]:
    return [
        table.Column(say("zone"), lambda row: _text(row, "origin"), whole=True),
        table.Column(say("serial"), lambda row: _text(row, "serial"), whole=True),
        table.Column(say("kind"), lambda row: str(row.get("kind")), _kind),
        table.Column(say("records"), lambda row: _text(row, "records"), whole=True, spare=3),
        table.Column(
            say("loaded"),
            lambda row: table.iso(row.get("loaded")),
            lambda row: table.moment(row.get("loaded")),
            spare=2,
        ),
        table.Column(say("file"), _from, spare=1),
        table.Column(say("fault"), lambda row: _text(row, "fault")),
    ]


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    return table.NOTHING if value is None or value == "" else str(value)


def _kind(row: Row) -> str:
    key = f"of {row.get('kind')}"
    shown = say(key) if key in PHRASES.phrases else _text(row, "kind")
    return f"{shown}, {say('expired')}" if row.get("expired") else shown


def _from(row: Row) -> str:
    """A zone's file, or its primary."""
    return _text(row, "primary" if row.get("primary") else "file")
