"""The whole house when nobody wants anything: what it keeps, and how often it wakes."""

import time

from benchmarks import dns
from benchmarks.hub import HUB
from benchmarks.peers import Run
from benchmarks.table import CPU_AT_REST, MEMORY, WAKE_UPS

WORK = "All services in one process, at rest"
#: Seconds after the first answer until it counts as at rest, and seconds that are watched.
SETTLE, WATCH = 2.0, 5.0


def measure(run: Run) -> None:
    """One round.  There is no peer: nothing else is all of these."""
    if not run.can(HUB, WORK):
        return
    with run.noting(HUB.name, WORK), run.running(HUB, dns.answers) as (server, _):
        time.sleep(SETTLE)
        wake_ups, used, begun = server.wake_ups(), server.cpu(), time.perf_counter()
        time.sleep(WATCH)
        watched = time.perf_counter() - begun
        run.record(WORK, HUB.name, MEMORY, server.rss() / 2**20)
        run.record(WORK, HUB.name, WAKE_UPS, (server.wake_ups() - wake_ups) / watched)
        run.record(WORK, HUB.name, CPU_AT_REST, (server.cpu() - used) / watched * 1e6)
