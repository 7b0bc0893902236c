"""L42: kill -9 at the worst moments."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor

from netapp.people import admin, open_people, settings, store
from netapp.people.model import Password
from netapp.people.passwords import CHEAP, Hasher

KILLED = """
import os, signal
from pathlib import Path
from twisted.internet import defer, reactor
from netapp.people import open_people

async def main():
    people = open_people(Path({state!r}), reactor)
    await people.start()
    for number in range(2):
        await people.authenticate("zhao", f"wrong {{number}}", "192.0.2.1")
    people.audit.record = lambda *args, **more: os.kill(os.getpid(), signal.SIGKILL)  # before the answer
    await people.authenticate("zhao", "wrong 3", "192.0.2.1")
    print("answered", flush=True)

reactor.callWhenRunning(lambda: defer.ensureDeferred(main()))
reactor.run()
"""


def cheap(state: Path) -> None:
    with store.rows(state) as rows:
        settings.put_cost(rows, CHEAP)
        admin.add(rows, "zhao", Password(Hasher(CHEAP).hash(b"94736102 old")), 1.0)


def killed(program: str, after: str = "") -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if after:
        for line in process.stdout:
            if line.strip() == after:
                break
        process.send_signal(signal.SIGKILL)
    process.wait(30)
    return process


@pytest.mark.real
@pytest_twisted.ensureDeferred
async def test_l42_a_failure_is_on_the_disk_before_it_is_told(tmp_path: Path) -> None:
    cheap(tmp_path)
    process = killed(KILLED.format(state=str(tmp_path)))
    assert process.stdout is not None
    assert process.stdout.read() == ""
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL
    people = open_people(tmp_path, reactor)
    assert people.throttle.account_wait("192.0.2.1", {"zhao"}, people._ground.now()) > 0.0
    await people.stop()


CHANGING = """
from pathlib import Path
from twisted.internet import defer, reactor
from netapp.people import open_people

async def main():
    people = open_people(Path({state!r}), reactor)
    await people.start()
    zhao = await people.find("zhao")
    words = "94736102 old", "94736102 new"
    for number in range({changes}):
        old, new = words if number % 2 == 0 else words[::-1]
        await people.change_password(zhao.id, old, new, source="192.0.2.1", door="login")
        print(number, flush=True)

reactor.callWhenRunning(lambda: defer.ensureDeferred(main()))
reactor.run()
"""


@pytest.mark.real
@pytest.mark.parametrize("after", ["0", "7"])
@pytest_twisted.ensureDeferred
async def test_l42_a_change_that_is_killed_leaves_the_old_or_the_new_password(
    tmp_path: Path, after: str
) -> None:
    cheap(tmp_path)
    process = killed(CHANGING.format(state=str(tmp_path), changes=100_000), after)
    assert process.stdout is not None
    process.stdout.close()
    people = open_people(tmp_path, reactor)
    await people.start()
    try:
        works = [
            await people.authenticate("zhao", f"94736102 {word}", f"192.0.2.{n}") is not None
            for n, word in enumerate(("old", "new"), 2)
        ]
        assert sorted(works) == [False, True]
    finally:
        await people.stop()
