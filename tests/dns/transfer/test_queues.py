"""Whose zones are asked for next."""

from functools import partial

from twisted.internet import defer

from netapp.core import limits
from netapp.dns.transfer.queues import Queue
from netapp.dns.transfer.servers import Server

SLOW, GOOD = Server("192.0.2.1"), Server("192.0.2.2")


class Work:
    """What is under way, oldest first."""

    def __init__(self) -> None:
        self.begun: list[tuple[Server, defer.Deferred[None]]] = []

    def begin(self, server: Server) -> "defer.Deferred[None]":
        waiting: defer.Deferred[None] = defer.Deferred()
        self.begun.append((server, waiting))
        return waiting

    @property
    def servers(self) -> list[Server]:
        return [server for server, _ in self.begun]


def test_a_slow_primary_keeps_no_other_waiting() -> None:
    queue, work = Queue(limits.TRANSFERS_IN, limits.TRANSFERS_IN_EACH), Work()
    for number in range(8):  # whatever the port
        queue.run(Server(SLOW.host, 53 + number), partial(work.begin, SLOW))
    assert work.servers == [SLOW] * limits.TRANSFERS_IN_EACH
    queue.run(GOOD, partial(work.begin, GOOD))
    assert work.servers[-1] == GOOD
    work.begun[0][1].callback(None)
    assert work.servers[-1] == SLOW
    assert len(work.begun) == limits.TRANSFERS_IN_EACH + 2


def test_all_of_them_are_bounded_too() -> None:
    queue, work = Queue(2, 1), Work()
    hosts = [Server(f"192.0.2.{number}") for number in range(4)]
    done = [queue.run(each, partial(work.begin, each)) for each in hosts]
    assert work.servers == hosts[:2]
    done[2].addErrback(lambda failure: failure.trap(defer.CancelledError) and None)
    done[2].cancel()
    work.begun[0][1].callback(None)
    assert work.servers == [*hosts[:2], hosts[3]]
    work.begun[1][1].callback(None)
    queue.run(hosts[2], partial(work.begin, hosts[2]))  # its place was given back
    assert work.servers[-1] == hosts[2]
