"""The files that twistd itself writes: where it may not, a start ends in one line, not in its traceback.

Both are in the folder of the start unless an option names another place: /, or somebody else's.
"""

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netapp.core.oldlogs import log_file
from netapp.core.platform import user


def unwritable(plugin: str, twistd: Mapping[str, Any] | None, here: Path) -> str | None:
    """What is wrong with them, and the cure; None where nothing is, as far as can be seen now.

    :param twistd: its own options; None without it.
    :param here: the folder that it was started in.
    """
    if twistd is None or twistd.get("chroot"):  # the paths are of another root
        return None
    name = twistd.get("pidfile")  # Windows has none
    if name and (reason := _pid_file(here / name)):
        return (
            f"twistd's pid file {here / name} cannot be written: {reason}; "
            f"say  twistd --pidfile= {plugin}  or start it in a folder of your own"
        )
    log = log_file(twistd)
    if log is not None and (reason := _log_file(log)):
        return (
            f"twistd's log {log} cannot be written: {reason}; start it in a folder of your own, "
            "or say --logfile=FILE, or -n for a log on the terminal"
        )
    return None


def _pid_file(path: Path) -> str | None:
    """Why it cannot be made.  An old one is read first, and removed if its process has gone."""
    try:
        pid = int(path.read_bytes())
    except FileNotFoundError:
        return _folder(path.parent)
    except OSError as error:
        return error.strerror
    except ValueError:  # twistd says so
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return _folder(path.parent, path)
    except PermissionError:
        return f"it is of process {pid}, another user's"
    except OverflowError:
        return f"it is of process {pid}, and there is none of that number"
    return None  # twistd says so


def _log_file(path: Path) -> str | None:
    """Why it cannot be written."""
    if path.exists():
        return None if _may(path, os.W_OK) else os.strerror(errno.EACCES)
    return _folder(path.parent)


def _folder(folder: Path, old: Path | None = None) -> str | None:
    """Why there can be no new file in a folder.  :param old: one that is removed before."""
    try:
        about = folder.stat()
        sticky = about.st_mode & stat.S_ISVTX  # then only its owner may remove it
        if old is not None and sticky and user() not in (0, about.st_uid, old.lstat().st_uid):
            return os.strerror(errno.EPERM)
    except OSError as error:
        return error.strerror
    return None if _may(folder, os.W_OK | os.X_OK) else os.strerror(errno.EACCES)


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)
