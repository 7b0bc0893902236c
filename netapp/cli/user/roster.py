"""``import``: a class list, or what ``export`` wrote."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import files, table, transfer
from netapp.cli.user.accounts import Group
from netapp.cli.user.base import Transaction, at
from netapp.cli.user.invitations import days_option, made
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.people.model import Account, Refused

if TYPE_CHECKING:
    from netapp.people.lists.roster import Row

PHRASES: Final = Phrases(
    {
        "faults": ("{file} 有错,一个账号也没有添加", "{file} has faults: nobody was added"),
        "line": ("第 {line} 行:{fault}", "line {line}: {fault}"),
        "added": ("已添加 {count} 个账号", "added accounts: {count}"),
        "would add": ("会添加 {count} 个账号:{names}", "would add ({count}): {names}"),
        "would": ("只是试一下,什么都没有改动", "a dry run: nothing was changed"),
        "there": (
            "已经有的 {count} 个没有改动:{names}",
            "there already, and left as they are ({count}): {names}",
        ),
        "slips": (
            "登录条在 {path},用浏览器打开、打印、剪开。邀请码有效到 {until},每个只能用一次",
            "the slips are in {path}: open it in a browser, print, cut; the codes are good until {until}",
        ),
        "codes": (
            "邀请码有效到 {until},每个只能用一次。要打印成登录条,用 --slips",
            "the codes are good once, until {until}; --slips makes a sheet to print",
        ),
        "server": (
            "--slips 还要 --server HOST:PORT:学生要连接的地址,例如 192.168.1.5:9999",
            "--slips needs --server HOST:PORT, what people are to connect to, as 192.168.1.5:9999",
        ),
        "only lists": (
            "{option} 只用于名单(CSV)",
            "{option} is for class lists (CSV)",
        ),
        "only parcels": (
            "{option} 只用于 netapp user export 写的文件",
            "{option} is for what netapp user export writes",
        ),
    }
)
say: Final = common.words(PHRASES)


EPILOG: Final = """\b
Examples:
  netapp user import class.csv --slips slips.html --server 192.168.1.5:9999
  netapp user import accounts.json --overwrite"""


@dataclass(frozen=True)
class Wish:
    """What is asked of a class list."""

    slips: Path | None
    server: common.HostPort | None
    groups: tuple[str, ...]
    days: float
    dry: bool
    force: bool


@click.command("import", epilog=EPILOG)
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@click.option(
    "--slips", type=click.Path(path_type=Path), metavar="FILE", help="Write a sheet of slips to print (HTML)."
)
@click.option(
    "--server", type=common.Place(9999), metavar="HOST:PORT", help="What the slips say to connect to."
)
@click.option(
    "--group", "groups", type=Group(), multiple=True, help="Put all of them into GROUP; repeatable."
)
@days_option
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--force", is_flag=True, help="Replace the file of slips if it is there.")
@click.option(
    "--overwrite", is_flag=True, help="Of an export: bring accounts back that are there, as in the file."
)
@state_option
def import_(
    file: Path,
    slips: Path | None,
    server: common.HostPort | None,
    groups: tuple[str, ...],
    days: float,
    dry_run: bool,
    force: bool,
    overwrite: bool,
    state: Path | None,
) -> None:
    """Make accounts of a class list (CSV), or take back what netapp user export wrote (JSON).

    A list has a first line that names its columns: name, display, role, groups; or it is names
    alone. Each account gets a code by which its owner chooses a password. All accounts are made, or
    none; those that are there already stay as they are. Without --slips the codes are printed, a
    name and a code a line.
    """
    octets = _octets(file)
    if file.suffix.lower() == ".json" or octets.lstrip().startswith(b"{"):
        for option, given in (("--slips", slips), ("--server", server), ("--group", groups)):
            if given:
                raise click.UsageError(say("only lists", option=option))
        transfer.take(octets, state, overwrite=overwrite, dry=dry_run)
        return
    if overwrite:
        raise click.UsageError(say("only parcels", option="--overwrite"))
    if slips is not None and server is None:
        raise click.UsageError(say("server"))
    _import_list(file, octets, Wish(slips, server, groups, days, dry_run, force), state)


def _octets(file: Path) -> bytes:
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(limits.IMPORT + 1)
        with file.open("rb") as source:
            return source.read(limits.IMPORT + 1)
    except OSError as error:
        common.fail(common.trouble(error, file))


# A class list ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """A new account, and the code for its owner."""

    account: Account
    code: str
    groups: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    new: list[Made]
    there: list[Account]
    until: float


def _import_list(file: Path, octets: bytes, wish: Wish, state: Path | None) -> None:
    from netapp.people.lists import roster

    try:
        rows = roster.read(octets)
    except roster.Unreadable as error:
        _refuse(file, error.say(say.lang))
    if wish.slips is not None:
        files.see_free(wish.slips, force=wish.force)
    with ExitStack() as stack:  # the slips are there before the accounts, and go if these cannot be

        def work(transaction: Transaction) -> Outcome:
            outcome = _make(transaction, file, rows, wish)
            if wish.dry:
                raise transfer.Undone(outcome)
            if wish.slips is not None and outcome.new:
                octets = _sheet(outcome, wish).encode()
                stack.enter_context(files.placed(wish.slips, octets, force=wish.force))
            return outcome

        try:
            outcome = at(state, work)
        except transfer.Undone as undone:
            _tell_dry(undone.outcome)
            return
    _tell(outcome, wish)


def _make(transaction: Transaction, file: Path, rows: "Sequence[Row]", wish: Wish) -> Outcome:
    """All accounts of a list that are not there yet; it fails, naming the line, where one cannot be."""
    from netapp.people import admin, names

    span = wish.days * 24 * 3600.0
    new, there, faults = list[Made](), list[Account](), list[str]()
    for row in rows:
        found = transaction.rows.accounts.find(names.mapped_name(row.name))
        if found is not None:
            there.append(found)
            continue
        groups = row.groups | set(wish.groups)
        told: dict[str, Any] = {"shown": row.shown, "role": row.role, "groups": groups}
        try:
            account = admin.add(transaction.rows, row.name, None, transaction.now, **told)
        except Refused as error:
            faults.append(say("line", line=row.line, fault=error.say(say.lang)))
            continue
        transaction.note("added", account, role=row.role, groups=sorted(groups))
        code = made(transaction, account, role=row.role, groups=groups, span=span)
        new.append(Made(account, code, groups))
    if faults:
        _refuse(file, "\n".join(faults[: limits.ROSTER_FAULTS]))
    return Outcome(new, there, transaction.now + span)


def _refuse(file: Path, faults: str) -> Any:
    """Tell every fault, one a line, and end."""
    for line in faults.splitlines():
        common.note(line)
    common.fail(say("faults", file=file))


def _sheet(outcome: Outcome, wish: Wish) -> str:
    from netapp.people.lists.slips import Slip, sheet

    assert wish.server is not None  # seen before
    host, port = wish.server
    slips = [
        Slip(each.account.name, each.account.shown, each.code, tuple(sorted(each.groups)))
        for each in outcome.new
    ]
    until = datetime.fromtimestamp(outcome.until)
    title = ", ".join(wish.groups)
    return sheet(slips, address=f"telnet {host} {port}", until=until, lang=say.lang, title=title)


def _tell(outcome: Outcome, wish: Wish) -> None:
    until = table.moment(outcome.until)
    if wish.slips is None:
        for each in outcome.new:
            common.write(f"{each.account.name}\t{each.code}")
    common.note(say("added", count=len(outcome.new)))
    if outcome.there:
        names = ", ".join(account.name for account in outcome.there)
        common.note(say("there", count=len(outcome.there), names=names))
    if outcome.new and wish.slips is not None:
        common.note(say("slips", path=wish.slips, until=until))
    elif outcome.new:
        common.note(say("codes", until=until))


def _tell_dry(outcome: Any) -> None:
    names = ", ".join(each.account.name for each in outcome.new)
    common.write(say("would add", count=len(outcome.new), names=names or table.NOTHING))
    if outcome.there:
        names = ", ".join(account.name for account in outcome.there)
        common.note(say("there", count=len(outcome.there), names=names))
    common.note(say("would"))
