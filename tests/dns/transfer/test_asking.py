"""Questions by datagram and by stream, over transports in memory."""

import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet import address, defer, error
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from netapp.core import limits
from netapp.dns.transfer.asking import Asker, answers
from netapp.dns.transfer.conversing import Unanswered
from netapp.dns.transfer.servers import Server
from netapp.dns.transfer.wire import request
from netapp.dns.tsig.keys import Key, Keyring
from netapp.dns.tsig.record import read_signed
from netapp.dns.tsig.signing import Signer, Unverified
from netapp.errors import NetappError
from netapp.names.naming import wire_name
from netapp.testing import FakeDatagramTransport, FakeReactor, Transport
from tests.dns.transfer.zones import ORIGIN

KEY = Key(wire_name("laptop"), "hmac-sha256", b"secret")
SERVER, SIGNING = Server("192.0.2.1"), Server("192.0.2.1", 53, KEY.name)
ASKED = request(0x0102, ORIGIN, 6)
GOOD = b"\1\2\x84\0" + ASKED[4:]
FRAMED = len(GOOD).to_bytes(2, "big") + GOOD
NOW = 1_700_000_000.0


class Asking(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = FakeReactor()
        self.asker = Asker(self.reactor, Keyring(lambda: [KEY]), lambda: NOW)

    def datagram(self, server: Server = SERVER, tries: tuple[float, ...] = (2.0, 3.0)) -> Any:
        """Ask by datagram.  :returns: the Deferred, and our end of it."""
        asked = defer.ensureDeferred(self.asker.by_datagram(server, ASKED, tries))
        return asked, self.reactor.udpServers[-1][1]

    def stream(self, receive: Callable[[bytes], Any], server: Server = SERVER) -> Any:
        """Ask by stream.  :returns: the Deferred, our end of the connection, and its transport."""
        asked = defer.ensureDeferred(self.asker.by_stream(server, ASKED, receive))
        return asked, *self.connected()

    def connected(self) -> Any:
        """The connection that was asked for last stands."""
        protocol: Any = self.reactor.tcpClients[-1][2].buildProtocol(
            address.IPv4Address("TCP", "192.0.2.1", 53)
        )
        transport = Transport(protocol)
        protocol.makeConnection(transport)
        return protocol, transport

    def unconnected(self, reason: Exception) -> None:
        factory: Any = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(reason))

    def reason(self, asked: Any) -> str:
        return str(self.failureResultOf(asked, NetappError).value)

    def test_an_answer_ends_it(self) -> None:
        asked, ours = self.datagram()
        assert self.reactor.udpServers[-1][0] == 0
        assert [octets for octets, _ in ours.transport.written] == [ASKED]
        ours.datagramReceived(GOOD, ("192.0.2.1", 53))
        assert self.successResultOf(asked) == GOOD
        assert not self.reactor.getDelayedCalls()
        ours.datagramReceived(GOOD, ("192.0.2.1", 53))  # one that comes twice

    def test_it_is_asked_again_and_then_given_up(self) -> None:
        asked, ours = self.datagram()
        self.reactor.advance(2.0)
        assert len(ours.transport.written) == 2
        self.reactor.advance(2.9)
        self.assertNoResult(asked)
        self.reactor.advance(0.2)
        assert self.reason(asked) == "it does not answer"
        assert not self.reactor.getDelayedCalls()

    def test_another_answer_is_waited_past(self) -> None:
        asked, ours = self.datagram()
        other = request(0x0102, wire_name("other.lan"), 6)
        for octets in (
            b"",
            b"\1\2",
            b"\1\3" + GOOD[2:],
            b"\1\2\4\0" + GOOD[4:],
            b"\1\2\xa4\0" + GOOD[4:],
            b"\1\2\x84\0" + other[4:],
        ):
            ours.datagramReceived(octets, ("192.0.2.1", 53))
        self.assertNoResult(asked)
        asked.cancel()
        self.failureResultOf(asked, defer.CancelledError)

    def test_nobody_listens(self) -> None:
        asked, ours = self.datagram()
        ours.connectionRefused()
        assert self.reason(asked) == "nobody listens there"

    def test_a_server_that_no_way_leads_to_does_not_answer(self) -> None:
        def unreachable(transport: object, host: str, port: int) -> None:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

        self.patch(FakeDatagramTransport, "connect", unreachable)
        asked, ours = self.datagram()
        assert str(self.failureResultOf(asked, Unanswered).value) == "Network is unreachable"
        assert ours.transport.written == []
        assert not self.reactor.getDelayedCalls()

    def test_a_signed_question_takes_a_signed_answer(self) -> None:
        asked, ours = self.datagram(SIGNING)
        ((octets, _),) = ours.transport.written
        read = read_signed(octets)
        assert read is not None
        ours.datagramReceived(GOOD, ("192.0.2.1", 53))
        wrong = Signer(Key(KEY.name, "hmac-sha256", b"another"), read[1].mac)
        ours.datagramReceived(wrong.sign(GOOD, NOW), ("192.0.2.1", 53))
        self.assertNoResult(asked)
        ours.datagramReceived(Signer(KEY, read[1].mac).sign(GOOD, NOW), ("192.0.2.1", 53))
        assert self.successResultOf(asked) == GOOD

    def test_why_no_signature_held_is_told_at_the_end(self) -> None:
        asked, ours = self.datagram(SIGNING)
        ours.datagramReceived(GOOD, ("192.0.2.1", 53))
        self.reactor.advance(2.0)
        self.reactor.advance(3.0)
        assert "not signed" in self.reason(asked)

    def test_messages_come_in_any_pieces(self) -> None:
        got: list[bytes] = []

        def receive(message: bytes) -> str | None:
            got.append(message)
            return "done" if len(got) == 3 else None

        asked, protocol, transport = self.stream(receive)
        assert transport.take() == len(ASKED).to_bytes(2, "big") + ASKED
        for octet in FRAMED * 2:
            protocol.dataReceived(bytes([octet]))
        self.assertNoResult(asked)
        protocol.dataReceived(FRAMED)
        assert self.successResultOf(asked) == "done"
        assert got == [GOOD] * 3
        assert transport.disconnecting
        assert not self.reactor.getDelayedCalls()

    def test_much_is_read_at_once_and_made_something_of_in_turns(self) -> None:
        got: list[bytes] = []
        long = GOOD + bytes(8000)
        framed = len(long).to_bytes(2, "big") + long

        def receive(message: bytes) -> str | None:
            got.append(message)
            return "done" if len(got) == 20 else None

        asked, protocol, transport = self.stream(receive)
        protocol.dataReceived(framed * 20)
        assert len(got) == 3
        transport.loseConnection()  # the primary has said it all
        self.reactor.advance(0)
        assert self.successResultOf(asked) == "done"
        assert got == [long] * 20

    def test_a_turn_is_bounded_in_time_within_a_message_too(self) -> None:
        taken: list[int] = []

        def receive(message: bytes) -> Iterator[str | None]:
            for number in range(10):
                taken.append(number)
                self.reactor.rightNow += limits.TRANSFER_TURN_TIME / 2  # as if it took so long
                yield None
            yield "done" if len(taken) == 20 else None

        asked, protocol, transport = self.stream(receive)
        protocol.dataReceived(FRAMED * 2)
        assert len(taken) == 2
        transport.loseConnection()  # the primary has said it all
        self.reactor.advance(0)
        assert self.successResultOf(asked) == "done"
        assert not self.reactor.getDelayedCalls()

    def test_what_is_read_ahead_is_bounded(self) -> None:
        self.patch(limits, "TRANSFER_AHEAD", 100_000)
        asked, protocol, transport = self.stream(lambda message: None)
        long = bytes(20_000)
        protocol.dataReceived((len(long).to_bytes(2, "big") + long) * 10)
        assert transport.producerState == "paused"
        self.reactor.advance(0)
        assert transport.producerState == "producing"
        transport.loseConnection()
        assert "closed before the end" in self.reason(asked)

    def test_what_receive_raises_ends_it(self) -> None:
        def receive(message: bytes) -> None:
            raise NetappError("no")

        asked, protocol, transport = self.stream(receive)
        protocol.dataReceived(FRAMED * 2)
        assert self.reason(asked) == "no"
        assert transport.aborted

    def test_a_connection_that_ends_too_soon(self) -> None:
        asked, protocol, transport = self.stream(lambda message: None)
        protocol.dataReceived(FRAMED)
        transport.loseConnection()
        assert "before the end" in self.reason(asked)

    def test_silence_and_slowness_have_an_end(self) -> None:
        much = (len(GOOD) + 4000).to_bytes(2, "big") + GOOD + bytes(4000)
        much += FRAMED * 10
        assert len(much) > limits.TRANSFER_LEAST
        asked, protocol, _ = self.stream(lambda message: None)
        for _ in range(3):
            self.reactor.advance(limits.TRANSFER_SILENCE - 1)
            protocol.dataReceived(much)
        self.reactor.advance(limits.TRANSFER_SILENCE)
        assert self.reason(asked) == "it has fallen silent"
        asked, protocol, _ = self.stream(lambda message: None)
        for _ in range(int(limits.TRANSFER_IN / 20)):
            self.reactor.advance(20)
            protocol.dataReceived(much)
        assert self.reason(asked) == "it takes too long"

    def test_who_sends_an_octet_now_and_then_is_not_waited_for(self) -> None:
        asked, protocol, _ = self.stream(lambda message: None)
        protocol.dataReceived(FRAMED)
        for _ in range(int(limits.TRANSFER_SILENCE / 5)):
            self.assertNoResult(asked)
            self.reactor.advance(5)
            protocol.dataReceived(b"\x60")
        assert self.reason(asked) == "it is too slow"
        assert not self.reactor.getDelayedCalls()

    def test_a_pause_of_ours_is_no_silence_of_theirs(self) -> None:
        self.patch(limits, "TRANSFER_AHEAD", 100_000)

        def receive(message: bytes) -> Iterator[str | None]:
            self.reactor.rightNow += limits.TRANSFER_SILENCE / 6  # as if it took so long
            yield None
            yield "done" if len(message) == 12 else None

        asked, protocol, transport = self.stream(receive)
        long = bytes(20_000)
        protocol.dataReceived((len(long).to_bytes(2, "big") + long) * 10)
        assert transport.producerState == "paused"
        for _ in range(30):
            self.reactor.advance(0)
        assert transport.producerState == "producing"
        self.assertNoResult(asked)
        protocol.dataReceived(b"\0\x0c" + bytes(12))
        for _ in range(5):
            self.reactor.advance(0)
        assert self.successResultOf(asked) == "done"

    def test_a_short_message_and_an_unsigned_end(self) -> None:
        asked, protocol, _ = self.stream(lambda message: None)
        protocol.dataReceived(b"\0\3abc")
        assert "shorter than its header" in self.reason(asked)
        asked, protocol, _ = self.stream(lambda message: "done", SIGNING)
        protocol.dataReceived(FRAMED)
        self.failureResultOf(asked, Unverified)

    def test_the_last_message_must_be_signed(self) -> None:
        got: list[bytes] = []

        def receive(message: bytes) -> str | None:
            got.append(message)
            return "done" if len(got) == 2 else None

        asked, protocol, transport = self.stream(receive, SIGNING)
        read = read_signed(transport.take()[2:])
        assert read is not None
        signed = Signer(KEY, read[1].mac).sign(GOOD, NOW)
        protocol.dataReceived(len(signed).to_bytes(2, "big") + signed + FRAMED)
        assert "last message is not signed" in self.reason(asked)

    def test_a_connection_that_cannot_be_made(self) -> None:
        for failed, said in (
            (error.ConnectionRefusedError(), "nobody listens there"),
            (error.TimeoutError(), "it cannot be reached: no answer"),
            (error.ConnectError(errno.ENETUNREACH), "it cannot be reached: Network is unreachable"),
            (OSError(errno.ENODEV, "No such device"), "it cannot be reached: No such device"),
        ):
            asked: Any = defer.ensureDeferred(self.asker.by_stream(SERVER, ASKED, lambda message: None))
            self.unconnected(failed)
            assert said in self.reason(asked)

    def test_a_connection_that_is_being_made_can_be_given_up(self) -> None:
        asked: Any = defer.ensureDeferred(self.asker.by_stream(SERVER, ASKED, lambda message: None))
        asked.cancel()
        self.failureResultOf(asked, defer.CancelledError)

    def test_without_an_answer_by_datagram_the_stream_is_asked(self) -> None:
        asked = defer.ensureDeferred(self.asker.first_answer(SERVER, ASKED))
        ours = self.reactor.udpServers[-1][1]
        ours.datagramReceived(b"\1\2\x86\0" + GOOD[4:], ("192.0.2.1", 53))
        self.connected()[0].dataReceived(FRAMED)
        assert self.successResultOf(asked) == GOOD

    def test_the_reason_told_is_the_datagrams(self) -> None:
        asked = defer.ensureDeferred(self.asker.first_answer(SERVER, ASKED))
        self.reactor.udpServers[-1][1].connectionRefused()
        self.unconnected(error.TimeoutError())
        assert self.reason(asked) == "nobody listens there"


