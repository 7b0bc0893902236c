"""A link-local IPv6 peer's link, kept in its address where Twisted leaves it out."""

import socket
from typing import Any


def keep_scopes(port: Any) -> None:
    """Have a UDP port of Twisted's hand on its peers' links."""
    port.socket = _ScopedSocket(fileno=port.socket.detach())
    port.socket.setblocking(False)
    port.fileno = port.socket.fileno


class _ScopedSocket(socket.socket):
    """Keeps a link-local peer's link in its address, ``fe80::1%2``: without it no answer finds the way.

    Twisted passes on the first two parts of an address, and the scope is the fourth.
    """

    def recvfrom(self, *args: int) -> tuple[bytes, Any]:
        octets, peer = super().recvfrom(*args)
        return octets, with_scope(peer)


def with_scope(peer: tuple[Any, ...]) -> tuple[Any, ...]:
    """An address as ``recvfrom`` gives it, with a scope as a part of its host."""
    return (f"{peer[0]}%{peer[3]}", *peer[1:]) if len(peer) == 4 and peer[3] else peer
