"""Carries the octets of the name service.

Datagrams take the shortest way there is: for a question that was asked before, one look-up stands
between ``recvfrom`` and ``sendto``.
"""

import math
from collections.abc import Callable
from typing import Any

from twisted.internet import interfaces

from netapp.core import limits
from netapp.core.access import Access, plain_host
from netapp.core.datagrams import Datagrams, OwnPorts, Peer
from netapp.core.sessions import Effect
from netapp.core.strangers import Page
from netapp.core.streams import SessionFactory, SessionProtocol
from netapp.dns.answers import Answers, Elsewhere
from netapp.dns.session import DnsSession, More


class DnsDatagrams(Datagrams):
    """Datagrams in either tongue; no bound on how many a source may ask, loops are cut by rule."""

    def __init__(
        self, answers: Answers, clock: interfaces.IReactorTime, permitted: Access, own: OwnPorts
    ) -> None:
        super().__init__(clock, permitted, own, most=None)
        self._answer = answers.datagram
        self._sendto: Callable[[bytes, Peer], object] = self._first_sendto

    def startProtocol(self) -> None:
        super().startProtocol()
        self._sendto = self._first_sendto

    def _first_sendto(self, answer: bytes, peer: Peer) -> None:
        """Find the shortest way out; not before the socket is what it will be.

        Twisted's own write reads the address's form again for each datagram; these addresses come
        from the kernel.
        """
        handle: Any = getattr(self.transport, "socket", None)
        self._sendto = self.transport.write if handle is None else handle.sendto
        self._sendto(answer, peer)

    def datagramReceived(self, datagram: bytes, addr: Peer) -> None:
        self.received += 1
        if addr[1] in limits.REFLECTING_PORTS or not self._permits(addr[0]) or self.own.holds(addr):
            self.refused += 1
            return
        if self.witness is not None:
            self.witness.heard(datagram, addr, self.clock.seconds())
        try:
            answer = self._answer(datagram)
        except Exception:
            self._log.failure("a datagram of {peer} failed", peer=plain_host(addr[0]))
            return
        if answer is None or isinstance(answer, Elsewhere):
            return
        if self.witness is not None:
            self.witness.saying(answer, addr)
        try:
            self._sendto(answer, addr)
        except OSError:  # its network is gone, or the socket's buffer is full
            self.unsent += 1
        else:
            self.answered += 1


class DnsProtocol(SessionProtocol):
    """One connection; while answers wait for the peer to read, nothing more is read from it."""

    session: DnsSession
    _waiting = False

    @property
    def _stalled(self) -> bool:
        return self._stalled_until != math.inf

    def perform(self, effect: Effect) -> None:
        if isinstance(effect, More):
            self._waiting = True
            self.transport.pauseProducing()
            if not self._stalled:
                self.clock.callLater(0, self._go_on)
        else:
            super().perform(effect)

    def resumeProducing(self) -> None:
        super().resumeProducing()
        self._go_on()

    def _go_on(self) -> None:
        if not self._waiting or self.closing or self._stalled:
            return
        self._waiting = False
        self.run(self.session.more)
        if self._waiting or self.closing:
            return
        self._read_on()


class DnsFactory(SessionFactory):
    """Makes room for a newcomer by closing the oldest idle connection (RFC 7766 section 6.2.3)."""

    def __init__(
        self, build: Callable[[Peer], DnsProtocol], access: Access, page: Page | None = None
    ) -> None:
        super().__init__(build, access, page)
        self._by_age: dict[Any, None] = {}

    def buildProtocol(self, addr: interfaces.IAddress | None) -> SessionProtocol | None:  # type: ignore[override]
        built = super().buildProtocol(addr)
        if built is not None:
            self._by_age[built] = None
            if len(self._by_age) > limits.DNS_CONNECTIONS:
                self._close_oldest(but=built)
        return built

    def lost(self, gone: Any) -> None:
        self._by_age.pop(gone, None)
        super().lost(gone)

    def _close_oldest(self, *, but: SessionProtocol) -> None:
        for each in self._by_age:
            if each is not but and not each.closing and each.session.idle:
                each.close()
                return
