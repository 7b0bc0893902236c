"""One connection to the port that speaks DNS and text.

The first octets decide which (:func:`netapp.dns.wire.classify_stream`), and so it stays.  DNS is
RFC 7766: any number of requests, in any pieces, answered as the answers come: what takes a while
holds up no other.  Text is lines, each
answered with a line; what quiet has ended, as the tutorials' programs leave it, is answered
without a line end, as they expect it.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from netapp.core import limits
from netapp.core.languages import Lang
from netapp.core.lines import Item, LineReader, Reply
from netapp.core.sessions import Close, Effect, Session
from netapp.core.strangers import Misdirected, is_http
from netapp.dns import wire
from netapp.dns.message import HEADER
from netapp.dns.query.answers import ELSEWHERE, Answer, Source
from netapp.dns.wire import Tongue


class Answering(Protocol):
    """Who has the answers: :class:`netapp.dns.query.answers.Answers`, as itself or under a watch."""

    malformed: int  # requests that cannot be read

    def message(self, message: bytes, source: Source | None = None) -> Answer:
        """The answer to a DNS message of 12 octets or more."""

    def text(self, octets: bytes) -> bytes | None:
        """The answer to a plain question, without a line end."""


@dataclass(frozen=True, slots=True)
class More:
    """There is more to answer: call :meth:`DnsSession.more` once others have had their turn and the
    peer has read these."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that is more than a look-up: have it answered, then call :meth:`DnsSession.answered`."""

    message: bytes


@dataclass(frozen=True, slots=True)
class Hold:
    """Too many of the peer's requests are being answered: read no more of it until one is."""


