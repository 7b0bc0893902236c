"""The rules of plain datagrams: one answer to each, and none to what could go round for ever."""

import math
import re
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from netapp.core import limits
from netapp.core.access import is_loopback, plain_host
from netapp.core.languages import Speaker
from netapp.core.text import Encoding, Tongue, cut
from netapp.udpchat.echoes import NoEcho
from netapp.udpchat.lines import lines_of, pieces
from netapp.udpchat.words import GOODBYE, is_ending

Address = tuple[str, int]

#: Times that a peer may follow an answer with the same datagram, until it is silent for the seconds
#: below: a person says something else, two machines could go on for ever.
SAME: Final = 100
SAME_WITHIN: Final = 2.0
#: Different datagrams of one peer that are counted at once.
_COUNTED: Final = 8
#: The commands, each by its names in the line chat.
_COMMANDS: Final = {
    **dict.fromkeys(("/nick", "/name", "/改名"), "/nick"),
    **dict.fromkeys(("/who", "/names", "/在线", "/谁"), "/who"),
    **dict.fromkeys(("/help", "/h", "/?", "/帮助"), "/help"),
}
#: The line chat's others.  Whoever types one here does not mean to say it to all, least of all /msg.
_ELSEWHERE: Final = re.compile(
    "/(?:join|j|加入|leave|part|离开|rooms|list|房间|msg|tell|w|私聊|me|动作|topic|主题|history|历史)"
)


@dataclass(slots=True, eq=False)
class Owed:
    """An answer that a peer waits for.  :param due: when the acknowledgement leaves."""

    peer: "Peer"
    due: float
    storing: bool = False  # what it answers is not stored yet
    given: bool = False


@dataclass(slots=True, eq=False)
class Peer:
    """One address and port that has sent something."""

    address: Address
    tongue: Tongue
    heard: float
    present: bool = False  # it has said something, and others see it in the lobby
    pending: deque[str] = field(default_factory=lambda: deque(maxlen=limits.PLAIN_PENDING))
    owed: deque[Owed] = field(default_factory=deque)
    answers: int = 0  # that it has not followed by a datagram yet
    said: dict[int, int] = field(default_factory=dict)  # how often, by a datagram's hash

    def repeats(self, datagram: bytes, now: float) -> bool:
        """Whether it only ever says the same as soon as it is answered.

        Each answer lets one datagram count, so that a burst is no loop, and any number of loops
        side by side are.
        """
        if now - self.heard > SAME_WITHIN:
            self.answers = 0
            self.said.clear()
        key = hash(datagram)
        times = self.said.pop(key, 0)
        if self.answers:
            self.answers -= 1
            times += 1
        self.said[key] = times
        if len(self.said) > _COUNTED:
            del self.said[next(iter(self.said))]
        return times >= SAME


@dataclass(frozen=True, slots=True)
class Answer:
    octets: bytes
    to: Address


@dataclass(frozen=True, slots=True)
class Joined:
    """A peer has said something for the first time."""

    who: Address


@dataclass(frozen=True, slots=True)
class Said:
    """Store these lines, then call :meth:`Session.stored` or :meth:`Session.answer`."""

    who: Address
    lines: tuple[str, ...]
    owed: Owed


@dataclass(frozen=True, slots=True)
class Asked:
    """A command whose answer is talk's to know; call :meth:`Session.answer`."""

    who: Address
    command: str
    argument: str
    owed: Owed


@dataclass(frozen=True, slots=True)
class Left:
    who: Address


Effect = Answer | Joined | Said | Asked | Left


