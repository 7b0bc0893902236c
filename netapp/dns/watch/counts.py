"""What the name service counts, cheap where it is hot and bounded in its labels.

The hot path raises one number an answer: each kind of ready answers has a cell, whose number stands
behind the answer's octets.
"""

from collections import Counter
from typing import Any, Final

from netapp.core.metrics import Histogram
from netapp.dns.message import HEADER, OPCODE, QR, RCODES
from netapp.dns.query.memory import CUT

TYPES: Final = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA",
    29: "LOC", 33: "SRV", 35: "NAPTR", 37: "CERT", 39: "DNAME", 43: "DS", 44: "SSHFP", 46: "RRSIG",
    47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 59: "CDS",
    60: "CDNSKEY", 61: "OPENPGPKEY",
    62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 99: "SPF", 251: "IXFR", 252: "AXFR", 255: "ANY",
    256: "URI", 257: "CAA",
}  # fmt: skip
OTHER: Final = "other"
#: What has the place of the type in a request that is no query: by octet 2 of the header.
OPCODES: Final = {0x20: "NOTIFY", 0x28: "UPDATE"}

_OPT: Final = b"\0\0\x29"  # the root's name, then the type
_ADDRESS: Final = frozenset(b"0123456789.")
#: Seconds; an answer from memory takes some microseconds.
_BOUNDS: Final = (
    5e-06, 1e-05, 2e-05, 5e-05, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0,
)  # fmt: skip

_NUMBERS: Final = CUT  # that one octet has beside that bit
_TOGETHER: Final = 512  # a client that asks much asks the same again

#: Transport, type and rcode.
Kind = tuple[str, str, str]


class Counts:
    """Numbers of one name service.

    :ivar cells: ready answers that have gone out in datagrams, by the octet behind them: the number of
        their kind, and CUT.
    :ivar misses: datagrams whose answers were made.
    :ivar seconds: how long datagrams took, the time that they waited for others of a batch included.
    """

    def __init__(self) -> None:
        self.cells = [0] * 2 * _NUMBERS
        self.misses = self._hits = 0
        self.seconds = Histogram(_BOUNDS)
        self._numbers: dict[Kind, int] = {}
        self._streamed: list[bytes] = []
        self._kinds: Counter[Kind] = Counter()

    @property
    def hits(self) -> int:
        """Datagrams whose answers were ready."""
        return self._hits + sum(self.cells)

    def number(self, answer: bytes) -> int:
        """The number of a ready answer's kind; it is given without its id."""
        kind = kind_of("udp", answer)
        if kind not in self._numbers and len(self._numbers) >= _NUMBERS - 1:
            kind = ("udp", OTHER, OTHER)  # more than there are types and rcodes in use
        return self._numbers.setdefault(kind, len(self._numbers))

    def made(self, answer: bytes) -> None:
        """An answer that was not ready has gone out in a datagram."""
        self.misses += 1
        self.answered("udp", answer)

    def answered(self, transport: str, answer: bytes) -> None:
        """Count one answer.  :param transport: udp or tcp."""
        self._kinds[kind_of(transport, answer[2:])] += 1

    def streamed(self, answer: bytes) -> None:
        """An answer has gone out over a stream."""
        self._streamed.append(answer[2:])
        if len(self._streamed) >= _TOGETHER:
            self._settle_streamed()

    def readings(self) -> dict[tuple[Any, ...], float]:
        """All numbers of datagrams, for whoever adds up several processes: :meth:`add` takes them."""
        self.settle()
        read: dict[tuple[Any, ...], float] = {("kind", *kind): count for kind, count in self._kinds.items()}
        read |= {("seconds", number): count for number, count in enumerate(self.seconds.counts)}
        return read | {("sum",): self.seconds.sum, ("hits",): self._hits, ("misses",): self.misses}

    def add(self, reading: tuple[Any, ...], more: float) -> None:
        """Another process has counted so many more."""
        match reading:
            case ("kind", transport, rdtype, rcode):
                self._kinds[transport, rdtype, rcode] += int(more)
            case ("seconds", int(number)):
                self.seconds.counts[number] += int(more)
            case ("sum",):
                self.seconds.sum += more
            case ("hits",):
                self._hits += int(more)
            case ("misses",):
                self.misses += int(more)

    def settle(self) -> None:
        """Take the ready answers' cells to the others."""
        for kind, number in self._numbers.items():
            count = self.cells[number] + self.cells[number | CUT]
            self.cells[number] = self.cells[number | CUT] = 0
            self._hits += count
            if count:
                self._kinds[kind] += count

    def _settle_streamed(self) -> None:
        streamed, self._streamed = Counter(self._streamed), []
        for answer, count in streamed.items():
            self._kinds[kind_of("tcp", answer)] += count

    def queries(self) -> dict[tuple[str, ...], float]:
        """How many there were of each kind."""
        self.settle()
        self._settle_streamed()
        return dict(self._kinds.items())


def kind_of(transport: str, answer: bytes) -> Kind:
    """The labels of an answer of ours.

    :param transport: of a DNS answer; text is a transport of its own.
    :param answer: the octets behind its id; a text's first two are missing too.
    """
    if len(answer) < HEADER - 2 or not answer[0] & QR or answer[2]:
        return "text", "A", "NOERROR" if answer and _ADDRESS.issuperset(answer) else "NXDOMAIN"
    at = HEADER - 2
    if not answer[3]:
        return transport, OTHER, _rcode(answer, at)
    while answer[at]:
        at += 1 + answer[at]
    opcode = answer[0] & OPCODE
    qtype = answer[at + 1] << 8 | answer[at + 2]
    rdtype = OPCODES.get(opcode, OTHER) if opcode else TYPES.get(qtype, OTHER)
    return transport, rdtype, _rcode(answer, at + 5)


def _rcode(answer: bytes, end: int) -> str:
    """Its upper octet is in the OPT record; what has one has no other records: RFC 6891 section 6.1.3.

    :param end: where the question ends.
    """
    rcode = answer[1] & 0x0F
    if not any(answer[4:8]) and answer[end : end + 3] == _OPT:
        rcode |= int.from_bytes(answer[end + 5 : end + 6], "big") << 4
    return RCODES.get(rcode, OTHER)
