"""Sends files: straight from the page cache to the socket where the kernel can, by reading where not.

Twisted has no ``sendfile``; its ``FileSender`` reads 16 KiB a turn and costs ten times the processor
time.  This is a pull producer, so only Twisted's public interfaces are used: the transport asks for
more when everything written before has left, and just then its socket may be written behind its
back.  A socket that the kernel cannot write for us (TLS, a test's) gets the same octets by ``write``.
"""

import errno
import os
import socket
import sys
from collections import deque
from typing import Any, Final

from twisted.internet import defer, error, interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netapp.core import limits
from netapp.core.platform import fcntl, termios
from netapp.core.sessions import Body, Slice
from netapp.errors import NetappError

_CANNOT: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSOCK})
_DISK: Final = frozenset({errno.EIO, errno.ESTALE, errno.ENXIO})
_UNREACHABLE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_LATER: Final = frozenset({errno.EAGAIN, errno.EINTR, errno.ENOBUFS, errno.ENOMEM})


class Unreadable(NetappError):
    """A file became shorter while it was being sent, or the disk failed: not to be taken for its end."""


class Stalled(NetappError):
    """The peer has taken nothing for the stall limit."""


@implementer(interfaces.IPullProducer)
class BodySender:
    """Sends one body over one transport, which has no other producer meanwhile.

    A body that cannot be sent to its end aborts the connection, so that the peer sees a reset and
    never a clean end.

    :param clock: what the stall limit is measured by.
    """

    def __init__(self, body: Body, transport: Any, clock: interfaces.IReactorTime) -> None:
        self._body, self._transport, self._clock = body, transport, clock
        self._parts = deque(body.parts)
        self._done: defer.Deferred[None] | None = defer.Deferred()
        self._watch: interfaces.IDelayedCall | None = None
        self._by_kernel = can_sendfile(transport)
        self._drained = False  # what was written before us has left
        self.sent = 0  # octets given to the kernel or the transport
        self._acknowledged = 0  # how many of them the peer's system had when we last looked
        self._moved = 0.0  # when that was last another number
        self._again: interfaces.IDelayedCall | None = None
        self._waited = 0.0  # for the disk, seconds

    def start(self) -> "defer.Deferred[None]":
        """Begin.

        :returns: fires once: with None when all has been given to the kernel, else with
            :exc:`Unreadable`, :exc:`Stalled`, ``ConnectionLost``, an ``OSError`` or what was our fault.
        """
        assert self._done is not None
        done = self._done
        self._acknowledged, self._moved = -unacknowledged(self._transport), self._clock.seconds()
        self._watch = self._clock.callLater(limits.STALLED_LOOK, self._look)
        self._transport.registerProducer(self, False)  # it asks for more at once
        return done

    # What Twisted calls ----------------------------------------------------------------------

    def resumeProducing(self) -> None:
        if self._done is None:
            return
        try:
            self._send_more()
        except OSError as problem:
            broken = problem.errno in _DISK
            self._fail(Unreadable(f"a file cannot be read: {problem.strerror}") if broken else problem)
        except Exception as problem:  # ours, if it is not Unreadable: tell_cut_off has it logged
            self._fail(problem)

    def stopProducing(self) -> None:
        """The connection is gone."""
        self._end(error.ConnectionLost())

    def cancel(self) -> None:
        """Give up: the caller ends the connection; nothing fires."""
        self._done = None
        self._let_go()

    # Sending ---------------------------------------------------------------------------------

    def _send_more(self) -> None:
        if octets := self._gathered():
            self._drained = True  # we are asked again when they have left
            self.sent += len(octets)
            self._transport.write(octets)
        elif self._by_kernel and not self._drained:
            self._drained = True
            self._transport.startWriting()  # a response's head, say, is still to leave
        elif not self._parts:
            self._end(None)
        else:
            self._sendfile()

    def _gathered(self) -> bytes:
        """What goes next by one write: all that is small and stands together."""
        room = limits.ONE_WRITE
        gathered: list[bytes] = []
        while self._parts and room > 0:
            part = self._parts[0]
            if isinstance(part, Slice):
                if part.count > room and self._by_kernel:
                    break
                part = self._read(part, room)
            else:
                self._parts.popleft()
            gathered.append(part)
            room -= len(part)
        return b"".join(gathered)

    def _read(self, part: Slice, most: int) -> bytes:
        octets = part.source.pread(min(part.count, most), part.offset)
        if not octets and part.count:
            raise Unreadable(f"a file has no octet {part.offset} any more")
        self._advance(part, len(octets))
        return octets

    def _sendfile(self) -> None:
        part = self._parts[0]
        assert isinstance(part, Slice)
        source = part.source.fileno()
        if source is None:
            self._by_kernel = False
            self._send_more()
            return
        handle, wanted = self._transport.getHandle().fileno(), min(part.count, limits.SENDFILE)
        if self._reads_ahead(source, part.offset, wanted):
            return
        try:
            count = os.sendfile(handle, source, part.offset, wanted)
        except OSError as problem:
            if problem.errno in _LATER:
                self._transport.startWriting()
            elif problem.errno in _CANNOT:
                self._by_kernel = False
                self._send_more()
            else:
                raise
            return
        if not count:
            raise Unreadable(f"a file has no octet {part.offset} any more")
        self.sent += count
        self._advance(part, count)
        if self._parts:
            self._transport.startWriting()
        else:
            self._end(None)

    def _reads_ahead(self, source: int, offset: int, count: int) -> bool:
        """Whether the disk must be waited for: ``sendfile`` would wait for it with the whole reactor."""
        if self._waited >= limits.DISK or is_cached(source, offset + count - 1):
            self._waited = 0.0
            return False
        os.posix_fadvise(source, offset, limits.READ_AHEAD, os.POSIX_FADV_WILLNEED)
        self._waited += limits.DISK_LOOK
        self._again = self._clock.callLater(limits.DISK_LOOK, self._transport.startWriting)
        return True

    def _advance(self, part: Slice, count: int) -> None:
        if count == part.count:
            self._parts.popleft()
        else:
            self._parts[0] = Slice(part.source, part.offset + count, part.count - count)

    # Ending ----------------------------------------------------------------------------------

    def _look(self) -> None:
        """Has the peer taken anything since we last looked, or nothing for as long as the stall limit?

        A socket becomes writable only when much of its buffer is free, so for a slow peer the
        kernel is asked how much still waits there.
        """
        now, acknowledged = self._clock.seconds(), self.sent - unacknowledged(self._transport)
        if acknowledged != self._acknowledged:
            self._acknowledged, self._moved = acknowledged, now
        if now - self._moved >= limits.STALLED:
            self._fail(Stalled("the peer does not read"))
        else:
            self._watch = self._clock.callLater(limits.STALLED_LOOK, self._look)

    def _fail(self, problem: Exception) -> None:
        self._end(problem)
        self._transport.abortConnection()

    def _end(self, problem: Exception | None) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        self._let_go()
        self._transport.unregisterProducer()
        if problem is None:
            done.callback(None)
        else:
            done.errback(problem)

    def _let_go(self) -> None:
        for timer in (self._watch, self._again):
            if timer is not None and timer.active():
                timer.cancel()
        self._parts.clear()
        self._body.close()


