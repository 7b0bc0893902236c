"""``netapp zone check``: what is wrong with a zone file, before it is served."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from netapp.cli import common
from netapp.core.languages import Phrases
from netapp.core.text import visible

if TYPE_CHECKING:
    from netapp.names.checks import Checked, Finding
    from netapp.names.master import Fault

PHRASES: Final = Phrases(
    {
        "error": ("错误", "error"),
        "warning": ("警告", "warning"),
        "ok": (
            "正常:{origin},序列号 {serial},{records} 条记录,{names} 个名字",
            "OK: {origin}, serial {serial}, {records} records, {names} names",
        ),
        "warned": ("{count} 处警告", "warnings: {count}"),
        "wrong": ("{count} 处错误:这个区域不能用", "errors: {count}; this zone cannot be served"),
        "file": (
            "请写出要检查的文件:netapp zone check [ORIGIN] FILE",
            "name the file: netapp zone check [ORIGIN] FILE",
        ),
        "origin": ("{word} 不是域名", "{word} is no name"),
    }
)
say: Final = common.words(PHRASES)


@click.command(
    epilog="""\b
Examples:
  netapp zone check example.com.zone
  netapp zone check example.com db.example
  netapp zone check example.com=db.example
"""
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.argument("words", metavar="[ORIGIN] FILE", nargs=-1)
def check(words: tuple[str, ...], as_json: bool, strict: bool) -> None:
    """See what is wrong with a zone's file.

    Each line that has an error is named; a zone without errors is looked at for what others would
    stumble over: name servers without address, missing glue, aliases where none may be, signatures that
    are past. ORIGIN is the first SOA's owner unless it is given. The exit status is 1 if there are
    errors. ORIGIN=FILE, as netapp-dns --zone takes it, goes too.
    """
    if not 1 <= len(words) <= 2:
        raise click.UsageError(say("file"))
    from netapp.names import checks
    from netapp.names.config import origin_and_file
    from netapp.names.files.origins import origin_of

    named, path = words if len(words) == 2 else origin_and_file(words[0])
    if not path:
        raise click.UsageError(say("file"))
    origin = origin_of(named) if named else None
    if named and origin is None:
        common.fail(say("origin", word=named))
    checked = checks.check(Path(path), origin, path, time.time())
    if as_json:
        _show_json(checked)
    else:
        _show(checked)
    wrong = bool(checked.errors or (strict and checked.warnings))
    click.get_current_context().exit(int(wrong))


def _show(checked: "Checked") -> None:
    for error in checked.errors:
        _line(error.place(), "error", "red", error.reason(say.lang))
    for warning in checked.warnings:
        _line(_place(warning), "warning", "yellow", warning.text(say.lang))
    if checked.zone is None:
        _print(click.style(say("wrong", count=len(checked.errors)), fg="red", bold=True))
        return
    if checked.warnings:
        _print(click.style(say("warned", count=len(checked.warnings)), fg="yellow", bold=True))
    _print(click.style(visible(say("ok", **_about(checked))), fg="green", bold=True))


def _line(place: str, kind: str, colour: str, text: str) -> None:
    _print(f"{click.style(visible(place), bold=True)}: {click.style(say(kind), fg=colour)}: {visible(text)}")


def _print(line: str) -> None:
    with common.output():
        click.echo(line, color=False if os.environ.get("NO_COLOR") else None)


def _place(warning: "Finding") -> str:
    where, line = warning.place
    return f"{where}:{line}" if line else where


def _about(checked: "Checked") -> dict[str, Any]:
    from netapp.names.naming import shown

    zone = checked.zone
    assert zone is not None
    return {
        "origin": shown(zone.origin),
        "serial": zone.serial,
        "records": checked.records,
        "names": len(zone),
    }


def _show_json(checked: "Checked") -> None:
    from netapp.cli.user.table import show_json
    from netapp.names.naming import shown

    def fault(each: "Fault") -> dict[str, Any]:
        return {"file": each.where, "line": each.line, "kind": each.key, "text": each.reason(say.lang)}

    def finding(each: "Finding") -> dict[str, Any]:
        where, line = each.place
        name = shown(each.owner) if each.owner is not None else None
        return {"file": where, "line": line, "kind": each.key, "name": name, "text": each.text(say.lang)}

    about = _about(checked) if checked.zone is not None else {}
    show_json(
        {
            "ok": not checked.errors,
            **about,
            "errors": [fault(each) for each in checked.errors],
            "warnings": [finding(each) for each in checked.warnings],
        }
    )
