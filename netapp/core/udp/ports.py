"""Which port a datagram listener gets, and sockets that several processes read for one listener."""

import os
import socket
from contextlib import ExitStack
from typing import Any

from twisted.internet.posixbase import PosixReactorBase

from netapp.core import platform
from netapp.core.udp.binding import bound_socket
from netapp.core.udp.plain import PlainPort
from netapp.core.udp.port import BatchPort


def listen_datagrams(reactor: Any, number: int, handler: Any, interface: str, size: int) -> Any:
    """Listen for datagrams, many at once where the system can do that.

    :param number: the port; 0 for any that is free.
    :param interface: an address, or "" for every one of IPv4.
    :param size: of the largest datagram that is handed on.
    :returns: an IListeningPort.
    :raises CannotListenError: it is taken.  :raises InvalidAddressError: that is no address.
    """
    if not isinstance(reactor, PosixReactorBase):  # a test's, or Windows' other one
        return reactor.listenUDP(number, handler, interface, maxPacketSize=size)
    port = _port(reactor, number, handler, interface, size)
    port.startListening()
    return port


def adopt_datagrams(reactor: Any, descriptor: int, handler: Any, size: int) -> Any:
    """Listen on a socket that is bound already: by a parent process, or by systemd.

    The descriptor stays whose it was; the port has one of its own.

    :returns: an IListeningPort.
    :raises OSError: that is no socket.
    """
    taken = socket.socket(fileno=os.dup(descriptor))
    taken.setblocking(False)
    interface, number = taken.getsockname()[:2]
    port = _port(reactor, number, handler, interface, size)
    port.takes(taken)
    port.startListening()
    return port


def shared_sockets(interface: str, number: int, count: int) -> list[socket.socket]:
    """Several sockets at one port: the kernel gives each client's datagrams to one of them.

    A port that somebody else has is not joined, though the system would let us (socket(7),
    ``SO_REUSEPORT``).

    :param interface: as of :func:`listen_datagrams`.
    :raises CannotListenError: the port is taken, or the system cannot share it.
    """
    with bound_socket(interface, number) as alone:
        number = alone.getsockname()[1]
    with ExitStack() as stack:
        made = [stack.enter_context(bound_socket(interface, number, shared=True)) for _ in range(count)]
        stack.pop_all()
        return made


def _port(reactor: Any, number: int, handler: Any, interface: str, size: int) -> BatchPort | PlainPort:
    calls = platform.batch_calls()
    if calls is not None:
        return BatchPort(calls, number, handler, interface, size, reactor, timer=platform.timer_calls())
    return PlainPort(number, handler, interface, size, reactor)
