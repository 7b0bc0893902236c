"""Datagram ports: both forms do the same."""

import ctypes
import errno
import os
import socket
import sys
from types import SimpleNamespace

import pytest
from twisted.internet import error, interfaces
from twisted.logger import capturedLogs
from zope.interface.verify import verifyObject

from netapp.core import limits, listen, platform
from netapp.core.udp import binding
from netapp.core.udp.ports import listen_datagrams
from netapp.testing import FakeReactor
from tests.core.udp.forms import FORMS, HOSTS, Heard, client, port, quiet

#: The largest that IPv4 carries.
LARGEST = 65507
both_forms = pytest.mark.parametrize("form", FORMS)
both_families = pytest.mark.parametrize("host", HOSTS)


@both_forms
def test_a_port_is_what_twisted_wants(form: str) -> None:
    with port(form, Heard()) as made:
        for each in (interfaces.IListeningPort, interfaces.IUDPTransport, interfaces.IReadDescriptor):
            assert verifyObject(each, made)
        assert made in made.reactor.getReaders()
        assert made.getHandle().getsockname() == ("127.0.0.1", made.getHost().port)


@both_forms
@both_families
def test_datagrams_are_handed_on_whole_and_answered(form: str, host: str) -> None:
    handler = Heard(lambda octets: octets.upper())
    with port(form, handler, host) as made, client(host, made) as peer:
        for octets in (b"abc", b"", b"x" * 1500, b"a\0b", b"y" * LARGEST):
            peer.send(octets)
            made.doRead()
            assert peer.recv(LARGEST) == octets.upper()
            assert handler.got.pop() == (octets, peer.getsockname()[:2])
        assert made.getHost().host == host
        assert quiet(peer)


@both_forms
@both_families
def test_many_are_answered_in_their_order(form: str, host: str) -> None:
    handler = Heard(bytes)
    with port(form, handler, host) as made, client(host, made) as peer:
        sent = [b"%d" % number for number in range(100)]
        for each in sent:
            peer.send(each)
        made.doRead()
        assert [octets for octets, _ in handler.got] == sent
        assert [peer.recv(10) for _ in sent] == sent


@both_forms
@pytest.mark.skipif(not listen.dual_stack(), reason="no dual-stack sockets here")
def test_a_socket_of_both_families_shows_ipv4_as_it_takes_it(form: str) -> None:
    handler = Heard(bytes)
    with port(form, handler, "::") as made, client("127.0.0.1", made) as peer:
        peer.send(b"a")
        made.doRead()
        assert handler.got == [(b"a", ("::ffff:127.0.0.1", peer.getsockname()[1]))]
        assert peer.recv(9) == b"a"
        made.write(b"later", handler.got[0][1])
        assert peer.recv(9) == b"later"


@both_forms
@both_families
def test_what_is_larger_than_asked_for_is_dropped_and_counted(form: str, host: str) -> None:
    handler = Heard()
    with port(form, handler, host, 512) as made, client(host, made) as peer:
        for octets in (b"a" * 512, b"b" * 513, b"c" * 9000, b"d"):
            peer.send(octets)
        for _ in range(3):
            made.doRead()
        assert [octets for octets, _ in handler.got] == [b"a" * 512, b"d"]
        assert made.truncated == 2


@both_forms
@both_families
def test_what_is_too_large_to_send_is_said(form: str, host: str) -> None:
    handler = Heard()
    with port(form, handler, host) as made, client(host, made) as peer:
        with pytest.raises(error.MessageLengthError):
            made.write(b"x" * 65600, peer.getsockname()[:2])
        made.write(b"x", peer.getsockname()[:2])
        assert peer.recv(9) == b"x"
        made.writeSequence([b"a", b"b"], peer.getsockname()[:2])
        assert peer.recv(9) == b"ab"


@both_forms
@pytest.mark.parametrize(
    ("host", "bad"), [("127.0.0.1", "localhost"), ("127.0.0.1", "::1"), ("::1", "127.0.0.1")]
)
def test_only_addresses_of_its_family_can_be_written_to(form: str, host: str, bad: str) -> None:
    with port(form, Heard(), host) as made, pytest.raises(error.InvalidAddressError):
        made.write(b"x", (bad, 9))


@both_forms
@both_families
def test_a_peer_that_has_gone_harms_nobody(form: str, host: str) -> None:
    handler = Heard(bytes)
    with port(form, handler, host) as made:
        with client(host) as gone:
            where = gone.getsockname()[:2]
        with client(host, made) as peer:
            for _ in range(3):
                made.write(b"x", where)  # comes back as "port unreachable"
                peer.send(b"still there")
                made.doRead()
                made.doRead()
                assert peer.recv(99) == b"still there"
        assert handler.refused == 0


@both_forms
@both_families
def test_a_connected_port_hears_of_a_refusal(form: str, host: str) -> None:
    handler = Heard()
    with port(form, handler, host) as made, client(host) as peer:
        made.connect(*peer.getsockname()[:2])
        made.write(b"hello")
        octets, whence = peer.recvfrom(9)
        assert (octets, whence[:2]) == (b"hello", (host, made.getHost().port))
        peer.close()
        made.write(b"anybody?")
        made.doRead()
        assert handler.refused == 1
        with pytest.raises(RuntimeError):
            made.connect(host, 9)


