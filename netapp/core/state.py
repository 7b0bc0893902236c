"""The state directory: where things are kept, in files of our own that nobody else may read."""

import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from netapp.core import limits, platform
from netapp.core.backup import Unfit
from netapp.core.platform import O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, fcntl, pwd, sync_folder
from netapp.errors import ConfigError

_log = Logger()

#: Numbers of a user and a group; None for those that the process has.
User = tuple[int, int] | None


def default_state(environ: Mapping[str, str]) -> Path:
    """``$NETAPP_STATE``, else ``netapp`` under the XDG state home."""
    if chosen := environ.get("NETAPP_STATE"):
        return Path(chosen)
    home = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(home) / "netapp"


def open_state(path: Path) -> Path:
    """Make the directory if need be, mode 0700, and see that it can be written, by nobody else.

    One that others may list is told of in the log: what is kept in it has its own mode, 0600.

    :raises ConfigError: it cannot, or others can; the text names the cause and the cure.
    """
    try:
        make(path)
        probe = path / f".probe-{os.getpid()}"
        probe.touch(mode=0o600)
        probe.unlink()
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise ConfigError(
            f"the state directory {path} cannot be written ({error.strerror}{_whose(path)}): "
            "choose another with --state"
        ) from None
    if mode & 0o002:
        raise ConfigError(
            f"the state directory {path} can be written by others (mode {mode:04o}): chmod 700 {path}"
        )
    if mode & 0o077:
        _warn_once(path, mode)
    return path


def _whose(path: Path) -> str:
    """Another user's name, to be told beside an error."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return ""
    if owner == platform.user():
        return ""
    return f"; it is {name_of(owner)}'s, who may start netapp, or chown it"


def name_of(user: int) -> str:
    """A user's name, else the number."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"


def make(path: Path) -> None:
    """A directory that stays after a power cut, as what is acknowledged in it must."""
    if path.is_dir():
        return
    see_uncut(path)
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)


def see_uncut(path: Path) -> None:
    """See that no old state waits in a restore's workshop: a new, empty one must not take its place.

    :raises Unfit: one does; see :mod:`netapp.core.backup.restoring`.
    """
    for old in path.parent.glob(f".{path.name}.restoring-*/old"):
        raise Unfit("restore cut", path=path, old=old)


@cache
def _warn_once(path: Path, mode: int) -> None:
    """Each noun opens the directory, and one line is enough."""
    _log.warn(
        "the state directory {path} is open to others (mode {mode:04o}): chmod 700 {path}",
        path=path,
        mode=mode,
    )


def final_user(twistd: Mapping[str, Any] | None) -> User:
    """Whom the process will be once its ports are bound, by twistd's own ``--uid`` and ``--gid``.

    :raises ConfigError: a number that no user has, and no group with it.
    """
    uid, gid = (twistd.get(key) if twistd is not None else None for key in ("uid", "gid"))
    if platform.user() != 0 or (uid is None and gid is None):
        return None
    if uid is None:
        return os.getuid(), gid or 0
    if gid is not None:
        return uid, gid
    try:
        return uid, pwd.getpwuid(uid).pw_gid
    except (KeyError, OverflowError):
        raise ConfigError(f"--uid={uid}: there is no such user: name another, or give --gid too") from None


@contextmanager
def acting_as(user: User) -> Iterator[None]:
    """What is made meanwhile belongs to this user, who must be able to open it later."""
    if user is None:
        yield
        return
    own = os.geteuid(), os.getegid(), os.getgroups()
    os.setgroups([user[1]])
    os.setegid(user[1])
    os.seteuid(user[0])
    try:
        yield
    finally:
        os.seteuid(own[0])
        os.setegid(own[1])
        os.setgroups(own[2])


def hold(path: Path) -> int | None:
    """Use a state directory as long as this process lives: nobody puts another in its place meanwhile.

    The lock is on the directory itself: it needs no file, and a daemon that forks keeps it.

    :returns: what :func:`os.close` ends it with; None where there is no directory that we may read.
    :raises Unfit: just now somebody puts a backup in its place.
    """
    while True:
        try:
            handle = os.open(path, os.O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except BlockingIOError:
            mode = stat.S_IMODE(os.fstat(handle).st_mode)
            os.close(handle)
            # Whoever may open a directory may lock it.
            raise Unfit("locked" if mode & 0o044 else "put back", path=path, mode=f"{mode:04o}") from None
        except OSError:  # a file system without locks
            return handle
        os.close(handle)  # it was replaced between the two


@contextmanager
def using(path: Path) -> Iterator[None]:
    """:func:`hold` a state directory while the block runs.  :raises Unfit: as it does."""
    handle = hold(path)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def unused(path: Path, *, surely: bool = False) -> int | None:
    """A directory that nobody uses, and nobody will before the descriptor is closed; None if somebody does.

    :param surely: None too where a file system has no locks, so that nobody can tell.
    :raises OSError: it cannot be opened.
    """
    while True:
        handle = os.open(path, os.O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:  # a file system without locks
            if surely:
                os.close(handle)
                return None
            return handle
        if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
            return handle
        os.close(handle)


def put(path: Path, text: str) -> None:
    """Give a small file of ours new content, under the state's lock: the old or the new is there.

    It is on the disk when this returns.

    :raises OSError: it cannot be written; the old one is there.
    """
    new = path.with_name(f"{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    with open(os.open(new, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the state directory's lock: two first starts do not race.  It dies with the process.

    :raises ConfigError: another process has held it all the time that we may wait.
    """
    with open(path / ".lock", "a", opener=lambda p, flags: os.open(p, flags, 0o600)) as lock:
        if not _taken(lock.fileno()):
            raise ConfigError(
                f"another process holds {path}/.lock, for {limits.STATE_LOCK:g} s already: "
                f"end it (fuser {path}/.lock names it), or use another --state"
            )
        yield


def _taken(lock: int) -> bool:
    """Take a lock within the limit.

    Where it is held, a thread waits for it in the kernel, which knows no bound of its own; it has
    ended when we go on, since a daemon forks later.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting = threading.Thread(target=_take, args=(lock,), name="lock", daemon=True)
        waiting.start()
        waiting.join(limits.STATE_LOCK)
        return not waiting.is_alive()
    return True


def _take(lock: int) -> None:
    with suppress(OSError):  # closed meanwhile: nobody waits any more
        fcntl.flock(lock, fcntl.LOCK_EX)
