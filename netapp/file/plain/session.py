"""The rules of the port before it is known what a client speaks, and of bare names.

What is decided here is handed to a talk of its own: :mod:`netapp.file.plain.lines`,
:mod:`netapp.file.plain.frames`, or another protocol altogether (HTTP).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from netapp.core import limits, text
from netapp.core.languages import Speaker
from netapp.core.sessions import Body, Close, Effect, Noticed, Session, Slice
from netapp.errors import WireError
from netapp.file.plain.frames import FrameTalk, missing
from netapp.file.plain.lines import LineTalk
from netapp.file.plain.wire import Order
from netapp.file.port import VERBS, Spoken, classify, patience
from netapp.share.model import Missing
from netapp.share.store import Files


@dataclass(frozen=True, slots=True)
class HandOver:
    """This client speaks HTTP; these are its first octets."""

    octets: bytes


_SOURCE: Final = "the one-port rule, netapp.file.port"


class PlainSession(Session):
    """One client, from its first octet on."""

    def __init__(self, share: Files, say: Speaker, tongue: text.Tongue) -> None:
        self._share, self._say, self._tongue = share, say, tongue
        self._buffer = b""
        self._lone = True  # only single octets so far
        self._began = 0.0
        self._talk: Session | None = None

    def open(self, now: float) -> Sequence[Effect]:
        self.deadline = now + limits.FILE_FIRST
        return ()

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        if self._talk is not None:
            return self._in_talk(self._talk.receive, data, now)
        if not self._buffer:
            self._began = now
        self._lone = self._lone and len(data) == 1
        self._buffer += data
        effects = self._decide(classify(self._buffer), now)
        if self._talk is None:
            quiet = patience(self._buffer, lone=self._lone)
            self.deadline = min(now + quiet, self._began + limits.FILE_OPENING)
        return effects

    def tick(self, now: float) -> Sequence[Effect]:
        if self._talk is not None:
            return self._in_talk(self._talk.tick, now)
        return self._end(now)

    def finish(self, now: float) -> Sequence[Effect]:
        if self._talk is not None:
            return self._in_talk(self._talk.finish, now)
        return self._end(now)

    def sent(self, now: float) -> Sequence[Effect]:
        assert self._talk is not None
        return self._in_talk(self._talk.sent, now)

    def _in_talk(self, step: Callable[..., Sequence[Effect]], *args: object) -> Sequence[Effect]:
        assert self._talk is not None
        effects = step(*args)
        self.deadline = self._talk.deadline
        return effects

    def _end(self, now: float) -> Sequence[Effect]:
        """Quiet, or the end of what the client sends: what is there must do."""
        if not self._buffer:
            return [Close("nothing came")]
        return self._decide(classify(self._buffer, final=True), now)

    def _decide(self, spoken: Spoken, now: float) -> Sequence[Effect]:
        """:raises WireError: nothing that we know."""
        octets = self._buffer
        match spoken:
            case Spoken.MORE:
                return ()
            case Spoken.HTTP:
                return [HandOver(octets)]
            case Spoken.FRAME_LE | Spoken.FRAME_BE:
                order: Order = "little" if spoken is Spoken.FRAME_LE else "big"
                return self._begin(FrameTalk(self._share, self._say, order), octets, now)
            case Spoken.LINE | Spoken.TELNET:
                return self._begin(LineTalk(self._share, self._say, self._tongue), octets, now)
            case Spoken.NAME | Spoken.BARE:
                return self._named(octets, now)
            case Spoken.SSH:
                return [self._say("ssh").encode(), Close("SSH", linger=True)]
            case Spoken.TLS:
                return [Close("TLS")]
        raise WireError("nothing that we know", source=_SOURCE)

    def _named(self, octets: bytes, now: float) -> Sequence[Effect]:
        """A file's name: its octets and nothing else, or nothing at all."""
        line, _, rest = octets.partition(b"\n")
        name = line.removesuffix(b"\r")
        try:
            reader = self._share.open(name)
        except Missing:
            if not name or name.split(b" ")[0].upper() in VERBS:  # a command that nothing ended
                return self._begin(LineTalk(self._share, self._say, self._tongue), name + b"\n" + rest, now)
            return [missing(name), Close("no such file", linger=True)]
        self._talk = OneFile()
        self.deadline = self._talk.deadline
        if not reader.entry.size:
            return [Noticed("empty file", {"name": name}), Body((Slice(reader, 0, 0),))]
        return [Body((Slice(reader, 0, reader.entry.size),))]

    def _begin(self, talk: Session, octets: bytes, now: float) -> Sequence[Effect]:
        self._talk, self._buffer = talk, b""
        talk.open(now)
        return self._in_talk(talk.receive, octets, now)


class OneFile(Session):
    """A file is on its way, and the connection ends with it."""

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        return ()

    def finish(self, now: float) -> Sequence[Effect]:
        return ()  # the client may still read

    def sent(self, now: float) -> Sequence[Effect]:
        return [Close("the file is out", linger=True)]
