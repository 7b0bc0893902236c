"""A file on its way to one party, in pieces, so that nothing else has to wait for it."""

import errno
import os
import stat
from pathlib import Path

from netapp.core import limits
from netapp.core.terminal.parties import Party

#: Octets that a datagram takes: 65535 less the headers of IPv4 and UDP.
DATAGRAM = 65507


class Transfer:
    """One file.

    :raises OSError: it cannot be read, or is longer than a datagram takes.
    """

    def __init__(self, path: Path, party: Party, now: float) -> None:
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
        self._taken = 0  # octets of the file, the pending ones among them
        self.whole = False

    @property
    def done(self) -> int:
        """Octets of the file that have gone."""
        return max(0, self._taken - len(self._pending))

    @property
    def percent(self) -> int:
        return self.done * 100 // self.size if self.size else 100

    def go_on(self, now: float) -> bytes:
        """Send what can be sent now.  :returns: the octets that have gone.  :raises OSError:"""
        if not self.party.stream:
            octets = self._file.read(DATAGRAM) or b""
            self.party.send(octets)
            self._taken, self.whole = len(octets), True
            self._pending = b""
            return self.party.head(len(octets)) + octets
        if not self._pending:
            piece = self._file.read(min(limits.TERMINAL_PIECE, self.size - self._taken)) or b""
            self._taken += len(piece)  # never more than the size that was announced
            self._pending += piece
            if not piece and self._taken < self.size:
                raise OSError(errno.EIO, os.strerror(errno.EIO))  # it has become shorter
        count = self.party.send_some(self._pending)
        gone, self._pending = self._pending[:count], self._pending[count:]
        self.due = now if count else now + limits.TERMINAL_PAUSE
        self.whole = self._taken == self.size and not self._pending
        return gone

    def close(self) -> None:
        self._file.close()


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for a pipe's other end."""
    return os.open(path, flags | os.O_NONBLOCK)
