"""Sockets that are bound already, and several at one port."""

import errno
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import defer, error, reactor

from netapp.core import limits
from netapp.core.udp.ports import adopt_datagrams, shared_sockets
from tests.core.udp.forms import HOSTS, Heard, client


def _turn() -> "defer.Deferred[None]":
    passed: defer.Deferred[None] = defer.Deferred()
    reactor.callLater(0.001, passed.callback, None)  # type: ignore[attr-defined]
    return passed


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("interface", [*HOSTS, "0.0.0.0"])
async def test_a_bound_socket_is_listened_on(interface: str) -> None:
    (bound,) = shared_sockets(interface, 0, 1)
    handler = Heard(bytes)
    made = adopt_datagrams(reactor, bound.fileno(), handler, limits.DATAGRAM)
    with client("127.0.0.1" if interface == "0.0.0.0" else interface, made) as peer:
        assert made.getHost().port == bound.getsockname()[1]
        peer.send(b"a")
        while not handler.got:
            await _turn()
        assert peer.recv(9) == b"a"
        await made.stopListening()
        assert bound.fileno() >= 0  # it is ours still
        peer.send(b"b")
        assert bound.recv(9) == b"b"
    bound.close()


def test_what_is_no_socket_cannot_be_listened_on() -> None:
    with open(os.devnull) as other, pytest.raises(OSError, match="socket"):
        adopt_datagrams(reactor, other.fileno(), Heard(), limits.DATAGRAM)


def test_each_client_keeps_to_one_of_the_sockets() -> None:
    with ExitStack() as stack:
        shared = [stack.enter_context(each) for each in shared_sockets("127.0.0.1", 0, 4)]
        number = shared[0].getsockname()[1]
        for _ in range(60):
            peer = stack.enter_context(client())
            for _ in range(3):
                peer.sendto(b"a", ("127.0.0.1", number))
        got = [0] * len(shared)
        for at, each in enumerate(shared):
            each.setblocking(False)
            clients = []
            while True:
                try:
                    clients.append(each.recvfrom(9)[1])
                except BlockingIOError:
                    break
            assert len(clients) == 3 * len(set(clients))
            got[at] = len(clients)
        assert sum(got) == 180
        assert sum(map(bool, got)) > 1


def test_a_port_that_somebody_has_is_not_shared() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        with pytest.raises(error.CannotListenError) as caught:
            shared_sockets("127.0.0.1", other.getsockname()[1], 2)
        assert caught.value.socketError.errno == errno.EADDRINUSE


#: A process that answers on a descriptor it was given.
WORKER = """
import sys
from twisted.internet import protocol, reactor
from netapp.core.udp.ports import adopt_datagrams
class Echo(protocol.DatagramProtocol):
    def datagramReceived(self, datagram, addr):
        self.transport.write(sys.argv[2].encode() + datagram, addr)
adopt_datagrams(reactor, int(sys.argv[1]), Echo(), 65535)
reactor.callWhenRunning(print, "ready", flush=True)
reactor.run()
"""


@pytest.mark.real
def test_processes_share_a_port() -> None:
    shared = shared_sockets("127.0.0.1", 0, 2)
    where: Any = shared[0].getsockname()
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(each.fileno()), str(number)],
            pass_fds=[each.fileno()],
            stdout=subprocess.PIPE,
        )
        for number, each in enumerate(shared)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
        answered = set()
        for _ in range(40):
            with client() as peer:
                peer.sendto(b"!", where)
                answered.add(peer.recv(9))
        assert answered == {b"0!", b"1!"}
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            if worker.stdout is not None:
                worker.stdout.close()
        for each in shared:
            each.close()
