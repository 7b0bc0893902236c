"""DNS cookies: RFC 7873, the server's part as RFC 9018 has it.

A server cookie is a version, three octets of zero, the time it was made, and SipHash-2-4 of the
client's part, these and the client's address.  Servers that share a secret know each other's.
"""

import secrets
import struct
from collections.abc import Callable, Sequence
from typing import Final

from netapp.core import limits

CLIENT: Final = 8  # octets of the client's part: RFC 7873 section 4
SERVER: Final = 16  # octets of ours: RFC 9018 section 4
SECRET: Final = 16  # octets: RFC 9018 section 4.4
_OLD: Final = 3600  # seconds; older than this a cookie is no proof: RFC 9018 section 4.3
_EARLY: Final = 300  # from a clock that goes fast: RFC 9018 section 4.3
_RENEWED: Final = 1800  # a client whose cookie is older gets a new one: RFC 9018 section 4.3
_HEAD: Final = struct.Struct("!B3xI")
_VERSION: Final = 1
_MASK: Final = (1 << 64) - 1
_TIMES: Final = (1 << 32) - 1


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET)


class Cookies:
    """Makes server cookies and knows its own.

    :param secrets: of 16 octets each: the one that cookies are made with, and old ones that are
        still known (RFC 9018 section 5).
    :param clock: seconds since 1970.
    """

    def __init__(self, secrets: Sequence[bytes], clock: Callable[[], float]) -> None:
        self._keys = [_key(secret) for secret in secrets]
        self._clock = clock
        self._made: dict[bytes, bytes] = {}  # client's part and address -> ours
        self._known: dict[bytes, bytes] = {}  # the same -> one that the client has shown
        self._since = self._until = 0.0  # when what has been made is given

    def server_part(self, client: bytes, address: bytes) -> bytes:
        """Ours for a client, the same for half an hour at most.

        :param client: its part, 8 octets.
        :param address: packed, 4 or 16 octets.
        """
        now = self._clock()
        if not self._since <= now < self._until:  # a clock may be set back
            self._made.clear()  # all at once: to look at the time in each takes longer than the rest
            self._since, self._until = now, now + _RENEWED
        who = client + address
        made = self._made.get(who)
        if made is None:
            made = self._make(self._keys[0], client, _HEAD.pack(_VERSION, int(now) & _TIMES), address)
            _keep(self._made, who, made)
        return made

    def is_ours(self, cookie: bytes, address: bytes) -> bool:
        """Whether a client has shown a cookie that it can only have from us, at this address.

        :param cookie: both parts as they came.
        """
        client, server = cookie[:CLIENT], cookie[CLIENT:]
        if len(server) != SERVER or server[0] != _VERSION or not self._in_time(server):
            return False
        who = client + address
        if server in (self._made.get(who), self._known.get(who)):
            return True
        # What is hashed has the reserved octets as they came: RFC 9018 section 4.2.
        if not any(
            secrets.compare_digest(self._make(key, client, server[:8], address), server) for key in self._keys
        ):
            return False
        _keep(self._known, who, server)
        return True

    def _in_time(self, server: bytes) -> bool:
        """Serial arithmetic (RFC 1982), so that the year 2106 is no end."""
        age = (int(self._clock()) - int.from_bytes(server[4:8], "big")) & _TIMES
        return age <= _OLD or age >= _TIMES + 1 - _EARLY

    @staticmethod
    def _make(key: tuple[int, int], client: bytes, head: bytes, address: bytes) -> bytes:
        return head + siphash24(key, client + head + address).to_bytes(8, "little")


def siphash24(key: tuple[int, int], message: bytes) -> int:
    """SipHash-2-4.

    Source: Aumasson and Bernstein, SipHash: a fast short-input PRF, section 2; RFC 9018 section 4.4.
    """
    k0, k1 = key
    v0, v1, v2, v3 = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    padded = message + bytes(7 - len(message) % 8) + bytes((len(message) & 0xFF,))
    for (word,) in _WORD.iter_unpack(padded):
        v0, v1, v2, v3 = _rounds(v0, v1, v2, v3 ^ word, 2)
        v0 ^= word
    v0, v1, v2, v3 = _rounds(v0, v1, v2 ^ 0xFF, v3, 4)
    return v0 ^ v1 ^ v2 ^ v3


_WORD: Final = struct.Struct("<Q")


def _rounds(v0: int, v1: int, v2: int, v3: int, count: int) -> tuple[int, int, int, int]:
    for _ in range(count):
        v0 = (v0 + v1) & _MASK
        v1 = ((v1 << 13 | v1 >> 51) & _MASK) ^ v0
        v0 = (v0 << 32 | v0 >> 32) & _MASK
        v2 = (v2 + v3) & _MASK
        v3 = ((v3 << 16 | v3 >> 48) & _MASK) ^ v2
        v0 = (v0 + v3) & _MASK
        v3 = ((v3 << 21 | v3 >> 43) & _MASK) ^ v0
        v2 = (v2 + v1) & _MASK
        v1 = ((v1 << 17 | v1 >> 47) & _MASK) ^ v2
        v2 = (v2 << 32 | v2 >> 32) & _MASK
    return v0, v1, v2, v3


def _key(secret: bytes) -> tuple[int, int]:
    if len(secret) != SECRET:
        raise ValueError(f"a cookie secret has {SECRET} octets")
    return int.from_bytes(secret[:8], "little"), int.from_bytes(secret[8:], "little")


def _keep(table: dict[bytes, bytes], who: bytes, cookie: bytes) -> None:
    if len(table) >= limits.DNS_COOKIES:
        table.clear()  # a cookie made again is as good
    table[who] = cookie
