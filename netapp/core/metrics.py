"""Everything is counted; ``--metrics`` shows it to Prometheus.

Counting costs an attribute's increment and nothing else: services and nouns keep plain numbers,
and a page collects them when somebody asks.
"""

from collections.abc import Callable, Iterator
from typing import Any

Reading = Callable[[], float]


class Metrics:
    """Named readings of the whole process."""

    def __init__(self) -> None:
        self._counters: dict[str, tuple[str, Reading]] = {}
        self._gauges: dict[str, tuple[str, Reading]] = {}

    def counter(self, name: str, description: str, reading: Reading) -> None:
        """Something that only rises: ``netapp_dns_queries``."""
        self._counters[name] = (description, reading)

    def gauge(self, name: str, description: str, reading: Reading) -> None:
        """Something that rises and falls: ``netapp_chat_connections``."""
        self._gauges[name] = (description, reading)

    def read(self) -> dict[str, float]:
        """All readings now, by name."""
        return {name: reading() for name, (_, reading) in (self._counters | self._gauges).items()}

    def collect(self) -> Iterator[Any]:
        """What prometheus_client asks its collectors for."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name, (description, reading) in self._counters.items():
            yield CounterMetricFamily(name, description, value=reading())
        for name, (description, reading) in self._gauges.items():
            yield GaugeMetricFamily(name, description, value=reading())


def metrics_factory(metrics: Metrics) -> Any:
    """A Twisted factory that serves ``/metrics``; heavy, so called only when asked for."""
    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.twisted import MetricsResource
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    registry = CollectorRegistry()
    registry.register(metrics)
    ProcessCollector(registry=registry)
    root = Resource()
    root.putChild(b"metrics", MetricsResource(registry))
    site = Site(root)
    site.noisy = False
    return site
