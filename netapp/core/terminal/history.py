"""What was typed before, one line of a file each, for the arrow keys of the next talk."""

import os
from contextlib import suppress
from pathlib import Path

from netapp.core import limits


class History:
    """A bounded file of mode 0600.  What cannot be read or written is forgotten: it is a comfort only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0

    def lines(self) -> list[str]:
        """The newest lines, oldest first; a file that has grown is cut to them."""
        try:
            text = self._path.read_bytes().decode("utf-8", "replace")
        except OSError:
            return []
        lines = [line for line in text.split("\n") if line]
        self._count = len(lines)
        if len(lines) > limits.TERMINAL_HISTORY:
            lines = lines[-limits.TERMINAL_HISTORY :]
            self._rewrite(lines)
        return lines

    def add(self, line: str) -> None:
        """Keep a line, unless it is one that no arrow key could bring back."""
        octets = line.encode("utf-8", "replace")
        if not line or "\n" in line or len(octets) > limits.TERMINAL_LINE:
            return
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self._path, "ab", opener=_private) as file:
                file.write(octets + b"\n")
        self._count += 1
        if self._count > 2 * limits.TERMINAL_HISTORY:
            self.lines()

    def _rewrite(self, lines: list[str]) -> None:
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            with open(new, "wb", opener=_private) as file:
                file.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
            new.replace(self._path)
        except OSError:
            with suppress(OSError):
                new.unlink()
        else:
            self._count = len(lines)


def history_of(name: str, state: Path) -> History:
    """The history of ``tcp``, ``udp`` or ``desk``, in a state directory."""
    return History(state / "history" / name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
