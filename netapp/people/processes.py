"""Which processes are still there: by numbers that none of them gets again after another has ended.

A process's id alone is soon another's: after a restart, and at once in a container.
"""

import os
from functools import cache
from pathlib import Path
from typing import Final

#: Bits of a process's id: Linux has them below 4,194,304.
_BITS: Final = 22


def this_process() -> int:
    """This one's number: its id, and the moment at which it began."""
    return _number(os.getpid())


def lives(process: int) -> bool:
    """Whether the process of a number is there."""
    pid, begun = process & (1 << _BITS) - 1, process >> _BITS
    if begun:
        return _begun(pid) == begun
    try:  # a system without /proc, or a row of an older netapp
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


@cache
def _number(pid: int) -> int:
    return _begun(pid) << _BITS | pid


def _begun(pid: int) -> int:
    """Ticks from the system's start to the process's: proc(5), field 22 of ``stat``; 0 if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return int(stat.rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0
