"""A primary in memory: what its side of a conversation would say, without sockets."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet import defer, task

from netapp.dns.transfer.conversing import Unanswered
from netapp.dns.transfer.outgoing import Outgoing
from netapp.dns.transfer.servers import Server
from netapp.names.changing.changes import Change
from netapp.names.model import SOA
from netapp.names.zone import Zone
from tests.dns.transfer.zones import Known, asked

FIRST, SECOND = Server("192.0.2.1"), Server("192.0.2.2")


class Network:
    """Servers by what they are; one that is not there does not answer.

    ``asked`` holds who was asked for what, in order: (server, type).
    """

    def __init__(self) -> None:
        self.servers: dict[Server, Known | Callable[[bytes], Sequence[bytes]]] = {}
        self.asked: list[tuple[Server, int]] = []
        self.waiting: list[defer.Deferred[None]] = []
        self.held = False

    async def _reach(self, server: Server, message: bytes) -> list[bytes]:
        origin_end = message.index(b"\0", 12) + 1
        qtype = int.from_bytes(message[origin_end : origin_end + 2], "big")
        self.asked.append((server, qtype))
        if self.held:
            waiting: defer.Deferred[None] = defer.Deferred()
            self.waiting.append(waiting)
            await waiting
        there = self.servers.get(server)
        if there is None:
            raise Unanswered("it does not answer")
        if callable(there):
            return list(there(message))
        outgoing = Outgoing(there, lambda host, key: True, task.Clock())
        if qtype == SOA:
            message = message[:4] + b"\0\1\0\0\0\0\0\0" + message[12:]
            zone = next(iter(there.snapshot.zones.values()))
            rdata = zone.soa.rdatas[0]
            answer = message[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + message[12:]
            return [answer + b"\xc0\x0c\0\6\0\1\0\0\0\x3c" + len(rdata).to_bytes(2, "big") + rdata]
        outcome = outgoing.handlers()[qtype](asked(message))
        return [outcome] if isinstance(outcome, bytes) else list(outcome)  # type: ignore[arg-type]

    async def first_answer(self, server: Server, message: bytes) -> bytes:
        return (await self._reach(server, message))[0]

    async def by_stream(self, server: Server, message: bytes, receive: Callable[[bytes], Any]) -> Any:
        for each in await self._reach(server, message):
            for outcome in receive(each):
                if outcome is not None:
                    return outcome
        raise Unanswered("the connection was closed before the end")

    def go_on(self) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each.callback(None)


class Shelf:
    """The names, as a secondary changes them."""

    def __init__(self, *zones: Zone) -> None:
        self.zones = {each.origin: each for each in zones}
        self.expired: set[bytes] = set()
        self.broken: Exception | None = None
        self.changes: list[Change] = []

    def add_secondary(self, origin: bytes) -> Zone | None:
        return self.zones.get(origin)

    def submit(self, origin: bytes, decide: Callable[[Zone], Change | None]) -> "defer.Deferred[Zone]":
        if self.broken is not None:
            return defer.fail(self.broken)
        try:
            change = decide(self.zones[origin])
        except Exception:
            return defer.fail()
        assert change is not None
        self.changes.append(change)
        return self.replace(origin, self.zones[origin].changed(change.removed, change.added))

    def replace(self, origin: bytes, zone: Zone) -> "defer.Deferred[Zone]":
        if self.broken is not None:
            return defer.fail(self.broken)
        self.zones[origin] = zone
        self.expired.discard(origin)
        return defer.succeed(zone)

    def expire(self, origin: bytes) -> None:
        self.expired.add(origin)

    def refreshed(self, origin: bytes) -> None:
        self.expired.discard(origin)
