"""The fakes that we publish."""

import pytest
from twisted.internet import protocol

from netapp import testing


def test_a_connection_keeps_what_was_written_and_how_it_ended() -> None:
    echo, transport = testing.connect(protocol.Factory.forProtocol(protocol.Protocol), ("10.0.0.1", 5))
    echo.transport.write(b"a")
    echo.transport.write(b"b")
    assert (transport.take(), transport.take()) == (b"ab", b"")
    assert (transport.getPeer().host, transport.getPeer().port) == ("10.0.0.1", 5)
    transport.abortConnection()
    transport.loseConnection()
    assert (transport.aborted, transport.connected) == (True, False)


def test_a_factory_that_refuses_is_named() -> None:
    refusing = protocol.Factory()
    refusing.buildProtocol = lambda addr: None  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match="refuses"):
        testing.connect(refusing)


def test_a_reactor_listens_for_datagrams() -> None:
    reactor = testing.FakeReactor()
    handler = protocol.DatagramProtocol()
    port = reactor.listenUDP(9999, handler, "127.0.0.1")
    assert reactor.udpServers == [(9999, handler, "127.0.0.1", 8192)]
    assert (port.getHost().host, port.getHost().port) == ("127.0.0.1", 9999)
    handler.transport.write(b"x", ("10.0.0.1", 5))  # type: ignore[attr-defined]
    assert port.written == [(b"x", ("10.0.0.1", 5))]
    port.stopListening()


def test_a_handler_can_be_tried_alone() -> None:
    handler = protocol.DatagramProtocol()
    transport = testing.datagrams(handler, port=53)
    assert handler.transport is transport
    assert transport.getHost().port == 53


def test_calls_from_threads_come_at_once() -> None:
    called: list[int] = []
    testing.FakeReactor().callFromThread(called.append, 1)
    assert called == [1]


def test_a_datagram_transport_may_broadcast_once_told() -> None:
    transport = testing.FakeDatagramTransport()
    assert not transport.broadcast_allowed
    transport.setBroadcastAllowed(True)
    assert transport.broadcast_allowed
