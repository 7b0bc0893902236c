"""Reading the audit trail back, from its end, in bounded memory."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from netapp.core import limits
from netapp.core.text import visible
from netapp.people.trail.audit import old_files

Event = dict[str, Any]
_BLOCK: Final = 64 * 1024
_BEGINS: Final = b'{"time":'


@dataclass(slots=True)
class Tail:
    """The last events, the oldest first, and how many lines on the way to them were no events."""

    events: list[Event] = field(default_factory=list)
    damaged: int = 0


def tail(path: Path, most: int, wanted: Callable[[Event], bool] = lambda event: True) -> Tail:
    """The last events that are wanted, out of the file and those that were set aside.

    A file that is not there is an empty one.

    :param most: how many, up to ``limits.AUDIT_EVENTS``.
    :raises OSError: a file cannot be read.
    """
    found, most = Tail(), min(most, limits.AUDIT_EVENTS)
    with ExitStack() as stack:
        for file in _opened(path, stack):
            for line in _lines_back(file):
                if len(found.events) >= most:
                    break
                event = read_event(line)
                if event is None:
                    found.damaged += 1
                elif event and wanted(event):
                    found.events.append(event)
    found.events.reverse()
    return found


def _opened(path: Path, stack: ExitStack) -> list[BinaryIO]:
    """Every file once, the newest first, also when they are set aside at this moment."""
    files: dict[tuple[int, int], BinaryIO] = {}
    for each in [path, *old_files(path)]:
        with suppress(FileNotFoundError):
            file = stack.enter_context(each.open("rb"))
            status = os.fstat(file.fileno())
            files.setdefault((status.st_dev, status.st_ino), file)
    return list(files.values())


def _lines_back(file: BinaryIO) -> Iterator[bytes | None]:
    """Lines from the last to the first; None for one that is too long to be ours."""
    position = file.seek(0, os.SEEK_END)
    rest, too_long = b"", False  # of the line whose beginning is not read yet
    while position > 0:
        start = max(0, position - _BLOCK)
        file.seek(start)
        first, *others = file.read(position - start).split(b"\n")
        position = start
        if others:
            last = others.pop() + rest
            yield None if too_long else last
            yield from reversed(others)
            rest, too_long = first, False
        else:
            rest = first + rest
        if len(rest) > limits.AUDIT_LINE:
            rest, too_long = b"", True
    yield None if too_long else rest


def read_event(line: bytes | None) -> Event | None:
    """What a line says; empty for an empty line, None for a damaged one."""
    if line is None:
        return None
    if not line.strip():
        return {}
    # A line that was cut, by a full disk, has the next one's beginning in it.
    for octets in dict.fromkeys((line, line[max(0, line.rfind(_BEGINS)) :])):
        try:
            event = json.loads(octets.decode("utf-8"))
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("time"), str):
            return {visible(name): _shown(value) for name, value in event.items()}
    return None


def _shown(value: Any) -> Any:
    """Somebody may have edited the file."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [_shown(each) for each in value if not isinstance(each, list | dict)]
    return value if not isinstance(value, dict) else visible(str(value))
