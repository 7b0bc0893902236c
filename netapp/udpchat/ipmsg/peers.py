"""Who is known on the LAN: one entry for each address and port, and the limits that it is under.

A peer is its address and port, since that is where a datagram goes and how iptux and FeiQ know
us; user and host, Windows' idea of a peer, are what the last packet said (IPMSG 5.9).
"""

import hashlib
import math
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from netapp.core import limits
from netapp.core.text import Codec
from netapp.udpchat.ipmsg.outbox import Outbox
from netapp.udpchat.ipmsg.texts import Dialect, dialect_of
from netapp.udpchat.ipmsg.wire import Packet

Address = tuple[str, int]
#: What makes two packets copies of one message: user, host, number, hash of the text (IPMSG 7.8).
Key = tuple[bytes, bytes, int, bytes]


class Bucket:
    """At most ``rate`` events a second, as many at once.  Source: IPMSG 20.4."""

    __slots__ = ("_left", "_rate", "_then")

    def __init__(self, rate: float) -> None:
        self._rate, self._left, self._then = rate, float(rate), -math.inf

    def admits(self, now: float) -> bool:
        self._left = min(self._rate, self._left + (now - self._then) * self._rate)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(slots=True, eq=False)
class Seen:
    """A message that has come: until it is stored, its copies' receipts are owed."""

    at: float
    number: int
    stored: bool = False
    owed: int = 0


@dataclass(slots=True, eq=False)
class Peer:
    """What is kept for each peer.  Times are ``now`` of its last packet and the like.  IPMSG 19."""

    address: Address
    user: bytes
    host: bytes
    heard: float
    dialect: Dialect = Dialect.PLAIN
    nickname: str = ""
    utf8: bool = False  # it has CAPUTF8OPT
    learned: Codec | None = None  # what its texts have shown
    listed: bool = False  # it has announced itself, or may be taken to have
    present: bool = False  # it has spoken, and others see it in the lobby
    member: bool = False  # it gets what others say there
    away: bool = False  # a member that has been silent too long to be seen there
    # What it may be sent
    proved: bool = False
    credit: int = 0  # octets, while it is not proved
    asked_at: float = -math.inf  # our last entry to it alone
    presence: Bucket = field(default_factory=lambda: Bucket(limits.IPMSG_PRESENCE_RATE))
    receipts: Bucket = field(default_factory=lambda: Bucket(limits.IPMSG_RECEIPT_RATE))
    others: Bucket = field(default_factory=lambda: Bucket(limits.IPMSG_OTHER_RATE))
    # What is to be done
    answer_at: float = math.inf  # an ANSENTRY is due
    gone_at: float = math.inf  # it has said BR_EXIT, and may yet deny it
    wants_info: bool = False  # it has asked GETINFO before it was proved
    outbox: Outbox = field(default_factory=Outbox)
    seen: "OrderedDict[Key, Seen]" = field(default_factory=OrderedDict)
    scheduled: float = math.inf  # see session.Session

    @property
    def name(self) -> str:
        return self.nickname or self.user.decode("ascii", "replace")

    @property
    def known_codec(self) -> Codec | None:
        """The codec that its kind of client always uses (IPMSG 8.2, 18.3)."""
        return "gbk" if self.dialect is Dialect.FEIQ else None

    def hears(self, packet: Packet, octets: int, now: float) -> None:
        """It has sent a packet."""
        self.user, self.host, self.heard = packet.user, packet.host, now
        self.dialect = dialect_of(packet.version)
        if not self.proved:
            more = octets * limits.IPMSG_UNPROVED
            self.credit = min(self.credit + more, limits.IPMSG_UNPROVED_MOST)

    def may_get(self, octets: int) -> bool:
        """Whether so much may be sent to it; if so it counts as sent.  Source: IPMSG 20.4."""
        if self.proved:
            return True
        if octets > self.credit:
            return False
        self.credit -= octets
        return True

    def recall(self, packet: Packet, now: float) -> tuple[Seen, bool]:
        """A message's memory.  :returns: (memory, whether this is its first copy).

        Copies are told by number and text; Windows lengthens later ones after the NUL (IPMSG 7.3).
        """
        while self.seen and next(iter(self.seen.values())).at <= now - limits.IPMSG_SEEN:
            self.seen.popitem(last=False)
        key = (packet.user, packet.host, packet.number, hashlib.blake2b(packet.body).digest())
        if (known := self.seen.get(key)) is not None:
            return known, False
        if len(self.seen) >= limits.IPMSG_SEEN_EACH:
            self.seen.popitem(last=False)
        new = self.seen[key] = Seen(now, packet.number)
        return new, True

    def forget(self, seen: Seen) -> None:
        """A message could not be stored: its next copy is a new one."""
        self.seen = OrderedDict((key, each) for key, each in self.seen.items() if each is not seen)

    @property
    def due(self) -> float:
        """When something is to be done for it, at the latest."""
        return min(self.answer_at, self.gone_at, self.outbox.due, self._next_silence)

    @property
    def watched(self) -> bool:
        """Whether it is asked now and then if it is there."""
        return self.proved and self.member

    @property
    def ask_at(self) -> float:
        pause = limits.IPMSG_ASK_AWAY if self.away else limits.IPMSG_REFRESH
        return max(self.heard, self.asked_at) + pause

    @property
    def _next_silence(self) -> float:
        if not self.proved:
            return self.heard + limits.IPMSG_FORGETS_UNPROVED
        if not self.watched:
            return self.heard + limits.IPMSG_FORGETS
        silent = limits.IPMSG_FORGETS if self.away else limits.IPMSG_AWAY
        return min(self.ask_at, self.heard + silent)


class Peers:
    """The table; full, it takes nobody new.  Source: IPMSG 20.4."""

    def __init__(self) -> None:
        self._peers: dict[Address, Peer] = {}
        self._each: Counter[str] = Counter()
        self._evicted: list[Peer] = []

    def __len__(self) -> int:
        return len(self._peers)

    def __iter__(self) -> Iterator[Peer]:
        return iter(tuple(self._peers.values()))

    def get(self, address: Address) -> Peer | None:
        return self._peers.get(address)

    def hear(self, packet: Packet, address: Address, octets: int, now: float) -> Peer | None:
        """The peer that a packet came from, new or known; None when there is no room for it."""
        peer = self._peers.get(address)
        if peer is None:
            if not self._has_room(address[0]):
                return None
            peer = self._peers[address] = Peer(address, packet.user, packet.host, now)
            self._each[address[0]] += 1
        peer.hears(packet, octets, now)
        return peer

    def remove(self, peer: Peer) -> None:
        if self._peers.pop(peer.address, None) is not None:
            self._each[peer.address[0]] -= 1
            if not self._each[peer.address[0]]:
                del self._each[peer.address[0]]

    def take_evicted(self) -> list[Peer]:
        """Those who have made room for others since the last call."""
        evicted, self._evicted = self._evicted, []
        return evicted

    def _has_room(self, host: str) -> bool:
        """Whether one more of this address fits; of its own, one that only passed by makes room."""
        if self._each[host] >= limits.IPMSG_PEERS_EACH:
            passers = (
                peer
                for peer in self._peers.values()
                if peer.address[0] == host and not (peer.proved or peer.member)
            )
            oldest = min(passers, key=lambda peer: peer.heard, default=None)
            if oldest is None:
                return False
            self.remove(oldest)
            self._evicted.append(oldest)
        return len(self._peers) < limits.IPMSG_PEERS
