"""What the kernel knows and octets do not show.  Where a system has none of it: None, and no finding.

Source: ``struct tcp_info`` of linux/tcp.h, ``SK_MEMINFO_DROPS`` of linux/sock_diag.h, tcp(7), proc(5).
"""

import socket
import struct
import sys
from pathlib import Path
from typing import Any, Final

try:
    import fcntl
    import termios
except ImportError:  # pragma: no cover  (no such calls on this system)
    fcntl = termios = None  # type: ignore[assignment]

#: The numbers and shapes below are Linux's; the same numbers mean other things elsewhere.
_LINUX: Final = sys.platform == "linux"
_TCP_INFO: Final = 256  # octets asked for; a kernel gives those that it has
_BYTES_ACKED_AT: Final = 120  # since Linux 4.1
_DATA_SEGMENTS_AT: Final = 152  # tcpi_data_segs_in, since Linux 4.6
_SO_MEMINFO: Final = 55  # since Linux 4.12
_DROPS: Final = 8  # SK_MEMINFO_DROPS: the ninth of them
_TABLES: Final = (Path("/proc/net/udp"), Path("/proc/net/udp6"))


class Connection:
    """One TCP connection's own counters; a TLS connection's segments are not what it has said."""

    def __init__(self, transport: Any) -> None:
        self._transport = None if getattr(transport, "TLS", False) else transport

    def segments(self) -> int | None:
        """How many segments with octets have come, all of which are read; None if some are not."""
        count = self._tcp_info("I", _DATA_SEGMENTS_AT)
        return None if count is None or self._to_read() else count

    def acknowledged(self) -> int | None:
        """How many octets of ours the peer's system has taken."""
        return self._tcp_info("Q", _BYTES_ACKED_AT)

    def waiting(self) -> int:
        """How many octets of ours wait in our system for the peer to take them."""
        return self._octets(termios.TIOCOUTQ) or 0 if termios is not None else 0

    def _handle(self) -> Any:
        """The socket; None once it is closed, and where there is none."""
        handle = getattr(self._transport, "socket", None)
        return handle if isinstance(handle, socket.socket) else None

    def _tcp_info(self, form: str, at: int) -> int | None:
        handle = self._handle()
        if handle is None or not _LINUX:
            return None
        try:
            info = handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO)
            (value,) = struct.unpack_from(form, info, at)
        except (OSError, struct.error):
            return None
        return int(value)

    def _to_read(self) -> bool:
        """Whether something has come that was not read; True where nobody can say."""
        return termios is None or self._octets(termios.FIONREAD) != 0

    def _octets(self, which: int) -> int | None:
        """How many wait in a buffer of the socket; None where nobody can say."""
        handle = self._handle()
        try:
            answer = fcntl.ioctl(handle.fileno(), which, bytes(4))
        except (OSError, AttributeError):
            return None
        return int.from_bytes(answer, sys.byteorder)


def drops(transport: Any) -> int | None:
    """How many datagrams a socket's full buffer has lost since it was made."""
    if not _LINUX:
        return None
    try:
        answer = transport.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
        return int(struct.unpack_from("I", answer, 4 * _DROPS)[0])
    except (OSError, AttributeError, struct.error):
        return None


def is_held(port: int) -> bool | None:
    """Whether any datagram socket of this machine has a port."""
    wanted = f":{port:04X}"
    try:
        for table in _TABLES:
            lines = table.read_text("ascii").splitlines()[1:] if table.exists() else []
            if any(line.split(maxsplit=2)[1].endswith(wanted) for line in lines):
                return True
        return False if _TABLES[0].exists() else None
    except (OSError, IndexError):
        return None
