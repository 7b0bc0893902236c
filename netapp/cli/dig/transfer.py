"""The messages of a zone's transfer, judged one after another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from netapp.cli.dig.messages import Message, Question, Record
from netapp.errors import WireError
from netapp.names.model import SOA
from netapp.names.serial import newer
from netapp.names.zone import serial_of

#: What becomes of a record: it is there, it goes, or it comes.
Mark = Literal["", "-", "+"]


@dataclass(frozen=True)
class Refusal(Exception):
    """The server gives no transfer; ``rcode`` is its reason."""

    rcode: int


class Transfer:
    """One transfer.

    :param question: AXFR's or IXFR's.
    :param serial: the one that IXFR's client has; None for AXFR.

    Source: RFC 5936 section 2.2, RFC 1995 section 4.
    """

    def __init__(self, ident: int, question: Question, serial: int | None) -> None:
        self._ident, self._question, self._serial = ident, question, serial
        self._first: Record | None = None
        self._mark: Mark | None = None  # None: the second record says of which form it is
        self.messages = self.records = 0
        self.done = False

    @property
    def incremental(self) -> bool:
        """Whether differences come, not the whole zone."""
        return self._mark in ("-", "+")

    @property
    def new_serial(self) -> int:
        """The zone's serial there."""
        return serial_of(self._first.rdata) if self._first is not None else 0

    def take(self, message: Message) -> list[tuple[Mark, Record]]:
        """The records of one message; the SOA that ends a zone is left out.

        :raises Refusal: the server does not give the zone.
        :raises WireError: it is no message of this transfer.
        """
        if message.ident != self._ident or not message.is_answer:
            raise WireError("a message of another id", source="RFC 5936 section 2.2.1")
        if message.rcode:
            raise Refusal(message.rcode)
        if not message.answer:
            raise WireError("a message without records", source="RFC 5936 section 2.2")
        if not all(each.is_same(self._question) for each in message.questions):
            raise WireError("a message of another question", source="RFC 5936 section 2.2.2")
        self.messages += 1
        taken = [pair for record in message.answer for pair in self._take(record)]
        if self._first is not None and self._mark is None and self._is_current(self._first):
            self.done = True
        self.records += len(taken)
        return taken

    def _take(self, record: Record) -> Iterator[tuple[Mark, Record]]:
        if self.done:
            raise WireError("records behind the last", source="RFC 5936 section 2.2")
        at_apex = record.rdtype == SOA and record.owner.lower() == self._question.qname.lower()
        if self._first is None:
            if not at_apex:
                raise WireError("the first record is not the zone's SOA", source="RFC 5936 section 2.2")
            self._first = record
            if self._serial is None:
                self._mark = ""
                yield "", record
            return
        if self._mark is None:
            self._mark = "+" if at_apex and serial_of(record.rdata) == self._serial else ""
            if not self._mark:
                yield "", self._first
        if at_apex and self._ends(record):
            self.done = True
            return
        if at_apex and self._mark:
            self._mark = "-" if self._mark == "+" else "+"
        yield self._mark, record

    def _ends(self, soa: Record) -> bool:
        return self._mark != "-" and serial_of(soa.rdata) == self.new_serial

    def _is_current(self, soa: Record) -> bool:
        """Whether a lone SOA says that there is nothing newer: RFC 1995 section 4."""
        return self._serial is not None and not newer(serial_of(soa.rdata), self._serial)
