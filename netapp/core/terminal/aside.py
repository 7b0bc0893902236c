"""What a process writes to its terminal while a line is edited there."""

import os
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress


class Aside:
    """What the process writes to its terminal, led aside through a pipe until it is given back."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.given_back = False
        self._lock = threading.Lock()
        self._saved = {fd: os.dup(fd) for fd in (1, 2) if os.isatty(fd)}
        self.terminal = os.dup(1)
        self._reads, self._writes = os.pipe()
        self._rest = b""
        for fd in self._saved:
            os.dup2(self._writes, fd)

    def fileno(self) -> int:
        return self._reads

    def write(self, octets: bytes) -> None:
        """Write as the process does; afterwards, to the terminal itself."""
        with suppress(OSError):  # nobody looks any more
            _write(1, octets)

    def read(self) -> bytes:
        """Whole lines that were written, perhaps none; what begins another is kept."""
        whole, newline, self._rest = (self._rest + os.read(self._reads, 1 << 16)).rpartition(b"\n")
        return whole + newline

    def put(self, octets: bytes) -> None:
        """Show on the terminal."""
        with suppress(OSError):
            _write(self.terminal, octets)

    def give_back(self) -> None:
        """Let the process write to the terminal itself, after all that it has written so far."""
        with self._lock:
            if self.given_back:
                return
            self.given_back = True
            for fd, saved in self._saved.items():
                os.dup2(saved, fd)
                os.close(saved)
            os.close(self._writes)
            self.put(self._rest + b"".join(self._left()))
            os.close(self._reads)

    def _left(self) -> Iterator[bytes]:
        """What is in the pipe yet; a child that holds it open is not waited for."""
        while select.select([self._reads], [], [], 0.1)[0] and (octets := os.read(self._reads, 1 << 16)):
            yield octets


def _write(fd: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(fd, octets) :]
