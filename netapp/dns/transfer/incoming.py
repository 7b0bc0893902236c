"""A transfer in, as a conversation without a socket: messages in, a zone or its changes out.

The first SOA says what will be there at the end.  In AXFR (RFC 5936) the records follow, and that
SOA again.  In IXFR (RFC 1995) either that, or runs of what goes and what comes, each behind its
SOA; each run goes on where the one before ended, and the last ends at the first SOA.  What is not
so changes nothing: :class:`Broken` says why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import Any

from netapp.core import limits
from netapp.dns.message import AXFR, IN, IXFR, NOERROR, QUERY, rcode_name
from netapp.dns.transfer.wire import Reply, parse_reply, records_at, request
from netapp.errors import NetappError, WireError
from netapp.names.changing.changes import Change
from netapp.names.model import SOA, Record
from netapp.names.naming import shown
from netapp.names.serial import newer
from netapp.names.zone import serial_of


class Broken(NetappError):
    """The primary's answer is not one: nothing of it is taken."""


class Refused(Broken):
    """The primary answers with an error.  ``rcode`` is RFC 1035 section 4.1.1's."""

    def __init__(self, rcode: int) -> None:
        super().__init__(f"it answers {rcode_name(rcode)}")
        self.rcode = rcode


class Backwards(Broken):
    """The primary's serial is older than ours."""

    def __init__(self, theirs: int, ours: int) -> None:
        super().__init__(f"its serial {theirs} is older than ours, {ours}")


@dataclass(frozen=True, slots=True)
class Current:
    """There is nothing newer."""

    serial: int


@dataclass(frozen=True, slots=True)
class Whole:
    """All records of the zone, the SOA first.

    They lie in plain tuples: the collector of garbage looks through a million of those but once.
    """

    rows: list[tuple[bytes, int, bytes, int]]

    def __len__(self) -> int:
        return len(self.rows)

    def let_go(self) -> None:
        """Forget them, not all at once: ten million hold up everybody for a second or two."""
        let_go(self.rows)

    def records(self) -> Iterator[Record]:
        return starmap(Record, self.rows)


@dataclass(frozen=True, slots=True)
class Differences:
    """What has changed, oldest first."""

    changes: tuple[Change, ...]


Outcome = Current | Whole | Differences


