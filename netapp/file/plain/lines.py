"""The rules of lines, as people type them into nc or telnet: LIST, GET, HELP."""

import math
from collections.abc import Sequence

from netapp.core import limits, text
from netapp.core.languages import Speaker
from netapp.core.lines import LineReader, Overlong, Reply
from netapp.core.sessions import Body, Close, Effect, Session, Slice
from netapp.share.model import Missing
from netapp.share.store import Files


class LineTalk(Session):
    """A client that sends commands.  A file ends the connection, everything else leaves it open."""

    def __init__(self, share: Files, say: Speaker, tongue: text.Tongue) -> None:
        self._share, self._say, self._tongue = share, say, tongue
        self._reader = LineReader()
        self._idle_until = 0.0
        self._sending = False

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        self._idle_until = now + limits.FILE_IDLE
        return self._answer_all(self._reader.receive(data, now))

    def tick(self, now: float) -> Sequence[Effect]:
        if now >= self._idle_until:
            return [Close("idle")]
        return self._answer_all(self._reader.tick(now))

    def finish(self, now: float) -> Sequence[Effect]:
        effects = self._answer_all(self._reader.finish())
        return effects if self._sending else [*effects, Close("the peer has finished")]

    def sent(self, now: float) -> Sequence[Effect]:
        return [Close("the file is out", linger=True)]

    def _answer_all(self, items: Sequence[object]) -> list[Effect]:
        """Answers in order; what stands behind a file is not read any more."""
        effects: list[Effect] = []
        for item in () if self._sending else items:
            if isinstance(item, Reply):
                effects.append(item.octets)
            elif isinstance(item, Overlong):
                effects.append(Close("too long", linger=True))
            elif isinstance(item, bytes):
                effects.extend(self._answer(item))
            if effects and isinstance(effects[-1], Body | Close):
                break
        self.deadline = math.inf if self._sending else min(self._reader.deadline, self._idle_until)
        return effects

    def _answer(self, line: bytes) -> Sequence[Effect]:
        self._tongue.read(line)  # to answer in the encoding of the question
        verb, _, name = line.strip().partition(b" ")
        name = name.strip()
        match verb.upper():
            case b"LIST" | b"LS" | b"DIR":
                return [self._list(name)]
            case b"GET":
                return [self._get(name)]
            case b"PUT":
                return [self._write("read only")]
            case b"QUIT" | b"BYE":
                return [self._write("bye"), Close("quit", linger=True)]
            case b"HELP" | b"":
                return [self._write("help")]
        return [self._get(line.strip())]

    def _list(self, name: bytes) -> bytes:
        try:
            listing = self._share.list(name)
        except Missing:
            return self._write("missing folder", name=text.visible_octets(name))
        lines = [
            f"{'-' if entry.is_folder else entry.size:>12}  {entry.shown}{'/' if entry.is_folder else ''}\n"
            for entry in listing.entries
        ]
        if not lines:
            return self._write("empty")
        listed = self._tongue.write("".join(lines))
        return listed if listing.complete else listed + self._write("more")

    def _get(self, name: bytes) -> Effect:
        try:
            reader = self._share.open(name)
        except Missing:
            return self._write("missing", name=text.visible_octets(name))
        self._sending = True
        return Body((Slice(reader, 0, reader.entry.size),))

    def _write(self, key: str, **fields: object) -> bytes:
        return self._tongue.write(self._say(key, **fields))
