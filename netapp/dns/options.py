"""EDNS options: their codes, and how one is written (RFC 6891 section 6.1.2)."""

import struct
from enum import IntEnum
from typing import Final

NSID, COOKIE, KEEPALIVE, EDE = 3, 10, 11, 15  # RFC 5001, RFC 7873 section 4, RFC 7828, RFC 8914
COOKIE_LENGTHS: Final = frozenset({8, *range(16, 41)})  # RFC 7873 section 5.2.2
_HEAD: Final = struct.Struct("!HH")


class Ede(IntEnum):
    """Extended errors: RFC 8914 section 4."""

    PROHIBITED = 18
    NOT_AUTHORITATIVE = 20
    NOT_SUPPORTED = 21
    INVALID_DATA = 24  # a zone that has expired, for one


def option(code: int, octets: bytes) -> bytes:
    return _HEAD.pack(code, len(octets)) + octets
