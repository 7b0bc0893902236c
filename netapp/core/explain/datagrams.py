"""The rules of ``--explain`` for one datagram listener: what came and went in, findings out."""

import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netapp.core import limits
from netapp.core.connections import Peer
from netapp.core.explain import octets as rules
from netapp.core.text import Codec

#: Takes a peer, a finding's key, and what its phrase is filled with.
Tell = Callable[[Peer, str, Mapping[str, object]], object]


@dataclass(slots=True)
class _Known:
    """What we remember of a peer."""

    told: set[str] = field(default_factory=set)
    codec: Codec | None = None
    last: int = 0  # a datagram's hash
    since: float = -math.inf  # when it came first
    times: int = 0  # that it came in a second from then on


class Correspondence:
    """One listener's peers.  ``now`` is seconds; ``deadline`` is when :meth:`tick` has work.

    :param tell: is called with each finding, each key once a peer.
    :param drops: how many datagrams our buffer has lost so far; None where nobody can say.
    :param is_held: whether a socket of this machine has a port; None where nobody can say.
    """

    def __init__(
        self, tell: Tell, drops: Callable[[], int | None], is_held: Callable[[int], bool | None]
    ) -> None:
        self._tell_of, self._drops, self._is_held = tell, drops, is_held
        self._peers: OrderedDict[Peer, _Known] = OrderedDict()
        self.deadline = math.inf
        self._lost = 0  # in all, as said
        self._heard_at = -math.inf
        self._burst: Counter[Peer] = Counter()  # datagrams since it was last quiet

    def heard(self, datagram: bytes, peer: Peer, now: float) -> None:
        known = self._known(peer)
        self._count(peer, now)
        self._repeated(datagram, peer, known, now)
        if not datagram:
            self._tell(peer, "empty")
            return
        for key, fields in rules.findings(datagram, whole=True, first=True):
            self._tell(peer, key, **fields)
        if rules.is_text(datagram):
            known.codec = rules.codec_of(datagram) or known.codec
            if len(datagram) > limits.PLAIN_ANSWER:
                count = len(datagram)
                self._tell(peer, "long", count=count, rest=count - limits.PLAIN_ANSWER)

    def saying(self, octets: bytes, peer: Peer, *, local: bool) -> None:
        """We are about to send this.  :param local: the peer is on this machine."""
        known = self._known(peer)
        came, went = known.codec, rules.codec_of(octets)
        if came is not None and went is not None and went != came and hash(octets) != known.last:
            self._tell(peer, f"{went} answer", shown=rules.misread(octets, came))
        if local and self._is_held(peer[1]) is False:
            self._tell(peer, "gone", port=peer[1])

    def tick(self, now: float) -> None:
        """A burst of which something was lost may be over."""
        if now - self._heard_at < limits.EXPLAIN_BURST:
            self.deadline = self._heard_at + limits.EXPLAIN_BURST
            return
        self.deadline = math.inf
        lost = (self._drops() or 0) - self._lost
        if lost > 0 and self._burst:
            self._lost += lost
            peer, came = self._burst.most_common(1)[0]
            self._known(peer).told.discard("lost")
            self._tell(peer, "lost", lost=lost, came=came)

    def _count(self, peer: Peer, now: float) -> None:
        if now - self._heard_at >= limits.EXPLAIN_BURST and self.deadline == math.inf:
            self._burst.clear()
        if len(self._burst) < limits.EXPLAIN_PEERS or peer in self._burst:
            self._burst[peer] += 1
        self._heard_at = now
        if self.deadline == math.inf and (self._drops() or 0) > self._lost:
            self.deadline = now + limits.EXPLAIN_BURST

    def _repeated(self, datagram: bytes, peer: Peer, known: _Known, now: float) -> None:
        key = hash(datagram)
        if key != known.last or now - known.since >= 1.0:
            known.last, known.since, known.times = key, now, 0
        known.times += 1
        if known.times >= limits.EXPLAIN_AGAIN:
            self._tell(peer, "again", count=known.times)

    def _known(self, peer: Peer) -> _Known:
        known = self._peers.pop(peer, None) or _Known()
        self._peers[peer] = known
        if len(self._peers) > limits.EXPLAIN_PEERS:
            self._peers.popitem(last=False)
        return known

    def _tell(self, peer: Peer, key: str, /, **fields: object) -> None:
        told = self._known(peer).told
        if key not in told:
            told.add(key)
            self._tell_of(peer, key, fields)
