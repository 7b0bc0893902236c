"""Requests that are more than a look-up: updates, notifications, transfers, and what is signed.

A plain question never comes here: :class:`netapp.dns.answers.Answers` has it answered before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet import defer

from netapp.dns import wire

QUERY, NOTIFY, UPDATE = 0, 4, 5  # opcodes: RFC 6895 section 2.2

#: What a request gets: a message, silence, either of them later, or over a stream messages one
#: after another, made as the peer reads.
Outcome = bytes | None | defer.Deferred[bytes | None] | Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks.  ``host`` is as Twisted has it."""

    host: str
    port: int
    stream: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose signature, if it had one, is sound and taken off."""

    octets: bytes  # at least the header's 12
    client: Client
    key: Any = None  # whose signature it was


Handler = Callable[[Request], Outcome]


class Requests:
    """By opcode and type to whoever answers.

    :ivar on_opcode: handlers of :data:`NOTIFY` and :data:`UPDATE`.
    :ivar on_type: handlers of queries for AXFR and IXFR.
    """

    def __init__(self) -> None:
        self.on_opcode: Final[dict[int, Handler]] = {}
        self.on_type: Final[dict[int, Handler]] = {}

    def handle(self, octets: bytes, client: Client) -> Outcome:
        """Answer one message of 12 octets or more with QR clear."""
        opcode = (octets[2] & wire.OPCODE) >> 3
        handler = self.on_opcode.get(opcode)
        if handler is None and opcode == QUERY:
            handler = self.on_type.get(_qtype(octets))
        if handler is None:
            return wire.reply(octets, wire.NOTIMP if opcode else wire.REFUSED)
        return handler(Request(octets, client))


def _qtype(octets: bytes) -> int:
    """The question's type; 0 for none."""
    try:
        query = wire.parse_query(octets)
    except wire.WireError:
        return 0
    return query.qtype
