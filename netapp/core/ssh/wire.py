"""Messages of SSH that we read and write ourselves: user authentication, and a session's requests.

Source: RFC 4251 section 5 (data types), RFC 4252, RFC 4254 section 6, RFC 4256.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from netapp.errors import WireError

USERAUTH_REQUEST: Final = 50
USERAUTH_FAILURE: Final = 51
USERAUTH_SUCCESS: Final = 52
USERAUTH_BANNER: Final = 53
USERAUTH_PK_OK: Final = 60
USERAUTH_INFO_REQUEST: Final = 60
USERAUTH_INFO_RESPONSE: Final = 61

#: Signatures that a client's key may make: no SHA-1 and no DSA.  RFC 8332, RFC 5656, RFC 8709.
KEY_ALGORITHMS: Final = {
    b"ssh-ed25519": b"ssh-ed25519",
    b"ecdsa-sha2-nistp256": b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384": b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521": b"ecdsa-sha2-nistp521",
    b"rsa-sha2-512": b"ssh-rsa",
    b"rsa-sha2-256": b"ssh-rsa",
}


class Reader:
    """Takes values off a message, in order.  :raises WireError: there are none left, in each method."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self._at = octets, 0

    def _take(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        if len(taken) != count:
            raise WireError("a message is cut short", source="RFC 4251 section 5")
        self._at += count
        return taken

    def boolean(self) -> bool:
        return self._take(1) != b"\0"

    def uint32(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def string(self) -> bytes:
        return self._take(self.uint32())


def string(octets: bytes) -> bytes:
    """Octets with their length before them."""
    return struct.pack(">L", len(octets)) + octets


def uint32(number: int) -> bytes:
    return struct.pack(">L", number)


# User authentication -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Password:
    """``changes``: the client gives a new one as well, which this door does not take."""

    password: bytes = field(repr=False)
    changes: bool


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, with a signature or as a question whether one would be any use."""

    algorithm: bytes
    blob: bytes
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class Interactive:
    """The client lets us ask: RFC 4256 section 3.1."""


@dataclass(frozen=True, slots=True)
class Other:
    """``none``, and methods that we do not have."""


Method = Password | PublicKey | Interactive | Other


@dataclass(frozen=True, slots=True)
class Request:
    """``user`` is repr'd nowhere: people type passwords there."""

    user: bytes = field(repr=False)
    service: bytes
    method: Method


def parse_request(payload: bytes) -> Request:
    """Read SSH_MSG_USERAUTH_REQUEST.  :raises WireError: it is none.

    Source: RFC 4252 section 5.
    """
    reader = Reader(payload)
    user, service, method = reader.string(), reader.string(), reader.string()
    if method == b"password":
        changes = reader.boolean()
        return Request(user, service, Password(reader.string(), changes))
    if method == b"publickey":
        signed = reader.boolean()
        algorithm, blob = reader.string(), reader.string()
        return Request(user, service, PublicKey(algorithm, blob, reader.string() if signed else None))
    return Request(user, service, Interactive() if method == b"keyboard-interactive" else Other())


def signed_octets(session_id: bytes, request: Request, key: PublicKey) -> bytes:
    """What a client's key signs: RFC 4252 section 7."""
    return b"".join(
        (
            string(session_id),
            bytes([USERAUTH_REQUEST]),
            string(request.user),
            string(request.service),
            string(b"publickey"),
            b"\1",
            string(key.algorithm),
            string(key.blob),
        )
    )


def failure(methods: Sequence[bytes]) -> bytes:
    """SSH_MSG_USERAUTH_FAILURE, with the methods that can go on: RFC 4252 section 5.1."""
    return string(b",".join(methods)) + b"\0"


def banner(text: str) -> bytes:
    """SSH_MSG_USERAUTH_BANNER: RFC 4252 section 5.4."""
    return string(text.replace("\n", "\r\n").encode()) + string(b"")


def info_request(prompt: str, *, echo: bool) -> bytes:
    """SSH_MSG_USERAUTH_INFO_REQUEST with one prompt: RFC 4256 section 3.2."""
    return string(b"") * 3 + uint32(1) + string(prompt.encode()) + bytes([echo])


def parse_info_response(payload: bytes) -> bytes:
    """The one answer to one prompt.  :raises WireError: there are more, or fewer.

    Source: RFC 4256 section 3.4.
    """
    reader = Reader(payload)
    if reader.uint32() != 1:
        raise WireError("not as many answers as prompts", source="RFC 4256 section 3.4")
    return reader.string()


# A session's requests ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terminal:
    """A client's terminal, in characters."""

    columns: int
    rows: int


def parse_pty(payload: bytes) -> Terminal:
    """Read a ``pty-req``; its modes are the client's own affair.  :raises WireError: it is none.

    Source: RFC 4254 section 6.2.
    """
    reader = Reader(payload)
    reader.string()  # TERM
    return _terminal(reader)


def parse_window_change(payload: bytes) -> Terminal:
    """:raises WireError: it is none.  Source: RFC 4254 section 6.7."""
    return _terminal(Reader(payload))


def _terminal(reader: Reader) -> Terminal:
    columns, rows = reader.uint32(), reader.uint32()
    return Terminal(columns if 2 <= columns <= 4096 else 80, rows if 1 <= rows <= 4096 else 24)
