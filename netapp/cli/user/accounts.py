"""``add``, ``passwd``, ``remove``, ``role``, ``rename``, ``group``, ``groups``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import table
from netapp.cli.user.base import Transaction, at, change, failures, json_option
from netapp.cli.user.passwords import Wanted, password_options
from netapp.cli.user.sessions import tell_keys
from netapp.core.languages import Phrases
from netapp.people.model import ROLES, Account, Refused

if TYPE_CHECKING:
    from netapp.people.settings import Settings

PHRASES: Final = Phrases(
    {
        "two roles": ("--admin 不能和 --role {role} 一起用", "--admin goes without --role {role}"),
        "added": ("已添加账号 {name}", "added {name}"),
        "no password": (
            "{name} 还没有密码。让他自己设:netapp user invite --for {name}",
            "{name} has no password yet; to let them choose one: netapp user invite --for {name}",
        ),
        "password": ("已修改 {name} 的密码", "changed the password of {name}"),
        "removed": ("已删除 {name}", "removed {name}"),
        "sure": (
            "删除 {name}?他的密钥、会话和两步验证也一并删除,无法恢复",
            "Remove {name}, with their keys, sessions and second factor, for good?",
        ),
        "kept": ("没有删除 {name}", "{name} was not removed"),
        "role": ("{name} 现在的角色:{role}", "{name} is now {role}"),
        "renamed": ("{name} 现在显示为 {shown}", "{name} is now shown as {shown}"),
        "role guest": ("访客", "guest"),
        "role member": ("成员", "member"),
        "role moderator": ("协管员", "moderator"),
        "role admin": ("管理员", "admin"),
        "groups": ("{name} 的组:{groups}", "{name} is in: {groups}"),
        "no groups": ("还没有组", "there is no group yet"),
        "group": ("组", "group"),
        "members": ("成员", "members"),
    }
)
say: Final = common.words(PHRASES)
role_type: Final = click.Choice(ROLES)


def role_name(role: str) -> str:
    """A role as people read it; programs take it as it is stored."""
    return say(f"role {role}")


class Group(click.ParamType[str]):
    """A group's name on the command line."""

    name = "GROUP"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from netapp.people import words

        try:
            return next(iter(words.groups([str(value)])))
        except Refused as error:
            self.fail(error.say(say.lang), param, ctx)


def _one_role(role: Any, *, as_admin: bool) -> Any:
    if as_admin and role not in (None, "admin"):
        raise click.UsageError(say("two roles", role=role))
    return "admin" if as_admin else role or "member"


@click.command(epilog="Example:  netapp user add zhao --admin")
@click.argument("name")
@click.option("--role", type=role_type, help="What the account may do (member).")
@click.option("--admin", "as_admin", is_flag=True, help="The same as --role admin.")
@click.option("--group", "groups", type=Group(), multiple=True, help="A group that it is in; repeatable.")
@click.option("--display", metavar="TEXT", help="The name that others see; by default the account's.")
@click.option("--no-password", is_flag=True, help="For one that is let in by a code or another directory.")
@password_options
@state_option
def add(
    name: str,
    role: Any,
    as_admin: bool,
    groups: tuple[str, ...],
    display: str | None,
    no_password: bool,
    password_stdin: bool,
    allow_weak: bool,
    policy: str | None,
    state: Path | None,
) -> None:
    """Add an account.

    The name is what it logs in by: letters, digits and . _ -
    """
    from netapp.people import admin, settings, words

    role = _one_role(role, as_admin=as_admin)
    with failures():
        shown = words.shown(display) if display is not None else None

    def see(transaction: Transaction) -> "Settings":
        admin.see_free(transaction.rows, name)
        return settings.read(transaction.rows)

    agreed = at(state, see)  # before anybody types a password
    wanted = Wanted(password_stdin, allow_weak, policy)
    password = None if no_password else wanted.hashed(agreed, name)

    def work(transaction: Transaction) -> Account:
        rows, now = transaction.rows, transaction.now
        account = admin.add(rows, name, password, now, shown=shown, role=role, groups=groups)
        transaction.note("added", account, role=role, groups=sorted(groups))
        return account

    account = at(state, work)
    common.write(say("added", name=account.shown if shown is None else account.name))
    if no_password:
        common.note(say("no password", name=account.name))


