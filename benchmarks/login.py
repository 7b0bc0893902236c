"""Logins by the plain door, and another client's echo while all cores hash passwords.

What argon2 takes alone bounds the logins from below: hashing at the same cost, on all cores, is the peer.
"""

import os
import socket
import threading
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.logins import STOP, Verdict, at_once, beside, steadily
from benchmarks.peers import Peer, Place, Run, twistd
from benchmarks.process import LOOPBACK, Failed, Server, accepts
from benchmarks.table import CPU_SECONDS, ECHO_P99, MEMORY_ADDED, RATE, Measure, percentile

WORK = "A login with the right password"
TOGETHER = "500 logins at once"
ALONE = "argon2id alone, on all cores"
CORES = os.cpu_count() or 1
#: Clients that log in again and again, each by an account of its own: enough for every core to have a
#: password to hash while others are at their prompts.
CLIENTS = 8 * CORES
AT_ONCE = 500
#: Seconds: some hundred logins must come to their end for a rate.
LEAST = 6.0
#: Echoes a second of the client beside them, and every how many of them the memory is looked at.
ECHOES, LOOKS = 100, 10
ADMITTED = Measure("let in", "logins", less=False)
BUSY = Measure("told to try again", "logins")
ANSWERED = Measure("until all were answered", "s")
_PASSWORD = "correct horse battery staple"
_NICE = 10  # as netapp's own threads, so that what else runs here takes the same from both
_PATIENCE = 120.0


def most_memory() -> float:
    """MiB: 64 for each thread that hashes, and one thread's worth for everything else."""
    from netapp.core import limits

    return 64.0 * (min(CORES, limits.HASH_THREADS) + 1)


def _netapp(place: Place) -> list[str]:
    state = place.folder / "state"
    _add_accounts(state)
    config = f"""\
[login]
listen = ["tcp:{place.port}:interface={LOOPBACK}"]
[echo]
listen = ["tcp:{place.second_port}:interface={LOOPBACK}"]
"""
    path = place.write("netapp.toml", config)
    return twistd("netapp", "--only", "login", "--only", "echo", "--state", str(state), "--config", path)


def _add_accounts(state: Path) -> None:
    """One for each client, all with one hash: to make five hundred would take a minute."""
    from netapp.people import admin
    from netapp.people.model import Password
    from netapp.people.passwords import Hasher
    from netapp.people.store import rows

    password = Password(Hasher().hash(_PASSWORD.encode()))
    with rows(state) as everything:
        for number in range(AT_ONCE):
            admin.add(everything, f"bench{number}", password, time.time())


NETAPP = Peer("netapp-login", "netapp.login.tap", ("netapp", "--version"), _netapp)


def measure(run: Run) -> None:
    """One round: the service under a steady load and under a rush; before and after, the bound of both."""
    with run.noting(ALONE, WORK):
        _alone(run)
    if run.can(NETAPP, WORK, TOGETHER):
        for work, load in ((WORK, _steady), (TOGETHER, _rush)):
            with (
                run.noting(NETAPP.name, work),
                run.running(NETAPP, lambda place: accepts(place.port) and accepts(place.second_port)) as (
                    server,
                    place,
                ),
            ):
                load(run, server, place)
    with run.noting(ALONE, WORK):
        _alone(run)


def _steady(run: Run, server: Server, place: Place) -> None:
    rest = server.rss()
    with beside(steadily, place.port, CLIENTS, _PASSWORD) as load:
        _echoes(place.second_port, 1.5)  # until all of them are busy
        used, begun = server.cpu(), time.perf_counter()
        waits, most = _echoes(place.second_port, max(LEAST, run.seconds), server)
        used, ended = server.cpu() - used, time.perf_counter()
        load.send(STOP)
        verdicts = _verdicts(load)
    if wrong := {each.outcome for each in verdicts} - {"admitted"}:
        raise Failed(f"a login was {sorted(wrong)[0]}")
    times = [each.at for each in verdicts if begun <= each.at <= ended]
    if len(times) < 2:
        raise Failed("no login came to its end")
    run.record(WORK, NETAPP.name, CPU_SECONDS, used / len(times))
    run.record(WORK, NETAPP.name, RATE, (len(times) - 1) / (times[-1] - times[0]))
    run.record(WORK, NETAPP.name, ECHO_P99, percentile(waits, 0.99) * 1000)
    run.record(WORK, NETAPP.name, MEMORY_ADDED, (most - rest) / 2**20)


def _rush(run: Run, server: Server, place: Place) -> None:
    rest = server.rss()
    with beside(at_once, place.port, AT_ONCE, _PASSWORD) as load:
        begun = time.perf_counter()
        waits, most = _echoes(place.second_port, _PATIENCE, server, load)
        verdicts = _verdicts(load)
    outcomes = Counter(each.outcome for each in verdicts)
    if wrong := set(outcomes) - {"admitted", "busy"}:
        raise Failed(
            f"{outcomes.total()} logins: {', '.join(f'{outcomes[each]} {each}' for each in sorted(wrong))}"
        )
    run.record(TOGETHER, NETAPP.name, ECHO_P99, percentile(waits, 0.99) * 1000)
    run.record(TOGETHER, NETAPP.name, ADMITTED, outcomes["admitted"])
    run.record(TOGETHER, NETAPP.name, BUSY, outcomes["busy"])
    run.record(TOGETHER, NETAPP.name, ANSWERED, verdicts[-1].at - begun)
    run.record(TOGETHER, NETAPP.name, MEMORY_ADDED, (most - rest) / 2**20)


def _verdicts(load: "Connection[str, list[Verdict]]") -> list[Verdict]:
    """In the order in which they came."""
    if not load.poll(_PATIENCE):
        raise Failed("the load has not ended")
    return sorted(load.recv(), key=lambda verdict: verdict.at)


def _echoes(
    port: int,
    seconds: float,
    server: Server | None = None,
    until: "Connection[str, list[Verdict]] | None" = None,
) -> tuple[list[float], int]:
    """:returns: the seconds of each echo, and the most octets that the server has had."""
    waits: list[float] = []
    most = 0
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        begun = time.perf_counter()
        while (now := time.perf_counter()) - begun < seconds and not (until is not None and until.poll()):
            client.sendall(b"hello")
            if not client.recv(1024):
                raise Failed("no echo")
            waits.append(time.perf_counter() - now)
            if server is not None and len(waits) % LOOKS == 0:
                most = max(most, server.rss())
            time.sleep(1 / ECHOES)
    return waits, most


def _alone(run: Run) -> None:
    """As many threads as cores, at netapp's cost and niceness, nothing but hashing."""
    from argon2 import PasswordHasher

    from netapp.people.passwords import Cost

    cost = Cost()
    hasher = PasswordHasher(time_cost=cost.rounds, memory_cost=cost.memory, parallelism=cost.lanes)
    stored = hasher.hash(_PASSWORD)
    rates: list[float] = []
    counts: list[int] = []

    def hash_on(until: float) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        begun, count = time.perf_counter(), 0
        while (now := time.perf_counter()) < until:
            hasher.verify(stored, _PASSWORD)
            count += 1
        rates.append(count / (now - begun))
        counts.append(count)

    used, until = time.process_time(), time.perf_counter() + max(LEAST, run.seconds)
    threads = [threading.Thread(target=hash_on, args=(until,)) for _ in range(CORES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.record(WORK, ALONE, CPU_SECONDS, (time.process_time() - used) / sum(counts))
    run.record(WORK, ALONE, RATE, sum(rates))
