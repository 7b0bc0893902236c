"""Carries the streams of the name service; :mod:`netapp.dns.datagrams` has its datagrams."""

import math
from collections.abc import Callable
from typing import Any

from twisted.internet import interfaces

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.datagrams import Peer
from netapp.core.sessions import Effect
from netapp.core.strangers import Page
from netapp.core.streams import SessionFactory, SessionProtocol
from netapp.dns.session import DnsSession, More


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
