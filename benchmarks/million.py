"""A zone of a million names: how long until its last name is answered, and what it takes of memory."""

import time

from benchmarks.dns import answers
from benchmarks.peers import Run
from benchmarks.table import CPU_SECONDS, FIRST_ANSWER, MEMORY
from benchmarks.zones import KNOT, NETAPP, NSD, zone

WORK = "A zone of a million names, loaded at the start"
NAMES = 1_000_000
#: Seconds that a server may take.
PATIENCE = 120.0


def measure(run: Run) -> None:
    """In the first round alone: it takes minutes."""
    if any(work.name == WORK for work in run.results):
        return
    text = zone(NAMES)

    for peer in (NETAPP, KNOT, NSD):
        if run.can(peer, WORK):
            with (
                run.noting(peer.name, WORK),
                run.running(peer, answers, files={"zone": text}, patience=PATIENCE) as (server, _),
            ):
                run.record(WORK, peer.name, FIRST_ANSWER, time.perf_counter() - server.started)
                run.record(WORK, peer.name, CPU_SECONDS, server.cpu())
                run.record(WORK, peer.name, MEMORY, server.rss() / 2**20)
