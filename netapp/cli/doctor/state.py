"""The state directory: whose it is, who may look into it, what is left over in it."""

import os
import re
import shlex
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netapp.cli import common
from netapp.cli.doctor import sockets
from netapp.cli.doctor.finding import Finding, Verdict
from netapp.core import limits, platform
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "state": ("状态目录 {path} 可以写入", "the state directory {path} can be written"),
        "new": ("状态目录 {path} 还没有建立", "the state directory {path} is not there yet"),
        "no parent": (
            "状态目录 {path} 建不了:{parent} 不可写",
            "the state directory {path} cannot be made: {parent} cannot be written",
        ),
        "no folder": ("状态目录 {path} 不是目录", "the state directory {path} is no folder"),
        "foreign": (
            "状态目录 {path} 属于用户 {owner},不是 {user}",
            "the state directory {path} belongs to {owner}, not to {user}",
        ),
        "of another": (
            "状态目录 {path} 属于用户 {owner}:服务也要以 {owner} 的身份运行",
            "the state directory {path} belongs to {owner}: the services must run as {owner} too",
        ),
        "mode": (
            "状态目录 {path} 的权限 {mode} 连主人也不能用",
            "the state directory {path} has mode {mode}: its own owner cannot use it",
        ),
        "writable": (
            "状态目录 {path} 别人也能写(权限 {mode}):服务不肯启动",
            "the state directory {path} can be written by others (mode {mode}): no service starts",
        ),
        "listable": (
            "状态目录 {path} 别人也能看(权限 {mode})",
            "the state directory {path} is open to others (mode {mode})",
        ),
        "file owner": (
            "{path} 属于用户 {owner},服务打不开",
            "{path} belongs to {owner}: the services cannot use it",
        ),
        "file mode": ("{path} 别人也能看(权限 {mode})", "{path} can be read by others (mode {mode})"),
        "file shut": (
            "{path} 的权限 {mode} 连主人也不能用",
            "{path} has mode {mode}: its own owner cannot use it",
        ),
        "hidden": (
            "状态目录 {path} 看不了:{reason}",
            "the state directory {path} cannot be looked into: {reason}",
        ),
        "held": ("{path} 的锁由 {holder} 拿着", "the lock {path} is held by {holder}"),
        "left over": (
            "{path} 是已经结束的进程(pid {pid})留下的",
            "{path} was left by a process that has ended (pid {pid})",
        ),
    }
)
say: Final = common.words(PHRASES)
#: Files that nobody but their owner may read.
_SECRET: Final = re.compile(r"(\.db|\.db-wal|\.db-shm|\.key|\.jsonl|_key|\.lock)$")
_RUN: Final = re.compile(r"-([0-9]+)\.(sock|pid)$")


@dataclass(frozen=True)
class Entry:
    """A file of the state directory.  :param name: its path in there."""

    name: str
    uid: int
    mode: int
    is_folder: bool = False


@dataclass(frozen=True)
class Facts:
    """:param kind: ``folder``, ``missing``, ``other`` or ``hidden``.

    :param writable: it, or what it would be made in, takes files of ours.
    :param parent: the nearest folder above that is there.
    :param gone: pids in names of files whose process has ended.
    :param lock: who holds the directory's lock.
    """

    path: Path
    kind: str
    uid: int = 0
    mode: int = 0o700
    writable: bool = True
    parent: str = ""
    entries: tuple[Entry, ...] = ()
    gone: frozenset[int] = frozenset()
    lock: sockets.Process | None = None
    reason: str = ""


def judge(facts: Facts, me: int) -> list[Finding]:
    """:param me: our own user."""
    path, quoted = facts.path, shlex.quote(str(facts.path))
    fields: dict[str, object] = {"path": path, "mode": f"{facts.mode:04o}", "owner": user_name(facts.uid)}
    fields |= {"user": user_name(me), "parent": facts.parent, "reason": facts.reason}
    if facts.kind == "missing":
        if facts.writable:
            return [_one("ok", "new", fields)]
        cure = f"sudo install -d -m 700 -o {user_name(me)} {quoted}"
        return [_one("bad", "no parent", fields, cure if me else f"mkdir -p {quoted}  (--state DIR)")]
    if facts.kind == "other":
        return [_one("bad", "no folder", fields, f"mv {quoted} {quoted}.old")]
    if facts.uid != me and me != 0:
        cure = f"sudo chown -R {user_name(me)} {quoted}  (sudo -u {user_name(facts.uid)} netapp doctor)"
        return [_one("bad", "foreign", fields, cure)]
    found = []
    if facts.mode & 0o700 != 0o700:
        found.append(_one("bad", "mode", fields, f"chmod 700 {quoted}"))
    elif facts.mode & 0o002:
        found.append(_one("bad", "writable", fields, f"chmod 700 {quoted}"))
    elif facts.mode & 0o077:
        found.append(_one("note", "listable", fields, f"chmod 700 {quoted}"))
    if facts.kind == "hidden":
        return found or [_one("bad", "hidden", fields, f"sudo chown -R {user_name(me)} {quoted}")]
    if facts.uid != me:
        cure = f"sudo twistd --uid {facts.uid} -n netapp --state {quoted}"
        found.append(_one("note", "of another", fields, cure))
    found += _files(facts)
    found += _left_over(facts)
    return found or [_one("ok", "state", fields)]


