"""Batches: answers in the place of what they answer, and what the kernel may say to them."""

import ctypes
import errno
import socket
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.logger import capturedLogs

from netapp.core import limits, listen, platform
from netapp.core.udp import layout
from netapp.core.udp.source import Source
from tests.core.udp.forms import HOSTS, Heard, Many, client, port, quiet

CALLS = platform.batch_calls()
pytestmark = pytest.mark.skipif(CALLS is None, reason="no such system calls here")
both_families = pytest.mark.parametrize("host", HOSTS)
kinds = pytest.mark.parametrize("kind", [Heard, Many])


class Kernel:
    """``sendmmsg``, which may be told what to say of some calls first.

    :param refuses: gets a call's number and how many datagrams are to leave; gives (how many of
        them may, what is said of the next), or None for all.
    """

    def __init__(self, refuses: Callable[[int, int], tuple[int, int] | None]) -> None:
        self._refuses, self.calls = refuses, list[int]()
        assert CALLS is not None
        self._receive, self._send = CALLS

    @property
    def pair(self) -> tuple[Any, Any]:
        return self._receive, self.send

    def send(self, descriptor: int, messages: int, count: int, flags: int) -> int:
        self.calls.append(count)
        refusal = self._refuses(len(self.calls), count)
        if refusal is None:
            return int(self._send(descriptor, messages, count, flags))
        few, code = refusal
        if few:
            return int(self._send(descriptor, messages, few, flags))
        ctypes.set_errno(code)
        return -1


@both_families
def test_answers_take_the_place_of_what_they_answer(host: str) -> None:
    handler = Many(lambda octets: octets[::-1] * 3)
    with port("batch", handler, host) as made, client(host, made) as peer:
        sent = [b"%d!" % number for number in range(150)]
        for each in sent:
            peer.send(each)
        made.doRead()
        assert [peer.recv(99) for _ in sent] == [each[::-1] * 3 for each in sent]
        assert (handler.sent, handler.unsent) == (150, 0)
        assert {where for _, where in handler.got} == {peer.getsockname()[:2]}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3000)), min_size=1, max_size=70))
def test_some_are_answered_and_some_are_not(wanted: list[tuple[bool, int]]) -> None:
    def answer(octets: bytes) -> bytes | None:
        answered, size = wanted[int(octets)]
        return octets.ljust(size, b".") if answered else None

    with port("batch", Many(answer)) as made, client(to=made) as peer:
        for number in range(len(wanted)):
            peer.send(b"%d" % number)
        made.doRead()
        for number, (answered, size) in enumerate(wanted):
            if answered:
                assert peer.recv(65535) == (b"%d" % number).ljust(size, b".")
        assert quiet(peer)


@both_families
def test_the_largest_datagram_has_an_answer_as_large(host: str) -> None:
    with port("batch", Many(bytes), host) as made, client(host, made) as peer:
        for octets in (b"x" * 65507, b"y", b"z" * 40000):
            peer.send(octets)
            made.doRead()
            assert peer.recv(65535) == octets


def test_an_answer_larger_than_any_datagram_is_counted() -> None:
    handler = Many(lambda octets: b"x" * int(octets))
    with port("batch", handler) as made, client(to=made) as peer:
        sizes = (b"1", b"65508", b"2", b"200000", b"3")
        for each in sizes:
            peer.send(each)
        made.doRead()
        assert [peer.recv(9) for _ in range(3)] == [b"x", b"xx", b"xxx"]
        assert (handler.sent, handler.unsent) == (3, 2)


def test_what_does_not_fit_is_dropped_and_counted() -> None:
    handler = Many(bytes)
    with port("batch", handler, size=512) as made, client(to=made) as peer:
        for octets in (b"a", b"b" * 513, b"c" * 60000, b"d" * 512):
            peer.send(octets)
        made.doRead()
        assert [peer.recv(999), peer.recv(999)] == [b"a", b"d" * 512]
        assert (made.truncated, handler.sent) == (2, 2)


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.EPERM, errno.ENETUNREACH, errno.EHOSTUNREACH])
def test_one_that_the_kernel_refuses_is_counted_and_the_rest_goes_on(code: int) -> None:
    kernel = Kernel(lambda call, count: {1: (2, 0), 2: (0, code)}.get(call))
    handler = Many(bytes)
    with port("batch", handler, calls=kernel.pair) as made, client(to=made) as peer:
        for octets in (b"a", b"b", b"c", b"d", b"e"):
            peer.send(octets)
        made.doRead()
        assert [peer.recv(9) for _ in range(4)] == [b"a", b"b", b"d", b"e"]
        assert quiet(peer)
        assert (handler.sent, handler.unsent, kernel.calls) == (4, 1, [5, 3, 2])


