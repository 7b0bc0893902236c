"""The rules of one IP Messenger station: packets and the time in, effects out.

We are one contact on the LAN, the lobby.  Whoever sends it a message is in the lobby.  A client
that has announced itself, or that asks for receipts, is a *member*: it gets what others say, one
message at a time, until it says ``quit``, leaves, or falls silent.  A client that only announces
itself is answered and gets nothing, so that an office full of clients is left in peace.
"""

import heapq
import math
from collections.abc import Callable, Iterable, Sequence

from netapp.core import limits
from netapp.core.text import Encoding
from netapp.errors import WireError
from netapp.udpchat.ipmsg import lobby, reader
from netapp.udpchat.ipmsg.effects import Asked, Away, Effect, Receipt, Said
from netapp.udpchat.ipmsg.peers import Address, Peer, Peers, Seen
from netapp.udpchat.ipmsg.sender import Sender
from netapp.udpchat.ipmsg.texts import Dialect
from netapp.udpchat.ipmsg.wire import Command, Packet, Wish, parse_packet, parse_receipt
from netapp.udpchat.ipmsg.writer import MOST_TEXT, Identity, Writer
from netapp.udpchat.lines import pieces
from netapp.udpchat.words import GOODBYE, is_ending

#: How long a peer that has said BR_EXIT may still deny it (IPMSG 20.4).
EXIT_GRACE = 3.0
#: How long an entry of ours to one peer may take to be answered, as a proof of its address.
PROOF = 60.0
#: What is asked of us, not said in the lobby.
COMMANDS = frozenset({"/who", "/help"})
#: Ports below are never answered: IPMSG 20.4.
FIRST_PORT = 1024


