"""A load of plain datagrams: one question out, one answer back, many at once."""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.process import LOOPBACK, Failed

#: Questions on the way at once, as dnsperf has them.
WINDOW = 100
#: A lost datagram ends the run: there is no cause for loss on loopback.
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Done:
    answers: int
    seconds: float


class Load:
    """One client.

    :param pairs: each question with the answer that is right.
    """

    def __init__(self, port: int, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        self._pairs, self._next = pairs, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENCE)
        self._socket.connect((LOOPBACK, port))

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def once(self) -> None:
        """Each question once."""
        for _ in range(len(self._pairs) // WINDOW):
            self._batch()

    def run(self, seconds: float) -> Done:
        """As fast as it goes.  :raises Failed: a wrong answer, or none."""
        begun = time.perf_counter()
        answers = 0
        while (now := time.perf_counter()) - begun < seconds:
            self._batch()
            answers += WINDOW
        return Done(answers, now - begun)

    def calm(self, seconds: float, rate: int) -> list[float]:
        """One at a time, ``rate`` a second.  :returns: the seconds that each answer took."""
        begun = time.perf_counter()
        waits: list[float] = []
        while (now := time.perf_counter()) - begun < seconds:
            question, right = self._pair()
            self._socket.send(question)
            self._expect(question, right)
            waits.append(time.perf_counter() - now)
            time.sleep(max(0.0, begun + len(waits) / rate - time.perf_counter()))
        return waits

    def _batch(self) -> None:
        batch = [self._pair() for _ in range(WINDOW)]
        for question, _ in batch:
            self._socket.send(question)
        for question, right in batch:
            self._expect(question, right)

    def _pair(self) -> tuple[bytes, bytes]:
        pair = self._pairs[self._next]
        self._next = (self._next + 1) % len(self._pairs)
        return pair

    def _expect(self, question: bytes, right: bytes) -> None:
        try:
            answer = self._socket.recv(2048)
        except TimeoutError:
            raise Failed(f"no answer to {question!r}") from None
        if answer != right:
            raise Failed(f"{question!r} is answered by {answer[:40]!r}")
