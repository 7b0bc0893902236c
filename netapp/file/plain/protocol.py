"""Carries the octets of a client whose language shows at its first words."""

from collections.abc import Callable

from twisted.internet import interfaces

from netapp.core.sessions import Effect
from netapp.core.streams import Carrier, SessionProtocol
from netapp.file.plain.session import HandOver, PlainSession


class PlainProtocol(SessionProtocol):
    """One connection, until it turns out to be HTTP.

    :param web: makes what carries HTTP.
    """

    def __init__(
        self, session: PlainSession, clock: interfaces.IReactorTime, web: Callable[[], Carrier]
    ) -> None:
        super().__init__(session, clock)
        self._web = web

    def perform(self, effect: Effect) -> None:
        if isinstance(effect, HandOver):
            self.hand_over(self._web(), effect.octets)
        else:
            super().perform(effect)