@both_forms
def test_a_handler_that_fails_fails_one_datagram(form: str) -> None:
    def answer(octets: bytes) -> bytes:
        if octets == b"b":
            raise ValueError("on purpose")
        return octets

    with port(form, Heard(answer)) as made, client(to=made) as peer, capturedLogs() as events:
        for octets in (b"a", b"b", b"c"):
            peer.send(octets)
        made.doRead()
        assert [peer.recv(9), peer.recv(9)] == [b"a", b"c"]
    if form == "batch":  # Twisted's own has another way into the log
        assert sum("log_failure" in event for event in events) == 1


@both_forms
def test_broadcasts_leave_once_they_may(form: str) -> None:
    with port(form, Heard(), "0.0.0.0") as made:
        assert made.getBroadcastAllowed() is False
        with pytest.raises(PermissionError):
            made.write(b"x", ("127.255.255.255", 9))
        made.setBroadcastAllowed(True)
        made.write(b"x", ("127.255.255.255", 9))
        assert made.getBroadcastAllowed() is True


@both_forms
def test_a_port_that_is_taken_is_said(form: str) -> None:
    with port(form, Heard()) as made:
        with (
            pytest.raises(error.CannotListenError) as caught,
            port(form, Heard(), number=made.getHost().port),
        ):
            pass
        assert caught.value.socketError.errno == errno.EADDRINUSE


@both_forms
def test_a_stop_is_told_once_and_frees_the_port(form: str) -> None:
    handler = Heard()
    with port(form, handler) as made:
        number = made.getHost().port
        told: list[object] = []
        made.stopListening().addCallback(told.append)
        assert made not in made.reactor.getReaders()
        made.reactor.advance(0)
        assert (told, handler.stopped) == ([None], 1)
        with port(form, Heard(), number=number) as again:
            assert again.getHost().port == number


@both_forms
def test_one_turn_is_bounded(form: str) -> None:
    """A flood leaves the others their turn."""
    handler = Heard()
    with port(form, handler) as made, client(to=made) as peer:
        made.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 2**20)
        octets, bound = {
            "batch": (b"x", limits.DATAGRAM_BATCH * limits.DATAGRAM_BATCHES),
            "plain": (b"x" * 9000, made.maxThroughput // 9000 + 1),
        }[form]
        for _ in range(bound + 5):
            peer.send(octets)
        made.doRead()
        assert 0 < len(handler.got) <= bound
        got = len(handler.got)
        made.doRead()
        assert len(handler.got) > got or got < bound  # less than that: the buffer held no more


def test_a_turn_of_slow_answers_is_one_batch() -> None:
    class Slow(Heard):
        def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
            super().datagramReceived(datagram, addr)
            made.reactor.rightNow += limits.DATAGRAM_TURN / 4

    handler = Slow()
    with port("batch", handler) as made, client(to=made) as peer:
        for _ in range(limits.DATAGRAM_BATCH + 5):
            peer.send(b"x")
        made.doRead()
        assert len(handler.got) == limits.DATAGRAM_BATCH
        made.doRead()
        assert len(handler.got) == limits.DATAGRAM_BATCH + 5


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EPERM])
def test_calls_that_a_sandbox_forbids_are_not_used(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidden:
        def __call__(self, *_: object) -> int:
            ctypes.set_errno(code)
            return -1

    libc = SimpleNamespace(recvmmsg=Forbidden(), sendmmsg=Forbidden())
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: libc)
    assert platform.batch_calls() is None


def test_only_a_true_reactor_gets_sockets() -> None:
    fake = FakeReactor()
    listen_datagrams(fake, 8888, Heard(), "", 65535)
    assert fake.udpServers[0][0] == 8888


def test_a_flood_has_one_turn_and_no_more() -> None:
    handler, most = Heard(), limits.DATAGRAM_TURN_PLAIN
    with port("plain", handler) as made, client(to=made) as peer:
        for _ in range(most + 9):
            peer.send(b"a")
        made.doRead()
        assert len(handler.got) == most
        made.doRead()
        assert len(handler.got) == most + 9


@both_forms
def test_there_is_room_for_what_comes_while_nobody_reads(form: str) -> None:
    """A reload may take the processor for some hundredths of a second: see ``DATAGRAM_ROOM``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        usual = other.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    with port(form, Heard()) as made:
        room = made.getHandle().getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    assert room >= (limits.DATAGRAM_ROOM if os.geteuid() == 0 and sys.platform == "linux" else usual)


@both_forms
def test_a_system_without_sockets_to_give_says_so(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    with monkeypatch.context() as patch:
        patch.setattr(binding.socket, "socket", none)
        with pytest.raises(error.CannotListenError, match="family not supported"), port(form, Heard(), "::1"):
            pass
    with pytest.raises(error.CannotListenError), port(form, Heard(), "fe80::1%nosuch0"):
        pass


def test_a_link_that_is_not_there_is_said() -> None:
    with pytest.raises(error.CannotListenError) as caught:
        binding.bound_socket("fe80::1%nosuch0", 0)
    assert caught.value.socketError.strerror == "there is no link nosuch0 here"
