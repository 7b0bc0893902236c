"""The rules of ``--explain`` for one connection: what happened in, findings out."""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from netapp.core import limits
from netapp.core.explain import frames
from netapp.core.explain import octets as rules
from netapp.core.text import Codec

#: Takes a finding's key and what its phrase is filled with.
Tell = Callable[[str, Mapping[str, object]], object]

#: What ends a line: LF, CR, CR NUL.
_LINE_ENDS = b"\r\n\0"


class Evidence(Protocol):
    """What the kernel knows of a connection; None where it does not tell."""

    def segments(self) -> int | None: ...

    def acknowledged(self) -> int | None: ...

    def waiting(self) -> int: ...


class Conversation:
    """One connection.  ``now`` is seconds; ``deadline`` is when :meth:`tick` has work.

    :param tell: is called with each finding, each key once.
    """

    def __init__(self, tell: Tell, evidence: Evidence, now: float) -> None:
        self._tell_once, self._evidence, self._told = tell, evidence, set[str]()
        self.deadline = now + limits.EXPLAIN_SILENCE
        self._heard_at = now
        self._heard = self._said = 0  # octets
        self._said_since = 0  # since it was last heard
        self._segments: int | None = 0
        self._halves: Mapping[Codec, bytes] = {}  # of the character within which the last read ended
        self._unended = False  # the last read has not ended its line
        self._stranger: str | None = None  # a protocol, told unless the connection is handed to it
        self._judging = True  # it speaks text as far as we know
        self._codec: str | None = None
        self._last = b""  # the last read's beginning
        self._body: int | None = None  # octets of a file that is on its way
        self._acknowledged = self._body_began = 0

    @property
    def untouched(self) -> bool:
        """Nobody has said anything yet."""
        return not self._heard and not self._said and self._body is None

    def heard(self, data: bytes, now: float) -> None:
        first, self._heard = not self._heard, self._heard + len(data)
        self._heard_at, self._said_since = now, 0
        self._last = data[: limits.EXPLAIN_JUDGED]
        if self._body is None:
            self.deadline = math.inf
        before, self._segments = self._segments, self._evidence.segments()
        self._tell_stranger()
        if first and (key := rules.stranger(data)) is not None:
            self._stranger, self._judging = key, False
        elif rules.is_telnet(self._last) and not (first and rules.is_utf16(self._last)):
            self._judging = False  # which has rules of its own for all that follows
        if self._judging:
            self._judge(data, before, first)

    def said(self, data: bytes, now: float) -> None:
        self._tell_stranger()
        self._said += len(data)
        self._said_since += len(data)
        self.deadline = math.inf
        came = self._codec
        if (
            came is None or data[: limits.EXPLAIN_JUDGED] == self._last
        ):  # as it came, a half of a character too
            return
        went = rules.codec_of(rules.beginning(data))
        if went is not None and went != came:
            shown = rules.misread(data, "gbk" if came == "gbk" else "utf-8")
            self._tell(f"{went} answer", shown=shown)

    def ticked(self, now: float) -> None:
        """The session is about to do what it does when it has been quiet."""
        quiet = now - self._heard_at
        if self._unended and limits.QUIET <= quiet <= 2 * limits.QUIET_LONE:
            self._tell("quiet", seconds=quiet)
        self._unended = False

    def streaming(self, size: int, now: float) -> None:
        """A body of so many octets begins to leave."""
        self._body, self._body_began = size, self._evidence.acknowledged() or 0
        self._acknowledged = -1  # as never seen: the first look cannot find that nothing has moved
        self._said_since += size
        self.deadline = now + limits.STALLED_LOOK

    def streamed(self) -> None:
        """All of it has been given to the kernel."""
        self._said += self._body or 0
        self._body, self.deadline = None, math.inf

    def cut_off(self, sent: int) -> None:
        """The peer has ended the connection while a body was on its way.  :param sent: octets of it."""
        acknowledged = self._evidence.acknowledged()
        taken = sent if acknowledged is None else min(sent, max(0, acknowledged - self._body_began))
        if self._body is not None:
            self._tell("cut", size=self._body, taken=taken)
        self._judging, self.deadline = False, math.inf

    def lost(self, *, clean: bool, finished: bool) -> None:
        """The connection has ended, and not by our will alone.

        :param clean: not by a reset.
        :param finished: the peer had said that it will send no more.
        """
        self.deadline = math.inf
        self._tell_stranger()
        if self._told & {"cut", "http", "tls", "ssh"}:
            return
        if not clean and self._said_since:
            self._tell("unread", count=self._said_since)
        elif not clean and self._heard:
            self._tell("reset")
        elif not self._heard and (finished or not clean):
            self._tell("wordless")

    def noticed(self, key: str, fields: Mapping[str, object]) -> None:
        """The session has seen something itself."""
        self._tell(key, **fields)

    def tick(self, now: float) -> None:
        """The deadline has come."""
        if self._body is None:
            self.deadline = math.inf
            self._tell("silence", seconds=round(limits.EXPLAIN_SILENCE))
            return
        acknowledged, waiting = self._evidence.acknowledged(), self._evidence.waiting()
        if acknowledged is not None and acknowledged == self._acknowledged and waiting:
            self._tell("stalled", seconds=round(limits.EXPLAIN_STALLED), count=waiting)
            self.deadline = math.inf
            return
        self._acknowledged = acknowledged or 0
        self.deadline = now + limits.EXPLAIN_STALLED

    def _judge(self, data: bytes, before: int | None, first: bool) -> None:
        halves, self._halves = self._halves, {}
        short = len(data) < limits.EXPLAIN_SEGMENT  # so a send of the program's, and not a link's
        if half := rules.completed(halves, self._last):
            self._tell("split")
            data = half + data
        elif short:
            found = [*rules.findings(data, whole=False, first=first)]
            for key, fields in [*found, *(frames.findings(data) if first else ())]:
                self._tell(key, **fields)
        text = rules.beginning(data)
        if not rules.is_text(text):
            self._unended = False
            return
        self._unended = data[-1] not in _LINE_ENDS
        if short or self._codec is None:  # a long text's second read may begin within a character
            self._see_codec(text, short)
        if short and not set(_LINE_ENDS) & set(data):
            self._count_segments(before)

    def _see_codec(self, text: bytes, short: bool) -> None:
        if not (halves := rules.halves(text)):
            self._codec = rules.codec_of(text) or self._codec
        elif short:
            self._halves = halves

    def _tell_stranger(self) -> None:
        if self._stranger is not None:
            self._tell(self._stranger)
            self._stranger = None

    def _count_segments(self, before: int | None) -> None:
        after = self._segments
        if before is not None and after is not None and after - before > 1:
            self._tell("stuck", count=after - before)

    def _tell(self, key: str, /, **fields: object) -> None:
        if key not in self._told:
            self._told.add(key)
            self._tell_once(key, fields)
