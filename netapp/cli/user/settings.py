"""``policy`` and ``pepper``: what all passwords of a state directory have in common."""

import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import files
from netapp.cli.user.base import Transaction, at
from netapp.core.languages import Phrases

if TYPE_CHECKING:
    from netapp.people.settings import Peppers

PHRASES: Final = Phrases(
    {
        "basic": (
            "basic:新密码至少 {least} 个字符",
            "basic: a new password has at least {least} characters",
        ),
        "nist": (
            "nist:新密码单独使用至少 {least} 个字符,开了两步验证的至少 {beside} 个",
            "nist: a new password has at least {least} characters where it stands alone, "
            "{beside} beside a second factor",
        ),
        "short": (
            "{count} 个账号的密码不够长,也没有两步验证:仍能登录,下次改密码时按新规则",
            "accounts with a password too short to stand alone, and no second factor: {count}; "
            "they still log in, and the rule applies to their next password",
        ),
        "one": ("FILE、--new FILE、--off 只能选一个", "give one of FILE, --new FILE, --off"),
        "no pepper": ("没有使用胡椒", "no pepper is used"),
        "pepper": ("新密码用的胡椒 {kid}:{path}", "new passwords are hashed with the pepper {kid}: {path}"),
        "older": (
            "还有 {count} 个密码用胡椒 {kid}:{path}(文件要留到这些账号都登录过一次)",
            "passwords that still have the pepper {kid}: {count} (keep {path} until each has logged in)",
        ),
        "bare": (
            "还有 {count} 个密码没加胡椒,各账号下次登录时加上",
            "passwords that have none yet: {count}; the next login of each gives it one",
        ),
        "made": ("已生成 {path}", "made {path}"),
        "copy": (
            "请把 {path} 备份到别处,不要和数据库放在一起:丢了它,用它的密码就全部失效",
            "keep a copy of {path}, and not beside the database: without it the passwords that have it "
            "no longer work",
        ),
        "bad file": ("胡椒文件不能用:{reason}", "{reason}"),
        "another": ("{path} 的内容变了", "{path} holds another pepper now"),
        "useless": (
            "用它的密码现在都登录不了:{fault}",
            "no password that has it can be checked: {fault}",
        ),
        "unreadable": (
            "运行服务的系统用户必须能读 {path}",
            "the user that the services run as must be able to read {path}",
        ),
    }
)
say: Final = common.words(PHRASES)


@click.command(epilog="Example:  netapp user policy nist")
@click.argument("policy", type=click.Choice(("basic", "nist")), required=False)
@state_option
def policy(policy: Any, state: Path | None) -> None:
    """Show what new passwords must be, or change it.

    basic: 8 characters. nist: 15, or 8 beside a second factor (SP 800-63B-4). Services that run
    take it up at once; those with --password-policy of their own keep to that.
    """
    from netapp.core import limits
    from netapp.people import settings

    def work(transaction: Transaction) -> tuple[str, int]:
        rows = transaction.rows
        if policy is not None and settings.read(rows).policy != policy:
            settings.put_policy(rows, policy)
            transaction.note("policy", policy=policy)
        factors = rows.factors.all()
        kept = {account.id: rows.accounts.password(account.id) for account in rows.accounts.all()}
        short = [each for each, it in kept.items() if it and not it.alone and each not in factors]
        return settings.read(rows).policy, len(short)

    now, short = at(state, work)
    least = limits.PASSWORD_LEAST if now == "basic" else limits.PASSWORD_ALONE
    common.write(say(now, least=least, beside=limits.PASSWORD_LEAST))
    if now == "nist" and short:
        common.note(say("short", count=short))


@click.command(epilog="Example:  netapp user pepper --new /etc/netapp/pepper")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--new", type=click.Path(path_type=Path), metavar="FILE", help="Make one, of mode 0600, and use it."
)
@click.option("--off", is_flag=True, help="New hashes take none.")
@state_option
def pepper(file: Path | None, new: Path | None, off: bool, state: Path | None) -> None:
    """Use the key in a file for all password hashes, so that a stolen database alone is of no use.

    Hashes that there are change with the next login of each. Without arguments it shows what is
    used. Services that run take it up at once.
    """
    from netapp.people.settings import Peppers

    if sum((file is not None, new is not None, off)) > 1:
        raise click.UsageError(say("one"))
    if new is not None:
        key = secrets.token_hex(32).encode() + b"\n"
        with files.placed(new.absolute(), key, force=False):
            _change(state, lambda before: _with(before, new.absolute()), show=False)
        common.write(say("made", path=new.absolute()))
        common.note(say("copy", path=new.absolute()))
        common.note(say("unreadable", path=new.absolute()))
        _change(state, None)
    elif file is not None:
        _change(state, lambda before: _with(before, file.absolute()))
    elif off:
        _change(state, lambda before: Peppers(None, before.files))
    else:
        _change(state, None)


def _with(before: "Peppers", path: Path) -> "Peppers":
    """The same with a file in use; it fails, in one line, for one that is no pepper."""
    from netapp.errors import ConfigError
    from netapp.people.passwords import read_pepper
    from netapp.people.settings import Peppers

    try:
        kid = read_pepper(path).kid
    except ConfigError as error:
        common.fail(say("bad file", reason=error))
    return Peppers(kid, before.files | {kid: str(path)})


def _change(state: Path | None, work: "Callable[[Peppers], Peppers] | None", *, show: bool = True) -> None:
    """Store what work makes of the peppers, without those that no hash has any more."""
    from netapp.people import settings

    def change(transaction: Transaction) -> "tuple[Peppers, Counter[str | None]]":
        rows = transaction.rows
        kept = [rows.accounts.password(account.id) for account in rows.accounts.all()]
        used = Counter(password.pepper for password in kept if password is not None)
        before = settings.read(rows).peppers()
        if work is None:
            return before, used
        after = work(before)
        needed = {kid: path for kid, path in after.files.items() if kid == after.current or used[kid]}
        after = settings.Peppers(after.current, needed)
        if after != before:
            settings.put_peppers(rows, after)
            settings.read(rows).hasher()  # every file that is needed can be read
            transaction.note("pepper", kid=after.current, before=before.current)
        return after, used

    now, used = at(state, change)
    if show:
        _show(now, used)


def _show(now: "Peppers", used: "Counter[str | None]") -> None:
    if now.current is None:
        common.write(say("no pepper"))
    else:
        common.write(say("pepper", kid=now.current, path=now.files[now.current]))
        if used[None]:
            common.note(say("bare", count=used[None]))
    for kid, path in now.files.items():
        if kid != now.current:
            common.note(say("older", count=used[kid], kid=kid, path=path))
        if fault := _fault(kid, path):
            common.note(say("useless", fault=fault))


def _fault(kid: str, path: str) -> str | None:
    """What is wrong with the file of a pepper that is needed."""
    from netapp.errors import ConfigError
    from netapp.people.passwords import read_pepper

    try:
        return say("another", path=path) if read_pepper(Path(path)).kid != kid else None
    except ConfigError as error:
        return str(error)
