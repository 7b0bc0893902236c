"""One name service under a watch: its counts, its query log and its limiter, joined to what it answers."""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Protocol

from twisted.internet import interfaces

from netapp.core import limits
from netapp.core.metrics import Metrics
from netapp.core.threads import Pool
from netapp.dns.config import Config
from netapp.dns.query.answers import Answer, Answers, Source
from netapp.dns.ratelimit import Limiter
from netapp.dns.requests import Client, Requests
from netapp.dns.tsig import signing
from netapp.dns.watch.counts import Counts
from netapp.dns.watch.datagrams import WatchedDatagrams
from netapp.dns.watch.querylog import Entry, QueryLog
from netapp.names.naming import shown
from netapp.names.snapshot import Snapshot


class Names(Protocol):
    """Who has the newest names: :class:`netapp.names.store.Names`, or a worker's copy."""

    @property
    def snapshot(self) -> Snapshot: ...


class Watch:
    """The counts, the limiter and the query log of one service.

    :param timer: seconds, fine enough for microseconds.
    :param patient: of the query log: see :class:`QueryLog`.
    :raises ConfigError: the query log cannot be written.
    """

    def __init__(
        self,
        config: Config,
        names: Names,
        answers: Answers,
        requests: Requests,
        reactor: Any,
        timer: Callable[[], float],
        *,
        patient: bool = False,
    ) -> None:
        self._names = names
        self._answers, self._requests, self._reactor, self._timer = answers, requests, reactor, timer
        self.counts = Counts()
        self.limiter = Limiter(
            config.rate_limit, local=config.rate_limit_local, proofs=answers, made_up=self._made_up
        )
        self.log: QueryLog | None = None
        if config.query_log is not None:
            pool = Pool("query-log", reactor, threads=1, waiting=limits.QUERY_LOG_QUEUE)
            self.log = QueryLog(
                config.query_log, config.query_log_sample, reactor, pool, time.time, patient=patient
            )
        requests.tally = self._streamed
        answers.number = self.counts.number

    def datagrams(self, *given: Any, kind: type[WatchedDatagrams] = WatchedDatagrams) -> WatchedDatagrams:
        """:param given: what :class:`WatchedDatagrams` takes behind answers and requests."""
        return kind(
            self._answers,
            self._requests,
            self._reactor,
            *given,
            self.limiter,
            counts=self.counts,
            timer=self._timer,
            log=self.log,
        )

    def stream(self, host: str) -> "StreamAnswers":
        """The answers for one connection."""
        return StreamAnswers(self._answers, self.counts, self.log, self._reactor, host, self._timer)

    def _made_up(self, name: bytes) -> bytes | None:
        """The zone of a name that has an answer but is not there itself; nothing for none of ours."""
        snapshot = self._names.snapshot
        zone = snapshot.zone_of(name)
        if name in snapshot.nodes or (zone is not None and name in zone.nodes):
            return None
        return b"" if zone is None else zone.origin

    def _streamed(self, answer: bytes, client: Client) -> None:
        """An answer to more than a look-up, over a stream."""
        self.counts.streamed(answer)
        if self.log is not None and self.log.sampled(1):
            self.log.add(
                Entry(self._reactor.seconds(), client.host, "tcp", answer, silent=False, seconds=None)
            )

    def show(self, metrics: Metrics) -> None:
        """Have all of it seen from outside."""
        counts, limiter, requests = self.counts, self.limiter, self._requests
        metrics.labelled(
            "netapp_dns_queries",
            "Answers by transport, type and rcode.",
            ("transport", "type", "rcode"),
            counts.queries,
        )
        metrics.histogram(
            "netapp_dns_answer_seconds", "How long datagrams were in our hands.", counts.seconds
        )
        metrics.counter("netapp_dns_cache_hits", "Datagrams answered by one look-up.", lambda: counts.hits)
        metrics.counter(
            "netapp_dns_cache_misses",
            "Datagrams that took the long way: the first of a kind or a source, or a limited one's.",
            lambda: counts.misses,
        )
        metrics.counter(
            "netapp_dns_rrl_dropped", "Answers that the limiter dropped.", lambda: limiter.dropped
        )
        metrics.counter("netapp_dns_rrl_slipped", "Answers that it sent cut.", lambda: limiter.slipped)
        metrics.labelled(
            "netapp_dns_tsig_failures",
            "Signatures that did not hold.",
            ("error",),
            lambda: _failures(requests),
        )
        metrics.labelled(
            "netapp_dns_zone_serial",
            "Serials of zones.",
            ("zone",),
            lambda: dict(_serials(self._names)),
            rises=False,
        )
        if (log := self.log) is not None:
            metrics.counter("netapp_dns_query_log_lines", "Lines of the query log.", lambda: log.written)
            metrics.counter("netapp_dns_query_log_dropped", "Lines that it lost.", lambda: log.dropped)

    def told(self) -> dict[str, Any]:
        """What ``netapp status`` shows."""
        answered = sum(self.counts.queries().values())
        dropped = self.limiter.dropped + self.limiter.slipped
        return {
            "dns": {"zones": len(self._names.snapshot.zones), "answered": int(answered), "limited": dropped}
        }


class StreamAnswers:
    """Answers for one connection, each counted; one memory serves all of them.

    :param answers: who has them.
    """

    def __init__(
        self,
        answers: Answers,
        counts: Counts,
        log: QueryLog | None,
        clock: interfaces.IReactorTime,
        host: str,
        timer: Callable[[], float],
    ) -> None:
        self._answers, self._counts, self._querylog = answers, counts, log
        self._clock, self._host, self._timer = clock, host, timer

    @property
    def malformed(self) -> int:
        return self._answers.malformed

    @malformed.setter
    def malformed(self, value: int) -> None:
        self._answers.malformed = value

    def message(self, message: bytes, source: Source | None = None) -> Answer:
        log = self._querylog
        began = self._timer() if log is not None else 0.0
        answer = self._answers.message(message, source)
        if isinstance(answer, bytes):
            self._counts.streamed(answer)
            if log is not None and log.sampled(1):
                took = self._timer() - began
                log.add(Entry(self._clock.seconds(), self._host, "tcp", answer, silent=False, seconds=took))
        return answer

    def text(self, octets: bytes) -> bytes | None:
        answer = self._answers.text(octets)
        if answer is not None:
            self._counts.answered("tcp", answer)
            if self._querylog is not None and self._querylog.sampled(1):
                self._querylog.add(
                    Entry(self._clock.seconds(), self._host, "tcp", answer, False, None, octets)
                )
        return answer


def _failures(requests: Requests) -> dict[tuple[str, ...], float]:
    return {(signing.ERRORS.get(error, "FORMERR"),): count for error, count in requests.unverified.items()}


def _serials(names: Names) -> Iterator[tuple[tuple[str, ...], float]]:
    for origin, zone in islice(names.snapshot.zones.items(), limits.METRICS_ZONES):
        yield (shown(origin),), zone.serial
