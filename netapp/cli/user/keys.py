"""``keys``, ``key add`` and ``key remove``: the SSH public keys of an account."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import table
from netapp.cli.user.base import Transaction, change, json_option, of_account
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.text import decode
from netapp.people.model import Account, Key, Refused

PHRASES: Final = Phrases(
    {
        "none": ("{name} 没有 SSH 公钥", "{name} has no SSH key"),
        "id": ("ID", "id"),
        "kind": ("类型", "kind"),
        "fingerprint": ("指纹", "fingerprint"),
        "comment": ("说明", "comment"),
        "created": ("添加", "added"),
        "seen": ("上次使用", "last used"),
        "never": ("从未", "never"),
        "added": ("已给 {name} 添加公钥 {fingerprint}", "added the key {fingerprint} to {name}"),
        "removed": ("已删除 {name} 的公钥 {fingerprint}", "removed the key {fingerprint} of {name}"),
        "private": (
            "{path} 是私钥,谁也不要给:请用旁边的 {path}.pub",
            "{path} is the private key, which is nobody else's: take {path}.pub beside it",
        ),
    }
)
say: Final = common.words(PHRASES)


@click.command(epilog="Example:  netapp user keys zhao")
@click.argument("name")
@json_option
@state_option
def keys(name: str, as_json: bool, state: Path | None) -> None:
    """List an account's SSH keys."""
    account, found = of_account(
        state, name, lambda transaction, account: transaction.rows.keys.of(account.id)
    )
    if as_json:
        table.show_json([_plain(each) for each in found])
    else:
        table.show(found, _columns(), empty=say("none", name=account.name))


@click.group(epilog="Example:  netapp user key add zhao id_ed25519.pub")
def key() -> None:
    """Add and remove an account's SSH keys."""


@key.command("add", epilog="Example:  netapp user key add zhao ~/.ssh/id_ed25519.pub")
@click.argument("name")
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@state_option
def add(name: str, file: Path, state: Path | None) -> None:
    """Let an account in by an SSH key, from the file of its public half; - is standard input."""
    from netapp.people import admin
    from netapp.people import keys as noun

    line, fingerprint = _line(file), ""

    def work(transaction: Transaction, account: Account) -> None:
        nonlocal fingerprint
        new = noun.parse(line, account.id, transaction.now)
        admin.add_key(transaction.rows, new)
        fingerprint = noun.fingerprint(new.blob)
        transaction.note("key added", account, key=fingerprint)

    account = change(state, name, work)
    common.write(say("added", name=account.name, fingerprint=fingerprint))


@key.command("remove", epilog="Example:  netapp user key remove zhao SHA256:...")
@click.argument("name")
@click.argument("which", metavar="ID")
@state_option
def remove(name: str, which: str, state: Path | None) -> None:
    """Remove an SSH key, by its id or its fingerprint."""
    from netapp.people import admin
    from netapp.people import keys as noun

    fingerprint = ""

    def work(transaction: Transaction, account: Account) -> None:
        nonlocal fingerprint
        for each in transaction.rows.keys.of(account.id):
            fingerprint = noun.fingerprint(each.blob)
            if which in (each.id, fingerprint):
                admin.remove_key(transaction.rows, account, each)
                transaction.note("key removed", account, key=fingerprint)
                return
        raise Refused("no key")

    account = change(state, name, work)
    common.write(say("removed", name=account.name, fingerprint=fingerprint))


def _line(file: Path) -> str:
    """The first line of a file that is none of comment."""
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as source:
            octets = source.read(limits.LINE * 4)
    except OSError as error:
        common.fail(common.trouble(error, file))
    if b"PRIVATE KEY" in octets:
        common.fail(say("private", path=file))
    lines = [line.strip() for line in decode(octets)[0].splitlines()]
    return next((line for line in lines if line and not line.startswith("#")), "")


def _plain(each: Key) -> dict[str, object]:
    from netapp.people.keys import fingerprint

    return {
        "id": each.id,
        "kind": each.kind,
        "fingerprint": fingerprint(each.blob),
        "comment": each.comment,
        "line": f"{each.kind} {each.blob} {each.comment}".rstrip(),
        "created": each.created,
        "seen": each.seen,
    }


def _columns() -> list[table.Column[Key]]:
    from netapp.people.keys import fingerprint

    column = table.Column[Key]
    return [
        column(say("id"), lambda each: each.id),
        column(say("kind"), lambda each: each.kind),
        column(say("fingerprint"), lambda each: fingerprint(each.blob)),
        column(say("created"), lambda each: table.iso(each.created), lambda each: table.moment(each.created)),
        column(
            say("seen"),
            lambda each: table.iso(each.seen),
            lambda each: say("never") if each.seen is None else table.moment(each.seen),
        ),
        column(say("comment"), lambda each: each.comment or table.NOTHING),
    ]
