"""How a worker asks its starter what is more than a look-up."""

from collections.abc import Callable

from twisted.internet import defer

from netapp.core import limits
from netapp.dns import wire
from netapp.dns.message import SERVFAIL
from netapp.dns.requests import Client, Outcome, Requests


class Relay(Requests):
    """Stands where :class:`Requests` stands in the process that has the names.

    :param ask: is given a number, the request, and its client's host and port.
    """

    def __init__(self, ask: Callable[[int, bytes, str, int], object]) -> None:
        super().__init__()
        self._ask, self._number = ask, 0
        self._waiting: dict[int, defer.Deferred[bytes | None]] = {}
        self._idle: list[defer.Deferred[None]] = []

    def handle(self, octets: bytes, client: Client) -> Outcome:
        if len(self._waiting) >= limits.WORKER_ASKED:
            return wire.reply(octets, SERVFAIL)
        self._number += 1
        waiting = self._waiting[self._number] = defer.Deferred()
        self._ask(self._number, octets, client.host, client.port)
        return waiting

    def answered(self, number: int, answer: bytes | None) -> None:
        """The starter has answered; None for silence."""
        self._waiting.pop(number).callback(answer)
        if not self._waiting:
            idle, self._idle = self._idle, []
            for each in idle:
                each.callback(None)

    def idle(self) -> "defer.Deferred[None]":
        """Fires when nothing waits for an answer."""
        done: defer.Deferred[None] = defer.Deferred()
        if self._waiting:
            self._idle.append(done)
        else:
            done.callback(None)
        return done
