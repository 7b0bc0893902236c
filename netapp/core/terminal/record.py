"""Keeps what was said, as much as may be kept, and writes it to files: readable text, or pcap."""

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal, Protocol

from netapp.core import limits
from netapp.core.languages import Phrases, Speaker
from netapp.core.terminal import layout, pcap
from netapp.core.terminal.layout import Manner, Message, painted, render

PHRASES: Final = Phrases(
    {
        "opened": ("{name} 已连接", "{name} has connected"),
        "closed": ("{name} 已断开", "{name} has left"),
        "file": ("{name} 的文件 {file},{size} 字节", "{name}: file {file}, {size} octets"),
        "lost": ("(此前有 {count} 条没有保留)", "({count} before these were not kept)"),
    }
)
#: Cells of a line of text that is saved.
WIDTH: Final = 100
Kind = Literal["opened", "closed", "sent", "received", "piece", "file"]


class Ends(Protocol):
    """Between whom octets cross: what a packet's addresses are made from."""

    name: str
    place: pcap.Place
    stream: bool

    @property
    def own(self) -> pcap.Place:
        """Our end."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened.

    :param octets: as they cross, a frame's head among them.
    :param hidden: how many of them, at the beginning, are no part of the message.
    :param by_us: we have connected, or hung up.
    :param file: the name of a file that was sent.
    """

    when: float
    kind: Kind
    ends: Ends
    octets: bytes = b""
    hidden: int = 0
    by_us: bool = False
    file: str = ""
    size: int = 0


class Record:
    """One talk, whoever takes part.

    :param wall: seconds since 1970.
    :param complain: is told of a file that takes no more.
    """

    def __init__(self, wall: Callable[[], float], complain: Callable[[OSError, Path], object]) -> None:
        self._wall, self._complain = wall, complain
        self._kept: deque[Event] = deque()
        self._octets = self._lost = 0
        self._files: list[Writer] = []

    def now(self) -> float:
        return self._wall()

    def add(self, event: Event) -> None:
        """Keep it, and write it where the talk is being saved."""
        self._kept.append(event)
        self._octets += len(event.octets)
        while len(self._kept) > limits.TERMINAL_KEPT or self._octets > limits.TERMINAL_KEPT_OCTETS:
            self._octets -= len(self._kept.popleft().octets)
            self._lost += 1
        for writer in list(self._files):
            try:
                writer.write(event)
            except OSError as error:
                self._files.remove(writer)
                writer.close()
                self._complain(error, writer.path)

    def save(self, path: Path, say: Speaker, *, replace: bool = False) -> None:
        """Write what is kept, and from now on all that comes.

        :raises OSError: the file cannot be written, or is there already.
        """
        kind: type[Writer] = PcapWriter if path.suffix.lower() in (".pcap", ".cap") else TextWriter
        writer = kind(path, open(path, "wb" if replace else "xb", opener=_private), say)  # noqa: SIM115
        try:
            writer.begin(self._lost)
            for event in self._kept:
                writer.write(event)
        except OSError:
            writer.close()
            raise
        self._files.append(writer)

    def close(self) -> None:
        for writer in self._files:
            writer.close()
        self._files.clear()


def _private(path: str, flags: int) -> int:
    """A talk may have passwords in it; a file that is there keeps its mode."""
    return os.open(path, flags, 0o600)


class Writer:
    """One file.  What an event is written as leaves at once, so that nothing is lost with the process."""

    def __init__(self, path: Path, file: IO[bytes], say: Speaker) -> None:
        self.path, self._file, self._say = path, file, say

    def begin(self, lost: int) -> None:
        raise NotImplementedError

    def write(self, event: Event) -> None:
        """:raises OSError: the file takes no more."""
        if octets := self.made(event):
            self._put(octets)

    def made(self, event: Event) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:  # what it could not take was told of when it was written
            del error

    def _put(self, octets: bytes) -> None:
        self._file.write(octets)
        self._file.flush()


class TextWriter(Writer):
    """Readable, in UTF-8; the day stands where it begins."""

    _day = ""

    def begin(self, lost: int) -> None:
        if lost:
            self._put((self._say("lost", count=lost) + "\n").encode())

    def made(self, event: Event) -> bytes:
        day = time.strftime("%Y-%m-%d", time.localtime(event.when))
        head = "" if day == self._day else f"{day}\n"
        self._day = day
        return (head + self._lines(event)).encode("utf-8", "replace")

    def _lines(self, event: Event) -> str:
        name = event.ends.name
        if event.kind == "piece":
            return ""
        if event.kind in ("sent", "received"):
            message = Message(event.when, event.kind == "sent", name, event.octets[event.hidden :])
            manner = Manner(width=WIDTH, limit=None)
            return painted(render(message, manner, layout.PHRASES.speaker(self._say.lang)), colour=False)
        fields = {"file": event.file, "size": event.size} if event.kind == "file" else {}
        return f"{layout.clock(event.when)} {self._say(event.kind, name=name, **fields)}\n"


class PcapWriter(Writer):
    """Packets, one talk's peers side by side."""

    def __init__(self, path: Path, file: IO[bytes], say: Speaker) -> None:
        super().__init__(path, file, say)
        self._packets = pcap.Packets()

    def begin(self, lost: int) -> None:
        self._put(pcap.HEADER)

    def made(self, event: Event) -> bytes:
        packets, own, peer = self._packets, event.ends.own, event.ends.place
        source, target = (own, peer) if event.kind != "received" else (peer, own)
        if event.kind == "file":
            return b""
        if event.kind in ("opened", "closed"):
            first, second = (own, peer) if event.by_us else (peer, own)
            step = packets.opened if event.kind == "opened" else packets.closed
            return step(event.when, first, second) if event.ends.stream else b""
        if event.ends.stream:
            return packets.segments(event.when, source, target, event.octets)
        return packets.datagram(event.when, source, target, event.octets)
