"""Counting, and the page that shows it."""

from typing import Any

import pytest
from twisted.internet import address
from twisted.logger import capturedLogs

from netapp.core import access, metrics
from netapp.errors import ConfigError
from netapp.testing import FakeReactor, connect


def page(readings: metrics.Metrics, request: bytes, host: str = "127.0.0.1") -> bytes:
    site = metrics.metrics_factory(readings, access.Access())
    protocol, transport = connect(site, (host, 1))
    protocol.dataReceived(request)
    octets: bytes = transport.value()
    return octets


def some() -> metrics.Metrics:
    readings = metrics.Metrics()
    readings.counter("netapp_x_answers", "Answers given.", lambda: 7)
    readings.gauge("netapp_x_connections", "Connections now.", lambda: 2.5)
    return readings


def test_readings_are_taken_when_asked_for() -> None:
    assert some().read() == {"netapp_x_answers": 7, "netapp_x_connections": 2.5}


def test_the_page_is_prometheus_text() -> None:
    head, _, body = page(some(), b"GET /metrics HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK")
    assert b"text/plain" in head.lower()
    assert b"# TYPE netapp_x_answers_total counter\nnetapp_x_answers_total 7.0\n" in body
    assert b"# HELP netapp_x_connections Connections now.\n" in body
    assert b"netapp_x_connections 2.5\n" in body
    assert b"process_cpu_seconds_total" in body


def test_many_of_a_kind_have_labels() -> None:
    readings = metrics.Metrics()
    numbers: dict[tuple[str, ...], float] = {("A", "udp"): 3, ('a"b\n', "tcp"): 1}
    readings.labelled("netapp_x_queries", "Queries.", ["type", "transport"], lambda: numbers)
    readings.labelled("netapp_x_serial", "Serials.", ["zone"], lambda: {("lan",): 7}, rises=False)
    body = page(readings, b"GET /metrics HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")[2]
    assert b'netapp_x_queries_total{transport="udp",type="A"} 3.0\n' in body
    assert b'netapp_x_queries_total{transport="tcp",type="a\\"b\\n"} 1.0\n' in body
    assert b'netapp_x_serial{zone="lan"} 7.0\n' in body
    assert readings.read() == {}


def test_a_histogram_has_buckets_and_a_sum() -> None:
    readings, kept = metrics.Metrics(), metrics.Histogram((0.001, 0.01))
    readings.histogram("netapp_x_seconds", "How long.", kept)
    kept.add(0.001)
    kept.add(0.005, 2)
    kept.add(5.0)
    body = page(readings, b"GET /metrics HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")[2]
    for line in (b'bucket{le="0.001"} 1.0', b'bucket{le="0.01"} 3.0', b'bucket{le="+Inf"} 4.0', b"count 4.0"):
        assert b"netapp_x_seconds_" + line + b"\n" in body
    assert b"netapp_x_seconds_sum 5.011\n" in body


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", b"404"),
        (b"GET /metrics/../../etc/passwd HTTP/1.0\r\n\r\n", b"404"),
        (b"POST /metrics HTTP/1.0\r\n\r\n", b"405"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_other_requests_are_refused_quietly(request_: bytes, status: bytes) -> None:
    with capturedLogs() as events:
        answer = page(some(), request_)
    assert status in answer.partition(b"\r\n")[0]
    assert events == []


def test_strangers_do_not_see_it() -> None:
    site = metrics.metrics_factory(some(), access.Access())
    assert site.buildProtocol(address.IPv4Address("TCP", "203.0.113.1", 1)) is None


def test_its_listener_keeps_to_loopback() -> None:
    reactor: Any = FakeReactor()
    listener = metrics.metrics_listener("netapp-x", "tcp:9100", some(), access.Access(), reactor)
    listener.startService()
    port, _, _, interface = reactor.tcpServers[0]
    assert (port, interface) == (9100, "127.0.0.1")
    with pytest.raises(ConfigError, match="--metrics: 'bogus' is no listener"):
        metrics.metrics_listener("netapp-x", "bogus", some(), access.Access(), reactor)


def test_readings_of_one_name_are_summed_and_one_of_the_whole_stands_alone() -> None:
    readings = some()
    readings.counter("netapp_x_answers", "Answers given.", lambda: 5)
    readings.gauge("netapp_x_connections", "Connections now.", lambda: 1)
    assert readings.read() == {"netapp_x_answers": 12, "netapp_x_connections": 3.5}
    assert b"netapp_x_answers_total 12.0\n" in page(readings, b"GET /metrics HTTP/1.0\r\n\r\n")
    readings.gauge("netapp_x_connections", "Connections now.", lambda: 4, whole=True)
    assert readings.read()["netapp_x_connections"] == 4