class Session:
    """``now`` is seconds on one clock that only rises; ``deadline`` is when :meth:`tick` has work.

    :param number: gives packet numbers that rise for ever.
    :param chance: gives 0 to 1, as ``random.random``.
    """

    def __init__(
        self,
        identity: Identity,
        encoding: Encoding,
        number: Callable[[], int],
        chance: Callable[[], float],
    ) -> None:
        self.peers = Peers()
        self._identity, self._chance = identity, chance
        self._write = Writer(identity, encoding, number)
        self.sender = Sender(self._write, chance)
        self._due: list[tuple[float, Address]] = []  # a heap; stale entries are passed over
        self.messages = self.repeated = self.delivered = self.refused = 0

    @property
    def deadline(self) -> float:
        return self._due[0][0] if self._due else math.inf

    def receive(self, datagram: bytes, address: Address, now: float) -> Sequence[Effect]:
        """:raises WireError: no packet, or one that must not be answered."""
        packet = parse_packet(datagram)
        if address[1] < FIRST_PORT:
            raise WireError("a port that no client has", source="IPMSG 20.4")
        handle = _HANDLERS.get(packet.command)
        if handle is None or self._is_ours(packet):
            return ()
        if packet.command not in _INTRODUCING and self.peers.get(address) is None:
            return ()
        peer = self.peers.hear(packet, address, len(datagram), now)
        if peer is None:
            self.refused += 1
            return ()
        effects = [*self._forgotten(), *handle(self, peer, packet, now), *self._spoke(peer, packet, now)]
        self._schedule(peer)
        return effects

    def tell(self, address: Address, text: str, now: float) -> Sequence[Effect]:
        """Tell a member what was said, as soon as it has received what it was told before."""
        peer = self.peers.get(address)
        if peer is None or not peer.member or peer.dialect is Dialect.NETAPP:
            return ()
        for piece in pieces(text, "utf-8", MOST_TEXT):
            peer.outbox.add(piece)
        effects = self.sender.flush(peer, now)
        self._schedule(peer)
        return effects

    def reply(self, address: Address, text: str, now: float) -> Sequence[Effect]:
        """Answer a command."""
        peer = self.peers.get(address)
        return self.sender.automatic(peer, text, now) if peer is not None else ()

    def stored(self, receipt: Receipt, now: float) -> Sequence[Effect]:
        """A message is stored: now its receipts may leave, one for each copy that came."""
        seen, peer = receipt.seen, receipt.peer
        if seen is None:
            return ()
        seen.stored = True
        owed, seen.owed = seen.owed, 0
        return [effect for _ in range(owed) for effect in self.sender.receipt(peer, seen.number, now)]

    def unstored(self, receipt: Receipt) -> None:
        """A message could not be stored: without a receipt its sender repeats it."""
        if receipt.seen is not None:
            receipt.peer.forget(receipt.seen)

    def tick(self, now: float) -> Sequence[Effect]:
        """The deadline has come."""
        effects: list[Effect] = []
        while self._due and self._due[0][0] <= now:
            _, address = heapq.heappop(self._due)
            peer = self.peers.get(address)
            if peer is not None:
                peer.scheduled = math.inf
                if peer.due <= now:
                    effects += self._attend(peer, now)
                self._schedule(peer)
        return effects

    def announcement(self, command: Command) -> bytes:
        """A presence packet for everybody on the segment."""
        return self._write.presence(command)

    def goodbye(self) -> Sequence[Effect]:
        """We leave: BR_EXIT to each peer that lists us.  Source: IPMSG 5.1, 5.6."""
        listed = (peer for peer in self.peers if peer.listed)
        return [effect for peer in listed for effect in self.sender.goodbye(peer)]

    # What comes ------------------------------------------------------------------------------

    def _entry(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        """BR_ENTRY: answered after a random time, at most once a second.  Source: IPMSG 5.1, 5.5."""
        reader.learn(peer, packet)
        peer.seen.clear()  # its numbers may begin anew: IPMSG 7.8
        if peer.answer_at == math.inf and peer.presence.admits(now):
            most = 1.0 if len(self.peers) < 300 else 4.0
            peer.answer_at = now + most * self._chance()
        return lobby.known(peer)

    def _answer(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        """ANSENTRY: it lists us, and if we asked it alone its address is proved (IPMSG 20.4)."""
        reader.learn(peer, packet)
        if now - peer.asked_at <= PROOF:
            peer.proved = True
        if peer.proved and peer.wants_info:
            return [*lobby.known(peer), *self._info(peer, packet, now)]
        return lobby.known(peer)

    def _absence(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        reader.learn(peer, packet)
        return lobby.known(peer)

    def _exit(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        """BR_EXIT: anybody could have forged it, so a member is asked first.  Source: IPMSG 20.4."""
        if not peer.member:
            return self._remove(peer)
        if peer.gone_at != math.inf:
            return ()
        peer.gone_at = now + EXIT_GRACE
        return self.sender.ask(peer, now)

    def _message(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        """SENDMSG.  Source: IPMSG 7.1, 7.2, 7.8."""
        if packet.has(Wish.ENCRYPTOPT):
            raise WireError("we have given out no key", source="IPMSG 13")
        automatic = packet.has(Wish.BROADCASTOPT) or packet.has(Wish.AUTORETOPT)
        seen: Seen | None = None
        if packet.has(Wish.SENDCHECKOPT) and not automatic:
            peer.listed = peer.listed or not packet.has(Wish.NOADDLISTOPT)
            seen, first = peer.recall(packet, now)
            seen.owed = min(seen.owed + 1, limits.IPMSG_RECEIPT_RATE)
            if not first:
                self.repeated += 1
                return self.stored(Receipt(peer, seen), now) if seen.stored else ()
        receipt, text = Receipt(peer, seen), reader.message_text(peer, packet)
        if automatic or peer.dialect is Dialect.NETAPP or not text:
            return self.stored(receipt, now)
        if self.sender.sent.holds(peer.address, text, now):
            return self.stored(receipt, now)
        if text == GOODBYE:
            return [*self.stored(receipt, now), *lobby.leave(peer)]
        if is_ending(text):
            ended = [*self.stored(receipt, now), *lobby.leave(peer)]
            return [*ended, *self.sender.automatic(peer, GOODBYE, now)]
        if text in COMMANDS:
            return [*self.stored(receipt, now), Asked(peer.address, text)]
        self.messages += 1
        return [*lobby.enter(peer), Said(peer.address, text, receipt)]

    def _received(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        """RECVMSG: the next message may leave, and the address is proved: it saw our number."""
        if not peer.outbox.received(parse_receipt(packet)):
            return ()
        self.delivered += 1
        peer.proved = True
        return self.sender.flush(peer, now)

    def _info(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        """GETINFO: only for those who have proved their address; others are asked.  IPMSG 7.6, 20.4."""
        peer.wants_info = not peer.proved
        if not peer.proved:
            return self.sender.ask(peer, now)
        return self.sender.text(peer, Command.SENDINFO, self._identity.info, now)

    def _absence_info(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        return self.sender.text(peer, Command.SENDABSENCEINFO, "Not absence mode", now)

    def _spoke(self, peer: Peer, packet: Packet, now: float) -> Iterable[Effect]:
        """Anything from a peer shows that it is there: what waited for it is sent again."""
        if packet.command == Command.BR_EXIT:
            return ()
        peer.gone_at = math.inf
        back = lobby.enter(peer) if peer.away else []
        if peer.outbox.waits:
            peer.outbox.again(now)
            return [*back, *self.sender.flush(peer, now)]
        return back

    def _is_ours(self, packet: Packet) -> bool:
        """A packet of our own that came back.  Source: IPMSG 5.8."""
        who = self._identity
        return (packet.version, packet.user, packet.host) == (who.version, who.user, who.host)

    # Time ------------------------------------------------------------------------------------

    def _attend(self, peer: Peer, now: float) -> list[Effect]:
        """Something is due for a peer."""
        forgets = limits.IPMSG_FORGETS if peer.proved else limits.IPMSG_FORGETS_UNPROVED
        if now >= peer.gone_at or now >= peer.heard + forgets:
            return self._remove(peer)
        effects: list[Effect] = []
        if now >= peer.answer_at:
            peer.answer_at = math.inf
            effects += self.sender.answer(peer, now)
        if now >= peer.outbox.due:
            effects += self.sender.flush(peer, now)
        if not peer.watched:
            return effects
        if not peer.away and now >= peer.heard + limits.IPMSG_AWAY:
            peer.away, peer.present = True, False
            effects.append(Away(peer.address))
        if now >= peer.ask_at:
            effects += self.sender.ask(peer, now)
        return effects

    def _remove(self, peer: Peer) -> list[Effect]:
        self.peers.remove(peer)
        return lobby.depart(peer)

    def _forgotten(self) -> list[Effect]:
        return [effect for peer in self.peers.take_evicted() for effect in lobby.depart(peer)]

    def _schedule(self, peer: Peer) -> None:
        if self.peers.get(peer.address) is peer and peer.due < peer.scheduled:
            peer.scheduled = peer.due
            heapq.heappush(self._due, (peer.due, peer.address))


_Handler = Callable[[Session, Peer, Packet, float], Iterable[Effect]]
_HANDLERS: dict[int, _Handler] = {
    Command.BR_ENTRY: Session._entry,
    Command.BR_EXIT: Session._exit,
    Command.ANSENTRY: Session._answer,
    Command.BR_ABSENCE: Session._absence,
    Command.SENDMSG: Session._message,
    Command.RECVMSG: Session._received,
    Command.GETINFO: Session._info,
    Command.GETABSENCEINFO: Session._absence_info,
}
#: Commands that a peer we do not know yet may begin with.
_INTRODUCING = frozenset(_HANDLERS) - {Command.BR_EXIT, Command.RECVMSG}
