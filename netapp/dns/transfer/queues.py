"""Who is asked next: so many primaries at once, and of one primary's zones so many.

One that is slow keeps its own zones waiting, and no other's.
"""

from collections.abc import Callable
from typing import TypeVar

from twisted.internet import defer

from netapp.dns.transfer.servers import Server

T = TypeVar("T")


class Queue:
    """Work that is done at once, or waits for its turn.

    :param most: how much of it is under way at a time.
    :param each: how much of it at one primary, whatever the port.
    """

    def __init__(self, most: int, each: int) -> None:
        self._all, self._most = defer.DeferredSemaphore(most), each
        self._by_host: dict[str, defer.DeferredSemaphore] = {}  # as many as the operator names

    def run(self, server: Server, work: Callable[[], "defer.Deferred[T]"]) -> "defer.Deferred[T]":
        """What the work comes to, once it has had its turn."""
        own = self._by_host.get(server.host)
        if own is None:
            own = self._by_host[server.host] = defer.DeferredSemaphore(self._most)
        return own.run(lambda: self._all.run(work))
