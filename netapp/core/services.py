"""Services that start in order and stop one after another, in the other order."""

from collections.abc import Callable

from twisted.application import service
from twisted.internet import defer
from twisted.logger import Logger


class House(service.MultiService):
    """Like ``MultiService``, but a stop waits: doors close before what stands behind them.

    ``MultiService`` stops all at once, so a database would be closed beneath running transfers.
    A stop that fails is logged and keeps no other from its own.
    """

    _log = Logger()

    async def _stop(self) -> None:
        for each in reversed(list(self)):
            try:
                await defer.maybeDeferred(each.stopService)
            except Exception:
                self._log.failure("{service} could not be stopped", service=each)

    def stopService(self) -> defer.Deferred[None]:
        service.Service.stopService(self)
        return defer.ensureDeferred(self._stop())


class Part(service.Service):
    """A noun, or anything else with a beginning and an end, as a part of the house.

    :param start: called when the process has its final user and its threads may be made.
    :param stop: may give a Deferred; the stop of what stands behind waits for it.
    """

    def __init__(self, start: Callable[[], object], stop: Callable[[], object]) -> None:
        self._start, self._stop = start, stop

    def startService(self) -> None:
        super().startService()
        self._start()

    def stopService(self) -> defer.Deferred[object]:
        super().stopService()
        return defer.maybeDeferred(self._stop)
