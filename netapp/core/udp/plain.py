"""The port for every system: one datagram a call, by Twisted's own, with what it lacks.

It keeps a link-local peer's link in its address, ``fe80::1%2``, without which no answer finds the
way; and a datagram larger than what was asked for is counted and dropped, never handed on in part.
"""

import errno
import socket
from typing import Any

from twisted.internet import address, udp

from netapp.core import limits
from netapp.core.addresses import bound
from netapp.core.udp.binding import bound_socket


class TidyPort(udp.Port):
    """Has its socket made by :func:`bound_socket`, or is given one."""

    socket: Any
    _preexistingSocket: Any = None

    def takes(self, made: socket.socket) -> None:
        """Listen on this socket instead of one of its own; to be called before it starts."""
        self._preexistingSocket = made

    def startListening(self) -> None:
        if self._preexistingSocket is None:
            self._preexistingSocket = bound_socket(self.interface, self.port)
        super().startListening()

    def _bindSocket(self) -> None:
        super()._bindSocket()
        kind = address.IPv4Address if self.addressFamily == socket.AF_INET else address.IPv6Address
        self._own = kind("UDP", *bound(self.socket.getsockname()))

    def getHost(self) -> Any:
        """Where it listens; with its link, without which nobody reaches an address of one link alone."""
        return self._own


class PlainPort(TidyPort):
    """What :class:`netapp.core.udp.port.BatchPort` is elsewhere.

    :ivar truncated: datagrams that were larger than ``maxPacketSize``.
    """

    def _bindSocket(self) -> None:
        super()._bindSocket()
        self.socket = _WholeSocket(self.socket)
        self.fileno = self.socket.fileno  # type: ignore[method-assign]

    def doRead(self) -> None:
        """At most ``limits.DATAGRAM_TURN_PLAIN``; then the others have their turn, whatever waits here."""
        self.socket.left = limits.DATAGRAM_TURN_PLAIN
        super().doRead()

    @property
    def truncated(self) -> int:
        return self.socket.truncated if self.connected else 0


class _WholeSocket(socket.socket):
    def __init__(self, taken: socket.socket) -> None:
        super().__init__(taken.family, taken.type, taken.proto, fileno=taken.detach())
        self.setblocking(False)
        self.truncated = 0
        self.left = 0  # how many more may be read in this turn

    def recvfrom(self, size: int, *flags: int) -> tuple[bytes, Any]:
        """:raises BlockingIOError: nothing is there, or nothing that is whole, or it has been enough."""
        if not self.left:
            raise BlockingIOError(errno.EWOULDBLOCK, "others have their turn")
        self.left -= 1
        octets, peer = super().recvfrom(size + 1, *flags)
        if len(octets) > size:
            self.truncated += 1
            raise BlockingIOError(errno.EWOULDBLOCK, "nothing that is whole")
        return octets, with_scope(peer)


def with_scope(peer: tuple[Any, ...]) -> tuple[Any, ...]:
    """An address as ``recvfrom`` gives it, with a scope as a part of its host."""
    return (f"{peer[0]}%{peer[3]}", *peer[1:]) if len(peer) == 4 and peer[3] else peer
