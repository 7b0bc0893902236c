"""Threads with a bound."""

import os
import threading
from collections.abc import Iterator

import pytest
import pytest_twisted
from twisted.internet import defer, reactor

from netapp.core.threads import Pool
from netapp.errors import Busy, StateError


class Gate:
    """Holds a pool's thread until the test opens it."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def work(self) -> str:
        self.entered.set()
        assert self.opened.wait(10)
        return "through"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def pool(*, threads: int = 1, waiting: int = 2, nice: int = 0) -> Pool:
    made = Pool("test", reactor, threads=threads, waiting=waiting, nice=nice)
    made.start()
    return made


def held(jobs: Pool, gate: Gate) -> "defer.Deferred[str]":
    """A job that keeps the pool's one thread at the gate."""
    done = jobs.run(gate.work)
    assert gate.entered.wait(10)
    return done


@pytest_twisted.ensureDeferred
async def test_work_is_done_in_a_thread_and_answered_in_the_reactors() -> None:
    jobs = pool()
    answered_in: list[int] = []
    done = jobs.run(lambda number: (number * 2, threading.current_thread().name), 21)
    done.addCallback(lambda answer: answered_in.append(threading.get_ident()) or answer)
    assert await done == (42, "test-0")
    assert answered_in == [threading.get_ident()]
    await jobs.stop()


@pytest_twisted.ensureDeferred
async def test_what_fails_fails_its_own_deferred_only() -> None:
    jobs = pool()
    failing = jobs.run(lambda: 1 // 0)
    working = jobs.run(lambda: 1 // 1)
    with pytest.raises(ZeroDivisionError):
        await failing
    assert await working == 1
    await jobs.stop()


@pytest_twisted.ensureDeferred
async def test_l8_one_more_than_may_wait_is_refused(gate: Gate) -> None:
    jobs = pool(waiting=2)
    waiting = [held(jobs, gate), jobs.run(int), jobs.run(int)]
    with pytest.raises(Busy):
        jobs.run(int)
    gate.opened.set()
    assert await defer.gatherResults(waiting) == ["through", 0, 0]
    await jobs.stop()


@pytest_twisted.ensureDeferred
async def test_l26_a_cancelled_job_is_not_done_and_its_place_is_free(gate: Gate) -> None:
    jobs = pool(waiting=2)
    first = held(jobs, gate)
    ran: list[str] = []
    given_up = [jobs.run(ran.append, "given up") for _ in range(2)]
    for each in given_up:
        each.cancel()
        with pytest.raises(defer.CancelledError):
            await each
    wanted = jobs.run(ran.append, "wanted")
    gate.opened.set()
    await first
    await wanted
    assert ran == ["wanted"]
    await jobs.stop()


@pytest_twisted.ensureDeferred
async def test_cancelling_what_already_runs_drops_its_answer(gate: Gate) -> None:
    jobs = pool()
    running = held(jobs, gate)
    running.cancel()
    gate.opened.set()
    with pytest.raises(defer.CancelledError):
        await running
    assert await jobs.run(int) == 0
    await jobs.stop()


@pytest_twisted.ensureDeferred
async def test_a_stop_finishes_what_waits(gate: Gate) -> None:
    jobs = pool()
    waiting = [held(jobs, gate), jobs.run(int)]
    stopped = jobs.stop()
    with pytest.raises(StateError):
        jobs.run(int)
    assert not stopped.called
    gate.opened.set()
    await stopped
    assert await defer.gatherResults(waiting) == ["through", 0]


def test_a_pool_that_has_not_begun_takes_no_work() -> None:
    with pytest.raises(StateError):
        Pool("test", reactor, threads=1, waiting=1).run(int)


@pytest_twisted.ensureDeferred
async def test_a_stop_without_a_start_is_no_wait() -> None:
    assert await Pool("test", reactor, threads=1, waiting=1).stop() is None


@pytest_twisted.ensureDeferred
async def test_niceness_is_the_threads_own() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    jobs = pool(nice=3)
    assert await jobs.run(lambda: os.getpriority(os.PRIO_PROCESS, 0)) == min(19, before + 3)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    await jobs.stop()
