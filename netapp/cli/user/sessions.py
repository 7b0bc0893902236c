"""``sessions`` and ``revoke``."""

from pathlib import Path
from typing import Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import table
from netapp.cli.user.base import Transaction, change, json_option, of_account
from netapp.core.languages import Phrases
from netapp.people.model import Account, Refused, Session

PHRASES: Final = Phrases(
    {
        "none": ("{name} 没有会话", "{name} has no session"),
        "id": ("ID", "id"),
        "kind": ("类型", "kind"),
        "live": ("连接", "connection"),
        "token": ("令牌", "token"),
        "door": ("入口", "door"),
        "source": ("来自", "from"),
        "label": ("说明", "label"),
        "created": ("开始", "since"),
        "seen": ("上次使用", "last used"),
        "expires": ("有效到", "good until"),
        "keys": (
            "仍有 {count} 个 SSH 公钥可以登录:用 netapp user keys {name} 查看,netapp user key remove 删除",
            "SSH keys that still log in: {count}; netapp user keys {name} lists them, "
            "netapp user key remove takes them away",
        ),
        "one or all": ("请给出会话的 ID,或者 --all", "give a session's id, or --all"),
        "one": ("已结束 {name} 的一个会话", "ended one session of {name}"),
        "all": (
            "已结束 {name} 的全部会话({count} 个),令牌和应用密码也已作废",
            "ended all sessions of {name} ({count}); tokens and application passwords are no longer good",
        ),
    }
)
say: Final = common.words(PHRASES)


@click.command(epilog="Example:  netapp user sessions zhao")
@click.argument("name")
@json_option
@state_option
def sessions(name: str, as_json: bool, state: Path | None) -> None:
    """List an account's connections that are logged in, and its tokens."""
    account, found = of_account(
        state, name, lambda transaction, account: transaction.rows.sessions.of(account.id, transaction.now)
    )
    if as_json:
        table.show_json([_plain(each) for each in found])
    else:
        table.show(found, _columns(), empty=say("none", name=account.name))


@click.command(epilog="Example:  netapp user revoke zhao --all")
@click.argument("name")
@click.argument("session", metavar="[ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="All of them, and application passwords too.")
@state_option
def revoke(name: str, session: str | None, everything: bool, state: Path | None) -> None:
    """End a session or a token of an account, or all at once.

    Passwords and SSH keys stay good.
    """
    from netapp.people import admin

    if (session is None) is not everything:
        raise click.UsageError(say("one or all"))
    ended = keys = 0

    def work(transaction: Transaction, account: Account) -> None:
        nonlocal ended, keys
        there = transaction.rows.sessions.of(account.id, transaction.now)
        if session is None:
            admin.revoke(transaction.rows, account)
            ended, keys = len(there), len(transaction.rows.keys.of(account.id))
        else:
            found = next((each for each in there if each.id == session), None)
            if found is None:
                raise Refused("no session")
            admin.end_session(transaction.rows, account, found)
        transaction.note("revoked", account, session=session or "all")

    account = change(state, name, work)
    common.write(say("all" if everything else "one", name=account.name, count=ended))
    tell_keys(account, keys)


def tell_keys(account: Account, count: int) -> None:
    """What lets in that neither another password nor ``revoke --all`` ends."""
    if count:
        common.note(say("keys", name=account.name, count=count))


def _plain(each: Session) -> dict[str, object]:
    return {
        "id": each.id,
        "kind": each.kind,
        "door": each.door,
        "source": each.source,
        "label": each.label,
        "created": each.created,
        "seen": each.seen,
        "expires": each.expires if each.kind == "token" else None,
        "opener": each.opener,
    }


def _columns() -> list[table.Column[Session]]:
    column = table.Column[Session]
    return [
        column(say("id"), lambda each: each.id),
        column(say("kind"), lambda each: each.kind, lambda each: say(each.kind)),
        column(say("door"), lambda each: each.door),
        column(say("source"), lambda each: each.source or table.NOTHING),
        column(say("created"), lambda each: table.iso(each.created), lambda each: table.moment(each.created)),
        column(say("seen"), lambda each: table.iso(each.seen), lambda each: table.moment(each.seen)),
        column(
            say("expires"),
            lambda each: table.iso(each.expires) if each.kind == "token" else table.NOTHING,
            lambda each: table.moment(each.expires) if each.kind == "token" else table.NOTHING,
        ),
        column(say("label"), lambda each: each.label or table.NOTHING),
    ]
