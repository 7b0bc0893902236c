"""``disable``, ``enable``, ``lock``, ``unlock``."""

from pathlib import Path
from typing import Any, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import tries
from netapp.cli.user.base import Transaction, change
from netapp.core.languages import Phrases
from netapp.people.model import Account

PHRASES: Final = Phrases(
    {
        "disabled": ("已停用 {name}", "disabled {name}"),
        "enabled": ("已启用 {name}", "enabled {name}"),
        "locked": ("已锁定 {name}", "locked {name}"),
        "unlocked": ("已解锁 {name},失败次数已清零", "unlocked {name}; failed tries are forgiven"),
        "forgiven": (
            "{name} 没有锁定,失败次数已清零",
            "{name} was not locked; failed tries are forgiven",
        ),
        "still disabled": (
            "{name} 仍是停用状态。要启用:netapp user enable {name}",
            "{name} is still disabled; to let them in: netapp user enable {name}",
        ),
    }
)
say: Final = common.words(PHRASES)


def reason_option(function: Any) -> Any:
    text = "Why; netapp user show and list tell it."
    return click.option("--reason", default="", metavar="TEXT", help=text)(function)


def _put_out(name: str, how: Any, reason: str, state: Path | None) -> None:
    """Disable or lock."""
    from netapp.people import admin

    def work(transaction: Transaction, account: Account) -> Account:
        changed = admin.set_state(transaction.rows, account, how, reason)
        transaction.note(how, changed, reason=reason)
        return changed

    common.write(say(how, name=change(state, name, work).name))


@click.command(epilog="Example:  netapp user disable zhao --reason 'has left'")
@click.argument("name")
@reason_option
@state_option
def disable(name: str, reason: str, state: Path | None) -> None:
    """Let nobody in by an account; it stays, and its name stays taken.

    Its sessions end, and its tokens and application passwords are no longer good.
    """
    _put_out(name, "disabled", reason, state)


@click.command(epilog="Example:  netapp user lock zhao --reason 'password seen on a wall'")
@click.argument("name")
@reason_option
@state_option
def lock(name: str, reason: str, state: Path | None) -> None:
    """As disable, for a while: until somebody has looked into it."""
    _put_out(name, "locked", reason, state)


@click.command(epilog="Example:  netapp user enable zhao")
@click.argument("name")
@state_option
def enable(name: str, state: Path | None) -> None:
    """Let a disabled account in again."""
    from netapp.people import admin

    def work(transaction: Transaction, account: Account) -> Account:
        changed = admin.set_state(transaction.rows, account, "active")
        tries.forgive(transaction, account)
        transaction.note("enabled", changed)
        return changed

    common.write(say("enabled", name=change(state, name, work).name))


@click.command(epilog="Example:  netapp user unlock zhao")
@click.argument("name")
@state_option
def unlock(name: str, state: Path | None) -> None:
    """Let a locked account in again, and forget what failed tries have cost it."""
    from netapp.people import admin

    locked = False

    def work(transaction: Transaction, account: Account) -> Account:
        nonlocal locked
        locked = account.state == "locked"
        if locked:
            account = admin.set_state(transaction.rows, account, "active")
        tries.forgive(transaction, account)
        transaction.note("unlocked", account)
        return account

    account = change(state, name, work)
    common.write(say("unlocked" if locked else "forgiven", name=account.name))
    if not account.active:
        common.note(say("still disabled", name=account.name))
