"""What the name service counts, cheap where it is hot and bounded in its labels.

The hot path raises one number an answer, by the answer's own octets; which type and rcode these
have is worked out when somebody asks, or when there are too many.
"""

from collections import Counter
from typing import Final

from netapp.core import limits
from netapp.core.metrics import Histogram
from netapp.dns import wire

TYPES: Final = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA",
    29: "LOC", 33: "SRV", 35: "NAPTR", 37: "CERT", 39: "DNAME", 43: "DS", 44: "SSHFP", 46: "RRSIG",
    47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY",
    62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 99: "SPF", 251: "IXFR", 252: "AXFR", 255: "ANY",
    256: "URI", 257: "CAA",
}  # fmt: skip
RCODES: Final = (
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
    "YXDOMAIN", "BADCOOKIE", "NXRRSET", "NOTAUTH", "NOTZONE",
)  # fmt: skip
OTHER: Final = "other"

_BADVERS_HIGH: Final = 1  # the upper octet of that rcode, in the OPT record: RFC 6891 section 6.1.3
_ADDRESS: Final = frozenset(b"0123456789.")
#: Seconds; an answer from memory takes some microseconds.
_BOUNDS: Final = (
    5e-06, 1e-05, 2e-05, 5e-05, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0,
)  # fmt: skip

#: Transport, type and rcode.
Kind = tuple[str, str, str]


class Counts:
    """Numbers of one name service.

    :ivar tally: how often each ready answer, behind its id, has gone out in a datagram; raised by
        whoever sends it.
    :ivar hits: answers that were ready, and ``misses`` those that had to be made.
    :ivar seconds: how long answers took, the time that they waited for others of a batch included.
    """

    def __init__(self) -> None:
        self.tally: dict[bytes, int] = {}
        self.hits = self.misses = 0
        self.seconds = Histogram(_BOUNDS)
        self._kinds: Counter[Kind] = Counter()

    def batch(self, hits: int, misses: int, seconds: float) -> None:
        """A batch of datagrams has been answered.

        :param hits: how many by ready answers, which are in the tally.
        :param seconds: how long that took, all of it: for each about as long as it had to wait.
        """
        self.hits += hits
        self.misses += misses
        if count := hits + misses:
            self.seconds.add(seconds, count)
        if len(self.tally) > limits.DNS_ANSWERS:
            self.settle()

    def answered(self, transport: str, answer: bytes) -> None:
        """Count one answer that was made for its question.  :param transport: udp or tcp."""
        self._kinds[kind_of(transport, answer[2:])] += 1

    def settle(self) -> None:
        """Work out what kinds the tally's answers are of."""
        tally = self.tally.copy()
        self.tally.clear()
        for answer, count in tally.items():
            self._kinds[kind_of("udp", answer)] += count

    def queries(self) -> dict[tuple[str, ...], float]:
        """How many there were of each kind."""
        self.settle()
        return {**self._kinds}


def kind_of(transport: str, answer: bytes) -> Kind:
    """The labels of an answer of ours.

    :param transport: of a DNS answer; text is a transport of its own.
    :param answer: the octets behind its id; a text's first two are missing too.
    """
    if len(answer) < wire.HEADER - 2 or not answer[0] & wire.QR or answer[2]:
        return "text", "A", "NOERROR" if answer and _ADDRESS.issuperset(answer) else "NXDOMAIN"
    at = wire.HEADER - 2
    if not answer[3]:
        return transport, OTHER, _rcode(answer, at)
    while answer[at]:
        at += 1 + answer[at]
    return transport, TYPES.get(answer[at + 1] << 8 | answer[at + 2], OTHER), _rcode(answer, at + 5)


def _rcode(answer: bytes, end: int) -> str:
    """:param end: where the question ends."""
    rcode = answer[1] & 0x0F
    if not rcode and answer[4:10] == b"\0\0\0\0\0\1" and answer[end + 5] == _BADVERS_HIGH:
        return "BADVERS"
    return RCODES[rcode] if rcode < len(RCODES) else OTHER
