"""``export``, and ``import`` of what it wrote: accounts with their ids, as JSON."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import files
from netapp.cli.user.base import Transaction, at
from netapp.core.languages import Phrases

if TYPE_CHECKING:
    from netapp.people.lists.parcels import Person
    from netapp.people.lists.transfer import Taken
    from netapp.people.model import Account

PHRASES: Final = Phrases(
    {
        "secret": (
            "注意保密:里面有密码哈希和两步验证的密钥",
            "keep it secret: it has the hashes of passwords and the secrets of second factors",
        ),
        "open": ("别人也能读这个文件", "others may read this file"),
        "not in": (
            "不包括会话、令牌、应用密码和邀请码",
            "sessions, tokens, application passwords and codes are not in it",
        ),
        "written": ("已导出 {count} 个账号到 {path}", "exported to {path}; accounts: {count}"),
        "peppers": (
            "有密码用了胡椒 {kids}:导入的机器也要有同样的胡椒文件(netapp user pepper FILE)",
            "some passwords have the pepper {kids}: the machine that imports needs its file too "
            "(netapp user pepper FILE)",
        ),
        "there": (
            "已经有了,没有改动:{names}(要恢复成文件里的,加 --overwrite)",
            "there already, and left as they are: {names} (--overwrite brings them back as in the file)",
        ),
        "added": ("已导入 {count} 个账号", "imported accounts: {count}"),
        "would add": ("会导入 {count} 个账号", "would import accounts: {count}"),
        "would replace": ("会恢复 {count} 个账号:{names}", "would bring back ({count}): {names}"),
        "replaced": ("已恢复 {count} 个账号:{names}", "brought back ({count}): {names}"),
        "would": ("只是试一下,什么都没有改动", "a dry run: nothing was changed"),
    }
)
say: Final = common.words(PHRASES)


@click.command(epilog="Example:  netapp user export accounts.json")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@state_option
def export(file: Path | None, force: bool, state: Path | None) -> None:
    """Write all accounts as JSON, to be taken back by netapp user import, here or elsewhere.

    Ids, names, roles, groups, password hashes, second factors and SSH keys are in it: keep it
    secret. A file has mode 0600. Without FILE it goes to standard output; a file there gets that mode too.
    """
    from netapp.people.lists import parcels, transfer

    if file is not None:
        files.see_free(file, force=force)

    def work(transaction: Transaction) -> "tuple[list[Person], float]":
        people = transfer.everybody(transaction.rows, transaction.key_for("totp"))
        transaction.note("exported", count=len(people), file=str(file or "-"))
        return people, transaction.now

    people, now = at(state, work)
    octets = parcels.written(people, now)
    if file is None:
        if not files.narrowed(sys.stdout):
            common.note(say("open"))
        with common.output():
            sys.stdout.buffer.write(octets)
            sys.stdout.buffer.flush()
    else:
        with files.placed(file, octets, force=force):
            common.note(say("written", count=len(people), path=file))
    common.note(say("secret"))
    common.note(say("not in"))
    _tell_peppers(people)


class Undone(Exception):
    """A dry run's end: the transaction is not to be stored.  :param outcome: of the work."""

    def __init__(self, outcome: object) -> None:
        self.outcome = outcome


def take(octets: bytes, state: Path | None, *, overwrite: bool, dry: bool) -> None:
    """``netapp user import`` of such a file."""
    from netapp.people.lists import parcels, transfer

    try:
        people = parcels.read(octets)
    except parcels.Unreadable as error:
        common.fail(error.say(say.lang))

    def work(transaction: Transaction) -> "Taken":
        key = transaction.key_for("totp")
        try:
            taken = transfer.take(transaction.rows, people, key, transaction.now, overwrite=overwrite)
        except parcels.Unreadable as error:
            common.fail(error.say(say.lang))
        for account in (*taken.added, *taken.replaced):
            transaction.note("imported", account, role=account.role)
        if dry:
            raise Undone(taken)
        return taken

    try:
        _tell(at(state, work))
    except Undone as undone:
        _tell(undone.outcome, "would add", "would replace")  # type: ignore[arg-type]
        common.note(say("would"))
    _tell_peppers(people)


def _tell(taken: "Taken", added: str = "added", replaced: str = "replaced") -> None:
    common.write(say(added, count=len(taken.added)))
    if taken.replaced:
        common.write(say(replaced, count=len(taken.replaced), names=_names(taken.replaced)))
    if taken.there:
        common.note(say("there", names=_names(taken.there)))


def _names(accounts: "Sequence[Account]") -> str:
    return ", ".join(account.name for account in accounts)


def _tell_peppers(people: "Sequence[Person]") -> None:
    kids = {each.password.pepper for each in people if each.password is not None} - {None}
    if kids:
        common.note(say("peppers", kids=", ".join(sorted(filter(None, kids)))))