class Session:
    """``now`` is seconds on one clock that only rises; ``deadline`` is when :meth:`tick` has work.

    :param ack: what a datagram gets when nobody says anything within 0.3 s; "" for nothing.
    """

    def __init__(self, encoding: Encoding, ack: str, say: Speaker) -> None:
        self._encoding, self._ack, self._say = encoding, ack, say
        self._peers: OrderedDict[Address, Peer] = OrderedDict()  # the one silent longest first
        self._each: Counter[str] = Counter()
        self._owed: deque[Owed] = deque()  # in the order of their times
        self._echoes = NoEcho()
        self.echoed = 0

    def __len__(self) -> int:
        return len(self._peers)

    @property
    def deadline(self) -> float:
        while self._owed and self._owed[0].given:
            self._owed.popleft()
        acknowledge = self._owed[0].due if self._owed else math.inf
        silent = next(iter(self._peers.values())).heard if self._peers else math.inf
        return min(acknowledge, silent + limits.PLAIN_FORGETS)

    def receive(self, datagram: bytes, address: Address, now: float) -> Sequence[Effect]:
        """Take one datagram."""
        if self._goes_round(datagram, address, now):
            self.echoed += 1
            return ()
        tongue = self._tongue(address)
        text = tongue.read(datagram).rstrip("\r\n\0")
        if text == GOODBYE:
            return self._leave(address)
        if is_ending(text):
            return [*self._leave(address), self._answer(address, tongue.write(GOODBYE), now)]
        peer, effects = self._known(address, tongue, now)
        repeats, peer.heard = peer.repeats(datagram, now), now
        if repeats or len(peer.owed) >= limits.PLAIN_OWED:
            self.echoed += 1
            return effects
        return [*effects, *self._taken(peer, text, now)]

    def line(self, address: Address, text: str, now: float) -> Sequence[Effect]:
        """Somebody has said something: the answer to who waits for one, else to the next datagram."""
        peer = self._peers.get(address)
        if peer is None or not peer.present:
            return ()
        peer.pending.extend(text.split("\n"))
        owed = self._next_owed(peer)
        return [self._give_pending(owed, now)] if owed is not None else ()

    def stored(self, owed: Owed, now: float) -> Sequence[Effect]:
        """What a peer has said is stored: the acknowledgement may leave when its time has come."""
        owed.storing = False
        return self._acknowledge(owed, now) if not owed.given and now >= owed.due else ()

    def answer(self, owed: Owed, text: str, now: float) -> Sequence[Effect]:
        """Answer one datagram with this, unless it was answered already."""
        return () if owed.given else [self._give(owed, text, now)]

    def tick(self, now: float) -> Sequence[Effect]:
        """The deadline has come."""
        effects: list[Effect] = []
        while self._owed and (self._owed[0].given or self._owed[0].due <= now):
            owed = self._owed.popleft()
            if not owed.given and not owed.storing:
                effects += self._acknowledge(owed, now)
        while self._peers:
            address, peer = next(iter(self._peers.items()))
            if peer.heard + limits.PLAIN_FORGETS > now:
                break
            effects += self._leave(address)
        return effects

    # What a datagram means -------------------------------------------------------------------

    def _taken(self, peer: Peer, text: str, now: float) -> Sequence[Effect]:
        word, _, argument = text.strip().partition(" ")
        command = _COMMANDS.get(word)
        elsewhere = _ELSEWHERE.fullmatch(word)
        lines = () if command or elsewhere else tuple(lines_of(text))
        owed = Owed(peer, now + limits.PLAIN_WAIT, storing=bool(lines))
        if command == "/help":
            return [self._give(owed, self._say("help"), now)]
        if command is not None:
            return [*_enter(peer), Asked(peer.address, command, argument.strip(), owed)]
        if elsewhere:
            return [self._give(owed, self._say("elsewhere", command=word), now)]
        effects: list[Effect] = [*_enter(peer), Said(peer.address, lines, owed)] if lines else []
        if peer.pending:
            return [*effects, self._give_pending(owed, now)]
        peer.owed.append(owed)
        self._owed.append(owed)
        return effects

    def _goes_round(self, datagram: bytes, address: Address, now: float) -> bool:
        """Whether a datagram is one that we have just sent there, come back."""
        return self._echoes.holds(address, datagram.rstrip(b"\r\n"), now)

    # Who is there ----------------------------------------------------------------------------

    def _tongue(self, address: Address) -> Tongue:
        peer = self._peers.get(address)
        return peer.tongue if peer is not None else Tongue(self._encoding)

    def _known(self, address: Address, tongue: Tongue, now: float) -> tuple[Peer, list[Effect]]:
        """The peer of an address, new or known, and who has made room for it."""
        peer, effects = self._peers.get(address), list[Effect]()
        if peer is None:
            effects = self._make_room(address[0])
            peer = self._peers[address] = Peer(address, tongue, now)
            self._each[address[0]] += 1
        self._peers.move_to_end(address)
        return peer, effects

    def _make_room(self, host: str) -> list[Effect]:
        if len(self._peers) >= limits.PLAIN_PEERS:
            return list(self._leave(next(iter(self._peers))))
        if self._each[host] >= limits.PLAIN_PEERS_EACH and not is_loopback(plain_host(host)):
            return list(self._leave(next(each for each in self._peers if each[0] == host)))
        return []

    def _leave(self, address: Address) -> Sequence[Effect]:
        peer = self._peers.pop(address, None)
        if peer is None:
            return []
        self._each[address[0]] -= 1
        if not self._each[address[0]]:
            del self._each[address[0]]
        return [Left(address)] if peer.present else []

    # Answers ---------------------------------------------------------------------------------

    def _next_owed(self, peer: Peer) -> Owed | None:
        while peer.owed and peer.owed[0].given:
            peer.owed.popleft()
        return peer.owed[0] if peer.owed else None

    def _acknowledge(self, owed: Owed, now: float) -> list[Effect]:
        if self._ack:
            return [self._give(owed, self._ack, now)]
        owed.given = True
        self._next_owed(owed.peer)
        return []

    def _give_pending(self, owed: Owed, now: float) -> Answer:
        """What others have said since, as much as one datagram holds; the rest waits."""
        peer = owed.peer
        waiting = "\n".join(peer.pending)
        text = next(pieces(waiting, peer.tongue.codec, limits.PLAIN_ANSWER))
        peer.pending.clear()
        if rest := waiting[len(text) :].removeprefix("\n"):
            peer.pending.extend(rest.split("\n"))
        return self._give(owed, text, now)

    def _give(self, owed: Owed, text: str, now: float) -> Answer:
        owed.given = True
        owed.peer.answers += 1
        self._next_owed(owed.peer)
        tongue = owed.peer.tongue
        octets = cut(tongue.write(text), limits.PLAIN_ANSWER, tongue.codec)
        return self._answer(owed.peer.address, octets, now)

    def _answer(self, address: Address, octets: bytes, now: float) -> Answer:
        self._echoes.add(address, octets, now)
        return Answer(octets, address)


def _enter(peer: Peer) -> list[Effect]:
    if peer.present:
        return []
    peer.present = True
    return [Joined(peer.address)]
