"""What is older than its time is deleted: once at the start and once a day, a little at a time.

The clock may be wrong: a battery is dead, and NTP comes later or never.  So nothing goes while everything
would, and one look takes no more than the oldest week of what there is.  What was said while the clock was
ahead keeps nothing else: a message goes by its own time, wherever it stands.
"""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection
from twisted.internet import defer
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.database import Database
from netapp.talk.tables import messages, rooms

_DAY: Final = 24 * 3600.0


class Retention:
    """:param days: that messages are kept; 0 for ever.
    :param wall: seconds since 1970, as the system's clock has them.
    """

    _log = Logger()

    def __init__(self, database: Database, clock: IReactorTime, days: int, wall: Callable[[], float]) -> None:
        self._database, self._clock, self._days, self._wall = database, clock, days, wall
        self._next: IDelayedCall | None = None
        self._running = False

    def start(self) -> None:
        self._running = True
        if self._days:
            self._look()

    def stop(self) -> None:
        self._running = False
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _look(self) -> None:
        looking = defer.ensureDeferred(self._prune())
        looking.addErrback(self._failed)
        looking.addBoth(lambda _: self._later(limits.TALK_LOOK, self._look))

    def _failed(self, failure: Any) -> None:
        if self._running:
            self._log.failure("old messages are not deleted", failure)

    def _later(self, seconds: float, call: Any) -> None:
        if self._running:
            self._next = self._clock.callLater(seconds, call)

    async def _prune(self) -> None:
        """Room after room, a turn of the database each; between them others have theirs."""
        before = self._wall() - self._days * _DAY
        oldest, newest, gone = math.inf, -math.inf, 0
        async for room in self._rooms():
            oldest, newest = min(oldest, room.oldest), max(newest, room.newest)
        if oldest < before and newest < before:
            text = "nothing was said for {days} days by this clock: no message goes until somebody speaks"
            self._log.info(text, days=self._days)
            return
        before = min(before, oldest + limits.TALK_LOOK_SPAN)
        async for room in self._rooms():
            if room.oldest < before:
                gone += await self._prune_room(room.name, before)
        if gone:
            self._log.info("{gone} messages older than {days} days are deleted", gone=gone, days=self._days)

    async def _rooms(self) -> AsyncIterator[Any]:
        """Rooms in which something was said, each with the times of its oldest and its newest message."""
        after = ""
        while self._running and (page := await self._database.read(partial(_page, after=after))):
            after = page[-1].name
            for room in page:
                if room.oldest is not None:
                    yield room

    async def _prune_room(self, room: str, before: float) -> int:
        gone = 0
        while self._running:
            count = await self._database.write(lambda connection: _delete(connection, room, before))
            gone += count
            if count < limits.TALK_LOOK_MESSAGES:
                break
            await self._pause()
        return gone

    def _pause(self) -> "defer.Deferred[None]":
        pause: defer.Deferred[None] = defer.Deferred()
        self._later(limits.TALK_LOOK_PAUSE, lambda: pause.callback(None))
        return pause


def _page(connection: Connection, after: str) -> Sequence[Any]:
    """The next rooms, by name, each with the times of its oldest and its newest message."""
    of_room = messages.c.room == rooms.c.name
    times = (
        sa.select(which(messages.c.time)).where(of_room).scalar_subquery().label(name)
        for name, which in (("oldest", sa.func.min), ("newest", sa.func.max))
    )
    query = sa.select(rooms.c.name, *times).where(rooms.c.name > after)
    return connection.execute(query.order_by(rooms.c.name).limit(limits.TALK_LOOK_ROOMS)).all()


def _delete(connection: Connection, room: str, before: float) -> int:
    """Delete a room's messages that are too old, at most so many.  :returns: how many."""
    old = (
        sa.select(messages.c.number)
        .where(messages.c.room == room, messages.c.time < before)
        .order_by(messages.c.number)
        .limit(limits.TALK_LOOK_MESSAGES)
    )
    done = connection.execute(sa.delete(messages).where(messages.c.room == room, messages.c.number.in_(old)))
    return done.rowcount
