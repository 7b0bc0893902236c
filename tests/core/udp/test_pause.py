"""A pause after a dense batch: when it begins, what ends it, and that nothing is left of it."""

import ctypes
import errno
import os
import select
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import defer, reactor
from twisted.logger import capturedLogs

from netapp.core import limits, platform
from netapp.core.udp.port import BatchPort
from netapp.core.udp.ports import listen_datagrams
from tests.core.udp.forms import Heard, Many, client, port

CALLS, TIMER = platform.batch_calls(), platform.timer_calls()
pytestmark = pytest.mark.skipif(CALLS is None or TIMER is None, reason="no such system calls here")
DENSE = limits.DATAGRAM_DENSE


def come(peer: Any, made: Any, count: int) -> None:
    """So many datagrams come, and whom the reactor watches for it has read them."""
    for _ in range(count):
        peer.send(b"a")
    (watched,) = (each for each in made.reactor.getReaders() if each is made or each.running)
    assert select.select([watched], [], [], 5)[0]
    watched.doRead()
    for _ in range(count):
        assert peer.recv(9) == b"A"


def reads_at_once(made: Any) -> bool:
    return made in made.reactor.getReaders()


def timer_fires(made: Any) -> bool:
    return bool(select.select([made._pause], [], [], 0.02)[0])


@pytest.mark.parametrize("kind", [Heard, Many])
def test_dense_batches_have_pauses_between_them(kind: Any) -> None:
    with port("batch", kind(bytes.upper), timer=TIMER) as made, client(to=made) as peer:
        for count, at_once in ((1, True), (DENSE - 1, True), (DENSE, False), (DENSE + 9, False)):
            come(peer, made, count)
            assert reads_at_once(made) is at_once
        assert timer_fires(made)
        come(peer, made, 1)
        assert reads_at_once(made)
        assert not timer_fires(made)


def test_a_pause_after_which_nothing_has_come_is_the_last() -> None:
    with port("batch", Many(bytes.upper), timer=TIMER) as made, client(to=made) as peer:
        come(peer, made, DENSE)
        assert timer_fires(made)
        made._pause.doRead()
        assert reads_at_once(made)
        assert not timer_fires(made)


def test_a_full_batch_has_none_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DATAGRAM_BATCHES", 1)
    with port("batch", Many(bytes.upper), timer=TIMER) as made, client(to=made) as peer:
        come(peer, made, limits.DATAGRAM_BATCH)
        assert reads_at_once(made)


def test_who_rests_is_not_woken_by_it() -> None:
    with port("batch", Many(bytes.upper), timer=TIMER) as made, client(to=made) as peer:
        come(peer, made, DENSE)
        made.startReading()  # it does already
        assert not reads_at_once(made)
        made.stopReading()
        assert not timer_fires(made)
        made.startReading()
        assert reads_at_once(made)
        come(peer, made, DENSE)
        assert timer_fires(made)


def test_a_handler_that_rests_has_none() -> None:
    class Rests(Many):
        def batchReceived(self, batch: Any) -> None:
            super().batchReceived(batch)
            self.transport.stopReading()  # type: ignore[union-attr]

    with port("batch", Rests(bytes.upper), timer=TIMER) as made, client(to=made) as peer:
        come(peer, made, DENSE)
        assert not reads_at_once(made)
        assert not timer_fires(made)


def test_answers_that_wait_end_it() -> None:
    sends: list[int] = []

    def send(descriptor: int, messages: int, count: int, flags: int) -> int:
        sends.append(count)
        if len(sends) != 2:
            assert CALLS is not None
            return int(CALLS[1](descriptor, messages, count, flags))
        ctypes.set_errno(errno.EAGAIN)
        return -1

    assert CALLS is not None
    with (
        port("batch", Many(bytes.upper), calls=(CALLS[0], send), timer=TIMER) as made,
        client(to=made) as peer,
    ):
        come(peer, made, DENSE)
        for _ in range(DENSE):
            peer.send(b"a")
        assert timer_fires(made)
        made._pause.doRead()
        assert not timer_fires(made)
        assert not reads_at_once(made)
        made.doWrite()
        assert [peer.recv(9) for _ in range(DENSE)] == [b"A"] * DENSE
        assert reads_at_once(made)


def test_its_end_leaves_no_descriptor() -> None:
    before = os.listdir("/proc/self/fd")
    with port("batch", Many(bytes.upper), timer=TIMER) as made, client(to=made) as peer:
        come(peer, made, DENSE)
        made.stopListening()
        made.reactor.advance(0)
        assert made.reactor.getReaders() == []
        made.startListening()  # a port may begin again
        peer.connect(("127.0.0.1", made.getHost().port))
        come(peer, made, DENSE)
        assert timer_fires(made)
    assert os.listdir("/proc/self/fd") == before


def test_without_a_descriptor_for_it_there_are_none() -> None:
    def create(*_: object) -> int:
        ctypes.set_errno(errno.EMFILE)
        return -1

    with port("batch", Many(bytes.upper), timer=(create, None)) as made, client(to=made) as peer:
        come(peer, made, DENSE)
        assert reads_at_once(made)


def _passed(seconds: float) -> "defer.Deferred[None]":
    passed: defer.Deferred[None] = defer.Deferred()
    reactor.callLater(seconds, passed.callback, None)  # type: ignore[attr-defined]
    return passed


@pytest_twisted.ensureDeferred
async def test_all_of_many_are_answered() -> None:
    handler = Many(bytes.upper)
    made = listen_datagrams(reactor, 0, handler, "127.0.0.1", 512)
    with client(to=made) as peer:
        for count in (5, 40, 200, 1, 90, 7, 64):
            for _ in range(count):
                peer.send(b"a")
            while handler.sent < count:
                await _passed(0.001)
            assert [peer.recv(9) for _ in range(count)] == [b"A"] * count
            handler.sent = 0
    await made.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_socket_that_breaks_meanwhile_ends_its_port() -> None:
    """As it would if the reactor had watched the socket itself."""
    broken: list[bool] = []

    def receive(*arguments: Any) -> int:
        assert CALLS is not None
        if not broken:
            return int(CALLS[0](*arguments))
        ctypes.set_errno(errno.ENOTSOCK)
        return -1

    class Breaks(Many):
        def batchReceived(self, batch: Any) -> None:
            super().batchReceived(batch)
            broken.append(len(batch) >= DENSE)

    assert CALLS is not None
    handler = Breaks(bytes.upper)
    made = BatchPort((receive, CALLS[1]), 0, handler, "127.0.0.1", 512, reactor, timer=TIMER)
    made.startListening()
    with client(to=made) as peer, capturedLogs() as events:
        for _ in range(DENSE):
            peer.send(b"a")
        while not handler.stopped:
            await _passed(0.001)
        assert broken == [True]
        assert "recvmmsg" in str(events)
    assert made._pause is None
