"""The socket at which zones are told, met by askers that are slow, silent or wrong."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor, task, threads

from netapp.core import limits
from netapp.names.naming import wire_name
from netapp.names.store import Names
from netapp.names.telling import door
from netapp.names.telling.rows import rows
from tests.names.zoning import Files, zone

ROWS = [{"origin": f"z{number}.example", "serial": number, "note": "x" * 500} for number in range(5000)]


def tell(asked: str) -> Iterator[dict[str, Any]]:
    return (each for each in ROWS if asked in ("*", each["origin"]))


async def asked(state: Path, question: str) -> list[dict[str, Any]]:
    name = f"zones-{os.getpid()}.sock"
    return await threads.deferToThread(lambda: list(door.ask(state, name, question)))


@pytest_twisted.ensureDeferred
async def test_all_or_one_are_told_however_many_there_are(tmp_path: Path) -> None:
    opened = door.ZonesDoor(tmp_path / "state", tell, reactor)
    opened.start()
    try:
        assert await asked(tmp_path / "state", "*") == ROWS
        assert await asked(tmp_path / "state", "z7.example") == [ROWS[7]]
        assert await asked(tmp_path / "state", "none") == []
        path = tmp_path / "state" / "run" / opened.name
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        opened.stop()
    assert not path.exists()
    with pytest.raises(OSError, match="No such file"):
        await asked(tmp_path / "state", "*")


def all_of(client: socket.socket) -> bytes:
    """What is there to read, up to the end or a reset."""
    client.settimeout(0)
    read = b""
    with suppress(ConnectionResetError):
        while piece := client.recv(65536):
            read += piece
    return read


@pytest_twisted.ensureDeferred
async def test_who_says_nothing_or_too_much_or_never_reads_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STATUS_WAIT", 0.1)
    monkeypatch.setattr(limits, "STALLED", 0.2)
    opened = door.ZonesDoor(tmp_path / "state", tell, reactor)
    opened.start()
    name = str(tmp_path / "state" / "run" / opened.name)
    clients = []
    try:
        for octets in (b"", b"x" * 1000, b"*\n"):
            client = socket.socket(socket.AF_UNIX)
            client.connect(name)
            client.sendall(octets)
            clients.append(client)
        await task.deferLater(reactor, 0.5, lambda: None)  # type: ignore[arg-type]
        for client in clients:
            assert len(all_of(client)) < len(json.dumps(ROWS))
            client.close()
        assert await asked(tmp_path / "state", "z7.example") == [ROWS[7]]
    finally:
        opened.stop()


@pytest_twisted.ensureDeferred
async def test_two_of_one_number_stand_beside_each_other_however_long_the_path_is(tmp_path: Path) -> None:
    state = tmp_path / ("长" * 40) / ("b" * 100)
    state.mkdir(parents=True, mode=0o700)
    doors = [
        door.ZonesDoor(state, lambda asked, serial=serial: iter([{"serial": serial}]), reactor)  # type: ignore[misc]
        for serial in (1, 2)
    ]
    for each in doors:
        each.start()
    try:
        for number, each in enumerate(doors, 1):
            asked = await threads.deferToThread(lambda name=each.name: list(door.ask(state, name, "*")))
            assert asked == [{"serial": number}]
    finally:
        for each in doors:
            each.stop()
    assert list((state / "run").iterdir()) == []


@pytest_twisted.ensureDeferred
async def test_a_list_that_is_cut_off_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    def broken(asked: str) -> Iterator[dict[str, Any]]:
        yield from ROWS[:500]
        raise RuntimeError("a reading that fails")

    opened = door.ZonesDoor(tmp_path / "state", broken, reactor)
    opened.start()
    try:
        with pytest.raises(ValueError, match="cut off"):
            await asked(tmp_path / "state", "*")
    finally:
        opened.stop()


@pytest.mark.parametrize("told", [None, {}, {"zones_told": True}, {"zones_told": "../../x.sock"}])
def test_what_is_no_name_of_a_socket_is_none(told: dict[str, Any] | None) -> None:
    assert door.name_in(told) == ""


def test_zones_are_told_as_they_are_when_the_asker_reads() -> None:
    origins = [wire_name("a.example"), wire_name("b.example"), wire_name("c.example")]
    files = Files(*(zone(1, origin=origin) for origin in origins))
    names = Names([], task.Clock(), zones=[files])  # type: ignore[arg-type]
    looked: list[bytes] = []

    def followed(origin: bytes) -> dict[str, Any]:
        looked.append(origin)
        return {}

    names.followed = followed
    assert [each["origin"] for each in rows(names, door.question(origins[1]))] == ["b.example"]
    assert looked == [origins[1]]  # at the cost of one
    assert list(rows(names, "no digits")) == list(rows(names, door.question(b"\0"))) == []
    told = rows(names, "*")
    assert next(told)["serial"] == 1
    files.put(zone(2, origin=origins[2]))
    del files.zones[origins[1]]
    names.reload()
    assert [(each["origin"], each["serial"]) for each in told] == [("c.example", 2)]
