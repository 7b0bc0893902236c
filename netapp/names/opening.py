"""A configuration to the names of a process: its sources, strongest first, and what keeps its zones."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet import defer, threads

from netapp.names.config import Config
from netapp.names.files.zonefiles import ZoneFiles
from netapp.names.keeping.keeper import DiskKeeper
from netapp.names.sources.declared import DeclaredRecords
from netapp.names.sources.hosts import HostsFile
from netapp.names.sources.own import OwnName
from netapp.names.sources.source import Source
from netapp.names.store import Names

T = TypeVar("T")


def open_names(
    config: Config,
    reactor: Any,
    again: Callable[[], Config] | None = None,
    *,
    state: Path | None = None,
    writes: bool = False,
) -> Names:
    """The names of a configuration.

    :param again: gives the configuration as it is at a reload; its records and zone files are taken,
        while which hosts files there are stays as it was.
    :param state: the state directory, which keeps what zones have beside their files.
    :param writes: whether zones are going to be changed: it must be possible then.
    :raises ConfigError: a hosts or zone file cannot be read; the text names it and the line.
    """
    keeper = DiskKeeper(state, reactor) if state is not None else None
    if writes and keeper is not None:
        keeper.begin()
    own = OwnName()

    def now() -> Config:
        return again() if again is not None else config

    declared = DeclaredRecords(lambda: now().records)

    def aside(read: Callable[[], T]) -> defer.Deferred[T]:
        return threads.deferToThreadPool(reactor, reactor.getThreadPool(), read)

    files = ZoneFiles(now, reactor, time.time, aside)
    sources: list[Source] = [declared, *map(HostsFile, config.hosts), own]
    names = Names(sources, reactor, own=own.names()[0], aside=aside, zones=[files], keeper=keeper)
    names.files = files
    return names
