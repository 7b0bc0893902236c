"""Disks: room and inodes where the state and the share are, and whether they can be written."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netapp.cli import common
from netapp.cli.doctor.finding import Finding
from netapp.core import limits
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "room": ("{path} 所在的磁盘还有 {free}", "the disk of {path} has {free} left"),
        "full": ("{path} 所在的磁盘满了:只剩 {free}", "the disk of {path} is full: {free} left"),
        "nearly": (
            "{path} 所在的磁盘快满了:只剩 {free}({percent}%)",
            "the disk of {path} is nearly full: {free} left ({percent}%)",
        ),
        "inodes": ("{path} 所在的磁盘只能再建 {count} 个文件", "the disk of {path} takes {count} files more"),
        "read only": ("{path} 所在的磁盘是只读的", "the disk of {path} can only be read"),
    }
)
say: Final = common.words(PHRASES)
_MIB: Final = 2**20


@dataclass(frozen=True)
class Facts:
    """One folder's disk, in octets and inodes.  ``files`` is 0 where a file system does not count them.

    :param mount: where the disk is mounted.
    :param writes: something is to be written there.
    """

    path: str
    mount: str
    free: int
    total: int
    free_files: int
    files: int
    read_only: bool
    writes: bool = True


def judge(facts: Facts) -> list[Finding]:
    path, mount = facts.path, shlex.quote(facts.mount)
    about: dict[str, object] = {"path": path, "free": facts.free, "free_files": facts.free_files}
    fields: dict[str, object] = {"path": path, "free": _shown(facts.free)}
    if facts.read_only and facts.writes:
        cure = f"sudo mount -o remount,rw {mount}"
        return [Finding("disk", "bad", say("read only", path=path), cure, about)]
    large = f"sudo du -xh {mount} | sort -h | tail -20"
    found = []
    percent = facts.free * 100 // facts.total if facts.total else 100
    if facts.writes and facts.free < limits.DOCTOR_FULL:
        found.append(Finding("disk", "bad", say("full", **fields), large, about))
    elif facts.writes and percent < limits.DOCTOR_NEARLY_FULL:
        found.append(Finding("disk", "note", say("nearly", **fields, percent=percent), large, about))
    if facts.writes and facts.files and facts.free_files < limits.DOCTOR_FILES:
        many = f"sudo du -x --inodes {mount} | sort -n | tail -20"
        text = say("inodes", path=path, count=facts.free_files)
        found.append(Finding("disk", "bad" if facts.free_files < 16 else "note", text, many, about))
    return found or [Finding("disk", "ok", say("room", **fields), about=about)]


def _shown(octets: int) -> str:
    return f"{octets / 2**30:.1f} GiB" if octets >= 2**30 else f"{octets / _MIB:.1f} MiB"


# Reading -------------------------------------------------------------------------------------


def read(state: Path, share: Path | None) -> Sequence[Facts]:
    """The state's disk, and the share's where it is another one."""
    folders = [(state, True), *([(share, False)] if share is not None else [])]
    found: list[Facts] = []
    devices = set()
    for folder, writes in folders:
        there = next(
            (each for each in (folder.absolute(), *folder.absolute().parents) if each.exists()), None
        )
        if there is None or (device := there.stat().st_dev) in devices:
            continue
        devices.add(device)
        if (one := _one(there, folder, writes)) is not None:
            found.append(one)
    return found


def _one(there: Path, folder: Path, writes: bool) -> Facts | None:
    if not hasattr(os, "statvfs"):
        return None
    disk = os.statvfs(there)
    mount = there
    while not mount.is_mount() and mount != mount.parent:
        mount = mount.parent
    return Facts(
        path=str(folder),
        mount=str(mount),
        free=disk.f_bavail * disk.f_frsize,
        total=disk.f_blocks * disk.f_frsize,
        free_files=disk.f_favail,
        files=disk.f_files,
        read_only=bool(disk.f_flag & os.ST_RDONLY),
        writes=writes,
    )
