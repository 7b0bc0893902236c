"""A worker's counts, as the differences by which they have grown, added to its starter's."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from netapp.core.datagrams import Datagrams
from netapp.dns.query.answers import Answers
from netapp.dns.watch.watch import Watch

#: What every datagram listener counts.
COUNTED: Final = ("received", "answered", "refused", "malformed", "unsent")
Reading = tuple[Any, ...]


class Told(Datagrams):
    """Whom metrics and status ask about one listener: it adds up whoever reads its sockets.

    :param standing: the handlers of this process.
    """

    def __init__(self, standing: Sequence[Datagrams]) -> None:  # counts alone: no datagram comes here
        self._standing, self._told = standing, Counter[str]()
        self.witness = None

    def add(self, name: str, more: int) -> None:
        """Another process has counted so many more."""
        self._told[name] += more

    def __getattr__(self, name: str) -> int:
        if name not in COUNTED:
            raise AttributeError(name)
        return self._told[name] + sum(int(getattr(each, name)) for each in self._standing)


class Growth:
    """What has grown in a worker since it was last asked.

    :param handlers: one for each listener.
    """

    def __init__(self, watch: Watch, answers: Answers, handlers: Sequence[Datagrams]) -> None:
        self._watch, self._answers, self._handlers = watch, answers, handlers
        self._before: dict[Reading, float] = {}

    def take(self) -> dict[Reading, float]:
        """The differences that are not nothing, by what they are of."""
        now, before = self._read(), self._before
        self._before = now
        return {each: more for each, value in now.items() if (more := value - before.get(each, 0))}

    def _read(self) -> dict[Reading, float]:
        watch = self._watch
        read = watch.counts.readings()
        for number, handler in enumerate(self._handlers):
            read |= {("datagrams", number, name): getattr(handler, name) for name in COUNTED}
        read["dropped",], read["slipped",] = watch.limiter.dropped, watch.limiter.slipped
        read["malformed",] = self._answers.malformed
        if watch.log is not None:
            read["written",], read["lost",] = watch.log.written, watch.log.dropped
        return read


class Sum:
    """Takes a worker's growth to the counts of this process.

    :param told: one for each listener.
    """

    def __init__(self, watch: Watch, answers: Answers, told: Sequence[Told]) -> None:
        self._watch, self._answers, self._told = watch, answers, told

    def add(self, growth: dict[Reading, float]) -> None:
        for reading, more in growth.items():
            self._add(reading, more)

    def _add(self, reading: Reading, more: float) -> None:
        watch = self._watch
        match reading:
            case ("datagrams", int(number), str(name)):
                self._told[number].add(name, int(more))
            case ("dropped",):
                watch.limiter.dropped += int(more)
            case ("slipped",):
                watch.limiter.slipped += int(more)
            case ("malformed",):
                self._answers.malformed += int(more)
            case ("written",) if watch.log is not None:
                watch.log.written += int(more)
            case ("lost",) if watch.log is not None:
                watch.log.dropped += int(more)
            case _:
                watch.counts.add(reading, more)
