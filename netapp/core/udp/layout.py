"""The kernel's structures for many datagrams a call, and where their fields are.

Source: recvmmsg(2), sendmmsg(2), ip(7), ipv6(7), cmsg(3).
"""

import ctypes
import socket
import struct
from dataclasses import dataclass
from typing import Final


class _Vector(ctypes.Structure):
    """``struct iovec``."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """``struct msghdr``."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """``struct mmsghdr``."""

    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


#: Octets of each structure.
MESSAGE: Final = ctypes.sizeof(_Message)
VECTOR: Final = ctypes.sizeof(_Vector)
#: Where in a message, counted in words of four octets, the kernel writes how long it was.
LENGTH_WORD: Final = _Message.length.offset // 4
MESSAGE_WORDS: Final = MESSAGE // 4
#: Where in a message the octets of its control data are counted.
CONTROL_LENGTH: Final = _Header.control_length.offset
SIZE: Final = ctypes.sizeof(ctypes.c_size_t)


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between IPv4 and IPv6.

    :param peer: port and address octets out of a name of ``NAME`` octets.
    :param level: of the control message that says which address was asked, and sets it.
    :param kind: its type.
    :param index_at: where in the control data the interface's index is.
    :param own_at: where the address is.
    :param links: how an address begins that is of one link alone.
    """

    peer: struct.Struct
    name: int
    level: int
    kind: int
    data: int
    index_at: int
    own_at: int
    links: tuple[bytes, ...]

    @property
    def control(self) -> int:
        """Octets of the control data."""
        return socket.CMSG_SPACE(self.data)


#: Octets in which either family's name is kept: ``struct sockaddr_in6``.
NAME: Final = 28
#: Octets before the data of a control message: ``struct cmsghdr``.
HEAD: Final = ctypes.sizeof(ctypes.c_size_t) + 8
IP_PKTINFO: Final = 8  # linux/in.h
IPV6_RECVPKTINFO: Final = 49  # linux/in6.h
_IPV6_PKTINFO: Final = 50

#: How IPv4's addresses of one link alone begin: RFC 3927 section 2.1.
LINK_LOCAL: Final = b"\xa9\xfe"
#: ``struct in_pktinfo``: index, the address to answer from, the address asked.
IPV4: Final = Family(
    struct.Struct("!2xH4s20x"), 16, socket.IPPROTO_IP, IP_PKTINFO, 12, HEAD, HEAD + 4, (LINK_LOCAL,)
)
#: ``struct in6_pktinfo``: address, index.  IPv4 on a socket of both families is as IPv6 here.
IPV6: Final = Family(
    struct.Struct("!2xH4x16s4x"), 28, socket.IPPROTO_IPV6, _IPV6_PKTINFO, 20, HEAD + 16, HEAD,
    (*(bytes((0xFE, second)) for second in range(0x80, 0xC0)), bytes(10) + b"\xff\xff" + LINK_LOCAL),
)  # fmt: skip


def message(name: int, name_length: int, vectors: int, control: int, control_length: int) -> bytes:
    """One ``struct mmsghdr`` with two vectors.  The numbers but for lengths are addresses."""
    header = _Header(name, name_length, vectors, 2, control, control_length, 0)
    return bytes(_Message(header, 0))


def vector(base: int, length: int) -> bytes:
    """One ``struct iovec``."""
    return bytes(_Vector(base, length))
