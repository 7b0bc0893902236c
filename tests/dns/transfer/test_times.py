"""A secondary's times while the system's clock is set, and over a restart behind that."""

from pathlib import Path

import pytest
from twisted.internet import defer, task

from netapp.core import limits
from netapp.core.clock import Elapsed, Steady
from netapp.dns.transfer.fetching import Fetching
from netapp.dns.transfer.queues import Queue
from netapp.dns.transfer.secondary import Secondary
from netapp.dns.transfer.times import Kept
from tests.dns.transfer.primaries import FIRST, Network, Shelf
from tests.dns.transfer.zones import ORIGIN, Known, host, zone

ONE = zone(1, host("a.example.lan", "10.0.0.1"))
SOA = 6
REFRESH, EXPIRE = 100, 1000  # as the zones have them
DAY = 24 * 3600.0


class Machine:
    """Its reactor's timers go by steady time, which a set clock takes with it."""

    def __init__(self, wall: float = 1_790_000_000.0) -> None:
        self.wall, self.passed = wall, 500.0
        self.steady = Steady(lambda: self.wall, lambda: self.passed, lambda step: None)
        self.reactor = task.Clock()
        self.reactor.rightNow = self.steady.seconds()

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.wall, self.passed = self.wall + 1.0, self.passed + 1.0
            self.turn()

    def set(self, seconds: float) -> None:
        self.wall += seconds
        self.turn()

    def turn(self) -> None:
        self.reactor.advance(self.steady.seconds() - self.reactor.rightNow)


class Server:
    """A name service with one zone of a primary, on the disk already."""

    def __init__(self, machine: Machine, folder: Path, *, answers: bool = True) -> None:
        self.machine, self.network, self.names = machine, Network(), Shelf(ONE)
        if answers:
            self.network.servers[FIRST] = Known(ONE)
        clock = Elapsed(machine.reactor, lambda: machine.passed)
        self.times = Kept(folder, clock, defer.execute, lambda: machine.wall)
        turns = Queue(1, 1)
        fetching = Fetching(self.network, self.names, lambda: 7, defer.execute, turns, turns)
        self.secondary = Secondary(
            ORIGIN, (FIRST,), self.names, fetching, clock, lambda: 0.0, lambda: machine.wall, self.times
        )
        self.secondary.load()
        self.times.start()
        self.secondary.start()
        machine.run(1)

    def stop(self) -> None:
        self.secondary.stop()
        self.times.stop()

    @property
    def expired(self) -> bool:
        return ORIGIN in self.names.expired


@pytest.mark.parametrize("step", [30 * DAY, -30 * DAY])
def test_a_zone_does_not_expire_since_the_clock_was_set(tmp_path: Path, step: float) -> None:
    server = Server(machine := Machine(), tmp_path)
    server.network.servers.clear()
    machine.set(step)
    machine.run(EXPIRE - 2)
    assert not server.expired
    status = server.secondary.status()
    assert 0 < status["expires"] - machine.wall <= 2
    machine.run(3)
    assert server.expired


def test_a_primary_is_asked_by_refresh_though_the_clock_was_set(tmp_path: Path) -> None:
    server = Server(machine := Machine(), tmp_path)
    machine.set(30 * DAY)
    machine.run(REFRESH - 2)
    assert server.network.asked == [(FIRST, SOA)]
    machine.run(2)
    assert server.network.asked == [(FIRST, SOA)] * 2


@pytest.mark.parametrize("step", [30 * DAY, -30 * DAY, 0.0])
def test_a_refresh_is_as_long_ago_after_a_restart(tmp_path: Path, step: float) -> None:
    server = Server(machine := Machine(), tmp_path)
    server.network.servers.clear()
    machine.run(limits.ZONE_TIMES + 1)  # it stands on the disk
    machine.set(step)
    machine.run(100)
    server.stop()
    later = Server(again := Machine(machine.wall + 200), tmp_path, answers=False)
    left = later.secondary.status()["expires"] - again.wall
    assert left == pytest.approx(EXPIRE - limits.ZONE_TIMES - 1 - 100 - 200, abs=3)
    later.stop()
    assert Kept(tmp_path, again.reactor, defer.execute, lambda: again.wall).get(ORIGIN) == pytest.approx(
        again.wall + left - EXPIRE, abs=3
    )  # what was not refreshed since is as it was


@pytest.mark.parametrize("before", [0, 5, limits.ZONE_TIMES + 5])
@pytest.mark.parametrize("step", [10 * DAY, -10 * DAY])
def test_a_refresh_is_as_long_ago_after_a_power_cut(tmp_path: Path, step: float, before: float) -> None:
    server = Server(machine := Machine(), tmp_path)
    server.network.servers.clear()
    machine.run(before)
    machine.set(step)
    machine.run(limits.ZONE_TIMES + 50)  # it is cut here: nobody stops
    again = Machine(machine.wall + 100)
    later = Server(again, tmp_path, answers=False)
    left = later.secondary.status()["expires"] - again.wall
    assert left == pytest.approx(EXPIRE - before - limits.ZONE_TIMES - 50 - 100, abs=3)


def test_times_are_not_written_again_for_nothing(tmp_path: Path) -> None:
    machine, writes = Machine(), list[object]()
    clock = Elapsed(machine.reactor, lambda: machine.passed)

    def aside(write: object) -> "defer.Deferred[None]":
        writes.append(write)
        return defer.succeed(None)

    times = Kept(tmp_path, clock, aside, lambda: machine.wall)
    times.start()
    machine.run(100)
    assert writes == []
    times.put(ORIGIN, machine.wall)
    machine.set(limits.CLOCK_STEP / 2)  # a drift
    machine.run(300)
    assert len(writes) == 1
    times.stop()
    assert machine.reactor.getDelayedCalls() == []
