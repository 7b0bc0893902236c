"""Bodies over real sockets, each turn of the reactor taken by hand."""

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import error, interfaces
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from netapp.core import limits, sendfile
from netapp.core.sendfile import BodySender, Stalled, Unreadable, can_sendfile, unacknowledged
from netapp.core.sessions import Body, Slice


@implementer(interfaces.IReactorFDSet)
class Descriptors:
    """A reactor's place, for :func:`can_sendfile`."""


@implementer(interfaces.ISystemHandle)
class Wire:
    """A transport over one end of a socket pair; :meth:`turn` is one writable event."""

    def __init__(self, sock: socket.socket, reactor: object) -> None:
        self.sock, self.reactor = sock, reactor
        self.producer: Any = None
        self.queue: list[bytes] = []
        self.writes: list[int] = []
        self.wanted = self.aborted = self.TLS = False

    def getHandle(self) -> socket.socket:
        return self.sock

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert self.producer is None
        assert not streaming
        self.producer = producer
        producer.resumeProducing()

    def unregisterProducer(self) -> None:
        self.producer = None

    def write(self, octets: bytes) -> None:
        self.queue.append(octets)
        self.wanted = True

    def startWriting(self) -> None:
        self.wanted = True

    def abortConnection(self) -> None:
        self.aborted = True

    def turn(self) -> None:
        self.wanted = False
        if octets := b"".join(self.queue):
            self.writes.append(len(octets))
            count = self.sock.send(octets)
            self.queue = [octets[count:]] if count < len(octets) else []
            self.wanted = bool(self.queue)
        if not self.queue and self.producer is not None:
            self.producer.resumeProducing()


#: What is about the kernel's own way, where tests may hide it.
by_kernel = pytest.mark.skipif(not hasattr(os, "sendfile"), reason="there is no sendfile here")


class File:
    """A source that counts how it is used."""

    def __init__(self, path: Path, *, handle: bool = True) -> None:
        self.file, self.handle = path.open("rb"), handle
        self.closed = 0

    def pread(self, count: int, offset: int) -> bytes:
        return os.pread(self.file.fileno(), count, offset)

    def fileno(self) -> int | None:
        return self.file.fileno() if self.handle else None

    def close(self) -> None:
        self.closed += 1
        self.file.close()


