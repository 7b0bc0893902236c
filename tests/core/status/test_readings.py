"""What a process tells of itself, the socket at which it does, and who asks there."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor, threads
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.access import Access
from netapp.core.listen import DatagramListener, StreamListener
from netapp.core.services import House
from netapp.core.status import neighbours
from netapp.core.status.door import StatusDoor
from netapp.core.status.readings import Status
from netapp.core.streams import SessionFactory
from netapp.testing import FakeReactor

TOLD: dict[str, Any] = {"listeners": []}
Tell = Callable[[], dict[str, Any]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def doors() -> Iterator[Callable[..., StatusDoor]]:
    opened = []

    def door(state: Path, tell: Tell = lambda: TOLD, plugin: str = "netapp-x") -> StatusDoor:
        opened.append(StatusDoor(plugin, state, tell, reactor))
        opened[-1].start()
        return opened[-1]

    yield door
    for each in opened:
        each.stop()


def asked(state: Path, **more: float) -> Any:
    """The neighbours, asked from a thread: the reactor has to answer meanwhile."""
    return threads.deferToThread(neighbours.neighbours, state, time.time(), **more)


# What is told ------------------------------------------------------------------------------------


def test_a_snapshot_has_listeners_people_and_what_went_wrong() -> None:
    fake = FakeReactor()
    status, house = Status(fake), House()
    factory = SessionFactory(lambda peer: None, Access(()))  # type: ignore[arg-type, return-value]
    StreamListener(
        "netapp-x", "tcp:7777", factory, fake, lambda host, port: f"nc {host} {port}"
    ).setServiceParent(house)
    DatagramListener("netapp-x", "udp:9:interface=127.0.0.1", DatagramProtocol(), fake).setServiceParent(
        house
    )
    house.privilegedStartService()
    status.begin()
    status.add("present", "talk", lambda: [("小明", "irc"), ("小明", "chat")])
    status.add("present", "login", lambda: [("小明", "ssh"), ("a", "login")])
    status.add("retention", "talk", lambda: {"talk_days": 7})
    status.add("more", "broken", lambda: 1 / 0)
    status.add("faults", "names", lambda: ["names: z:5: \n\x1b"])
    fake.advance(90.0)
    Logger().error("the disk\nis \x1b full")
    Logger().error("z:5: stands among the faults", standing=True)
    told = status.snapshot("netapp-x", house)
    status.end()
    Logger().error("nobody counts this")
    assert (told["plugin"], told["pid"], told["uptime"]) == ("netapp-x", os.getpid(), 90.0)
    tcp, udp = told["listeners"]
    assert (tcp["transport"], tcp["port"], tcp["connections"], udp["transport"]) == ("tcp", 7777, 0, "udp")
    assert udp["reach"] == []
    assert [(each["name"], each["door"]) for each in told["present"]] == [
        ("a", "login"), ("小明", "chat"), ("小明", "irc"), ("小明", "ssh"),
    ]  # fmt: skip
    assert told["present_count"] == 2
    assert told["retention"] == {"talk_days": 7}
    assert told["faults"] == ["names: z:5: ⟦U+001B⟧"]
    assert status.snapshot("netapp-x", house)["errors"]["count"] == 2, (
        "the reading that failed is one of ours"
    )
    assert told["errors"]["last"] == "the disk is ⟦U+001B⟧ full"
    json.dumps(told)


def test_many_people_are_counted_and_some_are_named() -> None:
    status = Status(FakeReactor())
    status.add("present", "talk", lambda: [(f"{number:05}", "irc") for number in range(5000)])
    told = status.snapshot("netapp-x", House())
    assert (len(told["present"]), told["present_count"]) == (limits.STATUS_NAMES, 5000)


# The socket --------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_who_connects_is_told(state: Path, doors: Callable[..., StatusDoor]) -> None:
    doors(state, lambda: {"listeners": [], "name": "小明"})
    (found,) = await asked(state)
    assert (found.plugin, found.pid, found.told["name"]) == ("netapp-x", os.getpid(), "小明")
    (path,) = neighbours.sockets(state)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest_twisted.ensureDeferred
async def test_two_of_one_name_and_number_stand_beside_each_other(
    state: Path, doors: Callable[..., StatusDoor]
) -> None:
    first, _ = doors(state), doors(state)
    assert [each.name for each in neighbours.sockets(state)] == [
        f"netapp-x-{os.getpid()}-1.sock", f"netapp-x-{os.getpid()}.sock",
    ]  # fmt: skip
    first.stop()
    assert len(await asked(state)) == 1


@pytest_twisted.ensureDeferred
async def test_a_path_too_long_for_a_socket(tmp_path: Path, doors: Callable[..., StatusDoor]) -> None:
    state = tmp_path / ("长" * 40) / ("b" * 100)
    state.mkdir(parents=True, mode=0o700)
    door = doors(state)
    assert len(await asked(state)) == 1
    door.stop()
    assert neighbours.sockets(state) == []


@pytest_twisted.ensureDeferred
async def test_silent_and_slow_clients_keep_nobody_waiting(
    state: Path, doors: Callable[..., StatusDoor]
) -> None:
    doors(state, lambda: {"listeners": [], "long": "x" * 100_000})
    (path,) = neighbours.sockets(state)
    slow = []
    for _ in range(limits.STATUS_WAITING):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        slow.append(client)
    (found,) = await asked(state)
    assert len(found.told["long"]) == 100_000
    for each in slow:
        each.close()


@pytest_twisted.ensureDeferred
async def test_one_that_cannot_tell_is_there_all_the_same(
    state: Path, doors: Callable[..., StatusDoor]
) -> None:
    doors(state, lambda: {"listeners": object()})
    (found,) = await asked(state)
    assert (found.pid, found.told) == (os.getpid(), None)


def test_one_that_is_stuck_is_not_waited_for(state: Path) -> None:
    (state / "run").mkdir()
    path = state / "run" / f"netapp-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        deaf.listen()
        began = time.monotonic()
        (found,) = neighbours.neighbours(state, time.time(), wait=0.1)
        assert time.monotonic() - began < 5.0  # a hang, not a speed
    assert (found.plugin, found.told) == ("netapp", None)


def test_one_that_dribbles_is_not_waited_for(state: Path) -> None:
    (state / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(state / "run" / f"netapp-{os.getpid()}.sock"))
        door.listen()

        def dribble() -> None:
            client, _ = door.accept()
            with client, suppress(OSError):
                while True:
                    client.sendall(b" ")
                    time.sleep(0.02)

        dribbling = threading.Thread(target=dribble)
        dribbling.start()
        began = time.monotonic()
        (found,) = neighbours.neighbours(state, time.time(), wait=0.1)
        assert time.monotonic() - began < 5.0  # a hang, not a speed
        dribbling.join()
    assert found.told is None


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"[]",
        b'{"listeners": 1}',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"listeners": [1]}',
        b'{"listeners": [], "uptime": "x"}',
        b'{"listeners": [], "uptime": 1e400}',
        b'{"listeners": [], "present": 5}',
        b'{"listeners": [], "errors": {"count": 1, "time": 1e300}}',
        b'{"listeners": [{"port": 99999999}]}',
        b'{"listeners": [{"connections": "x"}]}',
        b'{"listeners": [{"reach": 5}]}',
        b'{"listeners": [], "retention": {"audit_octets": -1}}',
        b'{"listeners": [], "dns": {"answered": "many"}}',
        b'{"listeners": [], "dns": [1]}',
    ],
)
def test_what_is_no_status_is_no_answer(state: Path, said: bytes) -> None:
    (state / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(state / "run" / f"netapp-{os.getpid()}.sock"))
        door.listen()

        def answer() -> None:
            client, _ = door.accept()
            client.sendall(said)
            client.close()

        answering = threading.Thread(target=answer)
        answering.start()
        (found,) = neighbours.neighbours(state, time.time())
        answering.join()
    assert found.told is None


@pytest_twisted.ensureDeferred
async def test_a_state_directory_that_cannot_be_is_no_reason_not_to_serve(
    tmp_path: Path, doors: Callable[..., StatusDoor]
) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    doors(taken).stop()


# What the dead leave -----------------------------------------------------------------------------


def left_by_the_dead(state: Path) -> Path:
    """A socket of a process that was killed."""
    (state / "run").mkdir(exist_ok=True)
    code = "import socket, os; socket.socket(socket.AF_UNIX).bind(f'netapp-{os.getpid()}.sock')"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=state / "run")
    process.wait()
    return state / "run" / f"netapp-{process.pid}.sock"


def test_whoever_looks_removes_it(state: Path) -> None:
    path = left_by_the_dead(state)
    assert path.exists()
    assert neighbours.neighbours(state, time.time()) == []
    assert not path.exists()


def test_a_start_removes_it(state: Path, doors: Callable[..., StatusDoor]) -> None:
    path = left_by_the_dead(state)
    doors(state)
    assert not path.exists()


def test_one_that_is_being_made_is_left_alone_for_a_while(state: Path) -> None:
    (state / "run").mkdir()
    path = state / "run" / f"netapp-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))  # and does not listen yet
        assert not neighbours.sweep(path, time.time())
        assert path.exists()
        assert neighbours.sweep(path, time.time() + limits.STATUS_FRESH + 1)


def test_what_is_no_socket_of_ours_stays(state: Path) -> None:
    (state / "run").mkdir()
    for name in ("notes.txt", "netapp-x.sock", "netapp-12.sock"):
        (state / "run" / name).touch()
    assert [each.told for each in neighbours.neighbours(state, time.time() + 99)] == [None]
    assert len(list((state / "run").iterdir())) == 3


# Ports -------------------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_who_has_a_port_is_named(state: Path, doors: Callable[..., StatusDoor]) -> None:
    listener = {"transport": "tcp", "port": 7777}
    doors(state, lambda: {"listeners": [listener]}, "netapp-chat")
    ask = threads.deferToThread
    said = await ask(neighbours.holder, state, time.time(), "tcp", 7777)
    assert said == f"another netapp-chat, pid {os.getpid()}, has it"
    assert await ask(neighbours.holder, state, time.time(), "udp", 7777) == ""
    assert await ask(neighbours.holder, state / "nowhere", time.time(), "tcp", 7777) == ""
