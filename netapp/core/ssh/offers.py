"""What of conch's we offer, and what of its talk we hear: the modern half, and nothing.

Left out: compression, CBC, 3DES, MD5, SHA-1, DSA, and Diffie-Hellman in groups of primes, which
costs the server most.
"""

from typing import Final

from twisted.conch.ssh.transport import SSHServerTransport
from twisted.logger import ILogObserver, LogEvent, Logger
from zope.interface import implementer

_WANTED: Final[list[bytes]] = [
    b"mlkem768x25519-sha256",  # where conch and the system's OpenSSL have it
    b"curve25519-sha256",
    b"curve25519-sha256@libssh.org",
    b"ecdh-sha2-nistp256",
    b"ecdh-sha2-nistp384",
    b"ecdh-sha2-nistp521",
]
KEY_EXCHANGES: Final[list[bytes]] = [
    name for name in _WANTED if name in SSHServerTransport.supportedKeyExchanges
]
CIPHERS: Final[list[bytes]] = [b"aes256-ctr", b"aes192-ctr", b"aes128-ctr"]
MACS: Final[list[bytes]] = [b"hmac-sha2-512", b"hmac-sha2-256"]
COMPRESSIONS: Final[list[bytes]] = [b"none"]
#: No algorithms: who names one of these among their key exchanges knows the strict way.
STRICT_CLIENT: Final[bytes] = b"kex-strict-c-v00@openssh.com"
STRICT_SERVER: Final[bytes] = b"kex-strict-s-v00@openssh.com"


def quiet() -> Logger:
    """A logger for conch's own classes, which tell of every packet, and of the peer's own words."""
    return Logger("netapp.core.ssh", observer=_unheard)


@implementer(ILogObserver)
def _unheard(event: LogEvent) -> None:
    """Conch's own words end here."""
