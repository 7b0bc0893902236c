"""A file on its way to one party, in pieces, so that nothing else has to wait for it."""

import errno
import os
import stat
from pathlib import Path
from typing import Protocol

from netapp.core import limits
from netapp.core.terminal.record import Ends

#: Octets that a datagram takes: 65535 less the headers of IPv4 and UDP.
DATAGRAM = 65507


class Target(Ends, Protocol):
    """Who is sent the file."""

    def send(self, octets: bytes) -> None: ...

    def head(self, size: int) -> bytes: ...

    def send_some(self, octets: bytes) -> int: ...


class Transfer:
    """One file.

    :raises OSError: it cannot be read, or is longer than a datagram takes.
    """

    def __init__(self, path: Path, party: Target, now: float) -> None:
        self.path, self.party, self.due = path, party, now
        self._file = open(path, "rb", buffering=0, opener=_at_once)  # noqa: SIM115
        try:
            found = os.fstat(self._file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            self.size = found.st_size
            self._pending = party.head(self.size)
            if not party.stream and self.size + len(self._pending) > DATAGRAM:
                raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        except OSError:
            self._file.close()
            raise
        self.done = 0
        self.whole = False

    @property
    def percent(self) -> int:
        return self.done * 100 // self.size if self.size else 100

    def go_on(self, now: float) -> bytes:
        """Send what can be sent now.  :returns: the octets that have gone.  :raises OSError:"""
        if not self.party.stream:
            octets = self._file.read(DATAGRAM) or b""
            self.party.send(octets)
            self.done, self.whole = self.size, True
            return self.party.head(len(octets)) + octets
        if len(self._pending) < limits.TERMINAL_PIECE:
            piece = self._file.read(min(limits.TERMINAL_PIECE, self.size - self.done)) or b""
            self.done += len(piece)  # never more than the size that was announced
            self._pending += piece
            if not piece and self.done < self.size:
                raise OSError(errno.EIO, os.strerror(errno.EIO))  # it has become shorter
        count = self.party.send_some(self._pending)
        gone, self._pending = self._pending[:count], self._pending[count:]
        self.due = now if count else now + limits.TERMINAL_PAUSE
        self.whole = self.done == self.size and not self._pending
        return gone

    def close(self) -> None:
        self._file.close()


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for a pipe's other end."""
    return os.open(path, flags | os.O_NONBLOCK)