class DnsSession(Session):
    """One connection.  It answers at most :data:`netapp.core.limits.DNS_REQUESTS_AT_ONCE` requests a
    step, so that others have their turn, and makes at most
    :data:`netapp.core.limits.DNS_ANSWERS_AT_ONCE` octets of answers, so that many short questions
    cannot fill the memory with long answers; and of what takes a while at most
    :data:`netapp.core.limits.DNS_WAITING` is under way.
    """

    def __init__(self, answers: Answering, lang: Lang, source: Source | None = None) -> None:
        self._answers, self._lang, self._source = answers, lang, source
        self._tongue: Tongue | None = None
        self._buffer = b""  # undecided octets, or DNS requests
        self._lone = True  # only single octets so far
        self._reader = LineReader()
        self._lines: deque[tuple[Item, bytes]] = deque()  # and what ends the answer
        self._first_line = True
        self._finished = False
        self._asked = 0  # requests that others are answering
        self._until = math.inf

    @property
    def shares(self) -> bytes:
        """What stands for the peer's address, or its IPv6 network: its connections share a turn."""
        return self._source.packed[:8] if self._source is not None else b""

    @property
    def idle(self) -> bool:
        """Nothing is half said: this connection may be closed for another (RFC 7766 section 6.2.3)."""
        return not self._buffer and not self._lines and not self._reader.pending and not self._asked

    @property
    def busy(self) -> bool:  # type: ignore[override]
        """An update or a transfer is under way."""
        return self._asked > 0

    def open(self, now: float) -> Sequence[Effect]:
        self.deadline = now + limits.DNS_UNDECIDED
        self._until = now + limits.DNS_LIFETIME
        return ()

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        return self.more(now) if self.hear(data, now) else ()

    def hear(self, data: bytes, now: float) -> Sequence[Effect]:
        """Take octets, and answer nothing yet."""
        if self._tongue is None:
            self._buffer += data
            self._lone = self._lone and len(data) == 1
            self._tongue = wire.classify_stream(self._buffer)
            if self._tongue is None:
                self._wait(now)
                return ()
            data, self._buffer = self._buffer, b""
        if self._tongue is Tongue.DNS:
            if not self._buffer:
                self.deadline = now + limits.DNS_IDLE  # for this request; its octets move it no more
            self._buffer += data
        else:
            self._queue(self._reader.receive(data, now), b"\n")
        return (More(),)

    def more(self, now: float) -> Sequence[Effect]:
        """Answer what waits, as much as may be sent at once."""
        answers = self._messages() if self._tongue is Tongue.DNS else self._replies()
        last = answers[-1] if answers else None
        if isinstance(last, Close):
            return answers
        if isinstance(last, More):  # waits for us, or for its peer, whom whoever carries this sees to
            self.deadline = now + (limits.DNS_IDLE if self._tongue is Tongue.DNS else limits.DNS_TEXT_IDLE)
            return answers
        if self._finished:
            return answers if self._asked else [*answers, Close("the peer has finished")]
        if self._asked:
            self.deadline = math.inf  # who reads no answer is seen to by whoever carries it
        elif now >= self._until and self.idle:
            return [*answers, Close("its time is over")]
        elif self._tongue is Tongue.TEXT:
            self.deadline = min(self._reader.deadline, now + limits.DNS_TEXT_IDLE)
        elif answers:
            self.deadline = now + limits.DNS_IDLE
        return answers

    def answered(self, answer: bytes | None, now: float) -> Sequence[Effect]:
        """One of the requests that were asked for has its answer.

        :param answer: None if there is none, or if it has been sent already.
        """
        self._asked -= 1
        self.deadline = now + limits.DNS_IDLE
        first = [framed(answer)] if answer is not None else []
        return [*first, *self.more(now)]

    def tick(self, now: float) -> Sequence[Effect]:
        if self._tongue is None and self._buffer and self._buffer[0] >= limits.DNS_REQUEST >> 8:
            return self._end_text(now)
        if self._tongue is Tongue.TEXT and (items := self._reader.tick(now)):
            self._queue(items, b"")
            return self.more(now)
        return [Close("idle")]

    def finish(self, now: float) -> Sequence[Effect]:
        self._finished = True
        if self._tongue is Tongue.DNS:
            return self.more(now)
        if self._lines:
            return self.more(now)
        if self._buffer and not wire.is_text(self._buffer):
            return [Close("neither DNS nor text")]
        return self._end_text(now)

    # DNS -------------------------------------------------------------------------------------

    def _messages(self) -> list[Effect]:
        """Answers to the requests that are whole, each behind its length (RFC 1035 section 4.2.2)."""
        answers: list[Effect] = []
        buffer, ask, source = self._buffer, self._answers.message, self._source
        at = size = count = 0
        end = len(buffer)
        while end - at >= 2:
            length = buffer[at] << 8 | buffer[at + 1]
            if not HEADER <= length < limits.DNS_REQUEST:
                self._answers.malformed += 1
                self._buffer = b""
                return [*answers, Close("a length that no request has")]
            if end - at - 2 < length:
                break
            if size >= limits.DNS_ANSWERS_AT_ONCE or count >= limits.DNS_REQUESTS_AT_ONCE:
                self._buffer = buffer[at:]
                return [*answers, More()]
            count += 1
            request = buffer[at + 2 : at + 2 + length]
            answer = ask(request, source)
            if answer is ELSEWHERE and self._asked >= limits.DNS_WAITING:
                self._buffer = buffer[at:]
                return [*answers, Hold()]
            at += 2 + length
            if isinstance(answer, bytes):
                answers.append(framed(answer))
                size += len(answer) + 2
            elif answer is not None:
                self._asked += 1
                answers.append(Ask(request))
        self._buffer = buffer[at:]
        return answers

    # Text ------------------------------------------------------------------------------------

    def _wait(self, now: float) -> None:
        """Too few octets to tell: quiet will, for nothing but text begins at or over 0x20."""
        if self._buffer[0] >= limits.DNS_REQUEST >> 8:
            self.deadline = now + (limits.QUIET_LONE if self._lone else limits.QUIET)
        elif self.deadline == math.inf:
            self.deadline = now + limits.DNS_UNDECIDED

    def _end_text(self, now: float) -> Sequence[Effect]:
        """What has come is all of a message."""
        self._tongue = Tongue.TEXT
        data, self._buffer = self._buffer, b""
        self._queue(self._reader.receive(data, now), b"\n")
        self._queue(self._reader.finish(), b"")
        return self.more(now)

    def _queue(self, items: Sequence[Item], end: bytes) -> None:
        self._lines.extend((item, end) for item in items)

    def _replies(self) -> list[Effect]:
        replies: list[Effect] = []
        size = count = 0
        while self._lines:
            if size >= limits.DNS_ANSWERS_AT_ONCE or count >= limits.DNS_REQUESTS_AT_ONCE:
                return [*replies, More()]
            count += 1
            item, end = self._lines.popleft()
            if isinstance(item, Reply):
                replies.append(item.octets)
                continue
            line = item if isinstance(item, bytes) else b""  # too long for a name, so an unknown one
            if self._first_line and is_http(line):
                self._lines.clear()
                return [Misdirected("netapp-dns", self._lang), Close("HTTP", linger=True)]
            self._first_line = False
            answer = self._answers.text(line)
            if answer is not None:
                replies.append(answer + end)
                size += len(answer)
        return replies


def framed(message: bytes) -> bytes:
    """A message behind its length: RFC 1035 section 4.2.2."""
    return len(message).to_bytes(2, "big") + message
