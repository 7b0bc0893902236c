"""Datagrams that are counted, timed and written down, around those that are only answered."""

from collections.abc import Callable
from typing import Any

from netapp.core.datagrams import Peer, Source
from netapp.core.udp.batch import Batch
from netapp.dns import wire
from netapp.dns.datagrams import DnsDatagrams
from netapp.dns.watch.counts import Counts
from netapp.dns.watch.querylog import Entry, QueryLog


class WatchedDatagrams(DnsDatagrams):
    """:class:`DnsDatagrams` under a watch.

    :param counts: where they are counted.
    :param timer: seconds, fine enough for microseconds.
    :param log: where they are written down; None for nowhere.
    """

    def __init__(
        self, *given: Any, counts: Counts, timer: Callable[[], float], log: QueryLog | None = None
    ) -> None:
        super().__init__(*given)
        self._counts, self._timer, self._querylog = counts, timer, log
        self._began = 0.0
        self._slow: set[int] = set()  # places in a batch of what was not ready
        self.cells, self.tally = counts.cells, counts.made
        if log is not None:  # a text's answer, which takes its place in a batch, does not hold it
            self._short_text = lambda datagram: None

    def batchReceived(self, batch: Batch) -> None:
        self._began = self._timer()
        super().batchReceived(batch)
        took = self._timer() - self._began
        self._counts.seconds.add(took, len(batch))
        if self._querylog is not None:
            self._write_ready(batch, took, self._querylog)

    def datagramReceived(self, datagram: bytes, addr: Peer) -> None:
        self._began = self._timer()
        super().datagramReceived(datagram, addr)
        self._counts.seconds.add(self._timer() - self._began)

    def _short(self, datagram: bytes, address: bytes, peer: Peer) -> bytes | None:
        answer = super()._short(datagram, address, peer)
        if answer is not None and self._querylog is not None and self._querylog.sampled(1):
            self._querylog.add(self._entry(datagram, answer, Source.of(*peer)))
        return answer

    def _write_ready(self, batch: Batch, took: float, log: QueryLog) -> None:
        """What was ready stands in the batch, over what asked for it."""
        slow, self._slow = self._slow, set()
        ready = [slot for slot, size in enumerate(batch.sizes) if size and slot not in slow]
        now = self.clock.seconds()
        for number in log.sampled(len(ready)):
            slot = ready[number]
            start = batch.starts[slot]
            answer = batch.memory[start : start + batch.sizes[slot]]
            log.add(Entry(now, batch.source(slot).host, "udp", answer, silent=False, seconds=took))

    def _answer_slot(self, batch: Batch, slot: int, address: bytes | None) -> None:
        self._slow.add(slot)
        super()._answer_slot(batch, slot, address)

    def _later(self, datagram: bytes, source: Source, answer: bytes | None) -> None:
        self._began = 0.0  # it was another moment's
        super()._later(datagram, source, answer)

    def _passed(self, datagram: bytes, answer: bytes, source: Source, *, known: bool = False) -> bytes | None:
        passed = super()._passed(datagram, answer, source, known=known)
        if self._querylog is not None and self._querylog.sampled(1):
            self._querylog.add(self._entry(datagram, passed, source))
        return passed

    def _entry(self, datagram: bytes, answer: bytes | None, source: Source) -> Entry:
        took = self._timer() - self._began if self._began else None
        now = self.clock.seconds()
        if answer is None:
            return Entry(now, source.host, "udp", datagram, silent=True, seconds=took)
        is_dns = wire.classify(datagram) is wire.Tongue.DNS
        return Entry(now, source.host, "udp", answer, False, took, None if is_dns else datagram)
