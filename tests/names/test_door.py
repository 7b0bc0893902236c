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
from netapp.names.telling import door

ROWS = [{"origin": f"z{number}.example", "serial": number, "note": "x" * 500} for number in range(5000)]


def tell(asked: str) -> Iterator[dict[str, Any]]:
    return (each for each in ROWS if asked in ("*", each["origin"]))


async def asked(state: Path, question: str) -> list[dict[str, Any]]:
    return await threads.deferToThread(lambda: list(door.ask(state, os.getpid(), question)))


@pytest_twisted.ensureDeferred
async def test_all_or_one_are_told_however_many_there_are(tmp_path: Path) -> None:
    opened = door.ZonesDoor(tmp_path / "state", tell, reactor)
    opened.start()
    try:
        assert await asked(tmp_path / "state", "*") == ROWS
        assert await asked(tmp_path / "state", "z7.example") == [ROWS[7]]
        assert await asked(tmp_path / "state", "none") == []
        path = tmp_path / "state" / "run" / door.name_of(os.getpid())
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        await opened.stop()  # type: ignore[misc]
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
    name = str(tmp_path / "state" / "run" / door.name_of(os.getpid()))
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
        await opened.stop()  # type: ignore[misc]
