"""``netapp zone dump``: a zone as it is now, with its updates, as a master file."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from netapp.cli import common
from netapp.cli.options import state_option
from netapp.core import state as states
from netapp.core.languages import Phrases

if TYPE_CHECKING:
    from netapp.names.changing.storing import Whole
    from netapp.names.zone import Zone

PHRASES: Final = Phrases(
    {
        "origin": ("{word} 不是域名", "{word} is no name"),
        "none": (
            "状态目录 {state} 里没有 {zone} 的更新,运行中的 netapp 也没有这个区域:"
            "它和区域文件一样,或者要用 --state 指定别的目录",
            "{state} has no updates of {zone}, and no netapp that runs serves it: the zone is as its "
            "file has it, or name another directory by --state",
        ),
        "there": (
            "{path} 已经存在:换一个名字,或者加 --force 覆盖",
            "{path} is there already: choose another name, or --force to replace it",
        ),
        "edited": (
            "{path} 里有 netapp 还没有收进去的改动,覆盖了就会丢:先让 netapp 收进去"
            "(收不进去的原因,netapp zone list 里有),或者换一个文件名",
            "{path} has changes that netapp has not taken in, and they would be lost: have it take them in "
            "(netapp zone list says why it does not), or choose another name",
        ),
        "done": ("{path}:{zone},序列号 {serial}", "{path}: {zone}, serial {serial}"),
    }
)
say: Final = common.words(PHRASES)


@click.command(
    epilog="""\b
Examples:
  netapp zone dump example.com
  netapp zone dump example.com --output example.com.zone --force
"""
)
@click.option(
    "--output", type=click.Path(readable=False, path_type=Path), help="Write this file; it appears whole."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@state_option
@click.argument("origin", metavar="ORIGIN")
def dump(origin: str, output: Path | None, force: bool, state: Path | None) -> None:
    """Write a zone as it is now, as a master file.

    Updates and what came from a primary are kept in the state directory, never in the zone file: this
    shows the zone with them, while its service runs or not. The exit status is 1 if some of what is kept
    there is lost: what is left is written.
    """
    from netapp.names.files.origins import origin_of
    from netapp.names.master import written
    from netapp.names.naming import shown

    wire = origin_of(origin)
    if wire is None:
        common.fail(say("origin", word=origin))
    if output is not None and not force and os.path.lexists(output):
        common.fail(say("there", path=output))
    state = state or states.default_state(os.environ)
    lost: list[str] = []
    kept = _kept(wire, state, lost)
    zone = kept.zone if kept is not None else _of_file(wire, state)
    for each in lost:
        common.complain(each)
    if zone is None:
        common.fail(say("none", state=state, zone=shown(wire)))
    if output is None:
        with common.output():
            for line in written(zone):
                click.echo(line, nl=False)
    else:
        if kept is not None and kept.file is not None and _is_edited(output, wire, kept, state):
            common.fail(say("edited", path=output))
        try:
            _write(output, written(zone))
        except OSError as error:
            common.fail(common.trouble(error, output))
        common.note(say("done", path=output, zone=shown(wire), serial=zone.serial))
    click.get_current_context().exit(int(bool(lost)))


def _kept(origin: bytes, state: Path, lost: list[str]) -> "Whole | None":
    """A zone that was updated.  :param lost: takes a line for each thing that is."""
    from netapp.errors import ConfigError
    from netapp.names.keeping.journal import ZoneFolder, folder_name
    from netapp.names.keeping.keeper import zones_path

    try:
        return ZoneFolder(zones_path(state) / folder_name(origin), origin, lost.append).load()
    except ConfigError as error:
        common.fail(str(error))


def _of_file(origin: bytes, state: Path) -> "Zone | None":
    """A zone that was never updated, from the file that a netapp here serves it from."""
    from netapp.names.master import Unreadable, read_zone

    for path, shown in _files(origin, state):
        try:
            return read_zone(path, origin, shown).zone
        except Unreadable as error:
            common.fail(str(error))
    return None


def _is_edited(path: Path, origin: bytes, kept: "Whole", state: Path) -> bool:
    """Whether a file may be the zone's own, with something in it that is not kept.

    Which file that is only a netapp that runs can tell: without one any file of the zone may be it.
    """
    from netapp.names.changing.known import is_known
    from netapp.names.master import Unreadable, read_zone

    own = {each.resolve() for each, _ in _files(origin, state)}
    if not path.exists() or (own and path.resolve() not in own):
        return False
    try:
        there = read_zone(path, origin).zone
    except Unreadable:
        return bool(own)
    return not is_known(there, kept)


def _files(origin: bytes, state: Path) -> Iterator[tuple[Path, str]]:
    """Files that processes have the zone from, and how they call them."""
    import time
    from urllib.parse import unquote_to_bytes

    from netapp.core.status import neighbours
    from netapp.names.telling import door

    try:
        found = neighbours.neighbours(state, time.time())
    except OSError:
        return
    for one in found:
        if not (name := door.name_in(one.told)):
            continue
        with suppress(OSError, ValueError):
            for row in door.ask(state, name, door.question(origin)):
                if url := row.get("url"):
                    yield Path(os.fsdecode(unquote_to_bytes(url.removeprefix("file://")))), row["file"]


def _write(path: Path, lines: Iterable[str]) -> None:
    """Give a file its content: the old or the new is there, with the old one's mode.

    :raises OSError: it cannot be written.
    """
    from netapp.core.platform import O_CLOEXEC, sync_folder

    path = path.resolve()
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            draft.chmod(path.stat().st_mode & 0o777)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
