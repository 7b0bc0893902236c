"""``netapp restore``: a backup in a state directory's place, or nothing at all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import click

from netapp.cli import common
from netapp.cli.keeping import base
from netapp.cli.options import state_option
from netapp.cli.progress import Advance, progress
from netapp.core import settingsfile
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "sound": (
            "{path} 完好:{created} 由 netapp {version} 备份,{files} 个文件,{octets} 字节",
            "{path} is whole: made {created} by netapp {version}, {files} files, {octets} octets",
        ),
        "done": (
            "已恢复到 {state}({created} 的备份,{files} 个文件)",
            "{state} is as it was {created}, with {files} files",
        ),
        "old": (
            "原来的改名为 {path},确认无误后可以删除",
            "what was there is {path}: remove it once all is well",
        ),
        "settings": (
            "设置也来自备份,启动前请看一看:{path}",
            "the settings came with it, look at them before a start: {path}",
        ),
        "no share": ("备份里没有共享文件", "the shared files are not in this backup"),
    }
)
say: Final = common.words(PHRASES)


@click.command(
    epilog="Examples:\n\n\b\n  netapp restore netapp.tar.gz --check\n  netapp restore netapp.tar.gz --force"
)
@click.argument("file", type=click.Path(readable=False, path_type=Path))
@click.option("--check", is_flag=True, help="Only see whether the backup is whole.")
@click.option("--force", is_flag=True, help="Replace a state that holds something.")
@state_option
def restore(file: Path, check: bool, force: bool, state: Path | None) -> None:
    """Put a backup in the state directory's place; services must be stopped.

    All of it is verified first. What was there is kept beside, with the time in its name. Whatever goes
    wrong, the old state or the new one is there, whole.
    """
    from netapp.core.backup.restoring import restore as put_back

    state = base.directory(state, there=False)
    if not file.exists():
        common.fail(common.say("missing", where=file))
    if check:
        _check(file)
        return
    moment = base.now().strftime("%Y%m%dT%H%M%SZ")
    with base.failures(state), _bar(file.name) as advance:
        nouns = base.nouns()
        contents, old = put_back(
            file,
            state,
            known={noun.database: noun.known() for noun in nouns},
            tables={noun.database: noun.tables for noun in nouns},
            moment=moment,
            force=force,
            advance=advance,
        )
    common.write(say("done", state=state, created=contents.created, files=contents.members))
    if old is not None:
        common.note(say("old", path=old))
    if contents.settings:
        common.note(say("settings", path=state / settingsfile.NAME))
    if not contents.files:
        common.note(say("no share"))


@contextmanager
def _bar(name: str) -> "Iterator[Callable[[int, int], object]]":
    """A bar, once there is something to show: what is refused at once is one line alone."""
    with ExitStack() as stack:
        shown: list[Advance] = []

        def advance(done: int, total: int) -> None:
            if not shown:
                shown.append(stack.enter_context(progress(name)))
            shown[0](done, total)

        yield advance


def _check(file: Path) -> None:
    from netapp.core.backup.reading import verify

    with base.failures(file), _bar(file.name) as advance:
        contents = verify(file, 2**63, advance)
    common.write(
        say(
            "sound",
            path=file,
            created=contents.created,
            version=contents.netapp,
            files=contents.members,
            octets=f"{contents.octets:,}",
        )
    )
