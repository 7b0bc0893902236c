"""Is the clock sane: no earlier than what has happened already, and set by somebody."""

import ctypes
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import netapp
from netapp.cli import common
from netapp.cli.doctor.finding import Finding
from netapp.core import limits
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "clock": ("时钟 {now}", "the clock says {now}"),
        "installed": (
            "时钟 {now} 早于 netapp 的安装时间",
            "the clock says {now}, before netapp was installed",
        ),
        "written": (
            "时钟 {now} 早于 {path} 上次写入的时间({then})",
            "the clock says {now}, before {path} was last written ({then})",
        ),
        "unset": ("时钟 {now},没有与 NTP 同步", "the clock says {now}, and nothing keeps it right (NTP)"),
    }
)
say: Final = common.words(PHRASES)
_DAY: Final = 86400.0
_TIME_ERROR: Final = 5  # adjtimex(2): nobody has set the clock
_SET: Final = "sudo timedatectl set-ntp false && sudo timedatectl set-time 'YYYY-MM-DD HH:MM:SS'"


@dataclass(frozen=True)
class Facts:
    """Seconds of the epoch.

    :param newest: when something in the state directory was last written, and its path.
    :param synchronised: None where nobody can say.
    """

    now: float
    installed: float
    newest: tuple[float, str] | None = None
    synchronised: bool | None = None


def judge(facts: Facts) -> list[Finding]:
    now = _shown(facts.now)
    if facts.now < facts.installed - _DAY:  # files of an archive may be of another time zone
        return [Finding("clock", "bad", say("installed", now=now), _SET)]
    if facts.newest is not None and facts.now < facts.newest[0] - limits.DOCTOR_CLOCK:
        text = say("written", now=now, path=facts.newest[1], then=_shown(facts.newest[0]))
        return [Finding("clock", "bad", text, _SET)]
    if facts.synchronised is False:
        return [Finding("clock", "note", say("unset", now=now), "sudo timedatectl set-ntp true")]
    return [Finding("clock", "ok", say("clock", now=now))]


def _shown(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def read(state: Path) -> Facts:
    installed = Path(netapp.__file__).stat().st_mtime
    return Facts(time.time(), installed, _newest(state), _is_synchronised())


def _newest(state: Path) -> tuple[float, str] | None:
    """The youngest file right in the state directory: databases, their logs, trails."""
    times = []
    try:
        with os.scandir(state) as entries:
            for each in entries:
                if each.is_file(follow_symlinks=False):
                    times.append((each.stat(follow_symlinks=False).st_mtime, each.path))
    except OSError:
        pass
    return max(times, default=None)


def _is_synchronised() -> bool | None:
    """What the kernel says of its clock.  To ask changes nothing: ``modes`` is 0."""
    if sys.platform != "linux":
        return None
    try:
        status = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (AttributeError, OSError):
        return None
    return None if status < 0 else bool(status != _TIME_ERROR)
