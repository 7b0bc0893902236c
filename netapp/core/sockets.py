"""What Twisted's ports lack, set on their sockets, and what its transports can."""

import socket
from typing import Any

from twisted.internet import interfaces

from netapp.core import limits


def tune(port: Any, *, backlog: bool) -> None:
    """Let more peers wait at the door than Twisted's 50: one more than may waits a second for its turn.

    Have the kernel end connections whose peer has lost its power or its cable.  The sockets that a
    listening one accepts inherit these options, so a connection costs no call.
    """
    handle = getattr(port, "socket", None)
    if not isinstance(handle, socket.socket):
        return
    if backlog:
        handle.listen(limits.BACKLOG)
    if handle.family not in (socket.AF_INET, socket.AF_INET6):
        return
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in limits.KEEPALIVE.items():
        if hasattr(socket, name):
            handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def can_half_close(transport: Any) -> bool:
    """Whether we may end what we send and read on.

    TLS has no such thing, and its transport would end the stream beneath what it still holds.
    """
    tls = interfaces.ISSLTransport.providedBy(transport)
    return interfaces.ITCPTransport.providedBy(transport) and not tls
