"""``list`` and ``show``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import table
from netapp.cli.user.accounts import role_name, role_type
from netapp.cli.user.base import Transaction, at, json_option
from netapp.core.languages import Phrases
from netapp.core.text import visible
from netapp.people.model import Account

if TYPE_CHECKING:
    from netapp.people.model import Password
    from netapp.people.rows import Rows

PHRASES: Final = Phrases(
    {
        "none": (
            "还没有账号,先建一个管理员:netapp user add zhao --admin",
            "there is no account yet; begin with an admin: netapp user add zhao --admin",
        ),
        "nobody": ("没有这样的账号", "there is no such account"),
        "name": ("用户名", "name"),
        "shown": ("显示名", "display name"),
        "id": ("ID", "id"),
        "number": ("编号", "number"),
        "role": ("角色", "role"),
        "groups": ("组", "groups"),
        "state": ("状态", "state"),
        "created": ("创建", "created"),
        "seen": ("上次登录", "last seen"),
        "factor": ("两步验证", "second factor"),
        "password": ("密码", "password"),
        "sessions": ("会话", "sessions"),
        "keys": ("SSH 公钥", "SSH keys"),
        "applications": ("应用密码", "application passwords"),
        "invited": ("邀请码", "code"),
        "active": ("启用", "active"),
        "disabled": ("停用", "disabled"),
        "locked": ("锁定", "locked"),
        "state why": ("{state}({reason})", "{state} ({reason})"),
        "never": ("从未", "never"),
        "on": ("开", "on"),
        "on left": ("开,还剩 {left} 个恢复码", "on, {left} recovery codes left"),
        "off": ("关", "off"),
        "no password": ("没有", "none"),
        "hash": ("argon2id,{mib:g} MiB,{rounds} 轮", "argon2id, {mib:g} MiB, {rounds} rounds"),
        "peppered": ("{hash},加了胡椒", "{hash}, peppered"),
        "live": ("{live} 个连接,{tokens} 个令牌", "{live} connections, {tokens} tokens"),
        "until": ("有效到 {until}", "good until {until}"),
    }
)
say: Final = common.words(PHRASES)


@dataclass(frozen=True)
class Entry:
    """An account as the list has it."""

    account: Account
    groups: tuple[str, ...]
    second_factor: bool

    @property
    def plain(self) -> dict[str, Any]:
        """For JSON."""
        account = self.account
        return {
            "id": account.id,
            "number": account.number,
            "name": account.name,
            "shown": account.shown,
            "state": account.state,
            "reason": account.reason,
            "role": account.role,
            "groups": list(self.groups),
            "second_factor": self.second_factor,
            "created": account.created,
            "seen": account.seen,
        }


@click.command("list", epilog="Example:  netapp user list --group class-1")
@click.option("--group", metavar="GROUP", help="Only those in this group.")
@click.option("--role", type=role_type, help="Only those of this role.")
@json_option
@state_option
def list_(group: str | None, role: Any, as_json: bool, state: Path | None) -> None:
    """List the accounts: a table on a terminal, tab separated in a pipe.

    The columns are name, state, created, last seen, role, groups, second factor, display name.
    """
    everybody = at(state, lambda transaction: entries(transaction.rows))
    found = [
        entry
        for entry in everybody
        if (role is None or entry.account.role == role) and (group is None or group in entry.groups)
    ]
    if as_json:
        table.show_json([entry.plain for entry in found])
    else:
        table.show(found, _columns(), empty=say("nobody" if everybody else "none"))


def entries(rows: "Rows") -> list[Entry]:
    """All accounts, by name."""
    groups: dict[str, list[str]] = {}
    for group, ids in sorted(rows.accounts.members().items()):
        for account_id in ids:
            groups.setdefault(account_id, []).append(group)
    factors = rows.factors.all()
    return [
        Entry(account, tuple(groups.get(account.id, ())), account.id in factors)
        for account in rows.accounts.all()
    ]


def _columns() -> list[table.Column[Entry]]:
    return [*_of_who(), *_of_rights()]


def _of_who() -> list[table.Column[Entry]]:
    column = table.Column[Entry]
    return [
        column(say("name"), lambda entry: entry.account.name),
        column(
            say("state"),
            lambda entry: entry.account.state,
            lambda entry: _state(entry.account),
            lambda entry: say(entry.account.state),
        ),
        column(
            say("created"),
            lambda entry: table.iso(entry.account.created),
            lambda entry: table.day(entry.account.created),
            spare=1,
            whole=True,
        ),
        column(
            say("seen"),
            lambda entry: table.iso(entry.account.seen),
            lambda entry: _seen(entry.account.seen),
            lambda entry: _seen(entry.account.seen, table.day),
            spare=2,
            whole=True,
        ),
    ]


def _of_rights() -> list[table.Column[Entry]]:
    column = table.Column[Entry]
    return [
        column(
            say("role"),
            lambda entry: entry.account.role,
            lambda entry: role_name(entry.account.role),
            whole=True,
        ),
        column(
            say("groups"),
            lambda entry: ",".join(entry.groups) or table.NOTHING,
            lambda entry: ", ".join(entry.groups) or table.NOTHING,
            spare=5,
        ),
        column(
            say("factor"),
            lambda entry: "totp" if entry.second_factor else table.NOTHING,
            lambda entry: say("on") if entry.second_factor else table.NOTHING,
            spare=3,
        ),
        column(
            say("shown"),
            lambda entry: entry.account.shown,
            lambda entry: table.NOTHING if entry.account.shown == entry.account.name else entry.account.shown,
            spare=4,
        ),
    ]


def _state(account: Account) -> str:
    if not account.reason:
        return say(account.state)
    return say("state why", state=say(account.state), reason=account.reason)


def _seen(seconds: float | None, written: Callable[[float], str] = table.moment) -> str:
    return say("never") if seconds is None else written(seconds)


# One account -------------------------------------------------------------------------------------


@click.command(epilog="Example:  netapp user show zhao")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, times in seconds since 1970.")
@state_option
def show(name: str, as_json: bool, state: Path | None) -> None:
    """Show all about one account, but for its secrets."""
    told = at(state, lambda transaction: told_of(transaction, name))
    if as_json:
        table.show_json(told)
    else:
        table.show_pairs([(say(key), visible(value)) for key, value in _pairs(told).items()])


def told_of(transaction: Transaction, name: str) -> dict[str, Any]:
    """What there is about one account, for JSON.  :raises Refused: there is none of this name."""
    from netapp.people import admin
    from netapp.people.second_factor import is_on

    rows, account = transaction.rows, admin.find(transaction.rows, name)
    on = is_on(rows, account.id)
    entry = Entry(account, tuple(sorted(rows.accounts.groups(account.id))), on)
    sessions = rows.sessions.of(account.id, transaction.now)
    codes = [each for each in rows.invitations.all(transaction.now) if each.account == account.id]
    return entry.plain | {
        "recovery_codes_left": rows.factors.recovery_left(account.id) if on else 0,
        "password": _hash(rows.accounts.password(account.id)),
        "connections": sum(each.kind == "live" for each in sessions),
        "tokens": sum(each.kind == "token" for each in sessions),
        "ssh_keys": len(rows.keys.of(account.id)),
        "application_passwords": len(rows.applications.of(account.id)),
        "code_expires": codes[-1].expires if codes else None,
    }


def _hash(password: "Password | None") -> dict[str, Any] | None:
    """What a hash costs; nothing of the hash itself."""
    if password is None:
        return None
    from argon2 import extract_parameters
    from argon2.exceptions import InvalidHashError

    told: dict[str, Any] = {"pepper": password.pepper, "stands_alone": password.alone}
    try:
        cost = extract_parameters(password.phc)
    except InvalidHashError:
        return told
    return told | {"memory": cost.memory_cost, "rounds": cost.time_cost, "lanes": cost.parallelism}


def _pairs(told: dict[str, Any]) -> dict[str, str]:
    state, left, expires = say(told["state"]), told["recovery_codes_left"], told["code_expires"]
    pairs = {
        "name": told["name"],
        "shown": told["shown"],
        "role": role_name(told["role"]),
        "groups": ", ".join(told["groups"]) or table.NOTHING,
        "state": say("state why", state=state, reason=told["reason"]) if told["reason"] else state,
        "created": table.moment(told["created"]),
        "seen": _seen(told["seen"]),
        "password": _password(told["password"]),
        "factor": say("on left", left=left) if told["second_factor"] else say("off"),
        "sessions": say("live", live=told["connections"], tokens=told["tokens"]),
        "keys": str(told["ssh_keys"]),
        "applications": str(told["application_passwords"]),
        "number": str(told["number"]),
        "id": told["id"],
    }
    if expires is not None:
        pairs["invited"] = say("until", until=table.moment(expires))
    return pairs


def _password(told: dict[str, Any] | None) -> str:
    if told is None:
        return say("no password")
    if "memory" not in told:
        return "?"
    shown = say("hash", mib=told["memory"] / 1024, rounds=told["rounds"])
    return say("peppered", hash=shown) if told["pepper"] else shown
