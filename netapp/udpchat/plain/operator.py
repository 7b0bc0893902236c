"""A person at the terminal answers, one reply to a datagram, as in T14 and T20.

No loop guard is needed, since a person types every answer but the farewell; and both sides of a
talk may well say the same.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from netapp.core import limits
from netapp.core.text import Encoding, Tongue, cut
from netapp.udpchat.words import GOODBYE, is_ending

Address = tuple[str, int]


@dataclass(slots=True)
class Talk:
    """What the operator and one peer are at.  :param owed: times of datagrams without a reply yet."""

    tongue: Tongue
    owed: deque[float] = field(default_factory=lambda: deque(maxlen=limits.PLAIN_OWED))


@dataclass(frozen=True, slots=True)
class Show:
    text: str


class OperatorSession:
    """The talks of one listener; ``now`` is seconds on one clock that only rises."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self._talks: OrderedDict[Address, Talk] = OrderedDict()

    def receive(self, datagram: bytes, address: Address, now: float) -> list[Show | bytes]:
        """:returns: what the operator is to see, and what goes back at once."""
        talk = self._talks.pop(address, None) or Talk(Tongue(self.encoding))
        text = talk.tongue.read(datagram).rstrip("\r\n\0")
        if text == GOODBYE:
            return [Show(text)]
        if is_ending(text):
            return [Show(text), _written(talk, GOODBYE)]
        talk.owed.append(now)
        self._talks[address] = talk
        if len(self._talks) > limits.PLAIN_PEERS:
            self._talks.popitem(last=False)
        return [Show(text)]

    def typed(self, line: str | bytes, address: Address, now: float) -> bytes | None:
        """The operator answers a peer; octets stay as they are.

        None when the peer waits for nothing, since each datagram has its reply.

        A peer that has waited ten minutes has gone.
        """
        talk = self._talks.get(address)
        if talk is None:
            return None
        while talk.owed and talk.owed[0] <= now - limits.PLAIN_FORGETS:
            talk.owed.popleft()
        if not talk.owed:
            return None
        talk.owed.popleft()
        return line if isinstance(line, bytes) else _written(talk, line)


def _written(talk: Talk, text: str) -> bytes:
    return cut(talk.tongue.write(text), limits.PLAIN_ANSWER, talk.tongue.codec)
