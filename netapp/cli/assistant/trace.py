"""Who is told of what crosses a wire: nobody, or the record that ``--save`` writes, or the assistant."""

import time
from pathlib import Path
from typing import Protocol

from netapp.cli import common
from netapp.core.terminal import record, words
from netapp.core.terminal.parties import Party


class Trace(Protocol):
    """Is told of every connection and message, in the order in which they come."""

    #: It tells the user of who comes and goes.
    tells: bool

    def opened(self, party: Party, *, by_us: bool) -> None: ...

    def closed(self, party: Party, *, by_us: bool) -> None: ...

    def received(self, party: Party, octets: bytes) -> None: ...

    def sent(self, party: Party, octets: bytes) -> None: ...

    def end(self) -> None: ...


class Untraced:
    """Nobody is told."""

    tells = False

    def opened(self, party: Party, *, by_us: bool) -> None: ...

    def closed(self, party: Party, *, by_us: bool) -> None: ...

    def received(self, party: Party, octets: bytes) -> None: ...

    def sent(self, party: Party, octets: bytes) -> None: ...

    def end(self) -> None: ...


class Recorded:
    """``--save`` without a person at a terminal."""

    tells = False

    def __init__(self, path: Path) -> None:
        self._record = record.Record(time.time, _unsaved)
        save(self._record, path)

    def opened(self, party: Party, *, by_us: bool) -> None:
        self._record.add(record.Event(self._record.now(), "opened", party, by_us=by_us))

    def closed(self, party: Party, *, by_us: bool) -> None:
        self._record.add(record.Event(self._record.now(), "closed", party, by_us=by_us))

    def received(self, party: Party, octets: bytes) -> None:
        self._add("received", party, octets)

    def sent(self, party: Party, octets: bytes) -> None:
        self._add("sent", party, octets)

    def end(self) -> None:
        self._record.close()

    def _add(self, kind: record.Kind, party: Party, octets: bytes) -> None:
        head = party.head(len(octets))
        self._record.add(record.Event(self._record.now(), kind, party, head + octets, len(head)))


def save(what: record.Record, path: Path) -> None:
    """Begin the file of ``--save``, in place of one that is there.  It fails in one line."""
    try:
        what.save(path, common.words(record.PHRASES), replace=True)
    except OSError as error:
        common.fail(common.trouble(error, path))


def _unsaved(error: OSError, path: Path) -> None:
    common.complain(words.PHRASES.say(common.say.lang, "not saved", path=path, reason=error.strerror))
