"""Services that stop in the other order, together or one after another."""

from typing import Any

import pytest
from twisted.application import service
from twisted.internet import defer
from twisted.logger import capturedLogs, formatEvent

from netapp.core.services import House, Notice, Part, Storeys


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


def house(*rooms: service.Service, of: type[House] = House) -> House:
    built = of()
    for room in rooms:
        room.setServiceParent(built)
    return built


def test_a_stop_goes_backwards_and_waits_for_each() -> None:
    log: list[str] = []
    waiting: defer.Deferred[None] = defer.Deferred()
    built = house(Room("a", log), Room("b", log, waiting), Room("c", log), of=Storeys)
    built.startService()
    ended: list[None] = []
    built.stopService().addCallback(ended.append)
    assert log == ["a starts", "b starts", "c starts", "c stops", "b stops"]
    assert not ended
    waiting.callback(None)
    assert log[-1] == "a stops"
    assert ended == [None]
    assert not built.running


def test_doors_stop_together_and_what_they_stand_on_when_all_have() -> None:
    log: list[str] = []
    slow, slower = defer.Deferred[None](), defer.Deferred[None]()
    chat, file = house(Room("lines", log), Room("irc", log, slow)), house(Room("file", log, slower))
    built = house(Room("people", log), house(chat, file), of=Storeys)
    built.startService()
    ended: list[None] = []
    built.stopService().addCallback(ended.append)
    assert log[4:] == ["file stops", "irc stops", "lines stops"]
    slow.callback(None)
    assert log[-1] == "lines stops"
    slower.callback(None)
    assert log[-1] == "people stops"
    assert ended == [None]


@pytest.mark.parametrize("kind", [House, Storeys])
@pytest.mark.parametrize("broken", [ValueError("no"), lambda: defer.fail(ValueError("no"))])
def test_a_stop_that_fails_keeps_no_other_from_its_own(broken: Any, kind: type[House]) -> None:
    log: list[str] = []
    until = broken() if callable(broken) else broken
    built = house(Room("a", log), Room("b", log, until), Room("c", log), of=kind)
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


def test_a_notice_is_logged_once_a_start_unless_somebody_else_tells_it() -> None:
    told, hushed = (Notice("netapp-x", "all is well, as always", "well") for _ in range(2))
    hushed.speaks = False
    with capturedLogs() as logged:
        for each in (told, hushed):
            each.startService()
    assert [formatEvent(event) for event in logged] == ["netapp-x: all is well, as always"]
