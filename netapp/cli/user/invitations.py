"""``invite``, ``invitations`` and ``withdraw``: codes that can be used once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import table
from netapp.cli.user.accounts import Group, role_name, role_type
from netapp.cli.user.base import Transaction, at, json_option
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.people.model import Account, Invitation

if TYPE_CHECKING:
    from netapp.people.rows import Rows

PHRASES: Final = Phrases(
    {
        "for": ("--for 不能和 {other} 一起用", "--for goes without {other}"),
        "inactive": (
            "{name} 没有启用,邀请码用不了:请先启用(netapp user enable {name})",
            "{name} is not active and no code is good for it: enable it first (netapp user enable {name})",
        ),
        "newcomer": (
            "登录时,在问用户名的地方输入邀请码,就能建一个账号;每个邀请码只能用一次,有效到 {until}",
            "typed where a login asks for the name, a code makes an account; good once each, until {until}",
        ),
        "choose": (
            "登录时,在问用户名的地方输入这个邀请码,{name} 就能自己设密码;只能用一次,有效到 {until}",
            "typed where a login asks for the name, it lets {name} choose a password; good until {until}",
        ),
        "none": ("没有可用的邀请码", "there are no open codes"),
        "id": ("ID", "id"),
        "account": ("给", "for"),
        "newcomers": ("新账号", "a newcomer"),
        "role": ("角色", "role"),
        "groups": ("组", "groups"),
        "created": ("发出", "made"),
        "expires": ("有效到", "good until"),
        "which": ("请给出邀请码的 ID,或者 --all", "give a code's id, or --all"),
        "no code": (
            "没有邀请码 {which}:netapp user invitations 列出所有的",
            "there is no code {which}: netapp user invitations lists all",
        ),
        "withdrawn": ("已作废 {count} 个邀请码", "codes that are no longer good: {count}"),
    }
)
say: Final = common.words(PHRASES)
_DAY: Final = 24 * 3600.0
DAYS: Final = limits.INVITATION / _DAY
days_option: Final = click.option(
    "--days",
    type=click.FloatRange(0, 3660, min_open=True),
    default=DAYS,
    help=f"How long a code is good ({DAYS:g}).",
)


@click.command(epilog="Example:  netapp user invite --role member --group class-1 --qr")
@click.option("--role", type=role_type, help="Of the account that it makes (member).")
@click.option(
    "--group", "groups", type=Group(), multiple=True, help="A group that it will be in; repeatable."
)
@days_option
@click.option("--for", "owner", metavar="NAME", help="Make no account: let this one choose a password.")
@click.option("--qr", is_flag=True, help="Show each as a QR code too.")
@click.option("--count", type=click.IntRange(1, limits.ROSTER_ROWS), default=1, help="So many codes (1).")
@state_option
def invite(
    role: Any,
    groups: tuple[str, ...],
    days: float,
    owner: str | None,
    qr: bool,
    count: int,
    state: Path | None,
) -> None:
    """Make a code that can be used once.

    Whoever types it where a login asks for the name makes an account, or, with --for, chooses a
    password. In a pipe the codes alone are printed, one a line.
    """
    _see_apart(owner, {"--role": role is not None, "--group": bool(groups), "--count": count > 1})

    def work(transaction: Transaction) -> tuple[Account | None, list[str]]:
        account = _to_choose(transaction.rows, owner) if owner is not None else None
        wanted: dict[str, Any] = {"role": role or "member", "groups": groups, "span": days * _DAY}
        return account, [made(transaction, account, **wanted) for _ in range(count)]

    account, codes = at(state, work)
    until = table.moment(_now() + days * _DAY)
    for code in codes:
        common.write(code)
        if qr:
            _draw(code)
    key = "newcomer" if account is None else "choose"
    common.note(say(key, until=until, name=account.name if account is not None else ""))


def made(transaction: Transaction, account: Account | None, *, role: Any, groups: Any, span: float) -> str:
    """A new code, noted; the text to show once.  :param span: seconds that it is good."""
    from netapp.people import admin, invitations

    key, now = transaction.key_for("invitation"), transaction.now
    new, code = invitations.made(key, now, account=account, role=role, groups=groups, span=span)
    admin.invite(transaction.rows, new, now)
    told: dict[str, Any] = {"role": role, "groups": sorted(groups)} if account is None else {}
    transaction.note("invited", account, invitation=new.id, **told)
    return code


def _to_choose(rows: "Rows", name: str) -> Account:
    from netapp.people import admin

    account = admin.find(rows, name)
    if not account.active:
        common.fail(say("inactive", name=account.name))
    return account


def _see_apart(owner: str | None, others: dict[str, bool]) -> None:
    for option, given in others.items():
        if owner is not None and given:
            raise click.UsageError(say("for", other=option))


def _draw(code: str) -> None:
    """The QR code, as the terminal can show it."""
    from netapp.people import qr

    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    drawn = qr.terminal(code, colours=sys.stdout.isatty()) if encoding == "utf8" else qr.spaces(code)
    with common.output():
        click.echo(drawn, color=True)


@click.command(epilog="Example:  netapp user invitations")
@json_option
@state_option
def invitations(as_json: bool, state: Path | None) -> None:
    """List the codes that can still be used; the codes themselves are not kept."""

    def work(transaction: Transaction) -> list[tuple[Invitation, str | None]]:
        rows = transaction.rows
        found = rows.invitations.all(transaction.now)
        return [(each, _name_of(rows, each.account)) for each in found]

    found = at(state, work)
    if as_json:
        table.show_json([_plain(*each) for each in found])
    else:
        table.show(found, _columns(), empty=say("none"))


@click.command(epilog="Example:  netapp user withdraw 3f0c5d1e9a7b2468")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that are out.")
@state_option
def withdraw(ids: tuple[str, ...], everything: bool, state: Path | None) -> None:
    """Make codes useless that have not been used."""
    if bool(ids) is everything:
        raise click.UsageError(say("which"))

    def work(transaction: Transaction) -> int:
        rows, now = transaction.rows.invitations, transaction.now
        wanted = ids or tuple(each.id for each in rows.all(now))
        for each in wanted:
            if not rows.take(each, now):
                common.fail(say("no code", which=each))
            transaction.note("withdrawn", invitation=each)
        return len(wanted)

    common.write(say("withdrawn", count=at(state, work)))


def _name_of(rows: "Rows", account_id: str | None) -> str | None:
    account = rows.accounts.get(account_id) if account_id is not None else None
    return account.name if account is not None else None


def _plain(each: Invitation, name: str | None) -> dict[str, object]:
    return {
        "id": each.id,
        "for": name,
        "role": each.role if name is None else None,
        "groups": sorted(each.groups),
        "created": each.created,
        "expires": each.expires,
    }


def _columns() -> list[table.Column[tuple[Invitation, str | None]]]:
    column = table.Column[tuple[Invitation, str | None]]
    return [
        column(say("id"), lambda row: row[0].id),
        column(say("account"), lambda row: row[1] or table.NOTHING, lambda row: row[1] or say("newcomers")),
        column(
            say("role"),
            lambda row: row[0].role if row[1] is None else table.NOTHING,
            lambda row: role_name(row[0].role) if row[1] is None else table.NOTHING,
        ),
        column(say("groups"), lambda row: ",".join(sorted(row[0].groups)) or table.NOTHING),
        column(
            say("created"),
            lambda row: table.iso(row[0].created),
            lambda row: table.moment(row[0].created),
        ),
        column(
            say("expires"),
            lambda row: table.iso(row[0].expires),
            lambda row: table.moment(row[0].expires),
        ),
    ]


def _now() -> float:
    from datetime import datetime

    return datetime.now().timestamp()