def tell_cut_off(log: Logger, failure: Failure) -> None:
    """Log why a body was not sent to its end, unless that was its peer's doing."""
    problem = failure.value
    if isinstance(problem, Stalled | error.ConnectionLost | ConnectionError | TimeoutError):
        return
    if isinstance(problem, OSError) and problem.errno in _UNREACHABLE:
        return
    if isinstance(problem, Unreadable | OSError):
        log.warn("a transfer was cut off: {reason}", reason=str(problem))
    else:
        log.failure("a transfer failed", failure)


def can_sendfile(transport: Any) -> bool:
    """Whether the kernel may write this transport's socket: a plain one, on a reactor of descriptors."""
    return hasattr(os, "sendfile") and _has_plain_socket(transport)


def _has_plain_socket(transport: Any) -> bool:
    return (
        interfaces.ISystemHandle.providedBy(transport)
        and interfaces.IReactorFDSet.providedBy(getattr(transport, "reactor", None))
        and isinstance(transport.getHandle(), socket.socket)
        and not getattr(transport, "TLS", False)
    )


def is_cached(source: int, offset: int) -> bool:
    """Whether an octet of a file can be read without waiting for the disk; True where nobody can say."""
    try:
        os.preadv(source, [bytearray(1)], offset, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    except (OSError, AttributeError):
        return True
    return True


def unacknowledged(transport: Any) -> int:
    """Octets that wait in the kernel for the peer; 0 where nobody can say."""
    if termios is None or not _has_plain_socket(transport):
        return 0
    try:
        answer = fcntl.ioctl(transport.getHandle().fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(answer, sys.byteorder)
