"""Services that stop one after another, in the other order."""

from typing import Any

import pytest
from twisted.application import service
from twisted.internet import defer
from twisted.logger import capturedLogs

from netapp.core.services import House, Part


class Room(service.Service):
    def __init__(self, name: str, log: list[str], until: Any = None) -> None:
        self.name_, self._log, self._until = name, log, until

    def startService(self) -> None:
        super().startService()
        self._log.append(f"{self.name_} starts")

    def stopService(self) -> Any:
        super().stopService()
        self._log.append(f"{self.name_} stops")
        if isinstance(self._until, Exception):
            raise self._until
        return self._until


def house(*rooms: service.Service) -> House:
    built = House()
    for room in rooms:
        room.setServiceParent(built)
    return built


def test_a_stop_goes_backwards_and_waits_for_each() -> None:
    log: list[str] = []
    waiting: defer.Deferred[None] = defer.Deferred()
    built = house(Room("a", log), Room("b", log, waiting), Room("c", log))
    built.startService()
    ended: list[None] = []
    built.stopService().addCallback(ended.append)
    assert log == ["a starts", "b starts", "c starts", "c stops", "b stops"]
    assert not ended
    waiting.callback(None)
    assert log[-1] == "a stops"
    assert ended == [None]
    assert not built.running


@pytest.mark.parametrize("broken", [ValueError("no"), defer.fail(ValueError("no"))])
def test_a_stop_that_fails_keeps_no_other_from_its_own(broken: Any) -> None:
    log: list[str] = []
    built = house(Room("a", log), Room("b", log, broken), Room("c", log))
    built.startService()
    ended: list[None] = []
    with capturedLogs() as events:
        built.stopService().addCallback(ended.append)
    assert log[3:] == ["c stops", "b stops", "a stops"]
    assert ended == [None]
    assert [str(event["log_failure"].value) for event in events] == ["no"]


def test_a_house_stands_in_another() -> None:
    log: list[str] = []
    inner = house(Room("inner", log))
    built = house(Room("nouns", log), inner, Room("door", log))
    built.startService()
    built.stopService()
    assert log[3:] == ["door stops", "inner stops", "nouns stops"]


def test_a_part_begins_and_ends() -> None:
    log: list[str] = []
    ending: defer.Deferred[None] = defer.Deferred()
    part = Part(lambda: log.append("start"), lambda: ending)
    part.startService()
    ended: list[object] = []
    part.stopService().addCallback(ended.append)
    assert (log, ended) == (["start"], [])
    ending.callback(None)
    assert ended == [None]