@click.command(epilog="Example:  netapp user passwd zhao")
@click.argument("name")
@password_options
@state_option
def passwd(name: str, password_stdin: bool, allow_weak: bool, policy: str | None, state: Path | None) -> None:
    """Change an account's password.

    It ends the account's sessions, tokens and application passwords.
    """
    from netapp.people import admin, settings
    from netapp.people.second_factor import is_on

    def see(transaction: Transaction) -> "tuple[Settings, bool]":
        account = admin.find(transaction.rows, name)
        return settings.read(transaction.rows), is_on(transaction.rows, account.id)

    agreed, second_factor = at(state, see)  # before anybody types
    wanted = Wanted(password_stdin, allow_weak, policy)
    password = wanted.hashed(agreed, name, second_factor=second_factor)

    keys = 0

    def work(transaction: Transaction, account: Account) -> Account:
        nonlocal keys
        changed = admin.set_password(transaction.rows, account, password, transaction.now)
        transaction.note("password", changed)
        keys = len(transaction.rows.keys.of(account.id))
        return changed

    changed = change(state, name, work)
    common.write(say("password", name=changed.name))
    tell_keys(changed, keys)


@click.command(epilog="Example:  netapp user remove zhao")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_option
def remove(name: str, yes: bool, state: Path | None) -> None:
    """Remove an account; a later one of the same name is another."""
    from netapp.cli.user.tries import forget
    from netapp.people import admin

    if common.on_terminal() and not yes:
        account = change(state, name, lambda transaction, account: None)
        if not click.confirm(say("sure", name=account.name), err=True):
            common.fail(say("kept", name=account.name))

    def work(transaction: Transaction, account: Account) -> None:
        admin.remove(transaction.rows, account)
        forget(transaction, account)
        transaction.note("removed", account)

    common.write(say("removed", name=change(state, name, work).name))


@click.command(epilog="Example:  netapp user role zhao moderator")
@click.argument("name")
@click.argument("role", type=role_type)
@state_option
def role(name: str, role: Any, state: Path | None) -> None:
    """Say what an account may do: guest, member, moderator or admin."""
    from netapp.people import admin

    def work(transaction: Transaction, account: Account) -> Account:
        changed = admin.set_role(transaction.rows, account, role)
        transaction.note("role", changed, role=role, before=account.role)
        return changed

    account = change(state, name, work)
    common.write(say("role", name=account.name, role=role_name(account.role)))


@click.command(epilog="Example:  netapp user rename zhao 赵老师")
@click.argument("name")
@click.argument("display")
@state_option
def rename(name: str, display: str, state: Path | None) -> None:
    """Change the name that others see; what the account logs in by stays."""
    from netapp.people import admin

    def work(transaction: Transaction, account: Account) -> Account:
        changed = admin.set_shown(transaction.rows, account, display)
        transaction.note("renamed", changed, shown=changed.shown)
        return changed

    account = change(state, name, work)
    common.write(say("renamed", name=account.name, shown=account.shown))


@click.command(epilog="Example:  netapp user group zhao li --add class-1")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--add", "added", type=Group(), multiple=True, help="Put them into GROUP; repeatable.")
@click.option("--remove", "removed", type=Group(), multiple=True, help="Take them out of GROUP; repeatable.")
@state_option
def group(
    names: tuple[str, ...], added: tuple[str, ...], removed: tuple[str, ...], state: Path | None
) -> None:
    """Put accounts into groups, and take them out; without either, show which they are in."""
    from netapp.people import admin

    def work(transaction: Transaction) -> list[tuple[Account, frozenset[str]]]:
        found = []
        for account in [admin.find(transaction.rows, name) for name in dict.fromkeys(names)]:
            before = transaction.rows.accounts.groups(account.id)
            after = (before | set(added)) - set(removed)
            if after != before:
                admin.set_groups(transaction.rows, account, after)
                transaction.note("groups", account, groups=sorted(after))
            found.append((account, after))
        return found

    for account, groups in at(state, work):
        common.write(say("groups", name=account.name, groups=", ".join(sorted(groups)) or table.NOTHING))


@click.command(epilog="Example:  netapp user groups")
@json_option
@state_option
def groups(as_json: bool, state: Path | None) -> None:
    """List the groups, and who is in them."""

    def work(transaction: Transaction) -> list[tuple[str, list[str]]]:
        names = {account.id: account.name for account in transaction.rows.accounts.all()}
        members = transaction.rows.accounts.members()
        return [(group, sorted(names[each] for each in members[group])) for group in sorted(members)]

    found = at(state, work)
    if as_json:
        table.show_json([{"group": group, "members": names} for group, names in found])
        return
    columns = [
        table.Column[tuple[str, list[str]]](say("group"), lambda row: row[0]),
        table.Column[tuple[str, list[str]]](say("members"), lambda row: ",".join(row[1])),
    ]
    table.show(found, columns, empty=say("no groups"))
