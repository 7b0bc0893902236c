"""What of a state directory belongs in a backup: everything, but for what is named here.

Left out, and why:

- ``*.db-wal``, ``*.db-shm``, ``*.db-journal``: the copy of a database holds what they do;
- ``*.before-*``: copies that an upgrade has put aside, which are backups themselves;
- ``run/``, ``*.sock``, ``*.pid``, ``.lock``, ``.probe-*``: of processes that run;
- ``.NAME-HEX``, ``*.new``: files that are being written, and get their names when they are whole;
- ``*.log``, ``*.log.1``: of the past, and large;
- ``dns/served``: put back it would say that serials which were given since never were;
- ``tutorial/``: made anew by each ``--tutorial``;
- links, pipes and the like: a backup that is put back must not lead anywhere else;
- a folder with the name of a file of ours, a file with that of the share: no start goes on from that.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Names in the state directory itself that are left out.
_OUT: Final = re.compile(
    r".*\.log(\.[0-9]+)?|.*\.db-(wal|shm|journal)|.*\.before-.*|.*\.(sock|pid|new)|\.lock|\.probe-.*|\..*-[0-9a-f]{16}|run|tutorial"
)
#: The serials that zones of files were served with.
_SERVED: Final = "dns/served"
#: The folder of the share's files.
SHARE: Final = "share"
#: Names in the state directory itself that are never folders'.
_FILE: Final = re.compile(r"[^/]+\.(db|jsonl|key|toml)")
#: Copied after the others: whoever is named in their copies is in this one too.
_LAST: Final = "people.db"


@dataclass(frozen=True, slots=True)
class Member:
    """One thing to save.  :param name: below the state directory, ``/`` between its parts."""

    name: str
    size: int  # octets, about: a file may yet change
    is_folder: bool = False

    @property
    def is_database(self) -> bool:
        return is_database(self.name)

    @property
    def only_grows(self) -> bool:
        """Lines are added to it at any time: what was there when we began is consistent."""
        return re.fullmatch(r"[^/]+\.jsonl", self.name) is not None


def is_database(name: str) -> bool:
    """By its name below the state directory."""
    return "/" not in name and name.endswith(".db")


def is_odd(name: str, *, is_folder: bool) -> bool:
    """Whether a name below the state directory is a file's, but a folder has it, or the other way round.

    No start would go on from that.
    """
    return _FILE.fullmatch(name) is not None if is_folder else name == SHARE


def left_out(name: str) -> bool:
    """Whether a name below the state directory belongs in no backup."""
    return name == _SERVED or _OUT.fullmatch(name.partition("/")[0]) is not None


def found(state: Path, *, files: bool) -> tuple[list[Member], list[str]]:
    """What there is to save, in order: databases first, a folder before what is in it.

    :param files: whether the share's files are wanted.
    :returns: the members, and the names of links and the like.
    :raises OSError: a folder cannot be read.
    """
    members: list[Member] = []
    strange: list[str] = []
    for name, status in _walk(state, files):
        is_folder = stat.S_ISDIR(status.st_mode)
        if is_odd(name, is_folder=is_folder):
            strange.append(name)
        elif is_folder:
            members.append(Member(name, 0, is_folder=True))
        elif stat.S_ISREG(status.st_mode):
            members.append(Member(name, status.st_size))
        else:
            strange.append(name)
    members.sort(key=lambda member: (not member.is_database, member.name == _LAST))
    return members, strange


def _walk(state: Path, files: bool) -> Iterator[tuple[str, os.stat_result]]:
    """All there is, a folder before what is in it.  Folders may be deeper than Python calls itself."""
    ahead = [_entries(state, "", files)]
    while ahead:
        for name, status in ahead[-1]:
            yield name, status
            if stat.S_ISDIR(status.st_mode) and not is_odd(name, is_folder=True):
                ahead.append(_entries(state / name, f"{name}/", files))
                break
        else:
            ahead.pop()


def _entries(folder: Path, above: str, files: bool) -> Iterator[tuple[str, os.stat_result]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):  # it has vanished meanwhile
        return
    for entry in entries:
        name = above + entry.name
        if left_out(name) or (name == SHARE and not files):
            continue
        with suppress(FileNotFoundError):
            yield name, entry.stat(follow_symlinks=False)
