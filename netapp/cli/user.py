"""``netapp user``: the accounts of a state directory, while its services run or not."""

import json
import os
import pwd
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from netapp.cli import common
from netapp.core import text
from netapp.core.languages import Phrases
from netapp.core.state import default_state, open_state
from netapp.errors import ConfigError
from netapp.people import admin, rules
from netapp.people.model import Account, Password, Refused

T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., Any])

PHRASES: Final = Phrases(
    {
        "added": ("已添加用户 {name}", "added {name}"),
        "password": ("已修改 {name} 的密码", "changed the password of {name}"),
        "disabled": ("已停用 {name}", "disabled {name}"),
        "enabled": ("已启用 {name}", "enabled {name}"),
        "removed": ("已删除 {name}", "removed {name}"),
        "prompt": ("密码", "Password"),
        "again": ("再输入一次", "Again"),
        "differ": ("两次输入的密码不一样", "the two passwords differ"),
        "no terminal": (
            "没有终端可以输入密码:请用 --password-stdin",
            "there is no terminal to ask for the password: use --password-stdin",
        ),
        "owner": (
            "状态目录 {state} 属于 {owner}:请用 sudo -u {owner} netapp user ...",
            "the state directory {state} is {owner}'s: run  sudo -u {owner} netapp user ...",
        ),
        "no state": (
            "状态目录 {state} 无法写入:请用 --state 换一个",
            "the state directory {state} cannot be written: choose another with --state",
        ),
        "no accounts": ("用户数据无法使用:{reason}", "the accounts cannot be used: {reason}"),
        "none": (
            "还没有用户,添加一个:netapp user add zhao",
            "there is no account yet; add one: netapp user add zhao",
        ),
        "name": ("用户名", "name"),
        "state": ("状态", "state"),
        "created": ("创建", "created"),
        "seen": ("上次登录", "last seen"),
        "active": ("启用", "active"),
        "off": ("停用", "disabled"),
        "never": ("从未", "never"),
    }
)
say: Final = common.words(PHRASES)


def state_option(function: Function) -> Function:
    return click.option(
        "--state",
        type=click.Path(path_type=Path),
        help="The services' state directory.  [$NETAPP_STATE, else netapp in the XDG state home]",
    )(function)


def password_options(function: Function) -> Function:
    for option in (
        click.option("--allow-weak", is_flag=True, help="Take a password of fewer than 8 characters."),
        click.option("--password-stdin", is_flag=True, help="Read the password from standard input."),
    ):
        function = option(function)
    return function


@click.group(epilog="Example:  netapp user add zhao")
def user() -> None:
    """Add, change and list accounts.

    Services that run see a change at once.
    """


@user.command(epilog="Example:  netapp user add zhao")
@click.argument("name")
@password_options
@state_option
def add(name: str, password_stdin: bool, allow_weak: bool, state: Path | None) -> None:
    """Add an account."""
    with refusals():
        at(state, lambda rows: admin.see_free(rows, name))  # before anybody types a password
        password, now = _hashed(password_stdin, allow_weak), _now()
        account = at(state, lambda rows: admin.add(rows, name, password, now))
    click.echo(say("added", name=text.visible(account.shown)))


@user.command(epilog="Example:  netapp user passwd zhao")
@click.argument("name")
@password_options
@state_option
def passwd(name: str, password_stdin: bool, allow_weak: bool, state: Path | None) -> None:
    """Change an account's password."""
    with refusals():
        change(state, name, lambda accounts, account: None)  # there is one: before anybody types
        password, now = _hashed(password_stdin, allow_weak), _now()
        account = change(state, name, lambda rows, it: admin.set_password(rows, it, password, now))
    click.echo(say("password", name=account.shown))


@user.command(epilog="Example:  netapp user disable zhao")
@click.argument("name")
@state_option
def disable(name: str, state: Path | None) -> None:
    """Let nobody in by an account; it stays, and its name stays taken."""
    with refusals():
        account = change(state, name, lambda rows, it: admin.set_state(rows, it, "disabled"))
    click.echo(say("disabled", name=account.shown))


