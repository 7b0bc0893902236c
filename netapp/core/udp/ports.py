"""Which port a datagram listener gets."""

from typing import Any

from twisted.internet.posixbase import PosixReactorBase

from netapp.core import platform
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
    calls = platform.batch_calls()
    port: Any
    if calls is not None:
        port = BatchPort(calls, number, handler, interface, size, reactor)
    else:
        port = PlainPort(number, handler, interface, size, reactor)
    port.startListening()
    return port
