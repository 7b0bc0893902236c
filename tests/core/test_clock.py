"""Time that never goes back."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import task
from twisted.internet.base import ReactorBase
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.core.alarm import Alarm
from netapp.core.clock import Elapsed, Steady, is_alive, keep_steady
from netapp.core.platform import elapsed

HOUR = 3600.0


class Machine:
    """A machine whose clock can be set, and which can sleep."""

    def __init__(self) -> None:
        self.wall, self.running = 1_790_000_000.0, 5000.0
        self.steps: list[float] = []
        self.steady = Steady(lambda: self.wall, lambda: self.running, self.steps.append)

    def run(self, seconds: float) -> float:
        self.wall += seconds
        self.running += seconds
        return self.steady.seconds()

    def sleep(self, seconds: float) -> float:
        self.wall += seconds
        return self.steady.seconds()


class Waiting(ReactorBase):
    """A reactor that is turned by hand."""

    def installWaker(self) -> None: ...

    def wakeUp(self) -> None: ...


def test_it_is_the_systems_time_while_nobody_sets_that() -> None:
    machine = Machine()
    assert machine.steady.seconds() == machine.wall
    assert machine.run(1000.0) == machine.wall
    assert machine.steps == []
    assert machine.steady.wall() == machine.wall


def test_l34_set_back_an_hour_it_goes_on_and_nothing_lives_longer() -> None:
    machine = Machine()
    expires = machine.steady.seconds() + 600.0
    machine.wall -= HOUR
    assert machine.run(599.0) < expires
    assert machine.run(2.0) > expires
    assert machine.steps == [-HOUR]
    machine.wall += HOUR
    assert machine.run(1.0) == machine.wall
    assert machine.steps == [-HOUR, HOUR]


def test_l34_set_forward_an_hour_what_expires_ends_early() -> None:
    machine = Machine()
    expires = machine.steady.seconds() + 600.0
    machine.wall += HOUR
    assert machine.steady.seconds() > expires
    assert machine.steps == [HOUR]
    machine.wall -= HOUR
    assert machine.run(10.0) == machine.wall + HOUR


def test_l34_a_machine_that_slept_has_the_time_it_wakes_up_to() -> None:
    machine = Machine()
    machine.run(10.0)
    machine.wall += 8 * HOUR  # the monotonic clock stands still meanwhile
    assert machine.steady.seconds() == machine.wall
    assert machine.steps == [8 * HOUR]


@pytest.mark.parametrize("step", [1.0, -1.0, limits.CLOCK_STEP, -limits.CLOCK_STEP])
def test_l34_a_leap_second_and_a_correction_are_not_told_of(step: float) -> None:
    machine = Machine()
    machine.wall += step
    before = machine.steady.seconds()
    assert machine.run(1.0) == before + 1.0
    assert machine.steps == []


def test_l34_a_step_is_told_of_once_and_loudly() -> None:
    times = [100.0, 100.0 - HOUR, 100.0 - HOUR, 100.0 + HOUR, 100.0 + HOUR]
    steady = Steady(lambda: times[0], lambda: 0.0)
    with capturedLogs() as events:
        while len(times) > 1:
            times.pop(0)
            steady.seconds()
    assert [formatEvent(event).partition(";")[0] for event in events] == [
        "the system's clock went back by 3600 s",
        "the system's clock went forward by 7200 s",
    ]
    assert {event["log_level"].name for event in events} == {"critical"}


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e6, 1e6))))
def test_l34_it_never_goes_back_nor_slower_than_time_passes(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    before = machine.steady.seconds()
    for passes, step in steps:
        machine.wall += step
        now = machine.run(passes)
        assert now >= before
        assert now - before >= passes - 1e-5
        assert now >= machine.wall - 1e-5
        before = now


def test_l34_what_was_made_in_the_future_is_not_alive_beyond_a_minute() -> None:
    assert is_alive(100.0, 200.0, 100.0)
    assert is_alive(100.0, 200.0, 199.0)
    assert not is_alive(100.0, 200.0, 200.0)
    assert is_alive(100.0, 200.0, 100.0 - limits.CLOCK_STEP)
    assert not is_alive(100.0, 200.0, 99.0 - limits.CLOCK_STEP)


def test_a_reactors_timers_go_on_when_the_clock_is_set_back() -> None:
    """X14."""
    wall, running = [1_790_000_000.0], [5000.0]
    reactor = Waiting()
    keep_steady(reactor, lambda: wall[0], lambda: running[0])
    done: list[str] = []
    reactor.callLater(30.0, done.append, "it is time")
    wall[0] -= 86400.0
    for passed in (29.0, 1.0):
        assert done == []
        wall[0] += passed
        running[0] += passed
        reactor.runUntilCurrent()
    assert done == ["it is time"]


def test_a_reactor_with_a_clock_of_its_own_keeps_it() -> None:
    clock = task.Clock()
    before = clock.seconds
    keep_steady(clock, lambda: 1.0, lambda: 1.0)
    assert clock.seconds == before


def test_what_counts_the_time_that_has_passed_does_not_end_early() -> None:
    reactor, passed, woken = task.Clock(), [100.0], list[float]()
    clock = Elapsed(reactor, lambda: passed[0])
    alarm = Alarm(clock, lambda: woken.append(clock.seconds()))
    alarm.set(700.0)
    reactor.advance(HOUR)  # the system's clock was set
    assert woken == []
    alarm.set(400.0)
    passed[0] += 300.0
    reactor.advance(300.0)
    assert woken == [400.0]
    alarm.set(500.0)
    passed[0] += HOUR  # the machine has slept: the reactor's time went on as well
    reactor.advance(HOUR)
    assert woken == [400.0, 500.0 - 100.0 + HOUR]
    assert clock.getDelayedCalls() == reactor.getDelayedCalls() == []


@pytest.mark.parametrize("sooner", [False, True])
def test_what_was_due_in_a_sleep_is_not_late_behind_it_though_the_clock_was_set_back(sooner: bool) -> None:
    machine, reactor, passed, woken = Machine(), task.Clock(), [0.0], list[float]()
    reactor.rightNow = machine.steady.seconds()
    alarm = Alarm(Elapsed(reactor, lambda: passed[0]), lambda: woken.append(passed[0]), limits.ELAPSED_LOOK)

    def go_on(seconds: float, how: Callable[[float], float]) -> None:
        passed[0] += seconds
        reactor.advance(how(seconds) - reactor.rightNow)

    alarm.set(50_000.0 if sooner else 1000.0)
    go_on(10.0, machine.run)
    machine.wall -= HOUR
    if sooner:
        alarm.set(1000.0)
    go_on(10.0, machine.run)
    go_on(1800.0, machine.sleep)
    for _ in range(int(limits.ELAPSED_LOOK)):
        go_on(1.0, machine.run)
    assert woken == [pytest.approx(1820.0, abs=limits.ELAPSED_LOOK)]
    assert not reactor.getDelayedCalls()


def test_the_time_that_has_passed_goes_on() -> None:
    before = elapsed()
    assert before <= elapsed() < before + HOUR
