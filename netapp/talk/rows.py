"""Messages as rows of ``STATE/talk.db``."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection
from twisted.internet import defer
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.database import Database
from netapp.core.state import open_state
from netapp.core.upgrading import upgrade
from netapp.talk.model import LOBBY, Author, Draft, Kind, Message, Proof
from netapp.talk.retention import Retention
from netapp.talk.store import RoomRow
from netapp.talk.tables import messages, rooms

#: The newest revision in ``migrations``.
HEAD: Final = "t0001"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
#: Old messages are deleted each time a room's number is a multiple of this.
_PRUNE_EVERY: Final = 64
#: The row whose ``last`` no number of a deleted room exceeds: numbers rise in a room that comes again.
_FLOOR: Final = "@"


class Prepared:
    """A statement compiled once and given to the driver, for the path that every message takes.

    Executing it through SQLAlchemy costs five times what SQLite needs for the work itself.
    """

    def __init__(self, statement: sa.sql.expression.Executable) -> None:
        self._statement: Any = statement
        self._sql: str | None = None
        self._names: tuple[str, ...] = ()

    def run(self, connection: Connection, values: Mapping[str, object]) -> Any:
        """:returns: the driver's cursor."""
        if self._sql is None:
            compiled = self._statement.compile(dialect=connection.dialect)
            self._names = tuple(compiled.positiontup or compiled.params)
            self._sql = str(compiled)
        cursor = connection.connection.cursor()
        cursor.execute(self._sql, tuple([values[name] for name in self._names]))
        return cursor


_NEXT: Final = Prepared(
    sa.update(rooms)
    .where(rooms.c.name == sa.bindparam("room"))
    .values(last=rooms.c.last + sa.bindparam("one"))
    .returning(rooms.c.last)
)
_INSERT: Final = Prepared(sa.insert(messages))