class Bench:
    """A sender, both ends of its wire, and what came of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.theirs = socket.create_connection(server.getsockname())
            self.ours = server.accept()[0]
        self.ours.setblocking(False)
        self.theirs.setblocking(False)
        self.clock = Clock()
        self.wire = Wire(self.ours, Descriptors())
        self.outcome: list[Any] = []
        self.got = bytearray()

    def content(self, size: int) -> bytes:
        octets = bytes(range(256)) * (size // 256 + 1)
        self.path.write_bytes(octets[:size])
        return octets[:size]

    def send(self, *parts: bytes | Slice) -> BodySender:
        self.sender = sender = BodySender(Body(parts), self.wire, self.clock)
        sender.start().addBoth(self.outcome.append)
        return sender

    def read(self) -> None:
        try:
            while octets := self.theirs.recv(1 << 20):
                self.got += octets
        except BlockingIOError:
            pass

    def run(self) -> None:
        """Turn and read until the sender has no more to do."""
        for _ in range(10_000):
            if self.wire.wanted:
                self.wire.turn()
            elif not select.select([self.theirs], [], [], 0.05)[0]:
                break
            self.read()

    def read_a_little(self, turn: Callable[[], object] = lambda: None) -> None:
        """Read until our system has word of it: theirs tells only when enough of its buffer is free.

        :param turn: what the reactor does meanwhile.
        """
        before, end = self._taken(), time.monotonic() + 10
        while self._taken() == before:
            assert time.monotonic() < end, "the kernel never said that anything was read"
            if select.select([self.theirs], [], [], 0.01)[0]:
                self.theirs.recv(65536)
            with contextlib.suppress(BlockingIOError):
                turn()

    def _taken(self) -> int:
        return self.sender.sent - unacknowledged(self.wire)

    def failed(self, kind: type[BaseException]) -> bool:
        (outcome,) = self.outcome
        return isinstance(outcome, Failure) and outcome.check(kind) is not None


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "file")
    yield made
    made.sender.cancel()
    made.ours.close()
    made.theirs.close()


@pytest.mark.parametrize("handle", [True, False], ids=["descriptor", "none"])
@pytest.mark.parametrize("plain", [True, False], ids=["socket", "tls"])
@pytest.mark.parametrize("size", [0, 1, limits.ONE_WRITE, limits.ONE_WRITE + 1, 3 * limits.SENDFILE + 17])
def test_parts_arrive_in_order(bench: Bench, size: int, plain: bool, handle: bool) -> None:
    content = bench.content(size)
    if not plain:
        bench.wire.reactor = None
    source = File(bench.path, handle=handle)
    bench.wire.write(b"before ")
    half = size // 2
    bench.send(b"head ", Slice(source, 0, half), b" middle ", Slice(source, half, size - half), b" tail")
    bench.run()
    assert bench.got == b"before head " + content[:half] + b" middle " + content[half:] + b" tail"
    assert bench.outcome == [None]
    assert source.closed
    assert bench.wire.producer is None
    assert not bench.clock.getDelayedCalls()


def test_a_small_file_and_its_head_leave_in_one_write(bench: Bench) -> None:
    content = bench.content(60_000)
    bench.wire.write(b"head ")
    bench.send(Slice(File(bench.path), 0, 60_000))
    bench.wire.turn()
    assert bench.wire.writes == [60_005]
    bench.run()
    assert bench.got == b"head " + content


@by_kernel
def test_a_file_of_up_to_a_mebibyte_leaves_in_one_sendfile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fake(out: int, source: int, offset: int, count: int) -> int:
        asked.append((offset, count))
        return count

    monkeypatch.setattr(os, "sendfile", fake)
    bench.content(limits.SENDFILE)
    bench.send(Slice(File(bench.path), 0, limits.SENDFILE))
    bench.run()
    assert asked == [(0, limits.SENDFILE)]
    assert bench.wire.writes == []


@by_kernel
def test_one_peer_gets_one_mebibyte_a_turn(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def fake(out: int, source: int, offset: int, count: int) -> int:
        asked.append(count)
        return count

    monkeypatch.setattr(os, "sendfile", fake)
    bench.content(10)
    bench.send(Slice(File(bench.path), 0, 5 * limits.SENDFILE))
    for turn in range(1, 6):
        bench.wire.turn()
        assert asked == [limits.SENDFILE] * turn
    assert bench.outcome == [None]


@by_kernel
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_the_kernel_cannot_the_file_is_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "sendfile", _raises(number))
    content = bench.content(300_000)
    bench.send(b"head", Slice(File(bench.path), 0, 300_000))
    bench.run()
    assert bench.got == b"head" + content


@by_kernel
def test_a_full_socket_is_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bench.content(300_000)
    real, times = os.sendfile, [0]

    def sometimes(*args: Any) -> int:
        times[0] += 1
        if times[0] % 2:
            raise BlockingIOError(errno.EAGAIN, "")
        return real(*args)

    monkeypatch.setattr(os, "sendfile", sometimes)
    bench.send(Slice(File(bench.path), 0, 300_000))
    bench.run()
    assert bench.got == content


@pytest.mark.parametrize("plain", [True, False], ids=["socket", "tls"])
@pytest.mark.parametrize("size", [1000, 500_000])
def test_f21_a_file_that_shrinks_ends_in_a_reset(bench: Bench, size: int, plain: bool) -> None:
    if not plain:
        bench.wire.reactor = None
    bench.content(size)
    source = File(bench.path)
    os.truncate(bench.path, size // 2)
    bench.send(b"head", Slice(source, 0, size))
    bench.run()
    assert bench.failed(Unreadable)
    assert bench.wire.aborted
    assert source.closed
    assert len(bench.got) < size


def test_f22_a_file_that_grows_is_sent_to_its_announced_length(bench: Bench) -> None:
    content = bench.content(500_000)
    bench.send(Slice(File(bench.path), 0, 500_000))
    with bench.path.open("ab") as file:
        file.write(b"more")
    bench.run()
    assert bench.got == content


def test_f16_who_reads_nothing_loses_the_connection(bench: Bench) -> None:
    bench.content(8 * limits.SENDFILE)
    source = File(bench.path)
    bench.send(Slice(source, 0, 8 * limits.SENDFILE))
    for _ in range(20):
        bench.wire.turn()
    bench.clock.advance(limits.STALLED_LOOK)  # its system took the first octets meanwhile
    for _ in range(int(limits.STALLED / limits.STALLED_LOOK)):
        assert bench.outcome == []
        bench.clock.advance(limits.STALLED_LOOK)
    assert bench.failed(Stalled)
    assert bench.wire.aborted
    assert source.closed


def test_f16_who_reads_only_what_came_before_keeps_it(bench: Bench) -> None:
    bench.content(10)
    with contextlib.suppress(BlockingIOError):
        while True:
            bench.ours.send(b"x" * 65536)
    bench.send(Slice(File(bench.path), 0, 10))
    for _ in range(4):
        bench.clock.advance(limits.STALLED - limits.STALLED_LOOK)
        bench.read_a_little()
        bench.clock.advance(limits.STALLED_LOOK)
    assert bench.outcome == []


def test_f16_who_reads_a_little_keeps_it(bench: Bench) -> None:
    bench.content(8 * limits.SENDFILE)
    bench.send(Slice(File(bench.path), 0, 8 * limits.SENDFILE))
    for _ in range(5):
        bench.wire.turn()
        bench.clock.advance(limits.STALLED - 1)
        bench.read_a_little(bench.wire.turn)
        bench.clock.advance(1)
    assert bench.outcome == []
    assert not bench.wire.aborted


def test_f20_a_connection_that_is_lost_fires_once_and_closes_the_file(bench: Bench) -> None:
    bench.content(500_000)
    source = File(bench.path)
    sender = bench.send(Slice(source, 0, 500_000))
    bench.wire.producer.stopProducing()
    sender.stopProducing()
    sender.resumeProducing()
    assert bench.failed(error.ConnectionLost)
    assert source.closed
    assert not bench.clock.getDelayedCalls()


@by_kernel
def test_f20_a_socket_that_is_reset_ends_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sendfile", _raises(errno.ECONNRESET))
    bench.content(500_000)
    source = File(bench.path)
    bench.send(Slice(source, 0, 500_000))
    bench.run()
    assert bench.failed(OSError)
    assert bench.wire.aborted
    assert source.closed


@by_kernel
def test_a_disk_that_fails_is_said_and_ends_in_a_reset(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sendfile", _raises(errno.EIO))
    bench.content(500_000)
    bench.send(Slice(File(bench.path), 0, 500_000))
    bench.run()
    assert bench.failed(Unreadable)
    assert bench.wire.aborted


def test_a_cancelled_body_closes_its_file_and_says_nothing(bench: Bench) -> None:
    bench.content(500_000)
    source = File(bench.path)
    sender = bench.send(Slice(source, 0, 500_000))
    sender.cancel()
    bench.run()
    assert bench.outcome == []
    assert source.closed
    assert not bench.clock.getDelayedCalls()


@by_kernel
def test_what_the_kernel_may_write(bench: Bench) -> None:
    bench.send()
    assert can_sendfile(bench.wire)
    bench.wire.TLS = True
    assert not can_sendfile(bench.wire)
    assert not can_sendfile(object())


def _raises(number: int) -> Callable[..., int]:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return refuse


@by_kernel
def test_a_file_that_is_not_in_memory_is_waited_for_without_the_reactor(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, cached = bench.content(300_000), [False, False, True]
    monkeypatch.setattr(sendfile, "is_cached", lambda source, offset: cached.pop(0))
    bench.send(Slice(File(bench.path), 0, 300_000))
    bench.run()
    for _ in range(2):
        assert bench.got == b""
        bench.clock.advance(limits.DISK_LOOK)
        bench.run()
    assert bench.got == content
    assert cached == []


def test_a_disk_that_never_says_so_is_read_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bench.content(300_000)
    monkeypatch.setattr(sendfile, "is_cached", lambda source, offset: False)
    bench.send(Slice(File(bench.path), 0, 300_000))
    for _ in range(round(limits.DISK / limits.DISK_LOOK) + 1):
        bench.wire.turn()
        bench.clock.advance(limits.DISK_LOOK)
    bench.run()
    assert bench.got == content


def test_what_was_just_written_is_in_memory(bench: Bench) -> None:
    bench.content(10)
    source = File(bench.path)
    assert sendfile.is_cached(source.file.fileno(), 9)
    assert sendfile.is_cached(source.file.fileno(), 99)  # behind its end
    bench.send(Slice(source, 0, 10))
