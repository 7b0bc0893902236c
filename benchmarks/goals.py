"""What netapp must reach: docs/design, section "Speed"; and whether it has."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks import chat, dns, file, hub, login, million, rest, start, zones
from benchmarks.table import (
    CPU,
    CPU_SECONDS,
    ECHO_P99,
    FIRST_ANSWER,
    MEMORY,
    MEMORY_ADDED,
    MEMORY_EACH,
    P99,
    RATE,
    WAKE_UPS,
    Measure,
    Work,
    is_ours,
    number,
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on netapp's figure: so much, or so many times a peer's.

    It is the most of a measure of which less is better, and the least of one of which more is.
    """

    work: str
    measure: Measure
    bound: float
    of: str = ""  # the peer; empty for a plain figure
    than: str = ""  # the work whose figure of netapp it is a multiple of
    server: str = ""  # whose figure; empty for netapp's only one


GOALS = (
    Goal(dns.EDNS, CPU, 20),
    Goal(dns.PLAIN, CPU, 20),
    Goal(dns.EDNS, CPU, 1, of="Knot"),
    Goal(dns.EDNS, RATE, 1, of="Knot"),
    Goal(dns.EDNS, P99, 2, of="Knot"),
    *(Goal(each.work, CPU, 1.5, than=dns.EDNS) for each in dns.KINDS),
    Goal(dns.STREAM, CPU, 1, of="dnsmasq"),
    Goal(million.WORK, FIRST_ANSWER, 60),
    Goal(million.WORK, MEMORY, 1.2 * 1024),
    Goal(file.LARGE_HTTP, CPU_SECONDS, 2, of="nginx"),
    Goal(file.LARGE_HTTP, CPU_SECONDS, 1, of="nginx"),
    Goal(file.LARGE_PLAIN, CPU_SECONDS, 1, of="nginx"),
    Goal(chat.ALONE, CPU, 12),
    Goal(chat.ALONE, CPU, 1, of="Ergo"),
    Goal(chat.ALONE, CPU, 1, of="ngIRCd"),
    Goal(chat.TOGETHER, CPU, 1, of="Ergo"),
    Goal(chat.TOGETHER, CPU, 1, of="ngIRCd"),
    Goal(chat.QUIET, MEMORY_EACH, 1, of="Ergo"),
    Goal(login.WORK, RATE, 0.9, of=login.ALONE),
    Goal(login.WORK, ECHO_P99, 10),
    Goal(login.WORK, MEMORY_ADDED, login.most_memory()),
    Goal(login.TOGETHER, MEMORY_ADDED, login.most_memory()),
    Goal(start.WORK, FIRST_ANSWER, 0.6, server=zones.NETAPP.name),
    Goal(start.WORK, FIRST_ANSWER, 1.5, server=hub.HUB.name),
    Goal(rest.WORK, MEMORY, 120),
    Goal(rest.WORK, WAKE_UPS, 2),
)


def judged(results: Iterable[Work]) -> str:
    """The goals as a table: what is asked, what was measured, whether it is reached."""
    works = {work.name: work for work in results}
    lines = ["| goal | measured | |", "|---|---|---|"]
    for goal in GOALS:
        if (work := works.get(goal.work)) is not None:
            lines.append(_line(goal, work, works.get(goal.than)))
    return "\n".join(lines) + "\n"


def _line(goal: Goal, work: Work, than: Work | None) -> str:
    unit, less = goal.measure.unit, goal.measure.less
    whose = f", {goal.server}" if goal.server else ""
    asked = f"{goal.work}{whose}: {goal.measure.name} at {'most' if less else 'least'} {_bound(goal, unit)}"
    server = goal.server or next((name for name in work.servers if is_ours(name)), "")
    spread = work.spread(server, goal.measure)
    base = _base(goal, work, than, server)
    if spread is None or base is None:
        return f"| {asked} | | not measured |"
    value = spread.middle / base
    measured = f"×{value:.2f}" if goal.of or goal.than else f"{number(value)} {unit}"
    reached = value <= goal.bound if less else value >= goal.bound
    return f"| {asked} | {measured} | {'reached' if reached else 'not reached'} |"


def _bound(goal: Goal, unit: str) -> str:
    if goal.than:
        return f"×{goal.bound:g} that of “{goal.than}”"
    return f"×{goal.bound:g} that of {goal.of}" if goal.of else f"{goal.bound:g} {unit}"


def _base(goal: Goal, work: Work, than: Work | None, server: str) -> float | None:
    """What the figure is divided by; None if that was not measured."""
    if not goal.of and not goal.than:
        return 1.0
    spread = than.spread(server, goal.measure) if goal.than and than else None
    if goal.of:
        spread = work.spread(goal.of, goal.measure)
    return spread.middle if spread and spread.middle else None
