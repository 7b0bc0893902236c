"""Logins over the plain door, and another client's echo while all cores hash passwords.

What argon2 takes alone bounds every login from below: it is the peer.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.peers import Peer, Place, Run, twistd
from benchmarks.process import LOOPBACK, Failed, Server, accepts
from benchmarks.table import CPU_SECONDS, ECHO_P99, RATE, percentile

WORK = "A login with the right password"
ALONE = "argon2id alone, in one thread"
TIMES = 3
#: Clients that log in again and again: enough for every core to have a password to hash.
CLIENTS = 8 * (os.cpu_count() or 1)
#: Echoes a second of the client beside them.
ECHOES = 100
_NAME, _PASSWORD = "bench", "correct horse battery staple"
_PASSED = "登录成功".encode()
_PATIENCE = 30.0


def _netapp(place: Place) -> list[str]:
    state = place.folder / "state"
    command = [str(Path(sys.executable).with_name("netapp")), "user", "add", _NAME]
    added = subprocess.run(
        [*command, "--password-stdin", "--state", str(state)],
        input=_PASSWORD, text=True, capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    if added.returncode:
        raise Failed(f"netapp user add: {(added.stderr.strip().splitlines() or ['no word'])[-1]}")
    config = f"""\
[login]
listen = ["tcp:{place.port}:interface={LOOPBACK}"]
[echo]
listen = ["tcp:{place.second_port}:interface={LOOPBACK}"]
"""
    path = place.write("netapp.toml", config)
    return twistd("netapp", "--only", "login", "--only", "echo", "--state", str(state), "--config", path)


NETAPP = Peer("netapp-login", "netapp.login.tap", ("netapp", "--version"), _netapp)


def measure(run: Run) -> None:
    """One round: the service, and its bound."""
    if run.can(NETAPP, WORK):
        with (
            run.noting(NETAPP.name, WORK),
            run.running(NETAPP, lambda place: accepts(place.port) and accepts(place.second_port)) as (
                server,
                place,
            ),
        ):
            _logins(run, server, place)
    try:
        from argon2 import PasswordHasher
    except ImportError:
        run.results.miss(WORK, ALONE, "argon2-cffi is not installed")
        return
    hasher = PasswordHasher()
    stored = hasher.hash(_PASSWORD)
    for _ in range(TIMES):
        used, begun = time.process_time(), time.perf_counter()
        hasher.verify(stored, _PASSWORD)
        run.record(WORK, ALONE, CPU_SECONDS, time.process_time() - used)
        run.record(WORK, ALONE, RATE, 1 / (time.perf_counter() - begun))


def _logins(run: Run, server: Server, place: Place) -> None:
    done: list[int] = []
    problems: list[Exception] = []
    stop = threading.Event()

    def again_and_again() -> None:
        try:
            while not stop.is_set():
                _log_in(place.port)
                done.append(1)
        except (OSError, Failed) as problem:
            problems.append(problem)

    clients = [threading.Thread(target=again_and_again) for _ in range(CLIENTS)]
    with ExitStack() as ending:
        for client in clients:
            client.start()
            ending.callback(client.join)
        ending.callback(stop.set)
        _echoes(place.second_port, 1.0)  # until all of them are busy
        used, count, begun = server.cpu(), len(done), time.perf_counter()
        waits = _echoes(place.second_port, max(3.0, run.seconds))
        used, count, seconds = server.cpu() - used, len(done) - count, time.perf_counter() - begun
    if problems or not count:
        raise Failed(f"no login: {problems[0] if problems else 'none came to its end'}")
    run.record(WORK, NETAPP.name, CPU_SECONDS, used / count)
    run.record(WORK, NETAPP.name, RATE, count / seconds)
    run.record(WORK, NETAPP.name, ECHO_P99, percentile(waits, 0.99) * 1000)


def _log_in(port: int) -> None:
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        for word in (_NAME, _PASSWORD):
            if not client.recv(1024):
                raise Failed("no prompt")
            client.sendall(word.encode() + b"\n")
        if (verdict := client.recv(1024)) != _PASSED:
            raise Failed(f"the verdict is {verdict.decode(errors='replace')!r}")


def _echoes(port: int, seconds: float) -> list[float]:
    """:returns: the seconds of each echo."""
    waits: list[float] = []
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        begun = time.perf_counter()
        while (now := time.perf_counter()) - begun < seconds:
            client.sendall(b"hello")
            if not client.recv(1024):
                raise Failed("no echo")
            waits.append(time.perf_counter() - now)
            time.sleep(1 / ECHOES)
    return waits
