"""SIGHUP: everything that can be read again is read again."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet import defer
from twisted.logger import LogLevel, capturedLogs, formatEvent, globalLogPublisher

from netapp.core.signals import Ending, Hangup
from netapp.core.status.readings import Errors
from netapp.errors import ConfigError, ToldApart
from netapp.testing import FakeReactor


def refuse() -> None:
    raise ConfigError("hosts:3: no address 'x'; the old names stay")


def test_a_signal_has_each_reloader_called() -> None:
    before = signal.getsignal(signal.SIGHUP)
    hangup, read = Hangup(FakeReactor()), []
    hangup.add("one", lambda: read.append(1))
    hangup.add("two", lambda: read.append(2))
    hangup.startService()
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        assert read == [1, 2]
    finally:
        hangup.stopService()
    assert signal.getsignal(signal.SIGHUP) == before


@pytest.mark.parametrize("broken", [refuse, lambda: defer.fail(ConfigError("hosts:3: no address"))])
def test_the_operators_fault_is_one_line(broken: Callable[[], Any]) -> None:
    hangup, read = Hangup(FakeReactor()), []
    hangup.add("names", broken)
    hangup.add("two", lambda: read.append(2))
    with capturedLogs() as events:
        hangup.reload()
    assert read == [2]
    assert "names: not read again: hosts:3: no address" in str(formatEvent(events[0]))
    assert "log_failure" not in events[0]
    assert formatEvent(events[1]) == "two: read again"


def test_what_was_not_read_again_is_told_until_it_is() -> None:
    hangup, counted = Hangup(FakeReactor()), Errors()
    raised: list[ConfigError | None] = [ConfigError("the file k cannot be read")]

    def read() -> None:
        if raised[0] is not None:
            raise raised[0]

    hangup.add("keys", read)
    globalLogPublisher.addObserver(counted)
    try:
        hangup.reload()
        assert hangup.faults() == ["keys: not read again: the file k cannot be read"]
        raised[0] = ToldApart("some of it could not be read")
        hangup.reload()
        assert hangup.faults() == []
        raised[0] = ConfigError("again")
        hangup.reload()
        raised[0] = None
        hangup.reload()
        assert hangup.faults() == []
    finally:
        globalLogPublisher.removeObserver(counted)
    assert counted.count == 0


@pytest.mark.parametrize("broken", [lambda: 1 / 0, lambda: defer.fail(ValueError("no"))])
def test_a_failure_of_ours_is_logged_with_its_traceback(broken: Callable[[], Any]) -> None:
    hangup = Hangup(FakeReactor())
    hangup.add("one", broken)
    with capturedLogs() as events:
        hangup.reload()
    assert [event["log_level"] for event in events] == [LogLevel.critical]
    assert formatEvent(events[0]) == "one could not be read again"


def test_a_reloader_may_take_its_time() -> None:
    hangup, done = Hangup(FakeReactor()), defer.Deferred[None]()
    hangup.add("one", lambda: done)
    with capturedLogs() as events:
        hangup.reload()
        assert events == []
        done.callback(None)
    assert formatEvent(events[0]) == "one: read again"


def test_signals_that_come_while_all_is_read_are_one_more_reading() -> None:
    hangup, readings = Hangup(FakeReactor()), list[defer.Deferred[None]]()

    def slow() -> defer.Deferred[None]:
        readings.append(defer.Deferred())
        return readings[-1]

    hangup.add("names", slow)
    for _ in range(100):
        hangup.reload()
    assert len(readings) == 1
    readings[0].callback(None)
    assert len(readings) == 2
    readings[1].errback(ConfigError("hosts:3: no address"))
    assert len(readings) == 2
    hangup.reload()
    assert len(readings) == 3


def test_a_stop_forgets_a_signal_that_waits() -> None:
    hangup, readings = Hangup(FakeReactor()), list[defer.Deferred[None]]()
    hangup.add("names", lambda: readings.append(defer.Deferred()) or readings[-1])
    hangup.startService()
    hangup.reload()
    hangup.reload()
    hangup.stopService()
    readings[0].callback(None)
    assert len(readings) == 1


class Reactor:
    """Counts its stops, and sets the handlers that Twisted's sets."""

    def __init__(self) -> None:
        self.stops = 0
        self.shutdown: Callable[[], object] = lambda: None

    def stop(self) -> None:
        self.stops += 1

    def callWhenRunning(self, call: Callable[[], None]) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        call()

    def addSystemEventTrigger(self, phase: str, event: str, call: Callable[[], object]) -> None:
        assert (phase, event) == ("before", "shutdown")
        self.shutdown = call


@pytest.fixture
def handlers() -> Iterator[None]:
    kinds = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(each) for each in kinds]
    yield
    for each, handler in zip(kinds, before, strict=True):
        signal.signal(each, handler)


@pytest.mark.usefixtures("handlers")
def test_a_process_ends_once() -> None:
    reactor = Reactor()
    ending = Ending(reactor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ending.guard()
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    assert not ending.begun
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    ending.stop()
    assert (reactor.stops, ending.begun) == (1, True)


@pytest.mark.usefixtures("handlers")
def test_an_end_for_another_reason_is_one_too() -> None:
    reactor = Reactor()
    ending = Ending(reactor)
    ending.guard()
    reactor.shutdown()
    os.kill(os.getpid(), signal.SIGTERM)
    ending.stop()
    assert reactor.stops == 0