def _one(verdict: Verdict, key: str, fields: dict[str, object], cure: str = "") -> Finding:
    return Finding("state", verdict, say(key, **fields), cure, {"is": key, "path": str(fields["path"])})


def _files(facts: Facts) -> list[Finding]:
    """Files of others, and secrets that others can read; one cure for many of one kind."""
    found = []
    owner, root = user_name(facts.uid), shlex.quote(str(facts.path))
    for each in facts.entries:
        path = facts.path / each.name
        quoted = shlex.quote(str(path))
        fields: dict[str, object] = {"path": path, "owner": user_name(each.uid), "mode": f"{each.mode:04o}"}
        if each.uid != facts.uid:
            found.append(_one("bad", "file owner", fields, f"sudo chown -R {owner}: {root}"))
        elif each.mode & 0o600 != 0o600:
            chmod = "700" if each.is_folder else "600"
            found.append(_one("bad", "file shut", fields, f"chmod {chmod} {quoted}"))
        elif each.mode & 0o077 and _SECRET.search(each.name) and facts.mode & 0o077:
            found.append(_one("note", "file mode", fields, f"chmod 600 {quoted}"))
        if len(found) >= limits.DOCTOR_EACH:
            break
    return found


def _left_over(facts: Facts) -> list[Finding]:
    found = []
    for each in facts.entries:
        run = _RUN.search(each.name)
        if run is not None and int(run[1]) in facts.gone:
            fields: dict[str, object] = {"path": facts.path / each.name, "pid": run[1]}
            cure = f"rm {shlex.quote(str(facts.path / each.name))}"
            found.append(_one("note", "left over", fields, cure))
    if facts.lock is not None:
        fields = {"path": facts.path / ".lock", "holder": f"{facts.lock.name} (pid {facts.lock.pid})"}
        found.append(_one("note", "held", fields, f"kill {facts.lock.pid}"))
    return found


def user_name(number: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError, OverflowError):
        return f"#{number}"


# Reading -------------------------------------------------------------------------------------


def read(path: Path, proc: Path = Path("/proc")) -> Facts:
    """Look at the directory and right below its folders; the share's files are everybody's own."""
    path = path.absolute()
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        parent = next(each for each in path.parents if os.path.lexists(each))
        usable = parent.is_dir() and _takes_files(parent)
        return Facts(path, "missing", writable=usable, parent=str(parent))
    except OSError as error:
        return Facts(path, "hidden", uid=_me(), reason=error.strerror or str(error))
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISDIR(status.st_mode):
        return Facts(path, "other", status.st_uid, mode)
    try:
        entries = tuple(_entries(path))
    except OSError as error:
        return Facts(path, "hidden", status.st_uid, mode, reason=error.strerror or str(error))
    pids = {int(run[1]) for each in entries if (run := _RUN.search(each.name))}
    gone = frozenset(pid for pid in pids if not (proc / str(pid)).exists()) if proc.exists() else frozenset()
    lock = _lock_holder(path / ".lock", proc)
    return Facts(path, "folder", status.st_uid, mode, entries=entries, gone=gone, lock=lock)


def _me() -> int:
    return platform.user()


def _takes_files(folder: Path) -> bool:
    """Whether something could be made in it, without making it."""
    if str(folder).startswith(("/proc", "/sys")) or not os.access(folder, os.W_OK | os.X_OK):
        return False
    return not (hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY)


def _entries(path: Path) -> Sequence[Entry]:
    found: list[Entry] = []
    for folder, prefix in ((path, ""), (path / "run", "run/"), (path / "ssh", "ssh/")):
        if prefix and not folder.is_dir():
            continue
        with os.scandir(folder) as entries:
            for each in sorted(entries, key=lambda entry: entry.name):
                status = each.stat(follow_symlinks=False)
                folder_too = each.is_dir(follow_symlinks=False)
                mode = stat.S_IMODE(status.st_mode)
                if not each.is_symlink():
                    found.append(Entry(prefix + each.name, status.st_uid, mode, folder_too))
                if len(found) >= limits.DOCTOR_ENTRIES:
                    return found
    return found


def _lock_holder(path: Path, proc: Path) -> sockets.Process | None:
    """Who has locked a file: /proc/locks, proc(5).  The lock itself is left alone."""
    try:
        status = path.stat()
        text = (proc / "locks").read_text("ascii", "replace")
    except OSError:
        return None
    pid = lock_holder(text, status.st_dev, status.st_ino)
    return sockets.process(pid, proc) if pid else None


def lock_holder(text: str, device: int, inode: int) -> int:
    """The pid that holds a lock on a file; 0 for nobody.  :param text: /proc/locks."""
    major, minor = (os.major(device), os.minor(device)) if hasattr(os, "major") else (0, 0)
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 8 and words[1] == "FLOCK" and words[5] == f"{major:02x}:{minor:02x}:{inode}":
            return int(words[4]) if words[4].isdecimal() else 0
    return 0
