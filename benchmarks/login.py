"""Logins: what argon2 alone takes, which bounds every login from below."""

import time

from benchmarks.peers import Run
from benchmarks.table import CPU_SECONDS

WORK = "A login"
ALONE = "argon2id alone, argon2-cffi's defaults"
TIMES = 3


def measure(run: Run) -> None:
    """One round: the baseline; the service's own line comes with its benchmark."""
    try:
        from argon2 import PasswordHasher
    except ImportError:
        run.results.miss(WORK, ALONE, "argon2-cffi is not installed")
        return
    hasher = PasswordHasher()
    stored = hasher.hash("correct horse")
    for _ in range(TIMES):
        begun = time.process_time()
        hasher.verify(stored, "correct horse")
        run.record(WORK, ALONE, CPU_SECONDS, time.process_time() - begun)
    run.results.miss(WORK, "netapp-login", "not measured yet")