def test_the_error_of_an_earlier_datagram_costs_nothing() -> None:
    kernel = Kernel(lambda call, count: (0, errno.ECONNREFUSED) if call == 1 else None)
    handler = Many(bytes)
    with port("batch", handler, calls=kernel.pair) as made, client(to=made) as peer:
        peer.send(b"a")
        made.doRead()
        assert peer.recv(9) == b"a"
        assert (handler.sent, handler.unsent) == (1, 0)


def test_a_kernel_that_always_refuses_is_asked_twice_at_most() -> None:
    kernel = Kernel(lambda call, count: (0, errno.ECONNREFUSED))
    handler = Many(bytes)
    with port("batch", handler, calls=kernel.pair) as made, client(to=made) as peer:
        for _ in range(10):
            peer.send(b"a")
        made.doRead()
        assert (handler.sent, handler.unsent) == (0, 10)
        assert len(kernel.calls) <= 20


def test_an_interrupted_call_is_made_again() -> None:
    kernel = Kernel(lambda call, count: (0, errno.EINTR) if call == 1 else None)
    with port("batch", Many(bytes), calls=kernel.pair) as made, client(to=made) as peer:
        peer.send(b"a")
        made.doRead()
        assert peer.recv(9) == b"a"


def test_a_handler_that_fails_keeps_its_port() -> None:
    def answer(octets: bytes) -> bytes:
        return octets if octets != b"b" else octets[9:10] + bytes([octets[9]])

    with port("batch", Many(answer)) as made, client(to=made) as peer, capturedLogs() as events:
        for octets in (b"a", b"b", b"c"):
            peer.send(octets)
        made.doRead()
        assert peer.recv(9) == b"a"  # what was answered before it leaves
        peer.send(b"d")
        made.doRead()
        assert peer.recv(9) == b"d"
    assert sum("log_failure" in event for event in events) == 1


def test_a_full_buffer_is_waited_for() -> None:
    kernel = Kernel(lambda call, count: {1: (1, 0), 2: (0, errno.EAGAIN), 3: (0, errno.EAGAIN)}.get(call))
    handler = Many(bytes)
    with port("batch", handler, calls=kernel.pair) as made, client(to=made) as peer:
        for octets in (b"a", b"b", b"c"):
            peer.send(octets)
        made.doRead()
        assert peer.recv(9) == b"a"
        assert made in made.reactor.getWriters()
        assert made not in made.reactor.getReaders()  # what comes waits in the kernel
        made.doWrite()
        assert quiet(peer)
        made.doWrite()
        assert [peer.recv(9), peer.recv(9)] == [b"b", b"c"]
        assert made not in made.reactor.getWriters()
        assert made in made.reactor.getReaders()
        assert (handler.sent, handler.unsent) == (3, 0)
        made.reactor.advance(limits.DATAGRAM_BLOCKED)
        peer.send(b"d")
        made.doRead()
        assert peer.recv(9) == b"d"


def test_answers_that_wait_are_not_read_over() -> None:
    kernel = Kernel(
        lambda number, count: (1, errno.EAGAIN) if number == 1 else (0, errno.EAGAIN) if number == 2 else None
    )
    handler = Many(bytes.upper)
    with port("batch", handler, calls=kernel.pair) as made, client(to=made) as peer:
        for each in (b"a", b"b", b"c"):
            peer.send(each)
        made.doRead()
        made.stopReading()  # whoever has it rests, and goes on
        made.startReading()
        assert made not in made.reactor.readers
        made.doWrite()
        assert made in made.reactor.readers
        assert [peer.recv(9) for _ in range(3)] == [b"A", b"B", b"C"]
        assert (handler.sent, handler.unsent) == (3, 0)


def test_who_rests_goes_on_resting_when_the_answers_have_left() -> None:
    kernel = Kernel(lambda number, count: (0, errno.EAGAIN) if number == 1 else None)
    with port("batch", Many(bytes.upper), calls=kernel.pair) as made, client(to=made) as peer:
        peer.send(b"a")
        made.doRead()
        made.stopReading()
        made.doWrite()
        assert peer.recv(9) == b"A"
        assert made not in made.reactor.readers
        made.startReading()
        assert made in made.reactor.readers


def test_a_full_buffer_is_not_waited_for_for_ever() -> None:
    kernel = Kernel(lambda call, count: (0, errno.EAGAIN) if call < 3 else None)
    handler = Many(bytes)
    with port("batch", handler, calls=kernel.pair) as made, client(to=made) as peer:
        for octets in (b"a", b"b"):
            peer.send(octets)
        made.doRead()
        made.reactor.advance(limits.DATAGRAM_BLOCKED)
        assert (handler.sent, handler.unsent) == (0, 2)
        assert made not in made.reactor.getWriters()
        peer.send(b"c")
        made.doRead()
        assert kernel.calls == [2, 1]
        made.doWrite()
        assert peer.recv(9) == b"c"


