"""Everything is counted; ``--metrics`` shows it to Prometheus.

Counting costs an attribute's increment and nothing else: services and nouns keep plain numbers,
and a page collects them when somebody asks.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any, Final

from twisted.application.service import IService

from netapp.core.access import Access
from netapp.core.connections import SessionFactory, peer_of
from netapp.core.datagrams import Datagrams
from netapp.core.listen import DatagramListener, StreamListener, in_url, on_loopback
from netapp.core.services import parts

Reading = Callable[[], float]


@dataclass
class _Sum:
    description: str
    readings: list[Reading] = field(default_factory=list)

    def read(self) -> float:
        return sum(reading() for reading in self.readings)


@dataclass(frozen=True, slots=True)
class _Labelled:
    description: str
    labels: tuple[str, ...]
    rises: bool
    reading: Callable[[], Mapping[tuple[str, ...], float]]


class Histogram:
    """How many of something took how long.  :param bounds: seconds, rising; what takes longer has no name."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def add(self, seconds: float, count: int = 1) -> None:
        """Count some that each took as long."""
        self.counts[bisect_left(self.bounds, seconds)] += count
        self.sum += seconds * count

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus has them: each bound, with how many did not take longer."""
        bounds = [*map(str, self.bounds), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.counts)), strict=True))


class Metrics:
    """Named readings of the whole process; those of one name, of several services, are summed."""

    def __init__(self) -> None:
        self._counters: dict[str, _Sum] = {}
        self._gauges: dict[str, _Sum] = {}
        self._labelled: dict[str, _Labelled] = {}
        self._histograms: dict[str, tuple[str, Histogram]] = {}

    def counter(self, name: str, description: str, reading: Reading) -> None:
        """Something that only rises: ``netapp_dns_queries``."""
        self._counters.setdefault(name, _Sum(description)).readings.append(reading)

    def gauge(self, name: str, description: str, reading: Reading, *, whole: bool = False) -> None:
        """Something that rises and falls: ``netapp_chat_connections``.

        :param whole: it is all of what the name says, and stands instead of what was summed.
        """
        if whole:
            self._gauges.pop(name, None)
        self._gauges.setdefault(name, _Sum(description)).readings.append(reading)

    def labelled(
        self,
        name: str,
        description: str,
        labels: Sequence[str],
        reading: Callable[[], Mapping[tuple[str, ...], float]],
        *,
        rises: bool = True,
    ) -> None:
        """Many of a kind: ``netapp_dns_queries`` by type and rcode.

        :param reading: gives numbers by the labels' values, of which there must be few.
        :param rises: whether they only rise.
        """
        self._labelled[name] = _Labelled(description, tuple(labels), rises, reading)

    def histogram(self, name: str, description: str, kept: Histogram) -> None:
        self._histograms[name] = description, kept

    def read(self) -> dict[str, float]:
        """All readings without labels now, by name."""
        return {name: each.read() for name, each in (self._counters | self._gauges).items()}

    def collect(self) -> Iterator[Any]:
        """What prometheus_client asks its collectors for."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        for name, each in self._counters.items():
            yield CounterMetricFamily(name, each.description, value=each.read())
        for name, each in self._gauges.items():
            yield GaugeMetricFamily(name, each.description, value=each.read())
        for name, many in self._labelled.items():
            kind = CounterMetricFamily if many.rises else GaugeMetricFamily
            family = kind(name, many.description, labels=many.labels)
            for values, value in many.reading().items():
                family.add_metric(values, value)
            yield family
        for name, (description, kept) in self._histograms.items():
            timed = HistogramMetricFamily(name, description)
            timed.add_metric((), kept.buckets(), kept.sum)
            yield timed


#: What every listener counts: (metric, attribute, description).
_CONNECTIONS: Final = (
    ("connections_accepted", "accepted", "Connections that were let in."),
    ("connections_refused", "refused", "Connections that were not: strangers, or too many."),
    ("connections_malformed", "malformed", "Connections ended since they spoke no such protocol."),
)
_DATAGRAMS: Final = (
    ("datagrams_received", "received", "Datagrams that came."),
    ("datagrams_answered", "answered", "Datagrams sent back."),
    ("datagrams_refused", "refused", "Datagrams of strangers, reflecting ports, ourselves, or too many."),
    ("datagrams_malformed", "malformed", "Datagrams that were none of the protocol's."),
    ("datagrams_unsent", "unsent", "Answers that the kernel would not send."),
)


def count_listeners(house: IService, metrics: Metrics) -> None:
    """Have each service's listeners counted together: ``netapp_echo_datagrams_refused``."""
    factories: defaultdict[str, list[SessionFactory]] = defaultdict(list)
    handlers: defaultdict[str, list[Datagrams]] = defaultdict(list)
    for each in parts(house):
        if isinstance(each, StreamListener) and isinstance(each.factory, SessionFactory):
            factories[each.owner].append(each.factory)
        elif isinstance(each, DatagramListener) and isinstance(each.handler, Datagrams):
            handlers[each.owner].append(each.handler)
    for owner, counted in factories.items():
        prefix = owner.replace("-", "_")
        _sum(metrics, prefix, _CONNECTIONS, counted)
        now = partial(_total, counted, "connections")
        metrics.gauge(f"{prefix}_connections", "Connections now.", now, whole=True)
    for owner, heard in handlers.items():
        _sum(metrics, owner.replace("-", "_"), _DATAGRAMS, heard)


def _sum(
    metrics: Metrics, prefix: str, counts: Sequence[tuple[str, str, str]], counted: Sequence[object]
) -> None:
    for name, attribute, description in counts:
        metrics.counter(f"{prefix}_{name}", description, partial(_total, counted, attribute))


def _total(counted: Sequence[object], attribute: str) -> float:
    return float(sum(getattr(each, attribute) for each in counted))


def metrics_factory(metrics: Metrics, access: Access) -> Any:
    """A Twisted factory that serves ``/metrics``; heavy, so called only when asked for.

    prometheus_client's own resource reads from a thread; this one reads where the numbers change.
    """
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    registry = CollectorRegistry()
    registry.register(metrics)
    ProcessCollector(registry=registry)

    class Page(Resource):
        isLeaf = True

        def render(self, request: Any) -> bytes:
            if request.method not in (b"GET", b"HEAD") or request.path != b"/metrics":
                request.setResponseCode(405 if request.path == b"/metrics" else 404)
                return b""
            request.setHeader(b"content-type", CONTENT_TYPE_LATEST.encode())
            return generate_latest(registry)

    class Door(Site):
        noisy = False

        def buildProtocol(self, addr: Any) -> Any:
            return super().buildProtocol(addr) if access.permits(peer_of(addr)[0]) else None

        def log(self, request: Any) -> None:
            """Somebody looks every few seconds: no line for each."""

    return Door(Page())


def metrics_listener(
    owner: str, description: str, metrics: Metrics, access: Access, reactor: Any
) -> IService:
    """``--metrics``.  :raises ConfigError: no description of a listener."""
    return StreamListener(
        owner, on_loopback(description), metrics_factory(metrics, access), reactor, _hint, "--metrics"
    )


def _hint(host: str, port: int) -> str:
    return f"curl http://{in_url(host)}:{port}/metrics"
