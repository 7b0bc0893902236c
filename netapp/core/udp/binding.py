"""Datagram sockets where they are to listen."""

import socket
import sys
from typing import Final

from twisted.internet import error

from netapp.core import limits
from netapp.core.addresses import bindable

#: ``SO_RCVBUFFORCE``, which Python does not name; elsewhere the number may mean something else.
_RCVBUFFORCE: Final = 33 if sys.platform == "linux" else socket.SO_RCVBUF


def bound_socket(interface: str, number: int, *, shared: bool = False) -> socket.socket:
    """A datagram socket where it is to listen, with room for what comes while nobody reads.

    :param interface: an address, with its link if it means nothing without; "" for every one of IPv4.
    :param shared: others may be bound there too.
    :raises CannotListenError: the port is taken, or the system will not have it so.
    """
    made = None
    try:
        made = socket.socket(socket.AF_INET6 if ":" in interface else socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, _reuse_port(), 1)
        _make_room(made)
        made.bind(bindable(interface, number))
    except OSError as problem:
        if made is not None:
            made.close()
        raise error.CannotListenError(interface, number, problem) from None
    return made


def _reuse_port() -> int:
    """:raises OSError: this system has no such thing."""
    option = getattr(socket, "SO_REUSEPORT", None)
    if option is None:
        raise OSError("this system cannot share a port")
    return int(option)


def _make_room(sock: socket.socket) -> None:
    """As much as is allowed: a reload may hold the reader up for longer than the usual room lasts."""
    for option in (_RCVBUFFORCE, socket.SO_RCVBUF):
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, limits.DATAGRAM_ROOM)
        except OSError:  # the first is root's, and Linux'
            continue
        return
