"""Services that start in order and stop in the other: doors together, what they stand on after them."""

from collections.abc import Callable, Iterator

from twisted.application import service
from twisted.internet import defer
from twisted.logger import Logger


def parts(house: service.IService) -> Iterator[service.IService]:
    """A service and all that it is made of, in the order in which they start."""
    yield house
    for each in house if isinstance(house, service.MultiService) else ():
        yield from parts(each)


class House(service.MultiService):
    """Like ``MultiService``, but a stop begins with the last part and is logged where it fails.

    All parts stop at the same time, so that every door of a process has the same few seconds for
    its transfers, however many doors there are.
    """

    _log = Logger()

    async def _stop(self) -> None:
        await defer.gatherResults([self._stop_one(each) for each in reversed(list(self))])

    def _stop_one(self, each: service.IService) -> defer.Deferred[object]:
        stopped: defer.Deferred[object] = defer.maybeDeferred(each.stopService)
        return stopped.addErrback(
            lambda failure: self._log.failure("{service} could not be stopped", failure, service=each)
        )

    def stopService(self) -> defer.Deferred[None]:
        service.Service.stopService(self)
        return defer.ensureDeferred(self._stop())


class Storeys(House):
    """Each part stands on those before it: it has stopped before the stop of the next begins.

    All at once, a database would be closed beneath running transfers.
    """

    async def _stop(self) -> None:
        for each in reversed(list(self)):
            await self._stop_one(each)


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


class Notice(service.Service):
    """What the log says of a service once a start, beside where it listens.

    :param owner: the plugin.
    :param line: the whole of it.
    :param short: the same in few words, for who tells all of a service in one line.
    """

    _log = Logger()
    #: False where somebody else tells it.
    speaks = True

    def __init__(self, owner: str, line: str, short: str) -> None:
        self.owner, self.line, self.short = owner, line, short

    def startService(self) -> None:
        super().startService()
        if self.speaks:
            self.tell()

    def tell(self) -> None:
        self._log.info("{owner}: {line}", owner=self.owner, line=self.line)
