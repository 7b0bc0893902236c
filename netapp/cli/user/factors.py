"""``totp-reset`` and ``app-password``: what stands beside a password."""

from pathlib import Path
from typing import Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import table
from netapp.cli.user.base import Transaction, change, json_option, of_account
from netapp.core.languages import Phrases
from netapp.people.model import SCOPES, Account, Application, Refused

PHRASES: Final = Phrases(
    {
        "reset": (
            "已关闭 {name} 的两步验证,恢复码也已作废",
            "the second factor of {name} is off; its recovery codes are no longer good",
        ),
        "too short": (
            "{name} 的密码不到 {least} 个字符,按 nist 规则不能单独使用:请换一个(netapp user passwd {name})",
            "the password of {name} has fewer than {least} characters, too few to stand alone by the policy "
            "nist: change it (netapp user passwd {name})",
        ),
        "added": (
            "{name} 的应用密码,只显示这一次:",
            "the application password of {name}, shown this once:",
        ),
        "removed": ("已删除 {name} 的应用密码 {label}", "removed the application password {label} of {name}"),
        "none": ("{name} 没有应用密码", "{name} has no application password"),
        "id": ("ID", "id"),
        "label head": ("说明", "label"),
        "scopes": ("范围", "scopes"),
        "created": ("添加", "added on"),
        "seen": ("上次使用", "last used"),
        "never": ("从未", "never"),
    }
)
say: Final = common.words(PHRASES)


@click.command("totp-reset", epilog="Example:  netapp user totp-reset zhao")
@click.argument("name")
@state_option
def totp_reset(name: str, state: Path | None) -> None:
    """Turn an account's second factor off, for who has lost the authenticator and the recovery codes."""
    from netapp.people import admin, rules, settings

    short = False

    def work(transaction: Transaction, account: Account) -> Account:
        nonlocal short
        if transaction.rows.factors.get(account.id) is None:
            raise Refused("factor off")  # one that was begun is ended too
        password = transaction.rows.accounts.password(account.id)
        policy = settings.read(transaction.rows).policy
        short = policy == "nist" and password is not None and not password.alone
        changed = admin.end_factor(transaction.rows, account)
        transaction.note("factor off", changed)
        return changed

    account = change(state, name, work)
    common.write(say("reset", name=account.name))
    if short:
        common.note(say("too short", name=account.name, least=rules.least("nist")))


@click.group("app-password", epilog="Example:  netapp user app-password add zhao --scope file:read")
def app_password() -> None:
    """Passwords of their own for clients that cannot ask for a second factor."""


@app_password.command("add", epilog="Example:  netapp user app-password add zhao --scope file:read")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help=f"A door that it opens: {', '.join(SCOPES)}; repeatable.",
)
@click.option("--label", default="", metavar="TEXT", help="What it is for.")
@state_option
def add(name: str, scopes: tuple[str, ...], label: str, state: Path | None) -> None:
    """Make one, and show it once."""
    from netapp.people import admin, applications

    text = ""

    def work(transaction: Transaction, account: Account) -> None:
        nonlocal text
        new, text = applications.made(account.id, label, frozenset(scopes), transaction.now)
        admin.add_application(transaction.rows, new, text)
        transaction.note("application added", account, scopes=sorted(new.scopes), label=new.label)

    account = change(state, name, work)
    common.note(say("added", name=account.name))
    common.write(text)


@app_password.command("list", epilog="Example:  netapp user app-password list zhao")
@click.argument("name")
@json_option
@state_option
def list_(name: str, as_json: bool, state: Path | None) -> None:
    """List an account's, without the passwords themselves."""
    account, found = of_account(
        state, name, lambda transaction, account: transaction.rows.applications.of(account.id)
    )
    if as_json:
        table.show_json([_plain(each) for each in found])
    else:
        table.show(found, _columns(), empty=say("none", name=account.name))


@app_password.command("remove", epilog="Example:  netapp user app-password remove zhao 3f0c5d1e9a7b2468")
@click.argument("name")
@click.argument("which", metavar="ID")
@state_option
def remove(name: str, which: str, state: Path | None) -> None:
    """Remove one, by its id or its label."""
    from netapp.people import admin

    label = ""

    def work(transaction: Transaction, account: Account) -> None:
        nonlocal label
        there = transaction.rows.applications.of(account.id)
        found = [each for each in there if each.id == which] or [
            each for each in there if each.label == which
        ]
        if len(found) != 1:
            raise Refused("no application")
        label = found[0].label or found[0].id
        admin.remove_application(transaction.rows, account, found[0])
        transaction.note("application removed", account, label=label)

    account = change(state, name, work)
    common.write(say("removed", name=account.name, label=label))


def _plain(each: Application) -> dict[str, object]:
    return {
        "id": each.id,
        "label": each.label,
        "scopes": sorted(each.scopes),
        "created": each.created,
        "seen": each.seen,
    }


def _columns() -> list[table.Column[Application]]:
    column = table.Column[Application]
    return [
        column(say("id"), lambda each: each.id),
        column(say("label head"), lambda each: each.label or table.NOTHING),
        column(say("scopes"), lambda each: " ".join(sorted(each.scopes))),
        column(say("created"), lambda each: table.iso(each.created), lambda each: table.moment(each.created)),
        column(
            say("seen"),
            lambda each: table.iso(each.seen),
            lambda each: say("never") if each.seen is None else table.moment(each.seen),
        ),
    ]
