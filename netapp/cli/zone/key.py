"""``netapp zone key``: the keys that the state directory keeps, for TSIG."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.cli.user import table
from netapp.core import state as states
from netapp.core.languages import Phrases
from netapp.core.platform import user
from netapp.errors import ConfigError

if TYPE_CHECKING:
    from netapp.dns.tsig.keys import Key

#: As :data:`netapp.dns.tsig.keys.ALGORITHMS`, which is not imported before a command runs.
ALGORITHMS: Final = ("hmac-sha256", "hmac-sha384", "hmac-sha512")
FORMS: Final = ("dig", "bind", "knot", "nsd")

PHRASES: Final = Phrases(
    {
        "name": ("名字", "name"),
        "algorithm": ("算法", "algorithm"),
        "none": ("这里没有密钥", "there are no keys here"),
        "there": (
            "已经有名为 {name} 的密钥:先用 netapp zone key remove {name} 删除",
            "there is a key {name} already: remove it first, netapp zone key remove {name}",
        ),
        "missing": ("没有名为 {name} 的密钥", "there is no key {name}"),
        "bad name": ("{name} 不能作密钥的名字:{reason}", "{name} is no name for a key: {reason}"),
        "bad file": ("密钥读不出来:{reason}", "the keys cannot be read: {reason}"),
        "once": (
            "密钥 {name} 已保存。下面是它的各种写法,只显示这一次:",
            "The key {name} is kept. Here it is in each form, this once:",
        ),
        "dig": (
            "dig -y、kdig -y、nsupdate -y,以及另一台 netapp 的 --key:",
            "dig -y, kdig -y, nsupdate -y, and another netapp's --key:",
        ),
        "bind": (
            "BIND(named.conf),或存成文件给 dig -k、nsupdate -k:",
            "BIND (named.conf), or in a file for dig -k and nsupdate -k:",
        ),
        "knot": ("Knot(knot.conf):", "Knot (knot.conf):"),
        "nsd": ("NSD(nsd.conf):", "NSD (nsd.conf):"),
        "use": (
            "允许持有它的机器取区域:netapp-dns --allow-transfer 网段#{name}(修改用 --allow-update)",
            "Who has it may transfer zones by  netapp-dns --allow-transfer NETWORK#{name}  "
            "(--allow-update to change them).",
        ),
        "removed": ("已删除密钥 {name}", "removed the key {name}"),
        "again": (
            "正在运行的 netapp 要重新读取才知道:kill -HUP {pids}",
            "The netapp that runs knows it once it reads again:  kill -HUP {pids}",
        ),
    }
)
say: Final = common.words(PHRASES)


@click.group(epilog="Example:  netapp zone key add laptop")
def key() -> None:
    """Make, list and remove the keys that sign updates and transfers (TSIG)."""


@key.command(epilog="Example:  netapp zone key add laptop --form bind > laptop.key")
@click.argument("name")
@click.option(
    "--algorithm",
    type=click.Choice(ALGORITHMS),
    default=ALGORITHMS[0],
    help="What it signs by (hmac-sha256).",
)
@click.option("--form", type=click.Choice(FORMS), help="Show it in this form alone, for a file.")
@state_option
def add(name: str, algorithm: str, form: str | None, state: Path | None) -> None:
    """Make a key, keep it in the state directory, and show it this once.

    It is shown as dig, nsupdate, BIND, Knot and NSD take it.
    """
    import secrets

    from netapp.dns.tsig import keys as tsig

    new = tsig.Key(_wire(name), algorithm, secrets.token_bytes(tsig.ALGORITHMS[algorithm]))

    def work(keys: "list[Key]") -> "list[Key]":
        if any(each.name == new.name for each in keys):
            common.fail(say("there", name=new))
        return [*keys, new]

    folder = _change(state, work)
    try:
        _show(new, form)
    except (OSError, common.OutputGone):  # nobody has seen it, and nobody could see it again
        _change(folder, lambda keys: [each for each in keys if each != new])
        raise
    _tell(folder)


def _show(new: "Key", form: str | None) -> None:
    if form is not None:
        common.write(written(new, form), keep="\t\n")
        return
    common.write(say("once", name=new))
    for each in FORMS:
        common.write("")
        common.write(say(each))
        common.write(written(new, each), keep="\t\n")
    common.write("")
    common.write(say("use", name=new))


@key.command("list", epilog="Example:  netapp zone key list")
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@state_option
def list_(as_json: bool, state: Path | None) -> None:
    """List the keys of the state directory, without their secrets."""
    from netapp.dns.tsig.keys import kept_keys

    folder = state or states.default_state(os.environ)
    with _failures(folder), _as_owner(folder):
        keys = sorted(kept_keys(folder), key=str)
    if as_json:
        table.show_json([{"name": str(each), "algorithm": each.algorithm} for each in keys])
        return
    columns: list[table.Column[Key]] = [
        table.Column(say("name"), str, whole=True),
        table.Column(say("algorithm"), lambda each: each.algorithm),
    ]
    table.show(keys, columns, empty=say("none"))


@key.command(epilog="Example:  netapp zone key remove laptop")
@click.argument("name")
@state_option
def remove(name: str, state: Path | None) -> None:
    """Remove a key from the state directory."""
    gone = _wire(name)

    def work(keys: "list[Key]") -> "list[Key]":
        left = [each for each in keys if each.name != gone]
        if len(left) == len(keys):
            common.fail(say("missing", name=name))
        return left

    folder = _change(state, work)
    common.write(say("removed", name=name))
    _tell(folder)


def written(key: "Key", form: str) -> str:
    """A key as a program takes it, without a last line end.  :param form: one of FORMS."""
    from netapp.dns.tsig.keys import statement

    name = str(key)
    match form:
        case "bind":
            return statement(key).rstrip("\n")
        case "knot":
            return f"key:\n  - id: {name}\n    algorithm: {key.algorithm}\n    secret: {key.base64}"
        case "nsd":
            return f'key:\n    name: "{name}"\n    algorithm: {key.algorithm}\n    secret: "{key.base64}"'
        case _:
            return f"{key.algorithm}:{name}:{key.base64}"


def _wire(name: str) -> bytes:
    from netapp.names.naming import BadName, wire_name

    try:
        return wire_name(name)
    except BadName as error:
        common.fail(say("bad name", name=name, reason=error))


def _change(state: Path | None, work: "Callable[[list[Key]], list[Key]]") -> Path:
    """Read the keys, give them to ``work``, and keep what it returns.  :returns: the state directory."""
    from netapp.dns.tsig.keys import keep, kept_keys

    folder = state or states.default_state(os.environ)
    with _failures(folder), _as_owner(folder):
        states.open_state(folder)
        with states.locked(folder):
            keep(folder, work(list(kept_keys(folder))))
    return folder


@contextmanager
def _failures(folder: Path) -> Iterator[None]:
    """What cannot be done, in one line."""
    try:
        yield
    except ConfigError as error:
        common.fail(say("bad file", reason=error))
    except OSError as error:
        common.fail(common.trouble(error, error.filename or folder))


@contextmanager
def _as_owner(folder: Path) -> Iterator[None]:
    """What root makes in somebody's state directory is theirs, who must read it."""
    about = folder.stat() if folder.exists() else None
    owner = (about.st_uid, about.st_gid) if about is not None and user() == 0 and about.st_uid else None
    with states.acting_as(owner):
        yield


def _tell(folder: Path) -> None:
    """Who runs on this state directory reads its keys when it is told to."""
    from netapp.core.status.neighbours import neighbours

    try:
        running = neighbours(folder, time.time())
    except OSError:
        return
    pids = [str(each.pid) for each in running if each.plugin in ("netapp", "netapp-dns")]
    if pids:
        common.note(say("again", pids=" ".join(pids)))
