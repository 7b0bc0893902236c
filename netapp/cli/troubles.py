"""What ``netapp status`` finds wrong: told by the processes, or seen from outside."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from netapp.cli import common
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.status.neighbours import Neighbour
from netapp.core.status.sheet import moment

PHRASES: Final = Phrases(
    {
        "silent": (
            "{plugin}(进程号 {pid})没有回应:可能很忙,或卡住了(kill {pid} 可以结束它)",
            "{plugin} (pid {pid}) does not answer: it is busy, or stuck (kill {pid} ends it)",
        ),
        "deaf": (
            "{owner} 的 {transport} {port} 连不上:{reason}",
            "{owner}, {transport} {port}, cannot be reached: {reason}",
        ),
        "errors": (
            "{plugin} 出过 {count} 次错,最近一次在 {when}:{last}",
            "{plugin} has failed {count} times, last at {when}: {last}",
        ),
        "error": (
            "{plugin} 出过 1 次错,在 {when}:{last}",
            "{plugin} has failed once, at {when}: {last}",
        ),
        "fault": ("{plugin}:{fault}", "{plugin}: {fault}"),
        "full": (
            "{owner} 的 {transport} {port} 连接数已满({count})",
            "{owner}, {transport} {port}, has all the connections it may: {count}",
        ),
        "refused": (
            "{owner} 的 {transport} {port} 拒绝过 {count} 次(不是本地网络的,或太多;--allow 可放行网段)",
            "{owner}, {transport} {port}, has refused {count}: strangers (--allow lets a network in), "
            "or too many",
        ),
        "crowd": ("在线人数已满({count})", "{count} are present, and no more may be"),
        "disk full": (
            "磁盘快满了:{folder} 只剩 {free}({percent}%)",
            "The disk is nearly full: {folder} has {free} left ({percent} %)",
        ),
    }
)
say: Final = common.words(PHRASES)
#: Where somebody on this machine reaches a socket that is bound to every address.
_LOCAL: Final = {"": ("127.0.0.1",), "0.0.0.0": ("127.0.0.1",), "::": ("::1", "127.0.0.1")}  # noqa: S104
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB")


def troubles(folder: Path, found: Sequence[Neighbour]) -> Iterator[str]:
    """Lines in the user's language, the worst first."""
    for each in found:
        if each.told is None:
            yield say("silent", plugin=each.plugin, pid=each.pid)
    told = [each.told for each in found if each.told is not None]
    for one in told:
        for listener in one["listeners"]:
            yield from _deaf(listener)
    for one in told:
        for fault in one.get("faults") or ():
            yield say("fault", plugin=one.get("plugin"), fault=fault)
        errors = one.get("errors") or {}
        if errors.get("count"):
            when = moment(float(errors.get("time") or 0))
            last = errors.get("last", "")
            key = "error" if errors["count"] == 1 else "errors"
            yield say(key, plugin=one.get("plugin"), count=errors["count"], when=when, last=last)
        if int(one.get("present_count") or 0) >= limits.PRESENCES:
            yield say("crowd", count=limits.PRESENCES)
        for listener in one["listeners"]:
            yield from _limits(listener)
    if found:
        yield from _disk_full(folder)


def _deaf(listener: dict[str, Any]) -> Iterator[str]:
    """A listener that does not accept, though its process says that it stands."""
    proxied = str(listener.get("description") or "").startswith("haproxy:")  # who is no proxy is told of
    if listener.get("transport") != "tcp" or not listener.get("port") or proxied:
        return
    host, reason = str(listener.get("host") or ""), ""
    for each in _LOCAL.get(host, (host,)):
        try:
            ip_address(each)
        except ValueError:  # a name, which somebody would be asked for
            return
        try:
            socket.create_connection((each, int(listener["port"])), limits.STATUS_ACCEPT).close()
        except OSError as error:
            reason = error.strerror or str(error)
        else:
            return
    yield say("deaf", **_names(listener), reason=reason)


def _limits(listener: dict[str, Any]) -> Iterator[str]:
    if int(listener.get("connections") or 0) >= limits.CONNECTIONS:
        yield say("full", **_names(listener), count=limits.CONNECTIONS)
    if refused := int(listener.get("refused") or 0):
        yield say("refused", **_names(listener), count=refused)


def _names(listener: dict[str, Any]) -> dict[str, object]:
    return {key: listener.get(key) for key in ("owner", "transport", "port")}


def _disk_full(folder: Path) -> Iterator[str]:
    if (about := disk(folder)) is None:
        return
    free, whole = about
    percent = 100 * free // max(whole, 1)
    if free < limits.DOCTOR_FULL or percent < limits.DOCTOR_NEARLY_FULL:
        yield say("disk full", folder=folder, free=size(free), percent=percent)


def disk(folder: Path) -> tuple[int, int] | None:
    """(octets free to us, all octets) of a folder's disk; None where it cannot be asked."""
    try:
        about = os.statvfs(folder)
    except (OSError, AttributeError):  # Windows has no such call
        return None
    return about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize


def octets(folder: Path) -> int:
    """What the files in a folder take, the share's too; of very many only the first are counted."""
    total, left, ahead = 0, limits.STATUS_COUNTED, [folder]
    while ahead and left:
        with suppress(OSError), os.scandir(ahead.pop()) as entries:
            for entry in entries:
                left -= 1
                if not left:
                    break
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        ahead.append(Path(entry.path))
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    return total


def size(count: int) -> str:
    """Octets as people read them."""
    if count < 1024:
        return f"{count} B"
    number = float(count)
    for unit in _UNITS:
        number /= 1024
        if number < 1024 or unit == _UNITS[-1]:
            break
    return f"{number:.1f} {unit}" if number < 100 else f"{number:.0f} {unit}"
