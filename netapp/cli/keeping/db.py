"""``netapp db``: are the databases whole, and of this netapp's revision."""

from pathlib import Path
from typing import Final

import click

from netapp.cli import common
from netapp.cli.keeping import base
from netapp.cli.options import state_option
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "good": ("{name}:完好,版本 {revision}", "{name}: whole, revision {revision}"),
        "none": ("{name}:还没有,服务第一次启动时生成", "{name}: not there yet; the first start makes it"),
        "empty": ("{name}:空的,下次启动时填好", "{name}: empty; the next start fills it"),
        "old": (
            "{name}:完好,版本 {revision} 较旧(现为 {head}):下次启动时升级,或运行 netapp db upgrade",
            "{name}: whole, of an older revision {revision} ({head} is newest): "
            "the next start upgrades it, or  netapp db upgrade",
        ),
        "new": (
            "{name}:版本 {revision} 属于更新的 netapp:请升级 netapp",
            "{name}: revision {revision} is of a newer netapp: upgrade netapp",
        ),
        "not ours": (
            "{name}:不是 netapp 的数据库:请把它移到别处",
            "{name}: is not netapp's: move it elsewhere",
        ),
        "no database": (
            "{name}:不是数据库,或已损坏:请停下服务,用 netapp restore FILE --force 恢复备份",
            "{name}: is no database, or is damaged: stop the services, then netapp restore FILE --force",
        ),
        "damaged": (
            "{name}:已损坏({reason}):请停下服务,用 netapp restore FILE --force 恢复备份",
            "{name}: is damaged ({reason}): stop the services, then netapp restore FILE --force",
        ),
        "upgraded": ("{name}:已从 {before} 升级到 {head}", "{name}: upgraded from {before} to {head}"),
        "made": ("{name}:已填好,版本 {head}", "{name}: filled, revision {head}"),
        "newest": ("{name}:已是最新版本 {head}", "{name}: at the newest revision, {head}"),
        "kept": ("升级前的副本:{path}", "the copy from before: {path}"),
    }
)
say: Final = common.words(PHRASES)


@click.group(epilog="Example:  netapp db check")
def db() -> None:
    """Check the databases, and bring them up to date."""


@db.command(epilog="Example:  netapp db check --state /var/lib/netapp")
@state_option
def check(state: Path | None) -> None:
    """Read every database whole and see what is wrong; services may run.

    The exit status is 1 if something is.
    """
    state = base.directory(state)
    sound = True
    for noun in base.nouns():
        with base.failures(state / noun.database):
            key, fields = _look(state / noun.database, noun)
        line = say(key, name=noun.database, **fields)
        if key in ("good", "none", "empty", "old"):
            common.write(line)
        else:
            common.complain(line)
            sound = False
    if not sound:
        click.get_current_context().exit(1)


def _look(path: Path, noun: base.Noun) -> tuple[str, dict[str, object]]:
    """What is said of a database, and the fields of it."""
    from netapp.core.backup import Unfit, rows

    if not path.exists():
        return "none", {}
    try:
        revision, damage = rows.revision(path), rows.damage(path, noun.tables)
        tables = rows.tables(path)
    except Unfit as error:
        if error.key != "no database":
            raise
        return "no database", {}
    if damage:
        return "damaged", {"reason": "; ".join(damage)}
    if revision is None:
        return ("not ours" if tables else "empty"), {}
    if revision == noun.head:
        return "good", {"revision": revision}
    return ("old" if revision in noun.known() else "new"), {"revision": revision, "head": noun.head}


@db.command(epilog="Example:  netapp db upgrade --state /var/lib/netapp")
@state_option
def upgrade(state: Path | None) -> None:
    """Bring the databases to this netapp's revision, after a copy is put aside.

    A start does the same by itself.
    """
    from netapp.cli.user.base import see_whose
    from netapp.core import upgrading
    from netapp.core.state import using

    state = base.directory(state)
    see_whose(state)
    for noun in base.nouns():
        path = state / noun.database
        if not path.exists():
            common.write(say("none", name=noun.database))
            continue
        with base.failures(path), using(state):
            key, fields = _look(path, noun)
            if key not in ("good", "empty", "old"):
                common.fail(say(key, name=noun.database, **fields))
            before = fields.get("revision")
            upgrading.upgrade(path, noun.migrations, noun.head)
        if before == noun.head:
            common.write(say("newest", name=noun.database, head=noun.head))
            continue
        common.write(say("upgraded" if before else "made", name=noun.database, before=before, head=noun.head))
        if (copy := upgrading.copy_before(path, noun.head)).exists():
            common.note(say("kept", path=copy))