@user.command(epilog="Example:  netapp user enable zhao")
@click.argument("name")
@state_option
def enable(name: str, state: Path | None) -> None:
    """Let a disabled account in again."""
    with refusals():
        account = change(state, name, lambda rows, it: admin.set_state(rows, it, "active"))
    click.echo(say("enabled", name=account.shown))


@user.command(epilog="Example:  netapp user remove zhao")
@click.argument("name")
@state_option
def remove(name: str, state: Path | None) -> None:
    """Remove an account; a later one of the same name is another."""
    with refusals():
        account = change(state, name, admin.remove)
    click.echo(say("removed", name=account.shown))


@user.command("list", epilog="Example:  netapp user list --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, times in seconds since 1970.")
@state_option
def list_(as_json: bool, state: Path | None) -> None:
    """List the accounts: a table on a terminal, tab separated in a pipe."""
    with refusals():
        accounts = at(state, lambda rows: rows.accounts.all())
    if as_json:
        click.echo(json.dumps([_plain(account) for account in accounts], ensure_ascii=False, indent=2))
    elif not sys.stdout.isatty():
        for account in accounts:
            click.echo("\t".join((account.shown, account.state, _iso(account.created), _iso(account.seen))))
    elif accounts:
        _show_table(accounts)
    else:
        common.note(say("none"))


@contextmanager
def refusals() -> Iterator[None]:
    """What the rules refuse ends the command in one line."""
    try:
        yield
    except Refused as error:
        common.fail(error.say(common.language(os.environ)))


def at(state: Path | None, work: Callable[[Any], T]) -> T:
    """Run work on the accounts in one transaction; it is on the disk when this returns.

    It fails, in one line, where the state directory or its database cannot be used.
    """
    from netapp.people.store import rows as opened  # SQLAlchemy takes its time: not for --help

    state = state or default_state(os.environ)
    _see_whose(state)
    try:
        open_state(state)
    except ConfigError:
        common.fail(say("no state", state=state))
    try:
        with opened(state) as rows:
            return work(rows)
    except ConfigError as error:
        common.fail(say("no accounts", reason=error))


def _see_whose(state: Path) -> None:
    """Root's own files in another user's state directory would lock that user's services out."""
    if os.geteuid() == 0 and state.is_dir() and (owner := state.stat().st_uid) != 0:
        common.fail(say("owner", state=state, owner=_user_name(owner)))


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"#{number}"


def change(state: Path | None, name: str, work: Callable[[Any, Account], object]) -> Account:
    """Run work on one account.  :raises Refused: there is none of this name."""

    def found(rows: Any) -> Account:
        account = admin.find(rows, name)
        work(rows, account)
        return account

    return at(state, found)


def _hashed(from_stdin: bool, allow_weak: bool) -> Any:
    from netapp.people.passwords import Hasher

    return Password(Hasher().hash(rules.new_password(_asked(from_stdin), allow_weak=allow_weak)))


def _asked(from_stdin: bool) -> str:
    """The password: typed twice and not shown, or standard input without its line's end."""
    if from_stdin:
        octets = sys.stdin.buffer.read()
        return text.decode(octets.removesuffix(b"\n").removesuffix(b"\r"))[0]
    if not common.on_terminal():
        common.fail(say("no terminal"))
    password: str = click.prompt(say("prompt"), hide_input=True, err=True)
    if click.prompt(say("again"), hide_input=True, err=True) != password:
        common.fail(say("differ"))
    return password


def _now() -> float:
    return datetime.now().timestamp()


def _iso(seconds: float | None) -> str:
    """Local time as ISO 8601, to the second; "-" for never."""
    return "-" if seconds is None else datetime.fromtimestamp(seconds).astimezone().isoformat("T", "seconds")


def _plain(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "shown": account.shown,
        "state": account.state,
        "created": account.created,
        "seen": account.seen,
    }


def _show_table(accounts: Sequence[Account]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*(say(key) for key in ("name", "state", "created", "seen")))
    for account in accounts:
        seen = say("never") if account.seen is None else _iso(account.seen)
        state = say("active" if account.active else "off")
        table.add_row(text.visible(account.shown), state, _iso(account.created), seen)
    Console().print(table)
