"""What makes a process out of a service."""

import resource
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.application import service
from twisted.internet import defer
from twisted.python.failure import Failure

from netapp.core import limits, running
from netapp.core.config import ServiceOptions
from netapp.core.services import House
from netapp.errors import ConfigError, StartError
from netapp.testing import FakeReactor


class Options(ServiceOptions):
    table = "echo"


class Noun:
    def __init__(self, log: list[str]) -> None:
        self._log = log

    def start(self) -> None:
        self._log.append("noun starts")

    def stop(self) -> None:
        self._log.append("noun stops")


class Door(service.Service):
    def __init__(self, log: list[str]) -> None:
        self._log = log

    def startService(self) -> None:
        super().startService()
        self._log.append("door opens")

    def stopService(self) -> None:
        super().stopService()
        self._log.append("door closes")


@pytest.fixture(autouse=True)
def _files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def options(*arguments: str) -> Options:
    read = Options()
    read.parseOptions(arguments)
    return read


def test_a_noun_is_opened_once_and_stands_behind_the_doors() -> None:
    log: list[str] = []
    opened: list[Noun] = []

    def part(read: Options, shared: running.Shared) -> service.IService:
        for _ in range(2):
            opened.append(shared.noun("people", lambda: Noun(log)))
        return Door(log)

    house: Any = running.alone("netapp-x", options(), part)
    assert opened[0] is opened[1]
    house.startService()
    stopped: list[object] = []
    house.stopService().addCallback(stopped.append)
    assert log == ["noun starts", "door opens", "door closes", "noun stops"]
    assert stopped == [None]


def test_a_noun_that_cannot_be_opened_ends_the_start() -> None:
    def part(read: Options, shared: running.Shared) -> service.IService:
        def refuse() -> Noun:
            raise ConfigError("choose another with --state")

        shared.noun("people", refuse)
        raise AssertionError

    with pytest.raises(StartError, match=r"^netapp-x: choose another with --state$"):
        running.alone("netapp-x", options(), part)


def test_metrics_that_cannot_be_end_the_start() -> None:
    with pytest.raises(StartError, match=r"^netapp-x: --metrics: 'bogus' is no listener"):
        running.alone("netapp-x", options("--metrics=bogus"), lambda read, shared: Door([]))


def test_a_failed_start_is_told_as_twistd_tells_it() -> None:
    error = StartError("netapp-x: cannot listen")
    assert isinstance(error, SystemExit)
    assert isinstance(error, Exception)
    assert Failure(error).getErrorMessage() == str(error) == "netapp-x: cannot listen"
    assert error.code == "netapp-x: cannot listen"  # which Python prints, with status 1


def test_each_process_has_its_own_shared_things() -> None:
    one, other = running.Shared(FakeReactor()), running.Shared(FakeReactor())
    assert one.noun("x", lambda: Noun([])) is not other.noun("x", lambda: Noun([]))
    assert one.metrics is not other.metrics


def test_a_process_takes_the_descriptors_it_is_granted() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    running.allow_many_files()
    granted = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert granted == (limits.DESCRIPTORS if hard == -1 else min(hard, limits.DESCRIPTORS), hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest_twisted.ensureDeferred
async def test_every_door_of_the_process_has_the_same_seconds_for_its_transfers() -> None:
    """Metrics count as a door: a scrape that hangs takes no time from the services' transfers."""
    log: list[str] = []
    drained = defer.Deferred[None]()

    class SlowDoor(Door):
        def stopService(self) -> Any:
            super().stopService()
            return drained

    def part(read: Options, shared: running.Shared) -> service.IService:
        shared.noun("people", lambda: Noun(log))
        doors = House()
        for _ in range(2):
            SlowDoor(log).setServiceParent(doors)
        return doors

    house: Any = running.alone("netapp-x", options("--metrics=tcp:0"), part)
    house.startService()
    (page,) = [each for doors in house for each in getattr(doors, "services", ()) if hasattr(each, "getHost")]
    stopped = house.stopService()
    assert log[-2:] == ["door closes", "door closes"]
    assert not page.running
    drained.callback(None)
    await stopped
    assert log[-1] == "noun stops"


def test_a_process_has_one_desk() -> None:
    shared = running.Shared(FakeReactor())
    desk = shared.desk("zh")
    assert shared.desk("zh") is desk
    assert len(list(shared.nouns)) == 1
