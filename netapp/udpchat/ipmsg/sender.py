"""What goes to a peer: never more than it may get, never faster than it should."""

from collections.abc import Callable, Iterable

from netapp.core import limits
from netapp.udpchat.echoes import NoEcho
from netapp.udpchat.ipmsg.effects import Effect, Send
from netapp.udpchat.ipmsg.peers import Bucket, Peer
from netapp.udpchat.ipmsg.wire import Command, Wish
from netapp.udpchat.ipmsg.writer import MOST_TEXT, Writer


class Sender:
    """Each method gives the datagrams that may leave now; what may not is dropped or waits.

    :param chance: gives 0 to 1, as ``random.random``.
    """

    def __init__(self, write: Writer, chance: Callable[[], float]) -> None:
        self.write, self._chance = write, chance
        self._all = Bucket(limits.IPMSG_RATE)
        self.sent = NoEcho()
        self.receipts = self.withheld = 0

    def send(self, peer: Peer, octets: bytes) -> list[Effect]:
        """One datagram, if its peer has proved its address or it is small enough (IPMSG 20.4)."""
        if not peer.may_get(len(octets)):
            self.withheld += 1
            return []
        return [Send(octets, peer.address)]

    def answer(self, peer: Peer, now: float) -> list[Effect]:
        """ANSENTRY.  Source: IPMSG 5.1."""
        return self._fullest(peer, self.write.answers(peer)) if self._all.admits(now) else []

    def ask(self, peer: Peer, now: float, *, waiting: bool = False) -> list[Effect]:
        """BR_ENTRY to one peer: who answers it is there, and at that address.

        :param waiting: a message waits for it.  Then the shortest form leaves beyond its credit,
            seldom: else a member of short packets, whose credit its receipts have used up, could
            never prove its address, and would never hear a word.
        """
        if now - peer.asked_at < 1.0:
            return []
        entries = list(self.write.entries(peer))
        sent = self._fullest(peer, entries)
        if not sent and waiting and now - peer.asked_at >= limits.IPMSG_ASK_UNPROVED:
            sent = [Send(entries[-1], peer.address)]
        if sent:
            peer.asked_at = now
        return sent

    def goodbye(self, peer: Peer) -> list[Effect]:
        """BR_EXIT to one peer.  Source: IPMSG 5.6."""
        return self.send(peer, self.write.exit(peer))

    def receipt(self, peer: Peer, number: int, now: float) -> list[Effect]:
        """RECVMSG.  Source: IPMSG 7.2."""
        if not (peer.receipts.admits(now) and self._all.admits(now)):
            return []
        self.receipts += 1
        return self.send(peer, self.write.receipt(number))

    def text(self, peer: Peer, command: Command, text: str, now: float) -> list[Effect]:
        """SENDINFO or SENDABSENCEINFO.  Source: IPMSG 7.6."""
        return self._other(peer, lambda: self.write.text(peer, command, text), now)

    def automatic(self, peer: Peer, text: str, now: float) -> list[Effect]:
        """A message that nothing may answer by itself.  Source: IPMSG 7.5."""
        self.sent.add(peer.address, text, now)
        return self._other(peer, lambda: self.write.message(peer, text, Wish.AUTORETOPT)[1], now)

    def flush(self, peer: Peer, now: float) -> list[Effect]:
        """The copy that is due of the message in flight, or the next message."""
        box = peer.outbox
        box.begin(lambda text: self._message(peer, text, now), MOST_TEXT, now)
        octets = box.copy(self._chance(), now)
        if octets is None:
            return []
        sent = self.send(peer, octets)
        if not sent:  # too much for an address that is not proved
            box.hold()
            return self.ask(peer, now, waiting=True)
        return sent

    def _message(self, peer: Peer, text: str, now: float) -> tuple[int, bytes]:
        self.sent.add(peer.address, text, now)
        return self.write.message(peer, text, Wish.SENDCHECKOPT)

    def _other(self, peer: Peer, make: Callable[[], bytes], now: float) -> list[Effect]:
        if not (peer.others.admits(now) and self._all.admits(now)):
            return []
        return self.send(peer, make())

    def _fullest(self, peer: Peer, choices: Iterable[bytes]) -> list[Effect]:
        """The first of several packets that the peer may get."""
        for octets in choices:
            if sent := self.send(peer, octets):
                return sent
        return []