class Inbound:
    """One transfer.

    :param soa: rdata of the SOA that is there; None for a zone that is not, or no more to be served.
    :param ident: the request's id.
    :param whole: ask for all of it, though it is there.
    :param octets: that may come, and that the names and data of its records may have.
    """

    def __init__(
        self,
        origin: bytes,
        soa: bytes | None,
        ident: int,
        *,
        whole: bool = False,
        octets: int = limits.TRANSFER_OCTETS,
        records: int = limits.TRANSFER_RECORDS,
    ) -> None:
        self.origin, self.ident = origin, ident
        self.qtype = AXFR if soa is None or whole else IXFR
        self._soa, self._ours = soa, None if soa is None else serial_of(soa)
        self._most, self._most_records, self._kept = octets, records, 0
        self._take: Callable[[Record], Outcome | None] = self._first
        self._last: Record | None = None  # the SOA that ends it
        self._whole: list[tuple[bytes, int, bytes, int]] = []
        self._changes: list[Change] = []
        self._removed: list[Record] = []
        self._added: list[Record] = []
        self.outcome: Outcome | None = None
        self.begun = False  # there was more than the first SOA
        self.octets = self.messages = self.records = 0

    def request(self) -> bytes:
        """What the primary is asked."""
        return request(self.ident, self.origin, self.qtype, soa=self._soa if self.qtype == IXFR else None)

    def receive(self, message: bytes) -> Outcome | None:
        """Take the next message.  :returns: what came of it all, once that is known.

        :raises Broken: this is no transfer of this zone, or too much.
        """
        for _ in self.steps(message):
            pass
        return self.outcome

    def steps(self, message: bytes) -> Iterator[Outcome | None]:
        """Take the next message, some of its records at a step; what came of it all is the last.

        :raises Broken: as :meth:`receive` does.
        """
        self.octets += len(message)
        self.messages += 1
        self._see_room(self.octets)
        try:
            reply = parse_reply(message)
            self._check(reply)
            for number, record in enumerate(records_at(message, reply.start, reply.answers), 1):
                self._count(record)
                if self.outcome is not None:
                    raise Broken("there are records behind its end")
                self.outcome = self._take(record)
                if not number % limits.TRANSFER_STEP:
                    yield None
        except WireError as error:
            raise Broken(str(error)) from None
        if self.qtype == IXFR and self.messages == reply.answers == 1:
            theirs = serial_of(self._end.rdata)
            if theirs == self._ours:  # one SOA is all there is to say: RFC 1995 section 2
                self.outcome = Current(theirs)
        yield self.outcome

    def let_go(self) -> None:
        """Forget what has come, as :meth:`Whole.let_go` does."""
        for each in (self._whole, self._removed, self._added, self._changes):
            let_go(each)

    def _check(self, reply: Reply) -> None:
        """:raises Broken: it is not the answer to what was asked."""
        if reply.ident != self.ident or reply.opcode != QUERY:
            raise Broken("it answers another request")
        if reply.rcode != NOERROR:
            raise Refused(reply.rcode)
        if reply.truncated:
            raise Broken("a message is truncated")
        if reply.question is not None and reply.question != (self.origin, self.qtype, IN):
            raise Broken("it answers another question")
        if not reply.answers and self._last is None:
            raise Broken("there is no SOA in it")

    def _see_room(self, octets: int) -> None:
        if octets > self._most:
            raise Broken(f"it is larger than {self._most} octets")

    def _count(self, record: Record) -> None:
        self.records += 1
        self._kept += len(record.owner) + len(record.rdata)  # where names are compressed, much more than came
        self._see_room(self._kept)
        self.begun = self._last is not None
        if self.records > self._most_records:
            raise Broken("it has more records than may come")
        if not record.owner.endswith(self.origin) or not _encloses(self.origin, record.owner):
            raise Broken(f"{shown(record.owner)} is not in the zone")
        if record.rdtype == SOA and record.owner != self.origin:
            raise Broken(f"there is an SOA at {shown(record.owner)}")
        if record.rdtype != SOA and (128 <= record.rdtype <= 255 or record.rdtype in (0, 41)):
            raise Broken("a record is of a type that no zone has")

    # The records, one after another ----------------------------------------------------------

    @property
    def _end(self) -> Record:
        assert self._last is not None
        return self._last

    def _first(self, record: Record) -> None:
        if record.rdtype != SOA:
            raise Broken("it does not begin with the SOA")
        theirs = serial_of(record.rdata)
        if self._ours is not None and theirs != self._ours and not newer(theirs, self._ours):
            raise Backwards(theirs, self._ours)
        self._last = record
        self._gather(record)
        self._take = self._second if self.qtype == IXFR else self._axfr

    def _second(self, record: Record) -> Outcome | None:
        """The record that tells which form an IXFR has: RFC 1995 section 4."""
        if record.rdtype == SOA and serial_of(record.rdata) == self._ours:
            self._whole.clear()
            self._begin_run(record)
            return None
        self._take = self._axfr
        return self._axfr(record)

    def _axfr(self, record: Record) -> Outcome | None:
        if record.rdtype != SOA:
            self._gather(record)
            return None
        if not _same(record, self._end):
            raise Broken("it ends with another SOA than it began with")
        if len(self._whole) == 1:
            raise Broken("there is nothing in it but the SOA")
        return Whole(self._whole)

    def _gather(self, record: Record) -> None:
        self._whole.append((record.owner, record.rdtype, record.rdata, record.ttl))

    def _begin_run(self, record: Record) -> None:
        self._removed, self._added = [], []
        self._differ(self._removed, record)
        self._take = self._removing

    def _differ(self, records: list[Record], record: Record) -> None:
        """One record more goes or comes, SOAs too; a zone that changes by too many is asked for whole."""
        records.append(record)
        if self.records > limits.TRANSFER_DIFFERENCES:
            raise Broken(f"its differences have more than {limits.TRANSFER_DIFFERENCES} records")

    def _removing(self, record: Record) -> None:
        if record.rdtype != SOA:
            self._differ(self._removed, record)
            return
        if not newer(serial_of(record.rdata), serial_of(self._removed[0].rdata)):
            raise Broken("a serial within goes backwards")
        self._added = [record]
        self._take = self._adding

    def _adding(self, record: Record) -> Outcome | None:
        if record.rdtype != SOA:
            self._differ(self._added, record)
            return None
        self._changes.append(Change(tuple(self._removed), tuple(self._added)))
        reached = self._added[0]
        if serial_of(record.rdata) != serial_of(reached.rdata):
            raise Broken("its differences do not follow one another")
        if serial_of(reached.rdata) != serial_of(self._end.rdata):
            self._begin_run(record)
            return None
        if not (_same(record, self._end) and _same(reached, self._end)):
            raise Broken("it ends with another SOA than it began with")
        return Differences(tuple(self._changes))


def let_go(rows: list[Any]) -> None:
    """Empty a list in a thread, so that others have their turns between."""
    while rows:
        del rows[-limits.TRANSFER_FORGET :]


def _encloses(origin: bytes, name: bytes) -> bool:
    """Whether a name that ends in the octets of another ends in its labels."""
    at, end = 0, len(name) - len(origin)
    while at < end:
        at += 1 + name[at]
    return at == end


def _same(one: Record, other: Record) -> bool:
    """Two SOAs, whatever the case of the names within: RFC 4343."""
    return one.rdata[:-20].lower() == other.rdata[:-20].lower() and one.rdata[-20:] == other.rdata[-20:]
