"""What carries a question to one server, and what comes back: datagrams, or one connection."""

import errno
import os
import socket
import time
from typing import Final, Literal, Protocol

from netapp.cli import common
from netapp.core import limits

Transport = Literal["udp", "tcp"]
_LENGTH: Final = 2  # octets before each message of a stream: RFC 1035 section 4.2.2


class Wire(Protocol):
    """Either way; ``until`` is a time of :func:`time.monotonic`."""

    transport: Transport
    asked: int  # questions on what is open now, that which goes out among them

    def send(self, message: bytes, until: float) -> None:
        """Let a message go, opening the wire if it must be.  :raises OSError: nobody takes it."""

    def receive(self, until: float) -> bytes:
        """The next message.  :raises TimeoutError: none came.  :raises OSError: none can come."""

    def advance(self) -> bool:
        """Take the server's next address, or open anew; whether there is one."""

    def close(self) -> None: ...


class Datagrams:
    """Connected, so that a port where nobody is says so at once; then the next address is tried."""

    transport: Transport = "udp"

    def __init__(self, server: common.HostPort) -> None:
        self._found = socket.getaddrinfo(*server, type=socket.SOCK_DGRAM)
        self._socket: socket.socket | None = None
        self.asked = 0

    def send(self, message: bytes, until: float) -> None:
        if self._socket is None:
            family, _, _, _, address = self._found[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.connect(address)
        self._socket.settimeout(_left(until))
        self._socket.send(message)
        self.asked += 1

    def receive(self, until: float) -> bytes:
        if self._socket is None:
            raise _gone()
        self._socket.settimeout(_left(until))
        return self._socket.recv(limits.DATAGRAM)

    def advance(self) -> bool:
        self.close()
        if len(self._found) < 2:
            return False
        del self._found[0]
        return True

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self.asked = None, 0


class Stream:
    """One connection for all questions, each behind its length: RFC 7766 section 6.2.1."""

    transport: Transport = "tcp"

    def __init__(self, server: common.HostPort) -> None:
        self._server = server
        self._socket: socket.socket | None = None
        self.asked = 0

    def send(self, message: bytes, until: float) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(self._server, _left(until))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(_left(until))
        self.asked += 1
        self._socket.sendall(len(message).to_bytes(_LENGTH, "big") + message)

    def receive(self, until: float) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(_LENGTH, until), "big"), until)

    def advance(self) -> bool:
        """A server may end a connection that waits: RFC 7766 section 6.2.3."""
        waited = self.asked > 1
        self.close()
        return waited

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self.asked = None, 0

    def _exactly(self, size: int, until: float) -> bytes:
        octets = bytearray()
        while len(octets) < size:
            if self._socket is None:
                raise _gone()
            self._socket.settimeout(_left(until))
            piece = self._socket.recv(size - len(octets))
            if not piece:
                raise _gone()
            octets += piece
        return bytes(octets)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _gone() -> OSError:
    return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
