"""What netapp must reach: docs/design, section "Speed"; and whether it has."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks import chat, dns, file, hub, login, rest, start
from benchmarks.table import (
    CPU,
    CPU_SECONDS,
    ECHO_P99,
    FIRST_ANSWER,
    MEMORY,
    MEMORY_EACH,
    WAKE_UPS,
    Measure,
    Work,
    is_ours,
    number,
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on netapp's figure: so much, or so many times a peer's."""

    work: str
    measure: Measure
    most: float
    of: str = ""  # the peer; empty for a plain figure
    server: str = ""  # whose figure; empty for netapp's only one


GOALS = (
    Goal(dns.EDNS, CPU, 20),
    Goal(dns.PLAIN, CPU, 20),
    Goal(dns.EDNS, CPU, 1, of="Knot"),
    Goal(file.LARGE_HTTP, CPU_SECONDS, 2, of="nginx"),
    Goal(file.LARGE_HTTP, CPU_SECONDS, 1, of="nginx"),
    Goal(file.LARGE_PLAIN, CPU_SECONDS, 1, of="nginx"),
    Goal(chat.ALONE, CPU, 12),
    Goal(chat.ALONE, CPU, 1, of="Ergo"),
    Goal(chat.ALONE, CPU, 1, of="ngIRCd"),
    Goal(chat.TOGETHER, CPU, 1, of="Ergo"),
    Goal(chat.TOGETHER, CPU, 1, of="ngIRCd"),
    Goal(chat.QUIET, MEMORY_EACH, 1, of="Ergo"),
    Goal(login.WORK, ECHO_P99, 10),
    Goal(start.WORK, FIRST_ANSWER, 0.6, server=dns.NETAPP.name),
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
            lines.append(_line(goal, work))
    return "\n".join(lines) + "\n"


def _line(goal: Goal, work: Work) -> str:
    unit = goal.measure.unit
    bound = f"×{goal.most:g} that of {goal.of}" if goal.of else f"{goal.most:g} {unit}"
    asked = f"{goal.work}{f', {goal.server}' if goal.server else ''}: {goal.measure.name} at most {bound}"
    server = goal.server or next((name for name in work.servers if is_ours(name)), "")
    spread = work.spread(server, goal.measure)
    if spread is None or (goal.of and work.spread(goal.of, goal.measure) is None):
        return f"| {asked} | | not measured |"
    if not goal.of:
        measured, reached = f"{number(spread.middle)} {unit}", spread.middle <= goal.most
    else:
        ratio = work.ratio(goal.of, goal.measure) or 0.0
        measured, reached = f"×{ratio:.2f}", ratio <= goal.most
    return f"| {asked} | {measured} | {'reached' if reached else 'not reached'} |"
