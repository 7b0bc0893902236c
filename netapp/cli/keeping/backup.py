"""``netapp backup``: the state directory in one file, while its services run or not."""

import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

import netapp
from netapp.cli import common
from netapp.cli.keeping import base
from netapp.cli.options import state_option
from netapp.cli.progress import progress
from netapp.core.languages import Phrases

if TYPE_CHECKING:
    from netapp.core.backup.writing import Written

PHRASES: Final = Phrases(
    {
        "there": (
            "{path} 已经存在:换一个名字,或者加 --force 覆盖",
            "{path} is there already: choose another name, or --force to replace it",
        ),
        "terminal": ("终端上看不了备份:请写一个文件名", "a backup is not for a terminal: name a file"),
        "inside": (
            "{path} 在状态目录里面:请放到别处,最好是另一块磁盘",
            "{path} is within the state directory: put it elsewhere, best on another disk",
        ),
        "done": (
            "已备份到 {path}:{files} 个文件,{octets} 字节。里面有密钥和密码哈希,请妥善保管。",
            "{path} holds {files} files, {octets} octets. There are keys and hashes in it: keep it safe.",
        ),
        "strange": (
            "没有备份 {count} 个链接或特殊文件:{names}",
            "left out {count} links or special files: {names}",
        ),
        "unsteady": (
            "备份期间一直在变,可能不完整:{names}",
            "changed all the time, may not be whole: {names}",
        ),
        "elsewhere": (
            "共享目录 {root} 在状态目录之外,不在备份里:请另外备份",
            "the share {root} is outside of the state directory, so not in here: save it otherwise",
        ),
        "settings": (
            "正在运行的 netapp 用的设置 {path} 在状态目录之外,不在备份里:请另外保存",
            "the settings {path}, of a netapp that runs, are outside of the state directory, "
            "so not in here: save them otherwise",
        ),
        "pepper": (
            "胡椒文件在状态目录之外,不在备份里:请另外保存",
            "the pepper's file is outside of the state directory, so not in here: keep it elsewhere",
        ),
    }
)
say: Final = common.words(PHRASES)
_SHOWN: Final = 3
_WORKSHOP: Final = ".netapp-backup-"


@click.command(
    epilog="Examples:\n\n\b\n  netapp backup /media/usb/netapp.tar.gz\n"
    "  netapp backup - | ssh other 'cat > netapp.tar.gz'"
)
@click.argument("file", type=click.Path(readable=False, path_type=Path, allow_dash=True))
@click.option("--without-files", is_flag=True, help="Leave the shared files out.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@state_option
def backup(file: Path, without_files: bool, force: bool, state: Path | None) -> None:
    """Save accounts, messages, keys, settings and shared files in one file; services may run.

    It is a tar archive in gzip, of mode 0600, and as secret as what is in it; - is standard output. It
    appears whole or not at all.
    """
    state = base.directory(state)
    if str(file) == "-":
        written = _to_stdout(state, files=not without_files)
    else:
        written = _to_file(state, file, files=not without_files, force=force)
        common.note(say("done", path=file, files=written.files, octets=f"{written.octets:,}"))
    _tell("strange", written.strange)
    _tell("unsteady", written.unsteady)
    if (root := _share_elsewhere(state)) is not None and not without_files:
        common.note(say("elsewhere", root=root))
    for path in _settings_elsewhere(state):
        common.note(say("settings", path=path))
    if _has_pepper(state):
        common.note(say("pepper"))


def _to_file(state: Path, file: Path, *, files: bool, force: bool) -> "Written":
    from netapp.core.backup.workshop import publish, sweep, workshop
    from netapp.core.platform import O_CLOEXEC

    if file.resolve().is_relative_to(state.resolve()):
        common.fail(say("inside", path=file))
    if file.is_dir() or (not force and os.path.lexists(file)):
        common.fail(say("there", path=file))
    with base.failures(file):
        sweep(file.parent, _WORKSHOP)
    with base.failures(file), workshop(file.parent, _WORKSHOP) as folder:
        draft = folder / "draft"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_CLOEXEC, 0o600), "wb") as out:
            written = _write(state, out, folder, files=files)
            out.flush()
            os.fsync(out.fileno())
        try:
            publish(draft, file, replace=force)
        except FileExistsError:
            common.fail(say("there", path=file))
    return written


def _to_stdout(state: Path, *, files: bool) -> "Written":
    from tempfile import TemporaryDirectory

    if sys.stdout.isatty():
        common.fail(say("terminal"))
    with base.failures("-"), common.output(), TemporaryDirectory(prefix="netapp-backup-") as folder:
        written = _write(state, sys.stdout.buffer, Path(folder), files=files)
        sys.stdout.buffer.flush()
    return written


def _write(state: Path, out: IO[bytes], folder: Path, *, files: bool) -> "Written":
    from netapp.core.backup.writing import write
    from netapp.core.state import using

    created = base.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    with using(state), progress(state.name) as advance:
        return write(
            state, out, folder, netapp=netapp.__version__, created=created, files=files, advance=advance
        )


def _tell(key: str, names: list[str]) -> None:
    if names:
        shown = ", ".join(names[:_SHOWN]) + ("…" if len(names) > _SHOWN else "")
        common.note(say(key, count=len(names), names=shown) if key == "strange" else say(key, names=shown))


def _share_elsewhere(state: Path) -> str | None:
    """The share's folder, where the settings in the state directory name another."""
    import tomllib

    from netapp.core.settingsfile import NAME

    try:
        root = tomllib.loads((state / NAME).read_text("utf-8-sig")).get("file", {}).get("root")
    except (OSError, ValueError, AttributeError):  # none, or a start tells what is wrong with them
        return None
    if not isinstance(root, str) or (state / root).resolve().is_relative_to(state.resolve()):
        return None
    return root


def _settings_elsewhere(state: Path) -> list[str]:
    """Files that running services were given by ``--config``."""
    from netapp.core.status.neighbours import neighbours

    try:
        told = [each.told or {} for each in neighbours(state, base.now().timestamp())]
    except OSError:
        return []
    found = dict.fromkeys(one["settings"] for one in told if one.get("settings"))
    return [each for each in found if not Path(each).resolve().is_relative_to(state.resolve())]


def _has_pepper(state: Path) -> bool:
    """Whether hashes here need a file that is kept elsewhere."""
    import sqlite3

    from netapp.core.backup import Unfit, rows
    from netapp.people.settings import PEPPER

    try:
        stored = rows.value(state / "people.db", "setting", "SELECT value FROM setting WHERE key = ?", PEPPER)
    except (sqlite3.Error, Unfit):  # there are no accounts, or an older database
        return False
    return stored is not None and '"' in stored
