"""EDNS options that are answered: RFC 6891 section 6.1.2.

NSID (RFC 5001) and cookies (RFC 7873) where they are asked for, keepalive (RFC 7828) over streams
alone, and what an error is about (RFC 8914).  All others, padding and client subnets among them,
are passed over.
"""

import struct
from typing import Final

from netapp.core import limits
from netapp.dns.options import COOKIE, EDE, KEEPALIVE, NSID, Ede, option
from netapp.dns.query.cookies import CLIENT, Cookies
from netapp.dns.wire import Edns

#: What stands before the octets of a cookie of both parts: it is the last option of an answer.
COOKIE_HEAD: Final = struct.pack("!HH", COOKIE, 24)
_TENTHS: Final = 10  # the unit of a keepalive is 100 ms: RFC 7828 section 3.1


class Options:
    """What is said in options.

    :param nsid: what this server calls itself; nothing is said if it is empty.
    """

    def __init__(self, cookies: Cookies | None, nsid: bytes) -> None:
        self._cookies, self._nsid = cookies, nsid
        self._keepalive = struct.pack("!H", int(limits.DNS_IDLE * _TENTHS))

    def answering(self, edns: Edns | None, address: bytes, *, stream: bool, ede: Ede | None = None) -> bytes:
        """The options of an answer; none unless the request had EDNS of our version.

        :param address: the client's, packed.
        """
        if edns is None or edns.version:
            return b""
        said = b""
        if self._nsid and edns.option(NSID) is not None:
            said += option(NSID, self._nsid)
        if stream and edns.option(KEEPALIVE) is not None:
            said += option(KEEPALIVE, self._keepalive)
        if ede is not None:
            said += option(EDE, struct.pack("!H", ede))
        cookie = edns.option(COOKIE)
        if cookie is not None and self._cookies is not None:
            said += COOKIE_HEAD + self.cookie(cookie[:CLIENT], address)
        return said

    def cookie(self, client: bytes, address: bytes) -> bytes:
        """A cookie of both parts."""
        return client + self._cookies.server_part(client, address) if self._cookies is not None else b""

    def is_proved(self, edns: Edns | None, address: bytes) -> bool:
        """Whether a client has shown that it gets what is sent to its address: RFC 7873 section 5.2.5."""
        cookie = edns.option(COOKIE) if edns is not None else None
        return cookie is not None and self._cookies is not None and self._cookies.is_ours(cookie, address)
