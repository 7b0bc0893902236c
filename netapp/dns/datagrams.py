"""Carries the datagrams of the name service, in either tongue.

A question that was asked before takes the shortest way there is: one look-up of where it comes
from and one of its octets stand between reading and sending, for up to 64 datagrams a system call
(:mod:`netapp.core.udp`).  The other short ways that :mod:`netapp.dns.query.answers` tells of are taken
here too.  All else, a source's first question too, goes the long way.  No bound is set on how many a
source may ask but by the limiter.  Loops are cut by rule, and that of two servers which tell each other
in different words that they do not know by the rate of such plain answers to one address: one that is
not given ends it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet import defer, error, interfaces

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.datagrams import Datagrams, OwnPorts, Peer, Rate, Source
from netapp.core.udp.batch import Batch
from netapp.dns.query.answers import ELSEWHERE, Answers
from netapp.dns.ratelimit import Limiter
from netapp.dns.requests import Client, Requests

#: Octets of an id, which come back as they are.
_ID = 2


class DnsDatagrams(Datagrams):
    """Answers what may be answered.

    :param requests: answers what is more than a look-up.
    :param limiter: what bounds the answers to public networks.
    :ivar cells: ready answers that have left, by the number of their kind: see ``Answers.ready``.
    :ivar tally: is told of each other answer.
    """

    def __init__(
        self,
        answers: Answers,
        requests: Requests,
        clock: interfaces.IReactorTime,
        permitted: Access,
        own: OwnPorts,
        limiter: Limiter | None = None,
    ) -> None:
        super().__init__(clock, permitted, own, most=None)
        self._answers, self._requests, self._limiter = answers, requests, limiter
        self._ready, self._doubtful = answers.ready, own.doubtful
        self._unknowing = Rate(limits.ANSWERS_PER_SECOND)
        self._short_text: Callable[[bytes], bytes | None] = answers.short_text
        #: Addresses, as octets or as text, whose every port but the doubtful may have what is ready.
        #: Each with the address as it is: IPv4 may come in IPv6's form.
        self._known: dict[bytes | str, bytes] = {}
        self._sendto: Callable[[bytes, Peer], object] = self._first_sendto
        self._running = False
        self.cells = [0] * 256
        self.tally: Callable[[bytes], object] | None = None

    def startProtocol(self) -> None:
        super().startProtocol()
        self._sendto, self._running = self._first_sendto, True

    def stopProtocol(self) -> None:
        super().stopProtocol()
        self._running = False

    # Many at once ------------------------------------------------------------------------------

    def batchReceived(self, batch: Batch) -> None:
        """Answer a batch, each in its place."""
        self.received += len(batch)
        memory, sizes, ready = batch.memory, batch.sizes, self._ready
        known, doubtful, cells = self._known, self._doubtful, self.cells
        short, short_text = self._answers.short, self._short_text
        if self.witness is not None:
            known = {}
        others: list[tuple[int, bytes | None]] = []
        slot = 0
        for start, length, (port, address) in zip(batch.starts, batch.lengths, batch.peers(), strict=False):
            packed = known.get(address)
            if packed is not None and port not in doubtful:
                rest, at = memory[start + _ID : start + length], start + _ID
                answer = ready.get(rest)
                if answer is None:
                    try:
                        if rest[2:3] == b"\0":  # of the count of questions: no text has it
                            answer = short(rest, packed)
                        elif length <= limits.DNS_TEXT:
                            answer, at = short_text(memory[start : start + length]), start
                    except Exception:  # the long way says whose it was, if it fails too
                        answer = None
                if answer is not None:
                    end = at + len(answer)
                    memory[at:end] = answer
                    sizes[slot] = end - start - 1  # the last octet is the number of its kind
                    cells[answer[-1]] += 1
                    slot += 1
                    continue
                others.append((slot, None))
            else:
                others.append((slot, address))
            slot += 1
        for slot, stranger in others:
            self._answer_slot(batch, slot, stranger)

    def batchSent(self, batch: Batch) -> None:
        """Some of a batch's answers have gone."""
        self.answered += batch.sent
        self.unsent += batch.unsent
        batch.sent = batch.unsent = 0

    def _answer_slot(self, batch: Batch, slot: int, address: bytes | None) -> None:
        datagram = batch.octets(slot)
        if datagram is None:
            return
        answer = self._answer(datagram, batch.source(slot), address)
        if answer:
            batch.answer(slot, answer)

    # One at a time -----------------------------------------------------------------------------

    def datagramReceived(self, datagram: bytes, addr: Peer) -> None:
        self.received += 1
        host, port = addr
        known = None if port in self._doubtful or self.witness is not None else self._known.get(host)
        answer = self._short(datagram, known, addr) if known is not None else None
        if answer is None:
            answer = self._answer(datagram, Source.of(host, port), host if known is None else None)
        if answer:
            self._say(answer, addr)

    def _short(self, datagram: bytes, address: bytes, peer: Peer) -> bytes | None:
        """As in :meth:`batchReceived`.  :param address: the peer's, packed."""
        try:
            answer = self._short_text(datagram) if len(datagram) <= limits.DNS_TEXT else None
            if answer is None:
                rest = datagram[_ID:]
                answer = self._ready.get(rest) or self._answers.short(rest, address)
                answer = datagram[:_ID] + answer if answer is not None else None
        except Exception:  # the long way says whose it was, if it fails too
            return None
        if answer is None:
            return None
        self.cells[answer[-1]] += 1
        return answer[:-1]

    def _say(self, answer: bytes, peer: Peer) -> None:
        try:
            self._sendto(answer, peer)
        except (OSError, error.MessageLengthError):  # its network is gone, or the socket's buffer is full
            self.unsent += 1
        else:
            self.answered += 1

    def _first_sendto(self, answer: bytes, peer: Peer) -> None:
        """Find the shortest way out; not before the socket is what it will be.

        Twisted's own write reads the address's form again for each datagram; these addresses come
        from the kernel.
        """
        handle: Any = getattr(self.transport, "socket", None)
        self._sendto = self.transport.write if handle is None else handle.sendto
        self._sendto(answer, peer)

    # The long way ------------------------------------------------------------------------------

    def _answer(self, datagram: bytes, source: Source, address: bytes | str | None) -> bytes | None:
        """What goes back at once, if anything does.

        :param address: by which the source is known from now on, if it may be; None if it is already.
        """
        try:
            if address is not None and not self._may(source, address):
                self.refused += 1
                return None
            if self.witness is not None:
                self.witness.heard(datagram, source.peer, self.clock.seconds())
            answers = self._answers  # the short ways of a source that is known were tried
            answer = (answers.long if address is None else answers.datagram)(datagram, source)
            if answer is ELSEWHERE:
                answer = self._elsewhere(datagram, source)
            if not isinstance(answer, bytes):
                return None
            if answer in answers.unknown and not self._unknowing.admits(source.host, self.clock.seconds()):
                self.refused += 1
                return None
            return self._passed(datagram, answer, source, known=address is None)
        except Exception:  # the others of its batch are still to be answered
            self._log.failure("a datagram of {peer} failed", peer=source.host)
            return None

    def _may(self, source: Source, address: bytes | str) -> bool:
        """Whether a datagram's source may be answered, and take note of one that may have all."""
        if source.port in limits.REFLECTING_PORTS or not self._permits(source.peer[0]):
            return False
        if source.port in self._doubtful and self.own.holds(source.peer):
            return False
        if self._limiter is None or not self._limiter.limits(source.packed):
            if len(self._known) >= limits.SOURCES:
                self._known.clear()  # who asks again is soon back
            self._known[address] = source.packed
        return True

    def _elsewhere(self, datagram: bytes, source: Source) -> bytes | None:
        outcome = self._requests.handle(datagram, Client(source.host, source.port, stream=False))
        if isinstance(outcome, defer.Deferred):
            outcome.addCallback(partial(self._later, datagram, source))
            outcome.addErrback(lambda failure: self._log.failure("a request failed", failure))
            return None
        return outcome if isinstance(outcome, bytes) else None

    def _later(self, datagram: bytes, source: Source, answer: bytes | None) -> None:
        """An answer that was waited for has come."""
        if answer is None or not self._running:
            return
        answer = self._passed(datagram, answer, source)
        if answer:
            self._say_later(answer, source)

    def _say_later(self, answer: bytes, source: Source) -> None:
        write = getattr(self.transport, "answer", None)
        if write is None:
            self._say(answer, source.peer)
            return
        try:
            write(answer, source)
        except (OSError, error.MessageLengthError):
            self.unsent += 1
        else:
            self.answered += 1

    def _passed(self, datagram: bytes, answer: bytes, source: Source, *, known: bool = False) -> bytes | None:
        """What the limiter lets out.  :param known: the source has no limit."""
        if self._limiter is not None and not known and self._limiter.limits(source.packed):
            passed = self._limiter.passed(datagram, answer, source, self.clock.seconds())
            if not passed:
                return None
            answer = passed
        if self.tally is not None:
            self.tally(answer)
        if self.witness is not None:
            self.witness.saying(answer, source.peer)
        return answer