@pytest.mark.parametrize(
    ("host", "source", "taken"),
    [
        ("192.0.2.1", None, None),
        ("192.0.2.1", "192.0.2.7", "192.0.2.7"),
        ("127.0.0.6", "127.0.0.7", "127.0.0.7"),
        ("2001:db8::1", "2001:db8::7", "2001:db8::7"),
        ("fe80::1%lo", "fe80::7%lo", "fe80::7%lo"),
        ("2001:db8::1", "192.0.2.7", None),
        ("192.0.2.1", "2001:db8::7", None),
        ("192.0.2.1", "127.0.0.1", None),  # from there nobody else is reached
        ("127.0.0.1", "192.0.2.7", None),
        ("2001:db8::1", "fe80::7%lo", None),
        ("192.0.2.1", "0.0.0.0", None),
        ("2001:db8::1", "::", None),
    ],
)
def test_it_is_asked_from_the_address_that_we_have_been_given(
    host: str, source: str | None, taken: str | None
) -> None:
    reactor = FakeReactor()
    asker = Asker(reactor, Keyring(), lambda: NOW, source)
    datagram = defer.ensureDeferred(asker.by_datagram(Server(host), ASKED))
    assert reactor.udpServers[-1][2] == (taken or ("::" if ":" in host else ""))
    stream: Any = defer.ensureDeferred(asker.by_stream(Server(host), ASKED, lambda message: None))
    bound: Any = reactor.tcpClients[-1][4]
    assert bound == ((taken, 0) if taken else None)
    for each in (datagram, stream):
        each.addErrback(lambda failure: None)
        each.cancel()


def test_an_error_need_not_repeat_the_question() -> None:
    assert answers(b"\1\2\x84\1" + bytes(8), ASKED)


def test_unanswered_is_ours() -> None:
    with pytest.raises(NetappError):
        raise Unanswered("x")
