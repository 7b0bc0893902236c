"""The names of this process: sources on one side, the snapshot that readers see on the other."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from twisted.internet import defer, interfaces, threads
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.events import Topic
from netapp.errors import ConfigError
from netapp.names.config import Config
from netapp.names.hosts import BrokenHosts
from netapp.names.model import Node, nodes_of
from netapp.names.naming import shown, wire_name
from netapp.names.snapshot import Snapshot
from netapp.names.sources import DeclaredRecords, HostsFile, OwnName, Source

T = TypeVar("T")
#: Runs a read and gives its outcome.
Aside = Callable[[Callable[[], dict[bytes, Node]]], "defer.Deferred[dict[bytes, Node]]"]


class _Shelf:
    """One source and the last that could be read of it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.nodes: dict[bytes, Node] = {}
        self.end: Callable[[], None] = lambda: None

    def read(self) -> dict[bytes, Node]:
        """What the source has now.  :raises ConfigError: it cannot be read."""
        return dict(nodes_of(self.source.read()))


class Names:
    """The noun.  A name belongs wholly to the first source that has it.

    ``changes`` publishes each new snapshot; ``snapshot`` is the newest.

    :param sources: the strongest first.
    :param own: what this host is called.
    :param aside: reads what takes a while where it holds up nobody.
    :raises ConfigError: one of them cannot be read.
    """

    _log = Logger()

    def __init__(
        self,
        sources: Iterable[Source],
        clock: interfaces.IReactorTime,
        *,
        own: str = "localhost",
        aside: Aside = defer.execute,
    ) -> None:
        self.changes: Topic[Snapshot] = Topic()
        self.snapshot = Snapshot({}, 0)
        self._clock, self._own, self._aside = clock, own, aside
        self._reading = defer.DeferredLock()  # one reload after another
        self._shelves = [_Shelf(source) for source in sources]
        self._running = False
        self._changed: dict[_Shelf, None] = {}
        self._timer: interfaces.IDelayedCall | None = None
        for shelf in self._shelves:
            shelf.nodes = shelf.read()
        self._publish()

    def example(self) -> str:
        """A name with an IPv4 address, this host's own if it can be: for a line that shows how to ask."""
        for owner in (wire_name(self._own), *self.snapshot):
            if self.snapshot.address(owner) is not None:
                return shown(owner)
        return self._own

    def add_source(self, source: Source) -> None:
        """Join a source, weaker than those there are: what an operator wrote beats what comes and goes."""
        shelf = _Shelf(source)
        self._shelves.append(shelf)
        self._read_again([shelf]).addErrback(Failure.trap, ConfigError)  # logged already
        if self._running:
            self._follow(shelf)

    def start(self) -> None:
        self._running = True
        for shelf in self._shelves:
            self._follow(shelf)

    def stop(self) -> None:
        self._running = False
        for shelf in self._shelves:
            shelf.end()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def reload(self) -> defer.Deferred[None]:
        """Read every source again and swap the snapshot; one that cannot be read keeps its old names.

        Fails with ConfigError if there is such a one, after all others are in place.
        """
        return self._read_again(list(self._shelves))

    def _follow(self, shelf: _Shelf) -> None:
        shelf.end = shelf.source.subscribe(lambda: self._note_change(shelf))

    def _note_change(self, shelf: _Shelf) -> None:
        """Changes come in crowds (a class of thirty sits down): one snapshot for all of them."""
        self._changed[shelf] = None
        if self._timer is None or not self._timer.active():
            self._timer = self._clock.callLater(limits.NAMES_SETTLE, self._settle)

    def _settle(self) -> None:
        changed, self._changed = self._changed, {}
        self._read_again(list(changed)).addErrback(Failure.trap, ConfigError)  # logged already

    def _read_again(self, shelves: list[_Shelf]) -> defer.Deferred[None]:
        async def read() -> None:
            sound = [await self._read(shelf) for shelf in shelves]
            self._publish()
            if not all(sound):
                raise ConfigError("some of it could not be read; its old names stay")

        return self._reading.run(lambda: defer.ensureDeferred(read()))

    async def _read(self, shelf: _Shelf) -> bool:
        """:returns: whether it could be read; if not the log says why."""
        try:
            shelf.nodes = await (self._aside if shelf.source.slow else defer.execute)(shelf.read)
        except BrokenHosts as error:
            for fault in error.faults[: limits.FAULTS_LOGGED]:
                self._log.error(
                    "names: {where}:{line}: {reason}", where=error.where, line=fault.line, reason=fault.reason
                )
        except ConfigError as error:
            self._log.error("names: {error}", error=str(error))
        except Exception:
            self._log.failure("names: {source} failed", source=shelf.source)
        else:
            return True
        return False

    def _publish(self) -> None:
        nodes: dict[bytes, Node] = {}
        for shelf in reversed(self._shelves):
            nodes.update(shelf.nodes)
        self.snapshot = Snapshot(nodes, self.snapshot.version + 1)
        self.changes.publish(self.snapshot)


def open_names(config: Config, reactor: Any, again: Callable[[], Config] | None = None) -> Names:
    """The names of a configuration.

    :param again: gives the configuration as it is at a reload; its records are taken, while which
        hosts files there are stays as it was.
    :raises ConfigError: a hosts file cannot be read; the text names it and the line.
    """
    own = OwnName()
    declared = DeclaredRecords(lambda: (again() if again is not None else config).records)
    sources: list[Source] = [declared, *map(HostsFile, config.hosts), own]

    def aside(read: Callable[[], T]) -> defer.Deferred[T]:
        return threads.deferToThreadPool(reactor, reactor.getThreadPool(), read)

    return Names(sources, reactor, own=own.names()[0], aside=aside)
