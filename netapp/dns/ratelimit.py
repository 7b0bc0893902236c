"""Response rate limiting: a forged source gets few of our answers, and who really asks still gets his.

As BIND, Knot and NSD do it: what is counted is answers of one kind to one network, /24 or /56.
Beyond the rate they are dropped, and every second of those goes out cut instead, with TC set: a
client that is what it says asks again over TCP.  A network that goes on stays where it is until it
has been quiet for a while.

Who has signed its request, or shows a cookie of ours, is what it says and gets all.

What is no question (RFC 6895 section 2.2: UPDATE, NOTIFY) is answered with less than it has asked.
What was done for whoever may is always told: who does not hear of it would do it again.  What
anybody gets, an error, is counted with the other errors and beyond the rate dropped, but never cut:
there is no TC (RFC 2136 section 2.2), and who came again by TCP would have it done again.

Plain text knows no TC and its programs know no time-out; it is counted by address alone.

Source: BIND's reference manual, rate-limit; Vixie and Schryver, DNS Response Rate Limiting (2012).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol

from netapp.core import limits
from netapp.core.access import LOCAL
from netapp.dns.message import HEADER, NOERROR, OPCODE, QR, TC
from netapp.dns.query.answers import Source
from netapp.dns.tsig.record import Signature, read_signed
from netapp.errors import ConfigError, WireError

SEND, SLIP, DROP = 0, 1, 2  # verdicts

_NXDOMAIN: Final = 3
_POSITIVE, _MADE_UP, _NEGATIVE, _MISSING, _ERROR, _TEXT = b"+", b"*", b"-", b"?", b"!", b"t"
#: Masks and networks of local addresses, by how many octets an address has.
_LOCAL: Final = {
    octets: [
        (int(each.netmask), int(each.network_address)) for each in LOCAL if each.max_prefixlen == 8 * octets
    ]
    for octets in (4, 16)
}
_OPT: Final = b"\0\0\x29"  # the root's name, then the type
_COOKIE: Final = b"\0\x0a\0"  # the option's code and the upper octet of its length: RFC 7873 section 4
_TSIG: Final = b"\0\xfa\0\xff\0\0\0\0"  # the type, the class ANY, no TTL: RFC 8945 section 4.2
_OPT_FIXED: Final = 11  # octets of an OPT record without its options


class RateLimit:
    """Accounts of answers, at most ``accounts`` of each of two ages.

    :param most: answers of one kind to one network in a second.
    :param made_up: gives the zone that answers to a name by a wildcard or an alias above it, or denies
        it, so that random names there are one; None for a name that is there.  Both are folded wire
        names.
    """

    def __init__(
        self,
        most: int,
        *,
        accounts: int = limits.RRL_ACCOUNTS,
        made_up: Callable[[bytes], bytes | None] = lambda name: None,
    ) -> None:
        self._most, self._least = float(most), -float(most * limits.RRL_WINDOW)
        self._bound, self._made_up = accounts, made_up
        # Account to what is left of it, when that was, and how many were not sent.  When the young
        # are too many they become the old; who is asked for becomes young again.
        self._young: dict[bytes, list[float]] = {}
        self._old: dict[bytes, list[float]] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def verdict(self, address: bytes, answer: bytes, now: float) -> int:
        """Whether a DNS answer may go out in a datagram, goes out cut, or not at all.

        :param address: packed, 4 octets or 16.
        :param answer: the header's 12 octets at least.
        :param now: seconds, on a clock that only rises.
        """
        network = address[:3] if len(address) == 4 else address[:7]
        kind = account(answer)
        key = network + kind
        if kind[:1] == _POSITIVE and key not in self._young and key not in self._old:
            zone = self._made_up(kind[1:] + b"\0")
            if zone is not None:
                key = network + _MADE_UP + zone
        left = self._left(key, now)
        if left[0] >= 0:
            return SEND
        left[2] += 1
        return SLIP if left[2] % limits.RRL_SLIP == 0 else DROP

    def text(self, address: bytes, now: float) -> int:
        """The same for plain text: by address, and never cut."""
        return SEND if self._left(_TEXT + address, now)[0] >= 0 else DROP

    def _left(self, key: bytes, now: float) -> list[float]:
        """Take one answer off an account."""
        left = self._young.get(key)
        if left is None:
            left = self._old.pop(key, None)
            if left is None:
                left = [self._most, now, 0]
            if len(self._young) >= self._bound:
                self._old, self._young = self._young, {}
            self._young[key] = left
        balance = left[0] + (now - left[1]) * self._most
        if balance > self._most:
            balance = self._most
        balance -= 1
        left[0] = balance if balance > self._least else self._least
        left[1] = now
        return left


def account(answer: bytes) -> bytes:
    """What kind of answer it is, and of which name; never raises, whatever the octets.

    What begins with its authority section, as a denial and a referral do, is of its first record's
    owner: random names that are not there are one.  All else is of the question's name, also where an
    alias leads to what is not there, and where nothing had room: whether that name is there itself
    the answer does not show.  All errors are of one kind: they need no name that is there.
    """
    rcode, end = answer[3] & 0x0F, _question_end(answer)
    if rcode not in (NOERROR, _NXDOMAIN) or answer[5] != 1 or answer[2] & OPCODE or _is_extended(answer, end):
        return _ERROR
    if answer[7] or answer[6] or not (answer[9] or answer[8]):
        return _POSITIVE + answer[HEADER : end - 5].lower()
    kind = _MISSING if rcode else _NEGATIVE
    return kind + _owner(answer, end).lower()


def _is_done(answer: bytes) -> bool:
    """Whether it says that something was done: of what is no question, and no error."""
    done = answer[2] & OPCODE and not answer[3] & 0x0F
    return bool(done) and not _is_extended(answer, _question_end(answer))


def _question_end(answer: bytes) -> int:
    """Where the question ends; in ours there is one or none, and it is not compressed."""
    end = HEADER
    if not answer[5]:
        return end
    while end < len(answer) and answer[end]:
        end += 1 + answer[end]
    return end + 5


def _is_extended(answer: bytes, end: int) -> bool:
    """Whether an OPT record has the upper octet of an rcode, as of BADVERS; those have no records."""
    return answer[6:10] == bytes(4) and answer[end : end + 3] == _OPT and answer[end + 5 : end + 6] > b"\0"


def _owner(answer: bytes, at: int) -> bytes:
    """An owner, without the root: a pointer, or written out."""
    if answer[at : at + 1] >= b"\xc0":
        at = int.from_bytes(answer[at : at + 2], "big") & 0x3FFF
    end = at
    while end < len(answer) and 0 < answer[end] < 0xC0:
        end += 1 + answer[end]
    return answer[at:end]


def _taken_off(answer: bytes) -> tuple[bytes, Signature | None]:
    """An answer without its signature, and that."""
    if _TSIG not in answer:
        return answer, None
    try:
        read = read_signed(answer)
    except WireError:
        read = None
    return read if read is not None else (answer, None)


def slipped(answer: bytes) -> bytes:
    """The answer without its records, cut: its question, TC, and the OPT record, which is the last.

    Of a signature that did not hold it says no more than NOTAUTH, as one that has no room: that would
    have to be signed anew.
    """
    answer = _taken_off(answer)[0]
    end = _question_end(answer)
    at = answer.rfind(_OPT, end)
    opt = answer[at:] if at >= 0 and at + _OPT_FIXED <= len(answer) else b""
    if opt and len(opt) != _OPT_FIXED + (opt[9] << 8 | opt[10]):
        opt = b""
    head = answer[:2] + bytes((answer[2] | TC, answer[3]))
    counts = bytes((0, answer[5], 0, 0, 0, 0, 0, 1 if opt else 0))
    return head + counts + answer[HEADER:end] + opt


class Proofs(Protocol):
    """Who knows whether somebody is what it says: :class:`netapp.dns.query.answers.Answers`."""

    def is_proved(self, request: bytes, source: Source) -> bool:
        """Whether a request shows a cookie that its sender can only have from us."""

    def bad_cookie(self, request: bytes, source: Source) -> bytes | None:
        """What has a client that knows cookies ask again with one; None for others."""


class Limiter:
    """What stands before the way out of datagrams.

    :param most: as :class:`RateLimit` has it; None for no limit.
    :param local: whether private networks and this machine are limited too.
    :param made_up: as :class:`RateLimit` has it.
    """

    def __init__(
        self,
        most: int | None,
        *,
        local: bool = False,
        proofs: Proofs | None = None,
        made_up: Callable[[bytes], bytes | None] = lambda name: None,
    ) -> None:
        self._rate = RateLimit(most, made_up=made_up) if most is not None else None
        self._local, self._proofs = local, proofs
        self.dropped = self.slipped = 0

    def limits(self, address: bytes) -> bool:
        """Whether a source, packed, is limited at all; worth remembering."""
        return self._rate is not None and bool(address) and (self._local or not is_local(address))

    def passed(self, request: bytes, answer: bytes, source: Source, now: float) -> bytes | None:
        """What of an answer goes out in a datagram to a source that is limited; None for nothing."""
        rate = self._rate
        if rate is None:
            return answer
        is_dns = len(answer) >= HEADER and answer[2] & QR and not answer[4]
        if is_dns and _is_done(answer):
            return answer
        verdict = rate.verdict(source.packed, answer, now) if is_dns else rate.text(source.packed, now)
        if verdict == SEND or (is_dns and self._is_proved(request, answer, source)):
            return answer
        if verdict == SLIP and not answer[2] & OPCODE:
            self.slipped += 1
            return self._slip(request, answer, source)
        self.dropped += 1
        return None

    def _is_proved(self, request: bytes, answer: bytes, source: Source) -> bool:
        if _TSIG in request:  # we sign what was signed; and what says why not has an error
            signature = _taken_off(answer)[1]
            if signature is not None and signature.mac and not signature.error:
                return True
        if self._proofs is None or _COOKIE not in request:  # a look that spares a flood's reading
            return False
        return self._proofs.is_proved(request, source)

    def _slip(self, request: bytes, answer: bytes, source: Source) -> bytes:
        """A client that knows cookies need not come by TCP: RFC 7873 section 5.2.3."""
        cookie = None
        if self._proofs is not None and _COOKIE in request:
            cookie = self._proofs.bad_cookie(request, source)
        return cookie if cookie is not None else slipped(answer)


@lru_cache(limits.SOURCES)
def is_local(address: bytes) -> bool:
    """Whether a packed address is this machine's, a link's or a private network's."""
    number = int.from_bytes(address, "big")
    return any(number & mask == network for mask, network in _LOCAL[len(address)])


def parse_rate(given: str) -> tuple[int | None, bool]:
    """Read ``--rate-limit``'s value.

    :returns: (answers a second, or None for no limit; whether private networks are limited too).
    :raises ConfigError: not of that form.
    """
    word = given.strip().lower()
    if word == "off":
        return None, False
    number = word.removeprefix("all:")
    if not (number.isascii() and number.isdigit() and 0 < len(number) < 8 and int(number)):
        raise ConfigError(
            "write off, or answers a second such as 200 for public addresses, all:200 for private ones too"
        )
    return int(number), number != word
