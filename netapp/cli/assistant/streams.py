"""TCP under a conversation: one connection as a client, or many as a listener."""

import select
import selectors
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from netapp.cli import common
from netapp.cli.assistant.trace import Trace, Untraced
from netapp.cli.console import Form
from netapp.core import limits, mixed
from netapp.core.languages import Phrases
from netapp.core.text import Tongue

PHRASES: Final = Phrases(
    {
        "frame": (
            "{name} 发来的长度是 {length} 字节,不像 --frame 的格式",
            "{name} announces {length} octets: that is hardly a length as --frame has it",
        ),
        "cut": ("{name} 在一帧中间断开了连接", "{name} closed within a frame"),
        "listening": ("正在监听 TCP {where}", "listening on TCP {where}"),
        "joined": ("{name} 已连接", "{name} has connected"),
        "left": ("{name} 已断开", "{name} has left"),
        "full": ("连接太多,已拒绝 {name}", "too many connections: {name} is refused"),
    }
)
say: Final = common.words(PHRASES)


class Stream:
    """One TCP connection as messages."""

    stream = True
    waits = False

    def __init__(self, connection: socket.socket, form: Form) -> None:
        connection.settimeout(limits.COMMAND_CONNECT)  # for a peer that does not read
        self.connection = connection
        self.own: common.HostPort = connection.getsockname()[:2]
        self.place: common.HostPort = connection.getpeername()[:2]
        self.name = common.shown(self.place)
        self.trace: Trace = Untraced()
        self.tongue = Tongue(form.encoding)
        self.closed = False
        self._framed, self._hex = form.framed, form.hex
        self._buffer = b""

    def fileno(self) -> int:
        return self.connection.fileno()

    def send(self, octets: bytes) -> None:
        """:raises OSError: the peer is gone, or does not read."""
        self.connection.sendall(self.head(len(octets)) + octets)
        self.trace.sent(self, octets)

    def head(self, size: int) -> bytes:
        """What stands before a message of so many octets."""
        return struct.pack("<I", size) if self._framed else b""

    def send_some(self, octets: bytes) -> int:
        """Send what the peer takes now.  :returns: how many octets.  :raises OSError: it is gone."""
        try:
            return self.connection.send(octets, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def read(self) -> list[bytes]:
        """What has come, once something has; ``closed`` says whether it was the last."""
        messages = self._messages()
        for octets in messages:
            self.trace.received(self, octets)
        return messages

    def _messages(self) -> list[bytes]:
        """What has come, as messages.

        A segment is a message.  A long one, or one that ends within a character, waits a little for
        the rest: a program of the tutorials that takes one ``recv`` for one message loses it.
        """
        segment = octets = self._receive()
        if self._framed:
            self._buffer += octets
            return list(self._frames())
        until = time.monotonic() + limits.COMMAND_ANSWER  # a peer that never pauses is shown in pieces
        while segment and len(octets) < limits.COMMAND_MESSAGE and self._goes_on(segment):
            if (
                time.monotonic() > until
                or not select.select([self.connection], [], [], limits.COMMAND_GATHER)[0]
            ):
                break
            segment = self._receive()
            octets += segment
        return [octets] if octets else []

    def _goes_on(self, segment: bytes) -> bool:
        return len(segment) >= limits.COMMAND_SEGMENT or (not self._hex and mixed.is_cut(segment))

    def _receive(self) -> bytes:
        try:
            octets = self.connection.recv(1 << 16)
        except OSError:
            self.closed = True
            raise
        self.closed = not octets
        return octets

    def _frames(self) -> Iterator[bytes]:
        while len(self._buffer) >= 4:
            (length,) = struct.unpack_from("<I", self._buffer)
            if length > limits.COMMAND_MESSAGE:
                common.fail(say("frame", name=self.name, length=length))
            if len(self._buffer) < 4 + length:
                break
            yield self._buffer[4 : 4 + length]
            self._buffer = self._buffer[4 + length :]
        if self.closed and self._buffer:
            common.note(say("cut", name=self.name))


class StreamClient:
    """A connection that we have made."""

    listening = False
    lossy = False

    def __init__(self, connection: socket.socket, form: Form) -> None:
        self.peer = Stream(connection, form)
        self.empty = form.framed
        self.trace: Trace = Untraced()

    @property
    def closed(self) -> bool:
        return self.peer.closed

    def parties(self) -> Sequence[Stream]:
        return [] if self.peer.closed else [self.peer]

    def start(self, selector: selectors.BaseSelector) -> None:
        self.peer.trace = self.trace
        self.trace.opened(self.peer, by_us=True)
        selector.register(self.peer, selectors.EVENT_READ)

    def ready(self, source: Any) -> Sequence[tuple[Stream, bytes]]:
        try:
            return [(self.peer, octets) for octets in self.peer.read()]
        finally:
            if self.peer.closed:
                self.trace.closed(self.peer, by_us=False)

    def leaves(self, line: str) -> bool:
        return False

    def parts(self, peer: object, octets: bytes) -> bool:
        return False


class StreamListener:
    """Connections that others make; who spoke last is answered."""

    listening = True
    lossy = False
    closed = False

    def __init__(self, listener: socket.socket, form: Form) -> None:
        self.peer: Stream | None = None
        self.empty = form.framed
        self._listener, self._form = listener, form
        self._streams: dict[Stream, None] = {}  # in the order in which they came
        self.trace: Trace = Untraced()
        common.note(say("listening", where=common.shown(listener.getsockname())))

    def parties(self) -> Sequence[Stream]:
        return list(self._streams)

    def start(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        selector.register(self._listener, selectors.EVENT_READ)

    def ready(self, source: Any) -> Sequence[tuple[Stream, bytes]]:
        if source is self._listener:
            self._accept()
            return []
        stream: Stream = source
        messages: list[bytes] = []
        try:
            messages = stream.read()
        except OSError:
            stream.closed = True  # it has gone; that ends nobody else's talk
        if messages:
            self.peer = stream
        if stream.closed:
            self._left(stream)
        return [(stream, octets) for octets in messages]

    def leaves(self, line: str) -> bool:
        return False

    def parts(self, peer: object, octets: bytes) -> bool:
        return False

    def _accept(self) -> None:
        connection, address = self._listener.accept()
        if len(self._streams) >= limits.COMMAND_CONNECTIONS:
            connection.close()
            common.note(say("full", name=common.shown(address[:2])))
            return
        self.peer = Stream(connection, self._form)
        self.peer.trace = self.trace
        self._streams[self.peer] = None
        self._selector.register(self.peer, selectors.EVENT_READ)
        if not self.trace.tells:
            common.note(say("joined", name=self.peer.name))
        self.trace.opened(self.peer, by_us=False)

    def _left(self, stream: Stream) -> None:
        self._selector.unregister(stream)
        del self._streams[stream]
        if self.peer is stream:
            self.peer = None
        stream.connection.close()
        if not self.trace.tells:
            common.note(say("left", name=stream.name))
        self.trace.closed(stream, by_us=False)


def rest(connection: socket.socket) -> bytes:
    """Say that we are done, and take what comes until the other side is too.  :raises OSError:"""
    connection.shutdown(socket.SHUT_WR)
    octets = b""
    while (more := connection.recv(1 << 16)) and len(octets) < limits.COMMAND_MESSAGE:
        octets += more
    return octets


@contextmanager
def listener(place: common.HostPort) -> Iterator[socket.socket]:
    """A socket that listens; on every address of both families when no host is given."""
    host, port = place
    six = ":" in host or (not host and socket.has_dualstack_ipv6())
    family = socket.AF_INET6 if six else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, dualstack_ipv6=six and not host)
    except OSError as error:
        common.fail(common.trouble(error, common.shown(place)))
    with listening:
        yield listening
