"""From the start of a process to its first answer."""

import subprocess
import time
from pathlib import Path

from benchmarks import dns, zones
from benchmarks.hub import HUB
from benchmarks.peers import TWISTD, Peer, Run
from benchmarks.process import Failed
from benchmarks.table import FIRST_ANSWER

WORK = "From exec to the first answer over UDP"
TIMES = 3
HELP = "twistd --help (to its end)"


def measure(run: Run) -> None:
    """One round: every server in turn, several times."""
    for peer in (zones.NETAPP, HUB, zones.DNSMASQ):
        if run.can(peer, WORK):
            for _ in range(TIMES):
                with run.noting(peer.name, WORK):
                    run.record(WORK, peer.name, FIRST_ANSWER, _first_answer(run, peer))
    for _ in range(TIMES):
        with run.noting(HELP, WORK):
            run.record(WORK, HELP, FIRST_ANSWER, _help(run.folder))


def _first_answer(run: Run, peer: Peer) -> float:
    with run.running(peer, dns.answers) as (server, _):
        return time.perf_counter() - server.started


def _help(folder: Path) -> float:
    begun = time.perf_counter()
    done = subprocess.run([TWISTD, "--help"], cwd=folder, capture_output=True, timeout=30, check=False)
    if done.returncode:
        raise Failed(f"twistd --help ends with status {done.returncode}")
    return time.perf_counter() - begun
