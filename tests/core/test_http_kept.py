"""Requests that come one after the other on one HTTP connection."""

from typing import Any

from twisted.internet import task
from twisted.internet.protocol import connectionDone

from netapp.core.http import Asked, Channel, Response
from netapp.testing import Transport

REQUEST = b"GET /a HTTP/1.1\r\nHost: here\r\n\r\n"


def _channel() -> tuple[Channel, Transport]:
    def answer(asked: Asked) -> Response:
        return Response(200, (("Content-Length", "2"),), (b"ok",))

    channel = Channel(answer, task.Clock())
    transport = Transport(channel)
    channel.makeConnection(transport)
    return channel, transport


def _pump(transport: Any) -> None:
    """Take all that a pull producer has to give, as a socket would."""
    while transport.producer is not None and not transport.streaming:
        transport.producer.resumeProducing()


def test_a_request_after_an_answer_is_answered() -> None:
    channel, transport = _channel()

    for _ in range(3):
        channel.dataReceived(REQUEST)
        _pump(transport)

    assert transport.value().count(b"HTTP/1.1 200 OK\r\n") == 3
    assert transport.connected
    channel.close()


def test_a_bare_lf_after_an_answer_is_refused() -> None:
    channel, transport = _channel()
    channel.dataReceived(REQUEST)
    _pump(transport)

    channel.dataReceived(b"GET /a HTTP/1.1\r")
    channel.dataReceived(b"\nHost: here\n\r\n")

    _, _, refusal = transport.value().rpartition(b"HTTP/1.1 400 Bad Request\r\n")
    head, _, body = refusal.partition(b"\r\n\r\n")
    assert b"Content-Length: %d\r\nConnection: close" % len(body) in head
    assert rb"lines end in \r\n" in body
    assert r"每行末尾是 \r\n".encode() in body
    channel.connectionLost(connectionDone)
