"""``--query-log``: what was asked, a JSON object a line, or one question in so many.

Whoever answers hands in octets and goes on; they become lines in a thread, many at a time.  What
the thread cannot keep up with, or the disk has no room for, is counted and dropped.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from twisted.internet import defer, interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.platform import O_CLOEXEC, O_NONBLOCK
from netapp.core.threads import Pool
from netapp.dns import wire
from netapp.dns.message import HEADER, QR
from netapp.dns.query.plain import read_text
from netapp.dns.watch.counts import OTHER, kind_of
from netapp.errors import Busy, ConfigError, StateError
from netapp.names.naming import shown

#: Longer than any plain question that has an answer.
_TEXT: Final = 255
#: From a question's last name octet to that of an OPT record which holds an rcode's upper half.
_RCODE: Final = 11
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | O_NONBLOCK | O_CLOEXEC
_MODE: Final = 0o600  # who asks what is nobody else's business
#: Seconds that two clocks may be apart to be taken for one.
_SAME: Final = 0.001


class Entry(NamedTuple):
    """What was asked and said.  ``octets`` are an answer's, or the request's where nothing was said."""

    time: float  # by the log's clock
    host: str
    transport: str  # udp or tcp; text is told by its octets
    octets: bytes
    silent: bool  # nothing was said
    seconds: float | None  # it took; None where nobody has looked
    question: bytes | None = None  # of a plain answer, which does not hold it


class QueryLog:
    """A file of lines, which grows until somebody moves it away; SIGHUP has it begun anew.

    :param sample: one in so many is written.
    :param pool: of one thread.
    :param wall: seconds since 1970, as the system's clock has them, where the clock's own are not those.
    :param patient: the file is opened when there is something to write, and as long as it cannot be
        again and again: to begin without it is better than not to begin.
    :ivar path: absolute: a daemon changes its directory.
    :ivar written: lines; ``dropped``: those that were not, since the thread or the disk was full.
    """

    _log = Logger()

    def __init__(
        self,
        path: str,
        sample: int,
        clock: interfaces.IReactorTime,
        pool: Pool,
        wall: Callable[[], float] | None = None,
        *,
        patient: bool = False,
    ) -> None:
        """:raises ConfigError: the file cannot be written, and we are not patient."""
        self.path, self._shown = Path(path).absolute(), path
        self._sample, self._clock, self._pool = sample, clock, pool
        self._wall = wall or clock.seconds
        self._phase = 0
        self._waiting: list[Entry] = []
        self._timer: interfaces.IDelayedCall | None = None
        self._failing = False
        self.written = self.dropped = 0
        self._file = None if patient else self._open()
        self._new: int | None = None  # the file begun anew, until the thread has taken it
        self._torn = False

    def sampled(self, count: int) -> range:
        """Which of the next ``count`` questions are written, from 0."""
        first = -self._phase % self._sample
        self._phase = (self._phase + count) % self._sample
        return range(first, count, self._sample)

    def add(self, entry: Entry) -> None:
        """Have a line written soon."""
        if len(self._waiting) >= limits.QUERY_LOG_WAITING:
            self.dropped += 1
            return
        self._waiting.append(entry)
        if len(self._waiting) == limits.QUERY_LOG_BATCH:
            self._flush()
        elif self._timer is None or not self._timer.active():
            self._timer = self._clock.callLater(limits.QUERY_LOG_FLUSH, self._flush)

    def start(self) -> None:
        self._pool.start()

    def stop(self) -> "defer.Deferred[None]":
        """Write what waits."""
        self._flush()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        return self._pool.stop().addCallback(lambda _: self._close())

    def reopen(self) -> None:
        """Begin the file anew, if it was moved away.  :raises ConfigError: it cannot be."""
        self._flush()
        new = self._open()
        if self._new is not None:
            os.close(self._new)
        self._new = new
        self._begin_anew()

    # In the reactor's thread -------------------------------------------------------------------

    def _flush(self) -> None:
        entries, self._waiting = self._waiting, []
        apart = self._wall() - self._clock.seconds()
        if abs(apart) > _SAME:  # the system's clock was set back
            entries = [each._replace(time=each.time + apart) for each in entries]
        if entries:
            done = self._hand_over(self._write, entries) if self._begin_anew() else None
            if done is None:
                self.dropped += len(entries)
            else:
                done.addCallbacks(self._has_written, self._has_failed, errbackArgs=(len(entries),))

    def _begin_anew(self) -> bool:
        """Have the thread take the new file, if there is one.

        :returns: whether what is handed over now comes into it: while too much waits, nothing does.
        """
        if self._new is not None:
            done = self._hand_over(self._swap, self._new)
            if done is None:
                return False
            done.addErrback(lambda failure: self._log.failure("the old query log did not close", failure))
            self._new = None
        return True

    def _hand_over(self, work: Callable[[Any], int], what: object) -> "defer.Deferred[int] | None":
        """Do something in the thread; None if too much waits for it, or it does not run."""
        try:
            return self._pool.run(work, what)
        except (Busy, StateError):
            return None

    def _has_written(self, lines: int) -> None:
        self.written += lines
        self._failing = False

    def _has_failed(self, failure: Failure, lines: int) -> None:
        self.dropped += lines
        if not self._failing:  # once, not for every batch while a disk is full
            self._log.error(
                "the query log {path} cannot be written: {reason}; its lines are dropped until it can",
                path=self._shown,
                reason=failure.getErrorMessage(),
            )
        self._failing = True

    def _open(self) -> int:
        try:
            return os.open(self.path, _FLAGS, _MODE)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"the query log {self._shown} cannot be written: {reason}") from None

    # In the thread -----------------------------------------------------------------------------

    def _swap(self, new: int) -> int:
        old, self._file, self._torn = self._file, new, False
        if old is not None:
            os.close(old)
        return 0

    def _close(self) -> None:
        """Once the thread has ended."""
        for each in (self._file, self._new):
            if each is not None:
                os.close(each)
        self._file = self._new = None

    def _write(self, entries: list[Entry]) -> int:
        """:returns: how many lines.  :raises OSError: not all of them could be written."""
        octets = b"".join(line(entry) for entry in entries)
        if self._torn:  # by a disk that was full in the middle of a line
            octets = b"\n" + octets
        if self._file is None:
            self._file = os.open(self.path, _FLAGS, _MODE)
        written = os.write(self._file, octets)
        self._torn = written < len(octets)
        if self._torn:
            raise OSError(f"only {written} of {len(octets)} octets had room")
        return len(entries)


def line(entry: Entry) -> bytes:
    """One line; whatever octets a name has, it is ASCII, and holds no control character."""
    second = int(entry.time)
    try:
        about = _about(entry)
    except IndexError:
        about = _said(entry.transport, None, None, None)
    octets = 0 if entry.silent else len(entry.octets)
    took = "" if entry.seconds is None else f', "microseconds": {entry.seconds * 1e6:.1f}'
    when = f"{_moment(second)}.{int((entry.time - second) * 1000):03}Z"
    return (
        f'{{"time": "{when}", "client": {_quoted(entry.host)}, {about}, "octets": {octets}{took}}}\n'
    ).encode("ascii")


_quoted: Final = lru_cache(limits.QUERY_LOG_WAITING)(json.dumps)


@lru_cache(4)
def _moment(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _about(entry: Entry) -> str:
    """What was asked and said.  :raises IndexError: octets that cannot be walked."""
    octets = entry.octets
    if entry.question is not None:
        return _about_text(entry.question[:_TEXT], kind_of("text", octets[2:])[2])
    if entry.silent and wire.classify(octets) is not wire.Tongue.DNS:
        return _about_text(octets[:_TEXT], None)
    at = HEADER
    while octets[5] and octets[at]:
        at += 1 + octets[at]
    return _about_dns(entry.transport, octets[2 : at + _RCODE], at - 2, entry.silent)


@lru_cache(limits.QUERY_LOG_WAITING)
def _about_text(question: bytes, rcode: str | None) -> str:
    name = read_text(question)[0]
    if name is None:
        name = question.decode("utf-8", "backslashreplace")
    return _said("text", name, "A", rcode)


@lru_cache(limits.QUERY_LOG_WAITING)
def _about_dns(transport: str, octets: bytes, at: int, silent: bool) -> str:
    """:param octets: of an answer behind its id, or of a request; what tells the rcode is the last of them.
    :param at: where the name ends.
    """
    if not octets[3]:
        return _said(transport, None, None, None if silent else kind_of(transport, octets)[2])
    if silent:  # a request: in its answer's form the same walk reads it
        octets = bytes((octets[0] | QR,)) + octets[1:]
    _, rdtype, rcode = kind_of(transport, octets)
    if rdtype == OTHER:
        rdtype = f"TYPE{octets[at + 1] << 8 | octets[at + 2]}"
    return _said(transport, shown(octets[HEADER - 2 : at + 1]), rdtype, None if silent else rcode)


def _said(transport: str, name: str | None, rdtype: str | None, rcode: str | None) -> str:
    told = json.dumps({"transport": transport, "name": name, "type": rdtype, "rcode": rcode})
    return told[1:-1]