class RowStore:
    """The store on a database that is at its newest revision."""

    _log = Logger()

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        keep: int = limits.ROOM_MESSAGES,
        days: int = 0,
        wall: Callable[[], float] | None = None,
    ) -> None:
        """:param days: that messages are kept; 0 for ever.
        :param wall: seconds since 1970, as the system's clock has them; the clock's own by default.
        """
        self._database, self._wall, self._keep = database, wall or clock.seconds, keep
        self._retention = Retention(database, clock, days, self._wall)

    def start(self) -> None:
        self._database.start()
        forgetting = self._database.write(self._forget_guests)
        forgetting.addErrback(lambda failure: self._log.failure("old talks are not deleted", failure))
        self._retention.start()

    def stop(self) -> defer.Deferred[None]:
        self._retention.stop()
        return self._database.stop()

    def watch(self, changed: Callable[[], object]) -> None:
        self._database.watch(changed)

    def add(self, draft: Draft) -> defer.Deferred[Message]:
        return self._database.write(lambda connection: self._add(connection, draft))

    def newest(self, room: str, *, before: int | None, limit: int) -> defer.Deferred[list[Message]]:
        query = sa.select(messages).where(messages.c.room == room)
        if before is not None:
            query = query.where(messages.c.number < before)
        query = query.order_by(messages.c.number.desc()).limit(limit)
        return self._database.read(lambda connection: _messages(connection, query)[::-1])

    def after(self, room: str, number: int, *, limit: int) -> defer.Deferred[list[Message]]:
        query = (
            sa.select(messages)
            .where(messages.c.room == room, messages.c.number > number)
            .order_by(messages.c.number)
            .limit(limit)
        )
        return self._database.read(lambda connection: _messages(connection, query))

    def room(self, name: str) -> defer.Deferred[RoomRow]:
        query = sa.select(rooms.c.name, rooms.c.last, rooms.c.topic).where(rooms.c.name == name)

        def read(connection: Connection) -> RoomRow:
            row = connection.execute(query).first()
            return RoomRow(*row) if row is not None else RoomRow(name, _last(connection, _FLOOR))

        return self._database.read(read)

    def set_topic(self, room: str, topic: str) -> defer.Deferred[None]:
        def write(connection: Connection) -> None:
            found = connection.execute(sa.update(rooms).where(rooms.c.name == room).values(topic=topic))
            if not found.rowcount:
                self._open_row(connection, room, topic)

        return self._database.write(write)

    def _add(self, connection: Connection, draft: Draft) -> Message:
        found = _NEXT.run(connection, {"room": draft.room, "one": 1}).fetchall()
        number: int = found[0][0] if found else self._open_row(connection, draft.room, says=1)
        _INSERT.run(
            connection,
            {
                "room": draft.room,
                "number": number,
                "id": draft.id,
                "time": draft.time,
                "kind": draft.kind.value,
                "name": draft.author.name,
                "proof": draft.author.proof.value,
                "account": draft.author.account,
                "text": draft.text,
                "reply_to": draft.reply_to,
                "withdrawn": False,
            },
        )
        if number % _PRUNE_EVERY == 0 and number > self._keep:
            old = messages.c.number <= number - self._keep
            connection.execute(sa.delete(messages).where(messages.c.room == draft.room, old))
        return draft.stored(number)

    def _open_row(self, connection: Connection, room: str, topic: str = "", *, says: int = 0) -> int:
        """A room that is not stored yet, in place of others when there are too many.

        :param says: its messages so far.  :returns: the newest one's number.
        """
        stored = sa.select(sa.func.count()).select_from(rooms).where(rooms.c.name != _FLOOR)
        if connection.execute(stored).scalar_one() >= limits.STORED_ROOMS:
            self._forget_silent(connection, 1 + limits.STORED_ROOMS // 256)
        last = _last(connection, _FLOOR) + says
        connection.execute(sa.insert(rooms).values(name=room, last=last, topic=topic))
        return last

    def _forget_silent(self, connection: Connection, count: int) -> None:
        """Delete the rooms and direct talks that have been silent longest, the lobby never."""
        spoken = sa.and_(messages.c.room == rooms.c.name, messages.c.number == rooms.c.last)
        silent = (
            sa.select(rooms.c.name, rooms.c.last)
            .outerjoin(messages, spoken)  # found by its key; where nobody has spoken yet there is none
            .where(rooms.c.name.not_in([LOBBY, _FLOOR]))
            .order_by(messages.c.time)
            .limit(count)
        )
        gone = connection.execute(silent).all()
        _delete(connection, [row.name for row in gone])
        floor = max([_last(connection, _FLOOR), *(row.last for row in gone)])
        connection.execute(sa.delete(rooms).where(rooms.c.name == _FLOOR))
        connection.execute(sa.insert(rooms).values(name=_FLOOR, last=floor, topic=""))

    def _forget_guests(self, connection: Connection) -> None:
        """Direct talks of guests, whom nobody can be again, are not kept for ever."""
        newest = (
            sa.select(messages.c.room)
            .where(messages.c.room.like("@%g%"))  # a key holds "g" only before a guest's number
            .group_by(messages.c.room)
            .having(sa.func.max(messages.c.time) < self._wall() - limits.GUEST_TALKS)
        )
        _delete(connection, connection.execute(newest).scalars().all())


def _delete(connection: Connection, gone: Sequence[str]) -> None:
    """Delete rooms with all their messages."""
    for table, column in ((messages, messages.c.room), (rooms, rooms.c.name)):
        connection.execute(sa.delete(table).where(column.in_(gone)))


def _last(connection: Connection, room: str) -> int:
    """The number of a room's newest message, 0 before the first."""
    return connection.execute(sa.select(rooms.c.last).where(rooms.c.name == room)).scalar() or 0


def _messages(connection: Connection, query: "sa.Select[Any]") -> list[Message]:
    return [
        Message(
            row.number,
            row.room,
            row.id,
            row.time,
            Kind(row.kind),
            Author(row.name, Proof(row.proof), row.account),
            row.text,
            row.reply_to,
            row.withdrawn,
        )
        for row in connection.execute(query)
    ]


def open_store(state: Path, reactor: Any, days: int = 0, wall: Callable[[], float] | None = None) -> RowStore:
    """The store in a state directory.

    :param days: that messages are kept; 0 for ever.
    :raises ConfigError: it cannot be opened or migrated.
    """
    path = open_state(state) / "talk.db"
    upgrade(path, MIGRATIONS, HEAD)
    return RowStore(Database(path, reactor), reactor, days=days, wall=wall)
