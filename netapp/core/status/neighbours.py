"""The netapp processes on one state directory, as they tell of themselves: without Twisted, for commands.

See :mod:`netapp.core.status.door` for the other end.
"""

import os
import re
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from netapp.core import limits
from netapp.core.platform import O_CLOEXEC, O_DIRECTORY
from netapp.core.status import told

Clock = Callable[[], float]
#: In the state directory.
FOLDER: Final = "run"
_NAME: Final = re.compile(r"(?P<kind>[a-z-]+?)-(?P<pid>[0-9]{1,10})(-[0-9])?\.sock", re.ASCII)
#: Octets of a path that fit into a socket's address: unix(7).
_PATH: Final = 107


@dataclass(frozen=True)
class Neighbour:
    """A process.  :param told: what it tells of itself; None when it does not answer."""

    plugin: str
    pid: int
    told: dict[str, Any] | None


def names(folder: Path, kind: str, pid: int) -> Iterator[Path]:
    """Where a process may put its socket."""
    yield folder / f"{kind}-{pid}.sock"
    for number in range(1, limits.STATUS_NAMESAKES + 1):
        yield folder / f"{kind}-{pid}-{number}.sock"


@contextmanager
def short(path: Path) -> Iterator[str]:
    """The path, or one that leads there and is short enough for a socket's address."""
    if len(os.fsencode(path)) <= _PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def sockets(state: Path, kind: str = "netapp") -> list[Path]:
    """The sockets of a state directory, listened at or not.

    :param kind: what their names begin with: that of plugins at which a status is told.
    :raises OSError: it cannot be read.
    """
    if not hasattr(socket, "AF_UNIX"):
        return []
    try:
        found = sorted((state / FOLDER).iterdir())
    except FileNotFoundError:
        return []
    of_kind = (each for each in found if each.name.startswith(kind) and _NAME.fullmatch(each.name))
    return list(islice(of_kind, limits.STATUS_PROCESSES))


def neighbours(
    state: Path, now: float, *, wait: float = limits.STATUS_WAIT, clock: Clock = time.monotonic
) -> list[Neighbour]:
    """The processes on a state directory; what dead ones have left is removed.

    :param wait: seconds that each may take, by ``clock``.
    :raises OSError: the directory cannot be read.
    """
    found = [_neighbour(each, now, wait, clock) for each in sockets(state)]
    return [each for each in found if each is not None]


def holder(state: Path, now: float, transport: str, port: int) -> str:
    """Who on a state directory listens on a port, as an error says it; "" when nobody tells so."""
    with suppress(OSError):
        for each in neighbours(state, now, wait=limits.STATUS_WAIT_START):
            for listener in (each.told or {}).get("listeners", ()):
                if (listener.get("transport"), listener.get("port")) == (transport, port):
                    return f"another {each.plugin}, pid {each.pid}, has it"
    return ""


def sweep(path: Path, now: float) -> bool:
    """Remove a socket at which nobody listens.  :returns: whether it has gone.

    One that was made a moment ago may be about to be listened at, unless its process is no more.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(limits.STATUS_WAIT_START)
        try:
            with short(path) as name:
                probe.connect(name)
        except FileNotFoundError:
            return True
        except ConnectionRefusedError:
            return _remove(path, now)
        except OSError:
            return False
    return False


def _remove(path: Path, now: float) -> bool:
    try:
        about = path.lstat()
        fresh = now - about.st_mtime < limits.STATUS_FRESH and _runs(path)
        if fresh or not stat.S_ISSOCK(about.st_mode):
            return False
        path.unlink()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def _runs(path: Path) -> bool:
    match = _NAME.fullmatch(path.name)
    try:
        os.kill(int(match["pid"]) if match else 0, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True


def _neighbour(path: Path, now: float, wait: float, clock: Clock) -> Neighbour | None:
    match = _NAME.fullmatch(path.name)
    assert match is not None  # sockets() has seen to it
    answer = None
    try:
        answer = _ask(path, wait, clock)
    except FileNotFoundError:
        return None
    except ConnectionRefusedError:
        if _remove(path, now):
            return None
    except (OSError, ValueError):
        pass
    return Neighbour(match["kind"], int(match["pid"]), answer)


def _ask(path: Path, wait: float, clock: Clock) -> dict[str, Any]:
    """:raises ValueError: what it says is not what it should be."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(wait)
        ends = clock() + wait
        with short(path) as name:
            client.connect(name)
        octets = bytearray()
        while piece := client.recv(65536):
            octets += piece
            if len(octets) > limits.STATUS:
                raise ValueError("a status that is too long")
            if (left := ends - clock()) <= 0:
                raise TimeoutError
            client.settimeout(left)
    return told.parse(octets)
