"""Figures, and the tables made of them."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median

#: What the ratios compare with the others.
OURS = "netapp"


@dataclass(frozen=True, slots=True)
class Measure:
    """One column.  ``less`` is better, or more."""

    name: str
    unit: str
    less: bool = True


CPU = Measure("CPU", "µs")
CPU_FIRST = Measure("CPU, each the first time", "µs")
CPU_SECONDS = Measure("CPU", "s")
RATE = Measure("rate", "/s", less=False)
THROUGHPUT = Measure("throughput", "MB/s", less=False)
P99 = Measure("99th percentile", "ms")
ECHO_P99 = Measure("an echo beside, 99th percentile", "ms")
FIRST_ANSWER = Measure("first answer", "s")
MEMORY = Measure("memory", "MiB")  # of the whole process
MEMORY_EACH = Measure("memory each", "KiB")
MEMORY_ADDED = Measure("memory beyond that at rest", "MiB")
FIRST_OCTET = Measure("first octet", "ms")
CPU_AT_REST = Measure("CPU a second", "µs")
WAKE_UPS = Measure("wake-ups", "/s")


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over the rounds."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """:raises ValueError: no value at all."""
        ordered = sorted(values)
        if not ordered:
            raise ValueError("no values")
        return cls(median(ordered), ordered[0], ordered[-1])

    def __str__(self) -> str:
        if self.least == self.most:
            return number(self.middle)
        return f"{number(self.middle)} ({number(self.least)}-{number(self.most)})"


@dataclass
class Work:
    """One kind of work: the figures of all servers that did it, and why the others did not."""

    name: str
    values: dict[tuple[str, Measure], list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def servers(self) -> list[str]:
        """netapp first, the others in the order in which they were measured."""
        names = dict.fromkeys(server for server, _ in self.values)
        return sorted(names, key=lambda name: not is_ours(name))

    @property
    def measures(self) -> list[Measure]:
        return list(dict.fromkeys(measure for _, measure in self.values))

    def spread(self, server: str, measure: Measure) -> Spread | None:
        values = self.values.get((server, measure))
        return Spread.of(values) if values else None

    def ratio(self, server: str, measure: Measure) -> float | None:
        """netapp's figure divided by this server's."""
        ours = next((name for name in self.servers if is_ours(name)), None)
        if ours is None or is_ours(server):
            return None
        mine, theirs = self.spread(ours, measure), self.spread(server, measure)
        return mine.middle / theirs.middle if mine and theirs and theirs.middle else None


class Results:
    """Everything that was measured, in the order in which it was first measured."""

    def __init__(self) -> None:
        self._works: dict[str, Work] = {}

    def __iter__(self) -> Iterator[Work]:
        return iter(self._works.values())

    def record(self, work: str, server: str, measure: Measure, value: float) -> None:
        if not math.isfinite(value):
            raise ValueError(f"{work}, {server}: {measure.name} is {value}")
        self._work(work).values.setdefault((server, measure), []).append(value)

    def miss(self, work: str, server: str, reason: str) -> None:
        """This server was not measured; a line of the table says why."""
        self._work(work).missing[server] = reason

    def _work(self, name: str) -> Work:
        return self._works.setdefault(name, Work(name))


def is_ours(server: str) -> bool:
    return server.startswith(OURS)


def number(value: float) -> str:
    """Three figures that count, and no more."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{round(value, digits):,.{min(digits, 4)}f}"


def percentile(values: Iterable[float], share: float) -> float:
    """The value that ``share`` of all (0.99: 99 %) do not exceed: nearest rank.

    :raises ValueError: no value at all, or no share above 0 and up to 1.
    """
    ordered = sorted(values)
    if not ordered or not 0 < share <= 1:
        raise ValueError("no values, or no share")
    return ordered[math.ceil(share * len(ordered)) - 1]


def markdown(results: Iterable[Work]) -> str:
    """One table for each kind of work."""
    return "\n".join(part for work in results for part in _table(work))


def _table(work: Work) -> Iterator[str]:
    measures = work.measures
    yield f"### {work.name}\n"
    heads = ["server", *(f"{measure.name}, {measure.unit}" for measure in measures)]
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for server in work.servers:
        cells = [_cell(work, server, measure) for measure in measures]
        yield "| " + " | ".join([server, *cells]) + " |"
    for server, reason in work.missing.items():
        told = reason.replace("|", r"\|")
        if measures:
            yield "| " + " | ".join([server, told, *[""] * (len(measures) - 1)]) + " |"
        else:
            yield f"| {server}: {told} |"
    yield ""


def _cell(work: Work, server: str, measure: Measure) -> str:
    spread, ratio = work.spread(server, measure), work.ratio(server, measure)
    if spread is None:
        return ""
    return f"{spread}" if ratio is None else f"{spread} ×{ratio:.2f}"


def behind(results: Iterable[Work]) -> list[str]:
    """One line for each figure in which a peer is better than netapp, beyond what the rounds differ."""
    return [
        line for work in results for measure in work.measures if (line := _behind(work, measure)) is not None
    ]


def _behind(work: Work, measure: Measure) -> str | None:
    ours = next((name for name in work.servers if is_ours(name)), None)
    mine = work.spread(ours, measure) if ours is not None else None
    if mine is None:
        return None
    better = []
    for server in work.servers:
        theirs, ratio = work.spread(server, measure), work.ratio(server, measure)
        if theirs is None or ratio is None:
            continue
        if theirs.most < mine.least if measure.less else theirs.least > mine.most:
            better.append(f"{server} {number(theirs.middle)} (×{ratio:.2f})")
    if not better:
        return None
    return f"{work.name}: {measure.name} {number(mine.middle)} {measure.unit}; {', '.join(better)}"