def test_a_stop_does_not_wait_for_a_full_buffer() -> None:
    kernel = Kernel(lambda call, count: (0, errno.EAGAIN))
    handler = Many(bytes)
    with port("batch", handler, calls=kernel.pair) as made, client(to=made) as peer:
        peer.send(b"a")
        made.doRead()
        made.stopListening()
        made.reactor.advance(0)
        assert (handler.unsent, handler.stopped) == (1, 1)
        assert made.reactor.getWriters() == []
        assert made.reactor.getDelayedCalls() == []


def test_a_handler_may_stop_its_port_while_the_buffer_is_full() -> None:
    class Stops(Many):
        def batchReceived(self, batch: Any) -> None:
            super().batchReceived(batch)
            self.transport.stopListening()  # type: ignore[union-attr]

    kernel = Kernel(lambda call, count: (0, errno.EAGAIN))
    handler = Stops(bytes)
    with port("batch", handler, calls=kernel.pair) as made, client(to=made) as peer:
        peer.send(b"a")
        made.doRead()
        made.reactor.advance(limits.DATAGRAM_BLOCKED)
        assert (handler.unsent, handler.stopped) == (1, 1)
        assert made.reactor.getWriters() == made.reactor.getReaders() == []


def test_what_a_socket_cannot_do_any_more_is_an_error() -> None:
    def receive(*_: object) -> int:
        ctypes.set_errno(errno.ENOTSOCK)
        return -1

    assert CALLS is not None
    with (
        port("batch", Many(bytes), calls=(receive, CALLS[1])) as made,
        pytest.raises(OSError, match="recvmmsg"),
    ):
        made.doRead()


# The address that was asked ----------------------------------------------------------------------

EVERYWHERE = [
    ("0.0.0.0", "127.0.0.1"),
    ("0.0.0.0", "127.9.9.9"),
    *([("::", "127.9.9.9"), ("::", "127.0.0.1"), ("::", "::1")] if listen.dual_stack() else []),
]


@kinds
@pytest.mark.parametrize(("interface", "host"), EVERYWHERE)
def test_an_answer_leaves_from_the_address_that_was_asked(kind: Any, interface: str, host: str) -> None:
    handler = kind(bytes)
    with port("batch", handler, interface) as made, client(host, made) as peer:
        for octets in (b"a", b"b"):
            peer.send(octets)  # a connected socket takes nothing from another address
        made.doRead()
        assert [peer.recv(9), peer.recv(9)] == [b"a", b"b"]


@pytest.mark.parametrize(("interface", "host"), EVERYWHERE)
def test_a_later_answer_does_too(interface: str, host: str) -> None:
    sources: list[Source] = []

    class Later(Many):
        def batchReceived(self, batch: Any) -> None:
            sources.extend(map(batch.source, range(len(batch))))

    with port("batch", Later(), interface) as made, client(host, made) as peer:
        peer.send(b"a")
        made.doRead()
        made.answer(b"later", sources[0])
        assert peer.recv(9) == b"later"
    handler = Heard()
    with port("batch", handler, interface) as made, client(host, made) as peer:
        peer.send(b"a")
        made.doRead()
        made.write(b"later", handler.got[0][1])
        assert peer.recv(9) == b"later"


def test_whom_they_asked_is_remembered_of_so_many_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DATAGRAM_ASKED", 3)
    with port("batch", Heard(), "0.0.0.0") as made:
        for _ in range(5):
            with client(to=made) as peer:
                peer.send(b"a")
                made.doRead()
        assert len(made._asked) == 3


@kinds
def test_what_was_sent_to_all_is_answered_from_an_address_of_ours(kind: Any) -> None:
    """No datagram can leave from a broadcast address."""
    handler = kind(bytes)
    with port("batch", handler, "0.0.0.0") as made, client("127.0.0.1") as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for host in ("127.255.255.255", "127.0.0.1"):
            peer.sendto(b"who is there?", (host, made.getHost().port))
            made.doRead()
            octets, (answered, _) = peer.recvfrom(99)
            assert (octets, answered) == (b"who is there?", "127.0.0.1")
        if kind is Many:
            assert (handler.sent, handler.unsent) == (2, 0)


def test_the_interface_is_kept_for_an_address_of_one_link_alone() -> None:
    """Anywhere else an answer goes the way that the routes lead."""
    for family, links in ((layout.IPV4, b"\xa9\xfe\1\2"), (layout.IPV6, b"\xfe\x80" + bytes(14))):
        assert links.startswith(family.links)
        assert not bytes(16).startswith(family.links)
    assert b"\xfe\xc0".startswith(layout.IPV6.links) is False


def test_the_kernels_structures_are_as_large_as_the_kernel_has_them() -> None:
    if layout.SIZE == 8:
        assert (layout.MESSAGE, layout.VECTOR, layout.HEAD) == (64, 16, 16)
    assert layout.IPV4.peer.size == layout.IPV6.peer.size == layout.NAME
