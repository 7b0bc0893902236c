"""The rules of frames: a name gets the length and the octets, a header dictionary gets one back."""

import math
from collections.abc import Sequence

from netapp.core import limits
from netapp.core.explain.frames import counts_characters
from netapp.core.languages import Speaker
from netapp.core.sessions import Body, Close, Effect, Noticed, Session, Slice
from netapp.errors import WireError
from netapp.file.plain.wire import (
    LENGTH,
    LENGTH_MAX,
    Header,
    Order,
    length_of,
    parse_header,
    split_frame,
    write_header,
)
from netapp.share.model import Missing
from netapp.share.store import Files, Reader


class FrameTalk(Session):
    """A client that sends frames, any number of them, one answered after another."""

    def __init__(self, share: Files, say: Speaker, order: Order) -> None:
        self._share, self._say, self._order = share, say, order
        self._buffer = b""
        self._finished = self._sending = False
        self._incomplete_since: float | None = None
        self._first = True  # no frame was whole yet

    def open(self, now: float) -> Sequence[Effect]:
        self.deadline = now + limits.FILE_OPENING
        return ()

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        self._buffer += data
        return () if self._sending else self._next(now)

    def sent(self, now: float) -> Sequence[Effect]:
        self._sending = False
        return self._next(now)

    def finish(self, now: float) -> Sequence[Effect]:
        self._finished = True
        return () if self._sending else self._next(now)

    def tick(self, now: float) -> Sequence[Effect]:
        return [*self._short(), Close("idle")]

    def _next(self, now: float) -> Sequence[Effect]:
        """Answer the next frame, if it is there.  :raises WireError: it is none."""
        frame = split_frame(self._buffer, self._order)
        if frame is None:
            return self._wait(now)
        payload, self._buffer = frame
        self._incomplete_since = None
        if payload.startswith(bytes(LENGTH)):  # the rest of a length of 8 octets: no name has a NUL
            error = WireError("a name that begins with NUL", source="tutorial row T12")
            error.effects = [Noticed("frame long")]
            raise error
        noticed = self._noticed(payload) if self._first else []
        self._first = False
        try:
            header = parse_header(payload)
        except WireError as error:
            error.effects = noticed or [Noticed("frame dictionary")]
            raise
        effects = [*noticed, *(self._named(payload) if header is None else self._asked(header))]
        if any(isinstance(effect, Body) for effect in effects):
            self._sending, self.deadline = True, math.inf
        return effects

    def _wait(self, now: float) -> Sequence[Effect]:
        if self._finished:
            return [*self._short(), Close("the peer has finished", linger=True)]
        if not self._buffer:
            self.deadline = now + limits.FILE_IDLE
        elif self._incomplete_since is None:
            self._incomplete_since = now
            self.deadline = now + limits.FILE_OPENING
        return ()

    def _noticed(self, payload: bytes) -> list[Effect]:
        """What the first frame shows of how its length was made."""
        noticed: list[Effect] = []
        length, came = len(payload), payload + self._buffer
        if self._order == "big":
            wrong = int.from_bytes(length_of(length, "big"), "little", signed=True)
            noticed.append(Noticed("frame order", {"length": length, "wrong": wrong}))
        if self._buffer and counts_characters(length, came):
            noticed.append(Noticed("frame characters", {"length": length, "octets": len(came)}))
        return noticed

    def _short(self) -> list[Effect]:
        """What a frame shows that will never be whole."""
        if not self._buffer:
            return []
        if len(self._buffer) < LENGTH:
            return [Noticed("frame head", {"octets": len(self._buffer)})]
        length, came = int.from_bytes(self._buffer[:LENGTH], self._order), len(self._buffer) - LENGTH
        return [Noticed("frame short", {"length": length, "octets": came})]

    def _named(self, name: bytes) -> Sequence[Effect]:
        """A name gets length and octets (T12); there is no way to say that a file is missing."""
        try:
            reader = self._share.open(name.rstrip(b"\r\n"))
        except Missing:
            return [missing(name), Close("no such file", linger=True)]
        size = reader.entry.size
        if size > LENGTH_MAX:
            reader.close()
            return [Close("too large for a frame", linger=True)]
        return [Body((length_of(size, self._order), Slice(reader, 0, size)))]

    def _asked(self, header: Header) -> Sequence[Effect]:
        """A dictionary gets a dictionary, then the octets (T13)."""
        if header.size is not None:
            refusal = self._refusal(header.name, "read only")
            return [refusal, Close("no uploads here", linger=True)]
        name = header.name.encode("utf-8", "surrogateescape")
        try:
            reader = self._share.open(name)
        except Missing:
            return [Body((self._refusal(header.name, "missing"),))]
        try:
            head = self._head(reader, name)
        except BaseException:  # a disk that fails
            reader.close()
            raise
        return [Body((head, Slice(reader, 0, reader.entry.size)))]

    def _head(self, reader: Reader, name: bytes) -> bytes:
        more = {}
        if (digest := self._share.sha256(reader)) is not None:
            more["sha256"] = digest.hex()
        else:
            self._share.want_sha256(reader, name)
        return write_header(reader.entry.shown, reader.entry.size, self._order, **more)

    def _refusal(self, name: str, key: str) -> bytes:
        return write_header(name, 0, self._order, error=self._say(key, name=name).strip())


def missing(name: bytes) -> Noticed:
    """What can be said of a name that nothing has."""
    return Noticed("path" if b"/" in name or b"\\" in name else "missing", {"name": name})
